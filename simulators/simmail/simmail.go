// Package simmail plays what stands behind a shop's notifications: a mail server with
// its mailboxes, and a service that takes signed messages through a webhook.
//
// It keeps what it took over a kill, knows a resend by its id, refuses what such
// servers refuse (unknown and full mailboxes, mails without a date, bad signatures,
// replays), and fails on command or by a seed. It delivers nothing to anybody, and it
// shares no code with a till: signatures are checked with its own. Start with [New],
// then [Server.Run]; [Server.Command] is the hand that works it.
//
// Facts: RFC 5321 and 3463 (SMTP and its codes), RFC 5322 (mail), RFC 3207 and 8314
// (TLS), Standard Webhooks 1.0.0.
package simmail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"balcao/simulators/control"
)

const (
	// MailBytesMax is the largest mail that is taken, as with many providers.
	MailBytesMax = 25 << 20
	// silenceMax is how long a client may be silent.
	silenceMax = 5 * time.Minute
	// headerTimeout bounds how long a webhook's sender may take for its headers.
	headerTimeout = 10 * time.Second
	// domain is the server's own name.
	domain = "mail.example"
)

// A Config says where a server lives and what it asks for.
type Config struct {
	Listen      string // host:port of SMTP, port 0 for any
	ImplicitTLS bool   // TLS from the first byte; otherwise STARTTLS is offered
	RequireAuth bool   // mails only from [User] with the password in [Server.Files]
	Webhook     string // host:port of the webhook; empty for none
	StateDir    string // made when missing
	Control     string // path of the control socket; empty for none
	Log         *slog.Logger
	Now         func() time.Time // of the webhook's receiver; nil means time.Now
}

// A Server is both servers. It is safe for use by several goroutines.
type Server struct {
	config Config
	log    *slog.Logger
	tls    *tls.Config
	files  Files
	pass   string
	key    []byte // of the webhook
	faults *faults
	lock   *os.File
	stop   chan struct{} // closed when everybody who waits must let go

	mu      sync.Mutex // guards all below
	store   *store
	arrived chan struct{} // closed and replaced when something arrives
}

// New reads credentials and the state of an earlier run, or makes them.
func New(config Config) (*Server, error) {
	if config.Log == nil {
		return nil, errors.New("simulate mail: a logger is missing")
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	s := &Server{
		config: config, log: config.Log, faults: newFaults(),
		stop: make(chan struct{}), arrived: make(chan struct{}),
	}
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("simulate mail: %w", err), s.release())
	}
	return s, nil
}

func (s *Server) load() (err error) {
	if err := os.MkdirAll(s.config.StateDir, 0o700); err != nil {
		return fmt.Errorf("make state folder: %w", err)
	}
	if s.lock, err = lockDirectory(s.config.StateDir); err != nil {
		return err
	}
	if s.store, err = openStore(s.config.StateDir); err != nil {
		return err
	}
	s.files = credentialFiles(filepath.Join(s.config.StateDir, "credentials"))
	return s.loadCredentials()
}

// Files are what a client of this server needs.
func (s *Server) Files() Files { return s.files }

// release gives the directory back. A handler that is still storing must not find the
// store closed under it.
func (s *Server) release() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.store != nil {
		err = s.store.file.Close()
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// Run listens, tells ready the URLs (the webhook's is empty when there is none), and
// serves till parent ends; it returns nil then. A server runs once.
func (s *Server) Run(parent context.Context, ready func(mail, webhook string)) (err error) {
	defer func() { err = errors.Join(err, s.release()) }()
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	var listening net.ListenConfig
	mails, err := listening.Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return fmt.Errorf("simulate mail: %w", err)
	}
	defer mails.Close()
	var messages net.Listener
	messagesURL := ""
	if s.config.Webhook != "" {
		if messages, err = listening.Listen(ctx, "tcp", s.config.Webhook); err != nil {
			return fmt.Errorf("simulate mail: %w", err)
		}
		defer messages.Close()
		messagesURL = "http://" + messages.Addr().String() + "/messages"
	}
	hands, err := control.Listen(s.config.Control)
	if err != nil {
		return fmt.Errorf("simulate mail: %w", err)
	}
	if ready != nil {
		ready(s.scheme()+mails.Addr().String(), messagesURL)
	}
	s.serve(ctx, cancel, mails, messages, hands)
	if parent.Err() != nil {
		return nil
	}
	return fmt.Errorf("simulate mail: %w", context.Cause(ctx))
}

func (s *Server) scheme() string {
	if s.config.ImplicitTLS {
		return "smtps://"
	}
	return "smtp://"
}

// serve runs until ctx ends or one of the servers does.
func (s *Server) serve(ctx context.Context, cancel context.CancelCauseFunc, mails, messages net.Listener, hands *control.Listener) {
	mailServer, webServer := s.mailServer(), &http.Server{
		Handler: http.HandlerFunc(s.receive), ReadHeaderTimeout: headerTimeout,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	gate := &gate{Listener: mails, faults: s.faults, stop: s.stop}
	mails = gate
	if s.config.ImplicitTLS {
		mails = tls.NewListener(mails, s.tls)
	}
	var running sync.WaitGroup
	run := func(serve func() error) {
		running.Go(func() {
			if err := serve(); err != nil && !errors.Is(err, net.ErrClosed) {
				cancel(err)
			}
		})
	}
	run(func() error { return hands.Serve(ctx, s.Command) })
	run(func() error { return mailServer.Serve(mails) })
	if messages != nil {
		run(func() error { return webServer.Serve(messages) })
	}
	<-ctx.Done()
	close(s.stop)
	_ = mails.Close()
	_, _ = mailServer.Close(), webServer.Close()
	gate.hangUp()
	running.Wait()
}

func (s *Server) mailServer() *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(s.newSession))
	server.Domain = domain
	server.MaxMessageBytes = MailBytesMax
	server.MaxRecipients = recipientsMax
	server.ReadTimeout, server.WriteTimeout = silenceMax, silenceMax
	server.EnableSMTPUTF8 = true
	server.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)
	if !s.config.ImplicitTLS {
		server.TLSConfig = s.tls
	}
	return server
}

// pause waits, unless the server stops before.
func (s *Server) pause(duration time.Duration) {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.stop:
	}
}
