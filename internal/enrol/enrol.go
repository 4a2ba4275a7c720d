// Package enrol gives a till its identity at central: it makes a key, has it certified
// for a one-time code or by the present certificate, and puts certificate, key and
// authorities where the configuration says.
//
// It does not run a till and asks nobody; the command in front of it does. Nothing is
// written before central's answer is proven. Start with [Run].
//
// Facts: sync/wire/openapi.yaml, createEnrolment and renewEnrolment.
package enrol

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"time"

	"balcao/sync/central"
	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
)

// A Request is one enrolment, or renewal of one.
type Request struct {
	TerminalID  string
	URL         string // of central
	CA          string // PEM; the only authorities that central's certificate may come from
	Certificate string // path, written; of a renewal read before
	Key         string // path, written with mode 0600; of a renewal read before
	Authorities string // path, written
	Code        string // pairing code; not for a renewal
	Renew       bool
	Force       bool   // replace files of another enrolment
	Version     string // of the program
}

// deviceModel names this program to central.
const deviceModel = "balcao"

var pairingCode = regexp.MustCompile(`^[0-9A-Z]{8}$`)

// Run enrols or renews, and answers what central said. Its errors say what to do.
func Run(ctx context.Context, request Request) (central.Enrolment, error) {
	if err := request.check(); err != nil {
		return central.Enrolment{}, err
	}
	config := transport.Config{BaseURL: request.URL, CAFile: request.CA}
	if request.Renew {
		config.CertificateFile, config.KeyFile = request.Certificate, request.Key
	}
	carrier, err := transport.New(config)
	if err != nil {
		return central.Enrolment{}, err
	}
	defer carrier.Close()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return central.Enrolment{}, fmt.Errorf("make key: %w", err)
	}
	enrolment, err := request.ask(ctx, central.New(central.Config{TerminalID: request.TerminalID, Transport: carrier}), key)
	if err != nil {
		return central.Enrolment{}, explain(err)
	}
	if err := request.write(enrolment, key); err != nil {
		return central.Enrolment{}, fmt.Errorf("write enrolment of %s: %w", request.TerminalID, err)
	}
	return enrolment, nil
}

// check refuses before a code is spent what would fail after.
func (r Request) check() error {
	if r.Renew {
		return nil
	}
	if !pairingCode.MatchString(r.Code) {
		return errors.New("a pairing code has 8 digits and capital letters; ask central's administrator for one")
	}
	if r.Force {
		return nil
	}
	for _, path := range []string{r.Certificate, r.Key} {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there: this till is enrolled; renew with --renew, or replace with --force", path)
		}
	}
	return nil
}

// triesMax is how often a request is made whose answer is lost: central may have spent
// the code, and only the same request gets the answer again.
const triesMax = 3

func (r Request) ask(ctx context.Context, client *central.Client, key *ecdsa.PrivateKey) (central.Enrolment, error) {
	var entropy [8]byte
	rand.Read(entropy[:]) // never fails
	id := ident.Make(time.Now(), entropy)
	call := func() (central.Enrolment, error) { return client.Renew(ctx, id, key) }
	if !r.Renew {
		device := r.device()
		call = func() (central.Enrolment, error) { return client.Enrol(ctx, id, key, r.Code, device) }
	}
	enrolment, err := call()
	var silence *transport.Silence
	for try := 1; try < triesMax && errors.As(err, &silence) && silence.Sent && ctx.Err() == nil; try++ {
		enrolment, err = call()
	}
	return enrolment, err
}

// device tells central what asks.
func (r Request) device() wire.Device {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = r.TerminalID
	}
	return wire.Device{Serial: host, Model: deviceModel, Os: new(runtime.GOOS), AppVersion: r.Version}
}

// explain adds what to do to what went wrong.
func explain(err error) error {
	var problem *transport.Problem
	var silence *transport.Silence
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	switch {
	case errors.As(err, &problem) && problem.Code == wire.CodeRateLimited:
		return fmt.Errorf("%w (wait a minute, then try again)", err)
	case errors.As(err, &problem) && problem.Code == wire.CodeTerminalBlocked, errors.As(err, &problem) && problem.Code == wire.CodeCertificateExpired:
		return fmt.Errorf("%w (only central's administrator can let this till in again)", err)
	case errors.As(err, &problem) && problem.Code == wire.CodeUnauthorised:
		return fmt.Errorf("%w (ask central's administrator for a new code)", err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("%w (this machine's clock says %s; set it right if that is wrong)", err, time.Now().Format(time.DateTime))
	case errors.As(err, &unknown), errors.As(err, &host):
		return fmt.Errorf("%w (this is not the central of the given CA: check central.url and --ca, trust nobody else)", err)
	case errors.As(err, &silence) && !silence.Sent:
		return fmt.Errorf("%w (central is not reached: check the network and central.url; the code is not spent)", err)
	}
	return err
}

// encodeKey is a key as PEM of PKCS #8. Source: RFC 5958.
func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
