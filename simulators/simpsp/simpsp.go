// Package simpsp plays a bank that receives Pix: the central bank's API Pix for one
// receiver, the payers' telephones, and the settlement between them.
//
// It speaks the API over mutual TLS with tokens bound to the certificate, keeps
// charges, payments and refunds over a kill, refuses what the API refuses and names
// the violation, and fails on command or by a seed. It is no part of a till and shares
// no code with one; its BR Codes are its own. Start with [New], then [Server.Run];
// [Server.Command] is the hand that works it, and its word help tells what it can.
//
// It does not play webhooks, charges with a due date, Pix Saque, Pix Automático, or
// reusable locations (/loc).
//
// Facts: Banco Central do Brasil, API Pix 2.9.0 (openapi.yaml: operations, schemas,
// section "Tratamento de erros"); EMV QRCPS-MPM 1.1; RFC 8705 (tokens bound to a
// certificate), RFC 7515 (JWS), RFC 7807 (problems).
package simpsp

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"balcao/simulators/control"
)

// headerTimeout bounds how long a client may take to send its headers, idleTimeout
// how long a connection may wait for the next request.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
)

// Prefix is the path before the API's operations; tokens and payloads are outside it.
const Prefix = "/v2"

// Who the bank is and whom it banks, for a [Config] that does not say.
const (
	ClientID        = "balcao-loja-1"
	KeyDefault      = "7d9f0335-8dcc-4054-9bf9-0dbd61d36906"
	MerchantDefault = "MERCADO EXEMPLO LTDA"
	CityDefault     = "SAO PAULO"
	ispb            = "12345678" // of this bank
	payerISPB       = "87654321" // of the payers' bank
)

// A Config says where a bank lives and who its customer is.
type Config struct {
	Listen   string // host:port, port 0 for any
	StateDir string // made when missing
	// ServerCert, ServerKey, ClientCA and SecretFile may be left out together: they are
	// then made in the folder certificates of StateDir, with a client's, and kept.
	ServerCert string // PEM
	ServerKey  string // PEM, ECDSA
	ClientCA   string // PEM; who signed it may talk
	SecretFile string // of the client
	ClientID   string // empty means [ClientID]
	Key        string // the customer's Pix key; empty means [KeyDefault]
	Merchant   string // in codes; empty means [MerchantDefault]
	City       string // in codes; empty means [CityDefault]
	Control    string // path of the control socket, empty for none
	Log        *slog.Logger
}

// A Server is one bank. It is safe for use by several goroutines.
type Server struct {
	config Config
	log    *slog.Logger
	tls    *tls.Config
	signer *ecdsa.PrivateKey // of payloads
	secret string
	faults *faults
	tokens *tokens
	lock   *os.File
	now    func() time.Time

	mu          sync.Mutex // guards all below
	state       *state
	holdRefunds bool // refunds stay in processing till they are told otherwise
}

// New reads certificates and the state of an earlier run.
func New(config Config) (*Server, error) {
	for _, each := range []struct {
		value     *string
		otherwise string
	}{{&config.ClientID, ClientID}, {&config.Key, KeyDefault}, {&config.Merchant, MerchantDefault}, {&config.City, CityDefault}} {
		if *each.value == "" {
			*each.value = each.otherwise
		}
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{config: config, log: config.Log, now: time.Now, faults: newFaults(), tokens: newTokens()}
	steps := []struct {
		what string
		do   func() error
	}{{"state", s.loadState}, {"certificates", s.loadCertificates}, {"code", s.tryCode}}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return nil, errors.Join(fmt.Errorf("start psp: %s: %w", step.what, err), s.release())
		}
	}
	return s, nil
}

func (s *Server) loadState() (err error) {
	if err := os.MkdirAll(s.config.StateDir, 0o700); err != nil {
		return err
	}
	if s.lock, err = lockDirectory(s.config.StateDir); err != nil {
		return err
	}
	s.state, err = openState(s.config.StateDir)
	return err
}

// givenFiles are the files of the config, or those made once in the state's folder.
func (s *Server) givenFiles() error {
	c := &s.config
	if c.ServerCert != "" || c.ServerKey != "" || c.ClientCA != "" || c.SecretFile != "" {
		return nil
	}
	dir := filepath.Join(c.StateDir, "certificates")
	files := certificateFiles(dir)
	if _, err := os.Stat(files.Secret); errors.Is(err, os.ErrNotExist) {
		if files, err = MakeCertificates(dir, c.ClientID); err != nil {
			return err
		}
	}
	c.ServerCert, c.ServerKey, c.ClientCA, c.SecretFile = files.ServerCert, files.ServerKey, files.CA, files.Secret
	return nil
}

// loadCertificates makes the TLS side: a certificate that comes must be good, none may
// come, because payers' banks fetch payloads without one; all else asks for it.
func (s *Server) loadCertificates() error {
	if err := s.givenFiles(); err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(s.config.ServerCert, s.config.ServerKey)
	if err != nil {
		return err
	}
	var ok bool
	if s.signer, ok = pair.PrivateKey.(*ecdsa.PrivateKey); !ok {
		return fmt.Errorf("%s is no ECDSA key", s.config.ServerKey)
	}
	authority, err := os.ReadFile(s.config.ClientCA)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return fmt.Errorf("no certificate in %s", s.config.ClientCA)
	}
	secret, err := os.ReadFile(s.config.SecretFile)
	if err != nil {
		return err
	}
	if s.secret = strings.TrimSpace(string(secret)); s.secret == "" {
		return fmt.Errorf("no secret in %s", s.config.SecretFile)
	}
	s.tls = &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.VerifyClientCertIfGiven,
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}
	return nil
}

// tryCode refuses a merchant and a city that no code can hold.
func (s *Server) tryCode() error {
	_, err := brCode("x.example/y", s.config.Merchant, s.config.City)
	return err
}

// Certificates are the files that a client of this bank needs, where New made them.
func (s *Server) Certificates() Certificates {
	return certificateFiles(filepath.Join(s.config.StateDir, "certificates"))
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
// Open calls are cut off then: a bank that stops is no different from one that is
// killed.
func (s *Server) Run(ctx context.Context, ready func(url string)) error {
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("run psp: %w", err), s.release())
	}
	hands, err := control.Listen(s.config.Control)
	if err != nil {
		return errors.Join(fmt.Errorf("run psp: %w", err), listener.Close(), s.release())
	}
	if ready != nil {
		ready("https://" + listener.Addr().String())
	}
	return s.serveWith(ctx, listener, hands)
}

func (s *Server) serveWith(ctx context.Context, listener net.Listener, hands *control.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{
		Handler: s.handler(), TLSConfig: s.tls, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), ConnState: s.faults.track,
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
