package transport

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
)

// groupAndOthers are the mode bits that a private key must not have, and the owner's
// right to run it, which no key needs: what remains is 0600 or less.
const groupAndOthers os.FileMode = 0o177

// secretBytesMax bounds a client's secret; services give a few dozen characters.
const secretBytesMax = 4 << 10

// checkOwnersAlone refuses a file that others than its owner may read.
func checkOwnersAlone(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&groupAndOthers != 0 {
		return fmt.Errorf("%s has mode %04o; only its owner may read it: chmod 600 %s", path, mode, path)
	}
	return nil
}

// loadSecret reads a client's secret, one line; no path is no secret.
func loadSecret(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	if err := checkOwnersAlone(path); err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" || len(text) > secretBytesMax {
		return "", fmt.Errorf("read secret: %s is empty or longer than %d bytes", path, secretBytesMax)
	}
	return secret, nil
}

// loadTLS reads who the till is and whom it trusts. TLS 1.2 is for gateways that
// have nothing newer; both ends take 1.3 when both have it.
func loadTLS(certificateFile, keyFile, authorityFile string) (*tls.Config, error) {
	pairs, err := loadPair(certificateFile, keyFile)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(authorityFile)
	if err != nil {
		return nil, fmt.Errorf("read authorities: %w", err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read authorities: no certificate in %s", authorityFile)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: pairs,
		RootCAs:      authorities,
	}, nil
}

// loadPair reads the till's certificate; without a path for either file there is none,
// as before an enrolment.
func loadPair(certificateFile, keyFile string) ([]tls.Certificate, error) {
	if certificateFile == "" && keyFile == "" {
		return nil, nil
	}
	if err := checkOwnersAlone(keyFile); err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(certificateFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("read certificate %s: %w", certificateFile, err)
	}
	return []tls.Certificate{pair}, nil
}
