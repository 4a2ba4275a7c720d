package enrol

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/sync/central"
	"balcao/sync/transport"
	"balcao/sync/wire"
)

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	unsent := func(cause error) error { return fmt.Errorf("enrol: %w", &transport.Silence{Cause: cause}) }
	refused := func(status int, code string) error { return &transport.Problem{Status: status, Code: code} }
	for want, err := range map[string]error{
		"clock says":         unsent(&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired}}),
		"trust nobody else":  unsent(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}),
		"code is not spent":  unsent(os.ErrDeadlineExceeded),
		"new code":           refused(401, wire.CodeUnauthorised),
		"wait a minute":      refused(429, wire.CodeRateLimited),
		"let this till in":   refused(403, wire.CodeTerminalBlocked),
		"again":              refused(401, wire.CodeCertificateExpired),
		"answered 500 other": refused(500, "other"),
	} {
		explained := explain(err)
		require.ErrorContains(t, explained, want)
		require.ErrorIs(t, explained, err)
	}
}

func TestFilesAreReplacedTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	request := Request{
		Authorities: filepath.Join(dir, "ca.pem"), Key: filepath.Join(dir, "till.key"),
		Certificate: filepath.Join(dir, "file", "till.pem"),
	}
	for path, content := range map[string]string{request.Authorities: "old", request.Key: "old", filepath.Join(dir, "file"): "no folder"} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	require.Error(t, request.write(central.Enrolment{Certificate: []byte("new"), Authorities: []byte("new")}, key))
	for _, path := range []string{request.Authorities, request.Key} {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "old", string(content))
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3)
}
