// Package simcentral plays the central payment API of a shop: the service a till
// sells against, with the acquirer and the issuing bank behind it.
//
// It speaks the contract of package wire over mutual TLS, keeps orders, payments and
// the stream of facts over a kill, books every cent twice, holds a till's reports
// against its books, and fails on command or by a seed. It is no part of a till and
// shares no code with one but the contract. Start with [New], then [Server.Run];
// [Server.Command] is the hand that works it, and its word help tells what it can.
//
// Facts: sync/wire/openapi.yaml; RFC 8705 (tokens bound to a certificate), RFC 8785
// (canonical JSON), RFC 9457 (problems), RFC 9530 (digests); the IETF draft on
// Idempotency-Key.
package simcentral

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"balcao/simulators/control"
	"balcao/simulators/hsm"
	"balcao/simulators/simcentral/issuer"
	"balcao/sync/wire/contract"
)

// headerTimeout bounds how long a client may take to send its headers, idleTimeout
// how long a connection may wait for the next request.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
)

// A Config says where a central lives. All files but those in StateDir exist before.
type Config struct {
	Listen       string // host:port, port 0 for any
	StateDir     string // made when missing
	KeysFile     string // hsm.HostKeys
	AccountsFile string // a JSON list of issuer.Account
	ServerCert   string // PEM
	ServerKey    string // PEM
	ClientCA     string // PEM; who signed it may talk
	Control      string // path of the control socket, empty for none
	Strict       bool   // refuse fields that the contract does not know
	Log          *slog.Logger
}

// A Server is one central. It is safe for use by several goroutines.
type Server struct {
	config    Config
	log       *slog.Logger
	tls       *tls.Config
	validator *contract.Validator
	bank      *issuer.Bank
	signer    ed25519.PrivateKey
	faults    *faults
	tokens    *tokens
	requests  *requestLog
	lock      *os.File
	now       func() time.Time

	refundsSlow atomic.Bool // refunds but those in cash wait for the command refund

	mu       sync.Mutex // guards all below
	state    *state
	inFlight map[string]bool // keys of mutating calls that are running

	enroller    *authority  // signs the certificates of tills
	authorities string      // PEM, told to a till with its certificate
	wrongTries  []time.Time // of pairing codes, oldest first
}

// New reads keys, accounts, certificates and the state of an earlier run.
func New(config Config) (*Server, error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		config: config, log: config.Log, now: time.Now,
		faults: newFaults(), tokens: newTokens(), requests: &requestLog{counts: map[string]int{}}, inFlight: map[string]bool{},
	}
	steps := []struct {
		what string
		do   func() error
	}{
		{"contract", s.loadContract},
		{"certificates", s.loadCertificates},
		{"bank", s.loadBank},
		{"state", s.loadState},
		{"enrolment", s.loadEnroller},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return nil, errors.Join(fmt.Errorf("start central: %s: %w", step.what, err), s.release())
		}
	}
	return s, nil
}

func (s *Server) loadContract() (err error) {
	s.validator, err = contract.New(s.config.Strict)
	return err
}

// loadCertificates makes the TLS side: a certificate that comes must be good, none may
// come, because the contract's status needs none; every other operation asks for it.
func (s *Server) loadCertificates() error {
	pair, err := tls.LoadX509KeyPair(s.config.ServerCert, s.config.ServerKey)
	if err != nil {
		return err
	}
	stranger, err := newStranger(pair.Leaf)
	if err != nil {
		return err
	}
	authority, err := os.ReadFile(s.config.ClientCA)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return fmt.Errorf("no certificate in %s", s.config.ClientCA)
	}
	s.tls = &tls.Config{
		// No list of certificates: what answers the handshake changes with a fault.
		GetCertificate:   s.present(pair, stranger),
		ClientCAs:        pool,
		ClientAuth:       tls.RequestClientCert, // what comes is checked by verifyClient
		VerifyConnection: s.verifyClient,
		MinVersion:       tls.VersionTLS12,
		NextProtos:       []string{"h2", "http/1.1"},
	}
	return nil
}

func (s *Server) loadBank() error {
	keys, err := hsm.LoadHostKeys(s.config.KeysFile)
	if err != nil {
		return err
	}
	accounts, err := issuer.LoadAccounts(s.config.AccountsFile)
	if err != nil {
		return err
	}
	s.bank, err = issuer.NewBank(accounts, keys)
	return err
}

func (s *Server) loadState() (err error) {
	if err := os.MkdirAll(s.config.StateDir, 0o700); err != nil {
		return err
	}
	if s.lock, err = lockDirectory(s.config.StateDir); err != nil {
		return err
	}
	if s.signer, err = loadSigner(s.config.StateDir); err != nil {
		return err
	}
	s.state, err = openState(s.config.StateDir, s.bank.Accounts())
	return err
}

// release gives the directory back.
func (s *Server) release() error {
	var err error
	if s.state != nil {
		err = s.state.journal.close()
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// Run listens on Config.Listen, tells ready the base URL, and serves till ctx ends.
func (s *Server) Run(ctx context.Context, ready func(url string)) error {
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("run central: %w", err), s.release())
	}
	hands, err := control.Listen(s.config.Control)
	if err != nil {
		return errors.Join(fmt.Errorf("run central: %w", err), listener.Close(), s.release())
	}
	if ready != nil {
		ready("https://" + listener.Addr().String())
	}
	return s.serveWith(ctx, listener, hands)
}

// Serve answers on listener, and on the control socket if there is one, till ctx
// ends or one of the two fails. Open calls are cut off then: a central that stops is
// no different from one that is killed.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	hands, err := control.Listen(s.config.Control)
	if err != nil {
		return errors.Join(fmt.Errorf("run central: %w", err), s.release())
	}
	return s.serveWith(ctx, listener, hands)
}

func (s *Server) serveWith(ctx context.Context, listener net.Listener, hands *control.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{
		Handler:           s.handler(),
		TLSConfig:         s.tls,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		ConnState:         s.faults.track,
	}
	var controlErr error
	var running sync.WaitGroup
	running.Go(func() {
		defer cancel()
		controlErr = hands.Serve(ctx, s.Command)
	})
	stop := context.AfterFunc(ctx, func() {
		s.faults.stop()
		server.Close()
	})
	defer stop()
	err := server.ServeTLS(&gate{Listener: listener, faults: s.faults}, "", "")
	cancel()
	running.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	// A handler that is still deciding must not find the state closed under it.
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(err, controlErr, s.release())
}
