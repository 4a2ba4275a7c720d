package simcentral

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// enrollerFile holds key and certificate of the authority that enrols tills.
const enrollerFile = "enrolment.pem"

// enrollerLife outlives every certificate that it signs; it begins as far back, for a
// central whose clock a test has moved.
const enrollerLife = 10 * certificateLife

// loadEnroller reads the authority of enrolments, or makes it at the first start. It
// signs clients alone, so that no till can be shown a central of its making.
func (s *Server) loadEnroller() error {
	path := filepath.Join(s.config.StateDir, enrollerFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = newEnroller(); err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
	}
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return fmt.Errorf("%s: not a key of ECDSA", path)
	}
	s.enroller = &authority{certificate: pair.Leaf, key: key}
	s.tls.ClientCAs.AddCert(pair.Leaf)
	trusted, err := os.ReadFile(s.config.ClientCA)
	if err != nil {
		return err
	}
	s.authorities = string(trusted) + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Leaf.Raw}))
	return nil
}

func newEnroller() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	self := template("balcao-sim enrolment")
	self.IsCA, self.BasicConstraintsValid = true, true
	self.KeyUsage, self.ExtKeyUsage = x509.KeyUsageCertSign, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	self.NotBefore, self.NotAfter = time.Now().Add(-enrollerLife), time.Now().Add(enrollerLife)
	self.Subject = pkix.Name{CommonName: self.Subject.CommonName, Organization: self.Subject.Organization}
	der, err := (&authority{certificate: self, key: key}).sign(self, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...), nil
}

// signFor signs a certificate of a key whose private half is elsewhere.
func (a *authority) signFor(certificate *x509.Certificate, key *ecdsa.PublicKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, err
	}
	certificate.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, certificate, a.certificate, key, a.key)
}

// verifyClient holds a client's certificate, if it shows one, against the authorities.
// One that is over passes: it is refused by the call it makes, with a code.
func (s *Server) verifyClient(connection tls.ConnectionState) error {
	if len(connection.PeerCertificates) == 0 {
		return nil
	}
	leaf := connection.PeerCertificates[0]
	options := x509.VerifyOptions{
		Roots: s.tls.ClientCAs, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, above := range connection.PeerCertificates[1:] {
		options.Intermediates.AddCert(above)
	}
	if time.Now().After(leaf.NotAfter) {
		options.CurrentTime = leaf.NotBefore
	}
	_, err := leaf.Verify(options)
	return err
}
