package transport

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// groupAndOthers are the mode bits that a private key must not have, and the owner's
// right to run it, which no key needs: what remains is 0600 or less.
const groupAndOthers os.FileMode = 0o177

// loadTLS reads who the till is and whom it trusts. TLS 1.2 is for gateways that
// have nothing newer; both ends take 1.3 when both have it.
func loadTLS(certificateFile, keyFile, authorityFile string) (*tls.Config, error) {
	info, err := os.Stat(keyFile)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&groupAndOthers != 0 {
		return nil, fmt.Errorf("read key: %s has mode %04o; only its owner may read it: chmod 600 %s", keyFile, mode, keyFile)
	}
	pair, err := tls.LoadX509KeyPair(certificateFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("read certificate %s: %w", certificateFile, err)
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
		Certificates: []tls.Certificate{pair},
		RootCAs:      authorities,
	}, nil
}
