package central_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/hsm"
	"balcao/simulators/simcentral"
	"balcao/simulators/simcentral/cardtest"
	"balcao/sync/central"
	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/card"
	"balcao/terminal/ident"
	"balcao/terminal/money"
	"balcao/terminal/payment"
)

// The chain hash of the contract's first fact. Source: the vector of the contract's
// rule 8, which came out the same from two programs.
const (
	vectorHash   = "618f61aa44e4cf7964e2fc85e3700f648bf3d8e10455e19a7482ba6c873832cd"
	vectorRecord = `{"body":{"amount":{"amount":20000,"currency":"BRL"},"operator_id":"maria","session_id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3D","type":"float"},` +
		`"id":"01JD4K3M8Q7V5W2X9Y0Z1A2B3C","kind":"cash_movement","occurred_at":"2026-08-28T08:00:00-03:00","seq":1,"hash":"` + vectorHash + `"}`
)

// A bank is a simulated central with one client of a till. It checks every request and
// every answer against the contract.
type bank struct {
	*testing.T
	server *simcentral.Server
	client *central.Client
	log    lockedText
	url    string
	certs  simcentral.Certificates
}

const anaPAN = "4111111111111111" // published for tests

func openBank(t *testing.T) *bank {
	t.Helper()
	dir := t.TempDir()
	certs, err := simcentral.MakeCertificates(dir, terminal)
	require.NoError(t, err)
	_, keys := hsm.GenerateTestKeys()
	require.NoError(t, keys.Save(filepath.Join(dir, "keys.json")))
	accounts := `[{"name":"ana","pan":"` + anaPAN + `","expiry":"3012","psn":"01","pin":"1234","kind":"credit","limit_cents":100000,"state":"active","brand":"VISA"}]`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "accounts.json"), []byte(accounts), 0o600))
	b := &bank{T: t}
	b.server, err = simcentral.New(simcentral.Config{
		Listen: "127.0.0.1:0", StateDir: filepath.Join(dir, "state"), KeysFile: filepath.Join(dir, "keys.json"),
		AccountsFile: filepath.Join(dir, "accounts.json"), ServerCert: certs.ServerCert, ServerKey: certs.ServerKey,
		ClientCA: certs.CA, Strict: true, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ready, stopped := make(chan string, 1), make(chan error, 1)
	go func() { stopped <- b.server.Run(ctx, func(url string) { ready <- url }) }()
	select {
	case url := <-ready:
		b.client, b.url, b.certs = clientOf(t, url, certs, &b.log, patience), url, certs
	case err := <-stopped:
		require.NoError(t, err)
	case <-time.After(patience):
		require.Fail(t, "the simulator does not start")
	}
	t.Cleanup(func() {
		b.check()
		cancel()
		require.NoError(t, <-stopped)
	})
	return b
}

// command works the simulator as a hand would.
func (b *bank) command(words string) string {
	b.Helper()
	text, err := b.server.Command(context.Background(), strings.Fields(words))
	require.NoError(b, err)
	return text
}

// check is what must hold after every test.
func (b *bank) check() {
	var stats struct {
		Violations int `json:"contract_violations"`
	}
	require.NoError(b, json.Unmarshal([]byte(b.command("stats")), &stats))
	require.Zero(b, stats.Violations)
	require.Zero(b, b.ledger().Sum)
	require.NotContains(b, b.log.String(), anaPAN)
	require.NotContains(b, b.log.String(), "required-field", "every request fits the contract")
}

type books struct {
	Accounts map[string]int64 `json:"accounts"`
	Sum      int64            `json:"sum"`
}

func (b *bank) ledger() (got books) {
	b.Helper()
	require.NoError(b, json.Unmarshal([]byte(b.command("ledger")), &got))
	return got
}

// merchant is what stands on the shop's account.
func (b *bank) merchant() int64 {
	b.Helper()
	for name, cents := range b.ledger().Accounts {
		if strings.HasPrefix(name, "merchant:") {
			return cents
		}
	}
	return 0
}

// pay authorises with a genuine card and its PIN.
func (b *bank) pay(ana *cardtest.Card, amount money.Cents, pin string) payment.Answer {
	b.Helper()
	return b.payWithin(b.Context(), ana, amount, pin)
}

func (b *bank) payWithin(ctx context.Context, ana *cardtest.Card, amount money.Cents, pin string) payment.Answer {
	b.Helper()
	var read struct {
		card.Present
		Encrypted []card.Sealed `json:"encrypted"`
	}
	require.NoError(b, json.Unmarshal([]byte(compact(b.T, ana.Chip(int64(amount), pin))), &read))
	pay := cardPayment(amount)
	pay.Card = &read.Present
	answer := b.client.Authorise(ctx, orderID, orderOf(amount), paymentID, pay, read.Encrypted)
	for _, item := range read.Encrypted {
		require.NotContains(b, b.log.String()+answer.Detail, item.Data)
	}
	return answer
}

// cutOff makes a call whose connection is cut while central holds it: before or after
// it was processed.
func (b *bank) cutOff(operation, point string, call func(ctx context.Context)) {
	b.Helper()
	b.command("hold " + operation + " " + point)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		call(ctx)
	}()
	b.command("wait-held " + operation + " 10s")
	cancel()
	<-done
}

func ana() *cardtest.Card { return cardtest.New(anaPAN, "3012", "01") }

func TestASaleWithASimulatedBank(t *testing.T) {
	b := openBank(t)
	forwarded, err := b.client.Forward(t.Context(), sessionEntry(t))
	require.NoError(t, err)
	require.True(t, forwarded.Acknowledged)

	answer := b.pay(ana(), 1234, "1234")
	require.Equal(t, payment.Approved, answer.Verdict, answer.Detail)
	require.True(t, answer.Result.HostReached)
	require.Equal(t, "00", answer.Result.Issuer.ARC)
	require.True(t, strings.HasPrefix(answer.Result.Issuer.AuthenticationData, "91"))
	require.NotEmpty(t, answer.Result.AuthorisationCode)
	require.Equal(t, answer.Result, b.client.Inquire(t.Context(), paymentID).Result)
	require.Zero(t, b.merchant(), "no money before the second phase")

	for range 2 { // the second time is a replay
		forwarded, err = b.client.Forward(t.Context(), confirmationEntry(t))
		require.NoError(t, err)
		require.Equal(t, central.Forwarded{Acknowledged: true, State: "captured"}, forwarded)
		require.EqualValues(t, 1234, b.merchant())
	}

	reversal := reversalEntry(t)
	reversal.ID = sessionID.Derive(1)
	_, err = b.client.Forward(t.Context(), reversal)
	var problem *transport.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, wire.CodeAlreadyCaptured, problem.Code)
	require.True(t, problem.Final())
}

func TestADeclineOfTheBank(t *testing.T) {
	b := openBank(t)
	answer := b.pay(ana(), 100_001, "1234")
	require.Equal(t, payment.Declined, answer.Verdict, answer.Detail)
	require.Equal(t, "insufficient_funds", answer.Decline)
	require.Equal(t, "51", answer.Result.ResponseCode)

	forwarded, err := b.client.Forward(t.Context(), reversalEntry(t))
	require.NoError(t, err)
	require.True(t, forwarded.Acknowledged, "nothing is held: %s", forwarded.State)
}

func TestALostAnswerIsAskedForAndUndone(t *testing.T) {
	b := openBank(t)
	b.cutOff("payment-put", "after", func(ctx context.Context) {
		answer := b.payWithin(ctx, ana(), 1234, "1234")
		require.Equal(t, payment.Unknown, answer.Verdict, answer.Detail)
	})
	b.command("release")
	require.Equal(t, payment.Approved, b.client.Inquire(t.Context(), paymentID).Verdict)

	b.cutOff("reverse", "after", func(ctx context.Context) {
		_, err := b.client.Forward(ctx, reversalEntry(t))
		var silence *transport.Silence
		require.True(t, errors.As(err, &silence) && silence.Sent, err)
	})
	b.command("release")
	forwarded, err := b.client.Forward(t.Context(), reversalEntry(t))
	for transportBusy(err) { // the first one is leaving still
		forwarded, err = b.client.Forward(t.Context(), reversalEntry(t))
	}
	require.NoError(t, err)
	require.True(t, forwarded.Acknowledged)
	require.Equal(t, payment.Undone, b.client.Inquire(t.Context(), paymentID).Verdict)
}

// transportBusy says that a key is in use, which passes.
func transportBusy(err error) bool {
	var problem *transport.Problem
	return errors.As(err, &problem) && problem.Code == wire.CodeIdempotencyKeyInUse
}

func TestR4_ALateRequestFindsItselfUndone(t *testing.T) {
	b := openBank(t)
	b.cutOff("payment-put", "before", func(ctx context.Context) {
		answer := b.payWithin(ctx, ana(), 1234, "1234")
		require.Equal(t, payment.Unknown, answer.Verdict, answer.Detail)
	})
	require.Equal(t, payment.NotFound, b.client.Inquire(t.Context(), paymentID).Verdict)

	forwarded, err := b.client.Forward(t.Context(), reversalEntry(t))
	require.NoError(t, err)
	require.True(t, forwarded.Acknowledged, "of a payment that central has never seen")
	b.command("release payment-put")
	require.Equal(t, payment.Undone, b.client.Inquire(t.Context(), paymentID).Verdict)
	require.Zero(t, b.merchant())
}

func TestAnOrderThatDoesNotAddUpIsRefused(t *testing.T) {
	b := openBank(t)
	order := orderOf(1234)
	order.Totals.Total++
	answer := b.client.Authorise(t.Context(), orderID, order, paymentID, cardPayment(1235), nil)
	require.Equal(t, payment.Refused, answer.Verdict)
	require.Contains(t, answer.Detail, wire.CodeTotalMismatch)
	require.Equal(t, payment.NotFound, b.client.Inquire(t.Context(), paymentID).Verdict)
}

func TestACentralThatIsDownOrUnavailable(t *testing.T) {
	b := openBank(t)
	b.command("unavailable")
	_, err := b.client.Status(t.Context())
	var problem *transport.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, time.Second, problem.RetryAfter)
	require.Equal(t, payment.Unsent, b.pay(ana(), 1234, "1234").Verdict)
	b.command("down")
	require.Equal(t, payment.Unsent, b.pay(ana(), 1234, "1234").Verdict)
	b.command("up")
	status, err := b.client.Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, wire.StatusStateOperational, status.State)
	require.Equal(t, payment.Approved, b.pay(ana(), 1234, "1234").Verdict)
}

func TestFactsGoUpAndTheirChainIsCountersigned(t *testing.T) {
	b := openBank(t)
	mark, err := b.client.Watermark(t.Context(), epoch)
	require.NoError(t, err)
	require.Zero(t, mark.AckedSeq)
	for range 2 {
		result, err := b.client.PutBatch(t.Context(), batchOfOne())
		require.NoError(t, err)
		require.EqualValues(t, 1, result.AckedSeq)
		require.Equal(t, wire.BatchResultResultsResultAccepted, result.Results[0].Result, compact(t, result))
		require.Equal(t, vectorHash, result.Countersignature.Head)
	}
	again := batchOfOne()
	again.ID = decision.Derive(1)
	result, err := b.client.PutBatch(t.Context(), again)
	require.NoError(t, err)
	require.Equal(t, wire.BatchResultResultsResultDuplicate, result.Results[0].Result)
	mark, err = b.client.Watermark(t.Context(), epoch)
	require.NoError(t, err)
	require.EqualValues(t, 1, mark.AckedSeq)
	require.Equal(t, vectorHash, *mark.LastHash)

	other := batchOfOne()
	other.ID, other.Hash = decision.Derive(2), strings.Repeat("a", 64)
	other.Records = [][]byte{[]byte(strings.Replace(vectorRecord, vectorHash, other.Hash, 1))}
	_, err = b.client.PutBatch(t.Context(), other)
	var problem *transport.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, wire.CodeForkDetected, problem.Code)
}

func TestARevokedTillSendsNothing(t *testing.T) {
	b := openBank(t)
	b.command("revoke " + terminal)
	require.Equal(t, payment.Unsent, b.pay(ana(), 1234, "1234").Verdict)
	_, err := b.client.Forward(t.Context(), confirmationEntry(t))
	var silence *transport.Silence
	require.True(t, errors.As(err, &silence) && !silence.Sent, err)
	b.command("reinstate " + terminal)
	require.Equal(t, payment.Approved, b.pay(ana(), 1234, "1234").Verdict)
	b.command("revoke " + terminal)
	_, err = b.client.Forward(t.Context(), confirmationEntry(t))
	var problem *transport.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, wire.CodeCertificateExpired, problem.Code)
	require.False(t, problem.Final(), "the debt outlives the certificate")
}

func TestIdsOfTheTestAreIds(t *testing.T) {
	for _, id := range []ident.ID{orderID, paymentID, decision, sessionID} {
		_, err := ident.Parse(string(id))
		require.NoError(t, err, fmt.Sprint(id))
	}
}
