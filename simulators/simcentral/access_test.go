package simcentral_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simcentral"
	"balcao/sync/wire"
)

func TestStatusNeedsNoCertificate(t *testing.T) {
	s := openShop(t)
	s.client = s.clientWith()
	got := decode[wire.Status](t, s.call(http.MethodGet, "/v1/status", nil), http.StatusOK)
	require.Equal(t, wire.StatusStateOperational, got.State)
	require.WithinDuration(t, time.Now(), got.ServerTime, time.Minute)
}

func TestWithoutACertificateNothingElseIsGiven(t *testing.T) {
	s := openShop(t)
	s.client = s.clientWith()
	form := s.request(http.MethodPost, "/v1/oauth/token", []byte("grant_type=client_credentials"), "Content-Type", "application/x-www-form-urlencoded")
	got, err := s.send(form)
	require.NoError(t, err)
	requireProblem(t, got, http.StatusUnauthorized, wire.CodeUnauthorised)
	requireProblem(t, s.get(s.id()), http.StatusUnauthorized, wire.CodeUnauthorised)
}

func TestACertificateOfAnotherAuthorityIsRefused(t *testing.T) {
	s := openShop(t)
	strange, err := simcentral.MakeCertificates(t.TempDir(), terminal)
	require.NoError(t, err)
	s.client = s.clientOf(strange)
	_, err = s.send(s.request(http.MethodGet, "/v1/status", nil))
	require.ErrorContains(t, err, "tls")
}

// trustToo makes a second authority good for the central and gives its terminal.
func (s *shop) trustToo(terminalID string) simcentral.Certificates {
	s.Helper()
	second, err := simcentral.MakeCertificates(s.TempDir(), terminalID)
	require.NoError(s, err)
	both := filepath.Join(s.TempDir(), "both.pem")
	text := ""
	for _, path := range []string{s.certs.CA, second.CA} {
		one, err := os.ReadFile(path)
		require.NoError(s, err)
		text += string(one)
	}
	require.NoError(s, os.WriteFile(both, []byte(text), 0o600))
	s.config.ClientCA = both
	s.restart()
	return second
}

func TestATokenIsGoodWithItsOwnCertificateAlone(t *testing.T) {
	s := openShop(t)
	second := s.trustToo("T-0002")
	id := s.id()
	require.Equal(t, http.StatusCreated, s.pay(id, s.payment(s.id(), wire.MethodCash, 100)).status)
	s.client = s.clientOf(second)
	requireProblem(t, s.get(id), http.StatusUnauthorized, wire.CodeUnauthorised)
	s.token = s.newToken(s.client)
	requireProblem(t, s.get(id), http.StatusNotFound, wire.CodeNotFound)
	requireProblem(t, s.pay(id, s.payment(s.id(), wire.MethodCash, 100)), http.StatusConflict, wire.CodeDuplicatePayment)
	requireProblem(t, s.reverse(id, s.id()), http.StatusNotFound, wire.CodeNotFound)
	require.EqualValues(t, 100, s.ledger().Accounts["cash:1:T-0001"])
}

func TestATokenExpires(t *testing.T) {
	s := openShop(t)
	requireProblem(t, s.get(s.id()), http.StatusNotFound, wire.CodeNotFound)
	s.server.SetClock(func() time.Time { return time.Now().Add(601 * time.Second) })
	got := s.get(s.id())
	requireProblem(t, got, http.StatusUnauthorized, wire.CodeUnauthorised)
	require.Contains(t, got.header.Get("WWW-Authenticate"), "invalid_token")
	s.token = s.newToken(s.client)
	requireProblem(t, s.get(s.id()), http.StatusNotFound, wire.CodeNotFound)
}

func TestATokenIsGoneAfterARestart(t *testing.T) {
	s := openShop(t)
	old := s.token
	s.restart()
	s.token = old
	requireProblem(t, s.get(s.id()), http.StatusUnauthorized, wire.CodeUnauthorised)
}

func TestARevokedTerminalIsRefusedTillItIsReinstated(t *testing.T) {
	s := openShop(t)
	s.command("revoke " + terminal)
	requireProblem(t, s.get(s.id()), http.StatusUnauthorized, wire.CodeCertificateExpired)
	s.command("reinstate " + terminal)
	requireProblem(t, s.get(s.id()), http.StatusNotFound, wire.CodeNotFound)
}

func TestWhatThisCentralDoesNotOfferIsSaidSo(t *testing.T) {
	s := openShop(t)
	requireProblem(t, s.call(http.MethodGet, "/v1/config", nil), http.StatusNotImplemented, wire.CodeVersionUnsupported)
	requireProblem(t, s.call(http.MethodGet, "/v2/anything", nil), http.StatusNotFound, wire.CodeNotFound)
}

func TestARequestThatDoesNotFitTheContractIsRefusedByPointer(t *testing.T) {
	s := openShop(t)
	body := []byte(`{"epoch":"` + epoch + `","terminal_seq":1,"occurred_at":"2026-08-28T14:03:05-03:00","business_date":"2026-08-28",
		"operator_id":"maria","order_id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3C","method":"cash","amount":{"currency":"BRL"},"surprise":1}`)
	problem := requireProblem(t, s.call(http.MethodPut, "/v1/payments/"+s.id(), body), http.StatusUnprocessableEntity, wire.CodeRequiredField)
	var pointers []string
	for _, violation := range *problem.Violations {
		pointers = append(pointers, violation.Pointer+" "+violation.Code)
	}
	require.Equal(t, []string{"/amount/amount required-field", "/surprise unknown-field"}, pointers)
}

func TestAWrongKeysFileStopsTheStart(t *testing.T) {
	s := openShop(t)
	config := s.config
	config.StateDir = t.TempDir()
	config.AccountsFile = config.KeysFile
	_, err := simcentral.New(config)
	require.ErrorContains(t, err, "start central: bank")
}

func TestTwoCentralsDoNotShareAState(t *testing.T) {
	s := openShop(t)
	_, err := simcentral.New(s.config)
	require.ErrorContains(t, err, "another central")
}

func TestTextsThatLookLikeCardsAreToldFromOtherNumbers(t *testing.T) {
	for text, card := range map[string]bool{
		"4111111111111111": true, "4111-1111 1111.1111": true, "pan 378282246310005.": true, "36227206271667": true,
		"4111111111111112": false, "7891000315507": false, "17891000315504": false, "+5511987654321": false,
		"35260811222333000181650010000000011000000015": false, "tel 11 4111-1111": false, "": false,
	} {
		require.Equal(t, card, simcentral.LooksLikeCard(text), text)
	}
	require.False(t, simcentral.LooksLikeCard(strings.Repeat("4", 40)))
}
