package psp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simpsp"
	"balcao/sync/psp"
	"balcao/sync/transport"
	"balcao/terminal/ident"
	"balcao/terminal/money"
)

const (
	// patience is what no test waits out.
	patience = 10 * time.Second
	// callTimeout is what tests wait out where no answer comes.
	callTimeout = 300 * time.Millisecond
	// amount of most charges.
	amount money.Cents = 1050
)

// A lockedBuffer is a log that several goroutines write and a test reads.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// A shop is a bank that runs and a till's client of it.
type shop struct {
	*psp.Client
	testing.TB
	config simpsp.Config
	bank   *simpsp.Server
	url    string
	log    *lockedBuffer
	stop   context.CancelFunc
	ended  chan error
	ids    byte
}

func openShop(t testing.TB) *shop {
	t.Helper()
	s := &shop{TB: t, log: &lockedBuffer{}, config: simpsp.Config{Listen: "127.0.0.1:0", StateDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}}
	s.start()
	t.Cleanup(func() {
		s.halt()
		require.NotContains(t, s.log.String(), "Bearer")
	})
	config := s.transport()
	carrier, err := transport.New(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, carrier.Close()) })
	s.Client, err = psp.New(psp.Config{Transport: carrier, Prefix: simpsp.Prefix, Key: simpsp.KeyDefault, CallTimeout: callTimeout})
	require.NoError(t, err)
	return s
}

// start runs the bank, after a halt at the same address.
func (s *shop) start() {
	s.Helper()
	bank, err := simpsp.New(s.config)
	require.NoError(s, err)
	ctx, cancel := context.WithCancel(context.Background())
	s.bank, s.stop, s.ended = bank, cancel, make(chan error, 1)
	ready := make(chan string, 1)
	go func() { s.ended <- bank.Run(ctx, func(url string) { ready <- url }) }()
	select {
	case s.url = <-ready:
	case err := <-s.ended:
		require.NoError(s, err)
	}
	s.config.Listen = strings.TrimPrefix(s.url, "https://")
}

func (s *shop) halt() {
	s.Helper()
	s.stop()
	select {
	case err := <-s.ended:
		require.NoError(s, err)
	case <-time.After(patience):
		require.Fail(s, "the bank does not stop")
	}
}

func (s *shop) transport() transport.Config {
	files := s.bank.Certificates()
	return transport.Config{
		BaseURL: s.url, CertificateFile: files.ClientCert, KeyFile: files.ClientKey, CAFile: files.CA,
		ClientID: simpsp.ClientID, SecretFile: files.Secret, Dialect: psp.Dialect(""),
		Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

func (s *shop) command(words ...string) string {
	s.Helper()
	text, err := s.bank.Command(s.Context(), words)
	require.NoError(s, err)
	return text
}

// next lets the next call of an operation go wrong.
func (s *shop) next(operation string, kinds ...string) {
	s.Helper()
	for _, kind := range kinds {
		s.command("next", operation, kind, "1ms")
	}
}

// sale is a charge of its own.
func (s *shop) sale() psp.Charge {
	s.ids++
	return psp.Charge{ID: ident.Make(time.Unix(1_790_000_000, 0), [8]byte{s.ids}), Amount: amount}
}

func (s *shop) charge(sale psp.Charge) psp.Charged {
	s.Helper()
	charged, err := s.Charge(s.Context(), sale)
	require.NoError(s, err)
	return charged
}

func (s *shop) inquire(sale psp.Charge) psp.Inquiry {
	return s.Inquire(s.Context(), sale.ID, sale.Amount)
}

// settled asks as a till does until the answer is one, and then answers it.
func (s *shop) settled(sale psp.Charge) psp.Inquiry {
	s.Helper()
	var inquiry psp.Inquiry
	require.Eventually(s, func() bool {
		inquiry = s.inquire(sale)
		return inquiry.Standing != psp.Unknown
	}, patience, time.Millisecond, "%v", inquiry.Err)
	return inquiry
}

// charges counts what is in the bank's books.
func (s *shop) charges() int {
	s.Helper()
	text := s.command("list")
	if text == "" {
		return 0
	}
	return len(strings.Split(text, "\n"))
}

func requireSilence(t testing.TB, err error, sent bool) *transport.Silence {
	t.Helper()
	var silence *transport.Silence
	require.ErrorAs(t, err, &silence)
	require.Equal(t, sent, silence.Sent, "%v", err)
	var problem *transport.Problem
	require.False(t, errors.As(err, &problem), fmt.Sprint(err))
	return silence
}
