package flow

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"balcao/sync/wire"
)

// connection is step 3: who central is, by a handshake of the walk's own against the
// authority that the till trusts, and that the till's calls came through.
func (w *walk) connection(ctx context.Context) (string, error) {
	if err := w.startTill(ctx); err != nil {
		return "", err
	}
	address, err := url.Parse(w.till.Central.URL)
	if err != nil {
		return "", err
	}
	dialer := tls.Dialer{Config: w.office.trust}
	conn, err := dialer.DialContext(ctx, "tcp", address.Host)
	if err != nil {
		return "", fmt.Errorf("shake hands with central: %w", err)
	}
	defer conn.Close()
	state := conn.(*tls.Conn).ConnectionState()
	var came []heardCall
	err = w.poll(ctx, "the till's session is at central", func(ctx context.Context) error {
		if came, err = w.heard(ctx, "session", ""); err == nil && len(came) == 0 {
			err = errors.New("central has heard of no session")
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s at %s, signed by %s, %s; session %s of terminal %s came through",
		state.PeerCertificates[0].Subject.CommonName, address.Host, state.PeerCertificates[0].Issuer.CommonName,
		tls.VersionName(state.Version), came[0].ID, came[0].Terminal), nil
}

// serviceStatus is step 4: the till asked for central's status, its light is on, and
// central says so itself.
func (w *walk) serviceStatus(ctx context.Context) (string, error) {
	if err := w.startTill(ctx); err != nil {
		return "", err
	}
	if _, err := w.screen.until(ctx, "the light of central is on", func(v view) bool { return v.Central.Online }); err != nil {
		return "", err
	}
	asked, err := w.heard(ctx, "status", "")
	if err != nil {
		return "", err
	}
	if len(asked) == 0 || asked[0].Status != http.StatusOK {
		return "", fmt.Errorf("central heard no question about its status: %+v", asked)
	}
	begun := time.Now()
	var status wire.Status
	if err := w.office.get(ctx, "/v1/status", &status); err != nil {
		return "", err
	}
	latency := time.Since(begun)
	if status.State != wire.StatusStateOperational {
		return "", fmt.Errorf("central is %s", status.State)
	}
	return fmt.Sprintf("%s with %d services, asked by the till, light online; token and status in %v",
		status.State, len(status.Services), latency.Round(time.Millisecond)), nil
}
