package central_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simcentral"
	"balcao/sync/central"
	"balcao/sync/transport"
	"balcao/sync/wire"
)

const newTerminal = "T-0042"

var device = wire.Device{Serial: "1", Model: "test", AppVersion: "0"}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

// stranger is a client of a till that has no certificate yet.
func (b *bank) stranger() *central.Client {
	b.Helper()
	carrier, err := transport.New(transport.Config{BaseURL: b.url, CAFile: b.certs.CA})
	require.NoError(b, err)
	b.Cleanup(func() { carrier.Close() })
	return central.New(central.Config{TerminalID: newTerminal, Transport: carrier})
}

// member is a client with what was issued, trusting what came with it.
func (b *bank) member(issued central.Enrolment, key *ecdsa.PrivateKey) *central.Client {
	b.Helper()
	dir := b.TempDir()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(b, err)
	files := simcentral.Certificates{CA: filepath.Join(dir, "ca"), ClientCert: filepath.Join(dir, "cert"), ClientKey: filepath.Join(dir, "key")}
	require.NoError(b, os.WriteFile(files.CA, issued.Authorities, 0o600))
	require.NoError(b, os.WriteFile(files.ClientCert, issued.Certificate, 0o600))
	require.NoError(b, os.WriteFile(files.ClientKey, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	carrier, err := transport.New(transport.Config{BaseURL: b.url, CertificateFile: files.ClientCert, KeyFile: files.ClientKey, CAFile: files.CA})
	require.NoError(b, err)
	b.Cleanup(func() { carrier.Close() })
	return central.New(central.Config{TerminalID: newTerminal, Transport: carrier})
}

func TestATillEnrolsWorksRenewsAndIsRevoked(t *testing.T) {
	b := openBank(t)
	key := newKey(t)
	issued, err := b.stranger().Enrol(t.Context(), paymentID, key, b.command("pair 7 "+newTerminal), device)
	require.NoError(t, err)
	require.Equal(t, "7", issued.StoreID)
	till := b.member(issued, key)
	_, err = till.Watermark(t.Context(), epoch)
	require.NoError(t, err, "a token was to be had, and a call")

	next := newKey(t)
	renewed, err := till.Renew(t.Context(), orderID, next)
	require.NoError(t, err)
	require.NotEqual(t, issued.Certificate, renewed.Certificate)
	till = b.member(renewed, next)
	_, err = till.Watermark(t.Context(), epoch)
	require.NoError(t, err)

	b.command("revoke " + newTerminal)
	_, err = till.Watermark(t.Context(), epoch)
	requireRefused(t, err, wire.CodeCertificateExpired, "revoked")
	_, err = till.Renew(t.Context(), decision, newKey(t))
	requireRefused(t, err, wire.CodeCertificateExpired, "revoked")
}

func requireRefused(t *testing.T, err error, code, why string) {
	t.Helper()
	var problem *transport.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, code, problem.Code)
	require.Contains(t, problem.Detail, why)
}

func TestCodesThatEnrolNobody(t *testing.T) {
	b := openBank(t)
	_, err := b.stranger().Enrol(t.Context(), paymentID, newKey(t), "00000000", device)
	requireRefused(t, err, wire.CodeUnauthorised, "not known")
	code := b.command("pair 7 " + newTerminal)
	_, err = b.stranger().Enrol(t.Context(), paymentID, newKey(t), code, device)
	require.NoError(t, err)
	_, err = b.stranger().Enrol(t.Context(), orderID, newKey(t), code, device)
	requireRefused(t, err, wire.CodeUnauthorised, "used")
	_, err = b.stranger().Enrol(t.Context(), decision, newKey(t), b.command("pair 7 "+newTerminal+" 0s"), device)
	requireRefused(t, err, wire.CodeUnauthorised, "expired")
	_, err = b.stranger().Enrol(t.Context(), decision, newKey(t), b.command("pair 7 T-0043"), device)
	require.ErrorContains(t, err, `of terminal "T-0043"`)
	var silence *transport.Silence
	require.ErrorAs(t, err, &silence)
}

func TestALostAnswerIsHadAgainWithTheSameKey(t *testing.T) {
	b := openBank(t)
	b.command("next enrol half")
	key, code, client := newKey(t), b.command("pair 7 "+newTerminal), b.stranger()
	_, err := client.Enrol(t.Context(), paymentID, key, code, device)
	var silence *transport.Silence
	require.ErrorAs(t, err, &silence)
	require.True(t, silence.Sent)
	issued, err := client.Enrol(t.Context(), paymentID, key, code, device)
	require.NoError(t, err)
	_, err = b.member(issued, key).Watermark(t.Context(), epoch)
	require.NoError(t, err)
}
