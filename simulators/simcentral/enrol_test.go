package simcentral_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/sync/wire"
)

func newKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	return key
}

func csrOf(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

// enrols posts a code and a request, without certificate or token.
func (s *shop) enrols(key, code, csr string) reply {
	s.Helper()
	present := s.client
	defer func() { s.client = present }()
	s.client = s.clientWith()
	return s.post("/v1/enrolments", key, wire.EnrolmentRequest{
		PairingCode: code, CsrPem: csr, Device: wire.Device{Serial: "1", Model: "test", AppVersion: "0"},
	})
}

// clientFor is a client of what was issued.
func (s *shop) clientFor(issued wire.Enrolment, key *ecdsa.PrivateKey) *http.Client {
	s.Helper()
	block, _ := pem.Decode([]byte(issued.CertificatePem))
	require.NotNil(s, block)
	return s.clientWith(tls.Certificate{Certificate: [][]byte{block.Bytes}, PrivateKey: key})
}

func (s *shop) enrolled(terminalID string) (wire.Enrolment, *ecdsa.PrivateKey) {
	s.Helper()
	key := newKey(s, elliptic.P256())
	return decode[wire.Enrolment](s, s.enrols(s.id(), s.command("pair 7 "+terminalID), csrOf(s, key)), http.StatusCreated), key
}

func TestACodeGivesACertificateThatWorksTillItIsRevoked(t *testing.T) {
	s := openShop(t)
	issued, key := s.enrolled("T-0042")
	require.Equal(t, "T-0042", issued.TerminalID)
	require.Equal(t, "7", issued.StoreID)
	require.WithinDuration(t, time.Now().Add(365*24*time.Hour), issued.NotAfter, time.Minute)

	s.client = s.clientFor(issued, key)
	requireProblem(t, s.get(s.id()), http.StatusUnauthorized, wire.CodeUnauthorised) // the token is bound to another certificate
	s.token = s.newToken(s.client)
	require.Equal(t, http.StatusCreated, s.pay(s.id(), s.payment(s.id(), wire.MethodCash, 100)).status)
	require.EqualValues(t, 100, s.ledger().Accounts["cash:7:T-0042"])
	s.client = s.clientOf(s.certs)
	requireProblem(t, s.get(s.id()), http.StatusUnauthorized, wire.CodeUnauthorised) // and the other way round

	s.client = s.clientFor(issued, key)
	s.command("revoke T-0042")
	requireProblem(t, s.get(s.id()), http.StatusUnauthorized, wire.CodeCertificateExpired)
	requireProblem(t, s.askToken(), http.StatusUnauthorized, wire.CodeCertificateExpired)
	requireProblem(t, s.post("/v1/enrolments/renewals", s.id(), map[string]string{"csr_pem": csrOf(t, key)}), http.StatusUnauthorized, wire.CodeCertificateExpired)
	requireProblem(t, s.enrols(s.id(), s.command("pair 7 T-0042"), csrOf(t, key)), http.StatusForbidden, wire.CodeTerminalBlocked)
	s.command("unrevoke T-0042")
	requireProblem(t, s.get(s.id()), http.StatusNotFound, wire.CodeNotFound)
}

func (s *shop) askToken() reply {
	s.Helper()
	return s.call(http.MethodPost, "/v1/oauth/token", []byte("grant_type=client_credentials"), "Content-Type", "application/x-www-form-urlencoded")
}

func TestAnExpiredCertificateIsRefusedWithItsCode(t *testing.T) {
	s := openShop(t)
	issued, key := s.enrolled("T-0042")
	s.client = s.clientFor(issued, key)
	s.token = s.newToken(s.client)
	s.server.SetClock(func() time.Time { return issued.NotAfter.Add(time.Second) })
	requireProblem(t, s.get(s.id()), http.StatusUnauthorized, wire.CodeCertificateExpired)
	requireProblem(t, s.askToken(), http.StatusUnauthorized, wire.CodeCertificateExpired)
}

func TestACertificateThatEndedLongAgoGetsAnAnswerToo(t *testing.T) {
	s := openShop(t)
	s.server.SetClock(func() time.Time { return time.Now().Add(-2 * 365 * 24 * time.Hour) })
	issued, key := s.enrolled("T-0042")
	require.True(t, issued.NotAfter.Before(time.Now()))
	s.server.SetClock(time.Now)
	s.client = s.clientFor(issued, key)
	requireProblem(t, s.askToken(), http.StatusUnauthorized, wire.CodeCertificateExpired)
}

func TestACodeIsGoodOnceAndForAWhile(t *testing.T) {
	s := openShop(t)
	csr, code, id := csrOf(t, newKey(t, elliptic.P256())), s.command("pair 1 T-0042"), s.id()
	first := decode[wire.Enrolment](t, s.enrols(id, code, csr), http.StatusCreated)
	again := s.enrols(id, code, csr)
	require.True(t, again.replayed(), "an answer that was lost is to be had again")
	require.Equal(t, first, decode[wire.Enrolment](t, again, http.StatusCreated))
	problem := requireProblem(t, s.enrols(s.id(), code, csr), http.StatusUnauthorized, wire.CodeUnauthorised)
	require.Contains(t, *problem.Detail, "used")

	late := s.command("pair 1 T-0043 1m")
	s.server.SetClock(func() time.Time { return time.Now().Add(time.Minute + time.Second) })
	problem = requireProblem(t, s.enrols(s.id(), late, csr), http.StatusUnauthorized, wire.CodeUnauthorised)
	require.Contains(t, *problem.Detail, "expired")
	require.NotContains(t, s.log.String(), code)
	require.NotContains(t, s.log.String(), late)
	require.Contains(t, s.log.String(), "enrolment refused")
}

func TestGuessingIsSlowedDown(t *testing.T) {
	s := openShop(t)
	csr, code := csrOf(t, newKey(t, elliptic.P256())), s.command("pair 1 T-0042 10m")
	for range 5 {
		requireProblem(t, s.enrols(s.id(), "00000000", csr), http.StatusUnauthorized, wire.CodeUnauthorised)
	}
	requireProblem(t, s.enrols(s.id(), code, csr), http.StatusTooManyRequests, wire.CodeRateLimited)
	s.server.SetClock(func() time.Time { return time.Now().Add(time.Minute + time.Second) })
	require.Equal(t, http.StatusCreated, s.enrols(s.id(), code, csr).status)
}

func TestOnlyAProvenKeyOfP256IsSigned(t *testing.T) {
	s := openShop(t)
	_, other, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	code, good := s.command("pair 1 T-0042"), csrOf(t, newKey(t, elliptic.P256()))
	block, _ := pem.Decode([]byte(good))
	block.Bytes[len(block.Bytes)-1] ^= 1
	for name, csr := range map[string]string{
		"P-384": csrOf(t, newKey(t, elliptic.P384())), "Ed25519": csrOf(t, other), "no PEM": "x",
		"two": good + good, "forged": string(pem.EncodeToMemory(block)), "other kind": strings.ReplaceAll(good, "CERTIFICATE REQUEST", "CERTIFICATE"),
	} {
		problem := requireProblem(t, s.enrols(s.id(), code, csr), http.StatusBadRequest, wire.CodeMalformedRequest)
		require.Equal(t, "/csr_pem", (*problem.Violations)[0].Pointer, name)
	}
	require.Equal(t, http.StatusCreated, s.enrols(s.id(), code, good).status, "a bad request costs no code")
}

func TestACertificateIsRenewedAlsoAfterARestart(t *testing.T) {
	s := openShop(t)
	issued, key := s.enrolled("T-0042")
	s.restart()
	s.client = s.clientFor(issued, key)
	next := newKey(t, elliptic.P256())
	renewed := decode[wire.Enrolment](t, s.post("/v1/enrolments/renewals", s.id(), map[string]string{"csr_pem": csrOf(t, next)}), http.StatusCreated)
	require.Equal(t, issued.StoreID+issued.TerminalID, renewed.StoreID+renewed.TerminalID)
	s.client = s.clientFor(renewed, next)
	s.token = s.newToken(s.client)
	requireProblem(t, s.get(s.id()), http.StatusNotFound, wire.CodeNotFound)
	s.client = s.clientWith()
	requireProblem(t, s.post("/v1/enrolments/renewals", s.id(), map[string]string{"csr_pem": csrOf(t, next)}), http.StatusUnauthorized, wire.CodeUnauthorised)
}
