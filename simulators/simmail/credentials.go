package simmail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// User is who may send mails when that is asked for.
const User = "balcao"

const (
	certificateLife  = 365 * 24 * time.Hour
	certificateSlack = time.Hour // for clocks that are a little behind
	webhookKeyBytes  = 32
	webhookPrefix    = "whsec_"
)

// Files are paths of what clients need; all but Certificate are their owner's alone.
type Files struct {
	Certificate string // of the server, PEM; it is its own authority
	Key         string
	Password    string // of [User], one line
	Secret      string // of the webhook, whsec_…
}

func credentialFiles(dir string) Files {
	return Files{
		Certificate: filepath.Join(dir, "server.pem"), Key: filepath.Join(dir, "server.key"),
		Password: filepath.Join(dir, "password"), Secret: filepath.Join(dir, "webhook.secret"),
	}
}

// loadCredentials reads them; the first time it makes them.
func (s *Server) loadCredentials() error {
	if _, err := os.Stat(s.files.Secret); errors.Is(err, fs.ErrNotExist) {
		if err := makeCredentials(s.files); err != nil {
			return fmt.Errorf("make credentials: %w", err)
		}
	}
	pair, err := tls.LoadX509KeyPair(s.files.Certificate, s.files.Key)
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	s.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	password, err := os.ReadFile(s.files.Password)
	if err != nil {
		return fmt.Errorf("read password: %w", err)
	}
	s.pass = strings.TrimSpace(string(password))
	secret, err := os.ReadFile(s.files.Secret)
	if err != nil {
		return fmt.Errorf("read webhook secret: %w", err)
	}
	s.key, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(secret)), webhookPrefix))
	if err != nil || len(s.key) == 0 {
		return fmt.Errorf("read webhook secret: %s holds no %s and Base64", s.files.Secret, webhookPrefix)
	}
	return nil
}

// makeCredentials writes the secret last: that it is there says that all are.
func makeCredentials(files Files) error {
	if err := os.MkdirAll(filepath.Dir(files.Secret), 0o700); err != nil {
		return err
	}
	if err := makeCertificate(files); err != nil {
		return err
	}
	if err := os.WriteFile(files.Password, []byte(rand.Text()+"\n"), stateFileMode); err != nil {
		return err
	}
	key := make([]byte, webhookKeyBytes)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	return os.WriteFile(files.Secret, []byte(webhookPrefix+base64.StdEncoding.EncodeToString(key)+"\n"), stateFileMode)
}

func makeCertificate(files Files) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	certificate := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: domain, Organization: []string{"balcao-sim"}},
		NotBefore:    now.Add(-certificateSlack), NotAfter: now.Add(certificateLife),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:        true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost", domain}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, certificate, certificate, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(files.Certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644),
		os.WriteFile(files.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), stateFileMode),
	)
}
