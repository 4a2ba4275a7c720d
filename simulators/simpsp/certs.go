package simpsp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certificateLife is a year, as banks give.
const certificateLife = 365 * 24 * time.Hour

// certificateSlack dates certificates back, for clocks that are a little behind.
const certificateSlack = time.Hour

// Certificates are the files that [MakeCertificates] made, PEM each; keys are
// readable by the owner alone.
type Certificates struct {
	CA         string // signed both others
	ServerCert string
	ServerKey  string
	ClientCert string // of the receiver
	ClientKey  string
	Secret     string // of the receiver, for its tokens: one line
}

// certificateFiles are where the files lie in a folder.
func certificateFiles(dir string) Certificates {
	return Certificates{
		CA:         filepath.Join(dir, "ca.pem"),
		ServerCert: filepath.Join(dir, "server.pem"), ServerKey: filepath.Join(dir, "server.key"),
		ClientCert: filepath.Join(dir, "client.pem"), ClientKey: filepath.Join(dir, "client.key"),
		Secret: filepath.Join(dir, "client.secret"),
	}
}

// An authority signs certificates; it is forgotten once they are made.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// MakeCertificates makes, in dir, an authority, a server certificate for hosts (names
// or addresses; none means this machine alone), and a client certificate and a secret
// of one receiver. All are ECDSA P-256 and good for a year; the authority's key is not
// kept. The folder is made when missing.
func MakeCertificates(dir, clientID string, hosts ...string) (Certificates, error) {
	if len(hosts) == 0 {
		hosts = []string{"localhost", "127.0.0.1", "::1"}
	}
	files := certificateFiles(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Certificates{}, fmt.Errorf("make certificates: %w", err)
	}
	if err := makeCertificates(files, clientID, hosts); err != nil {
		return Certificates{}, fmt.Errorf("make certificates in %s: %w", dir, err)
	}
	return files, nil
}

func makeCertificates(files Certificates, clientID string, hosts []string) error {
	signer, err := newAuthority(files.CA)
	if err != nil {
		return err
	}
	server := template("balcao-sim psp")
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if address := net.ParseIP(host); address != nil {
			server.IPAddresses = append(server.IPAddresses, address)
		} else {
			server.DNSNames = append(server.DNSNames, host)
		}
	}
	client := template(clientID)
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return errors.Join(
		os.WriteFile(files.Secret, []byte(rand.Text()+"\n"), 0o600),
		signer.issue(server, files.ServerCert, files.ServerKey),
		signer.issue(client, files.ClientCert, files.ClientKey),
	)
}

func template(commonName string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: commonName, Organization: []string{"balcao-sim"}},
		NotBefore: now.Add(-certificateSlack),
		NotAfter:  now.Add(certificateLife),
		KeyUsage:  x509.KeyUsageDigitalSignature,
	}
}

func newAuthority(path string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	self := template("balcao-sim authority")
	self.IsCA, self.BasicConstraintsValid = true, true
	self.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	signer := &authority{certificate: self, key: key}
	der, err := signer.sign(self, key)
	if err != nil {
		return nil, err
	}
	if signer.certificate, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	return signer, writePEM(path, "CERTIFICATE", der, 0o644)
}

// serialBits is as long as a serial number should be. Source: RFC 5280, 4.1.2.2.
const serialBits = 128

func (a *authority) sign(certificate *x509.Certificate, key *ecdsa.PrivateKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, err
	}
	certificate.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, certificate, a.certificate, key.Public(), a.key)
}

func (a *authority) issue(certificate *x509.Certificate, certPath, keyPath string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := a.sign(certificate, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(writePEM(certPath, "CERTIFICATE", der, 0o644), writePEM(keyPath, "PRIVATE KEY", private, 0o600))
}

func writePEM(path, kind string, der []byte, mode os.FileMode) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}
