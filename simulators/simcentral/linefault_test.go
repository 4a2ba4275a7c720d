package simcentral_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/wire"
)

// dial opens a connection of its own, without a word of TLS.
func (s *shop) dial() net.Conn {
	s.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "https://"))
	require.NoError(s, err)
	s.Cleanup(func() { conn.Close() })
	return conn
}

func TestAHalfOpenLineTakesConnectionsAndSaysNothing(t *testing.T) {
	s := openShop(t)
	s.get(s.id()) // leaves a connection open
	require.Equal(t, "half-open", s.command("half-open"))
	_, err := s.impatient(http.MethodGet, "/v1/payments/"+s.id(), nil, func() bool {
		_, code := s.lastLogged()
		return code == "request lost"
	})
	require.ErrorIs(t, err, context.Canceled, "an old connection falls silent")

	conn := s.dial()
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Millisecond)))
	err = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).Handshake()
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout(), "a new one stands open: %v", err)

	waiting := s.dial()
	require.Eventually(t, func() bool { return s.server.Muted() == 2 }, patience, time.Millisecond)
	require.Equal(t, "up", s.command("up"))
	require.NoError(t, waiting.SetReadDeadline(time.Now().Add(patience)))
	_, err = waiting.Read(make([]byte, 1))
	require.Error(t, err, "closed once it is over")
	requireProblem(t, s.get(s.id()), http.StatusNotFound, wire.CodeNotFound)
}

func TestAStrangersCertificateIsShownForAWhile(t *testing.T) {
	s := openShop(t)
	s.get(s.id())
	require.Equal(t, "wrong-cert", s.command("wrong-cert"))
	s.client.CloseIdleConnections() // the one that was open is cut, and the client may not have noticed
	_, err := s.send(s.request(http.MethodPut, "/v1/payments/"+s.id(), s.payment(s.id(), wire.MethodCash, 100)))
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, err, &unknown, "the names are right, the authority is not")
	require.Empty(t, s.ledger().Payments)
	s.command("up")
	requireProblem(t, s.get(s.id()), http.StatusNotFound, wire.CodeNotFound)
	s.command("wrong-cert 20ms")
	require.Eventually(t, func() bool {
		_, err := s.send(s.request(http.MethodGet, "/v1/status", nil))
		return err == nil
	}, patience, time.Millisecond)
}

func TestAPortalAnswersForCentral(t *testing.T) {
	s := openShop(t)
	require.Equal(t, "portal", s.command("portal"))
	got := s.get(s.id())
	require.Equal(t, http.StatusOK, got.status)
	require.Contains(t, string(got.body), "Aceite os termos")
	require.Equal(t, "unavailable", s.command("unavailable"), "one outage at a time")
	require.Equal(t, "up", s.command("up"))
}

func TestAWrongClockIsToldInDateAndServerTime(t *testing.T) {
	s := openShop(t)
	for words, skew := range map[string]time.Duration{"clock 10m": 10 * time.Minute, "clock -3h": -3 * time.Hour, "clock off": 0} {
		s.command(words)
		got := s.call(http.MethodGet, "/v1/status", nil)
		date, err := http.ParseTime(got.header.Get("Date"))
		require.NoError(t, err)
		require.WithinDuration(t, time.Now().Add(skew), date, patience, words)
		require.WithinDuration(t, time.Now().Add(skew), decode[wire.Status](t, got, http.StatusOK).ServerTime, patience, words)
	}
	s.command("clock -3h")
	require.Equal(t, "clock -10800s", s.command("up"), "no outage")
	stream := s.stream()
	record := stream.fact(s.id(), "cash_movement", fields{"type": "float", "amount": reals(100), "session_id": s.id()})
	result := decode[wire.BatchResult](t, s.putBatch(s.id(), stream.batch(zeros, record)), http.StatusOK)
	require.WithinDuration(t, time.Now().Add(-3*time.Hour), result.ServerTime, patience)
	requireProblem(t, s.get(s.id()), http.StatusNotFound, wire.CodeNotFound)
}

func TestADuplicateAnswerIsOnTheLineTwice(t *testing.T) {
	s := openShop(t)
	id := s.id()
	s.command("next payment-put duplicate")
	pair, err := tls.LoadX509KeyPair(s.certs.ClientCert, s.certs.ClientKey)
	require.NoError(t, err)
	conn := tls.Client(s.dial(), &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}})
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	require.NoError(t, s.request(http.MethodPut, "/v1/payments/"+id, s.payment(s.id(), wire.MethodCash, 100)).Write(conn))
	var text strings.Builder
	buffer := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buffer)
		text.Write(buffer[:n])
		if err != nil {
			break
		}
	}
	require.Equal(t, 2, strings.Count(text.String(), "HTTP/1.1 201 Created\r\n"), text.String())
	require.Equal(t, 2, strings.Count(text.String(), `"payment_id":"`+id+`"`))

	s.command("next payment-put duplicate")
	requireProblem(t, s.pay(id, s.payment(s.id(), wire.MethodCash, 200)), http.StatusConflict, wire.CodeDuplicatePayment)
}
