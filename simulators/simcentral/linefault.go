package simcentral

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// mutedMax bounds the connections that stand open and mute; a till opens a handful.
const mutedMax = 256

// lineFaults are switches for what goes wrong before central hears a call, or whatever
// it is. They are guarded by faults.mu.
type lineFaults struct {
	mute, stranger, portal bool          // till up
	mutes, strangers       int           // for a while, by faults of single calls
	muted                  []net.Conn    // accepted, never answered
	skew                   time.Duration // how far the time that is told is ahead
}

// clear ends the switches but the clock's: that is no outage.
func (l *lineFaults) clear() {
	l.mute, l.stranger, l.portal = false, false, false
	l.letGo()
}

// letGo closes the connections that stood open, unless some should still.
func (l *lineFaults) letGo() {
	if l.mute || l.mutes > 0 {
		return
	}
	for _, conn := range l.muted {
		conn.Close()
	}
	l.muted = nil
}

func (l *lineFaults) describe() []string {
	var on []string
	for _, each := range []struct {
		name string
		on   bool
	}{{"half-open", l.mute}, {"wrong-cert", l.stranger}, {"portal", l.portal}} {
		if each.on {
			on = append(on, each.name)
		}
	}
	if l.skew != 0 {
		on = append(on, fmt.Sprintf("clock %+ds", l.skew/time.Second))
	}
	return on
}

// keepMute takes a connection that is to stand open and hear nothing.
func (f *faults) keepMute(conn net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.line.mute && f.line.mutes == 0 {
		return false
	}
	if len(f.line.muted) >= mutedMax {
		conn.Close()
	} else {
		f.line.muted = append(f.line.muted, conn)
	}
	return true
}

// standMute lets connections stand open for a moment, whatever the switches say.
func (f *faults) standMute(duration time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.line.mutes++
	time.AfterFunc(duration, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.line.mutes--
		f.line.letGo()
	})
}

// beStranger shows another certificate for a moment; who is connected comes again.
func (f *faults) beStranger(duration time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.line.strangers++
	f.cutConnections()
	time.AfterFunc(duration, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.line.strangers--
		f.cutConnections() // some may still be shaking hands with the stranger
	})
}

func (f *faults) isStranger() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.line.stranger || f.line.strangers > 0
}

// ofEveryCall is what goes wrong with every call that comes now, or nothing. Calls on
// connections that were open before a half-open line fall silent with it.
func (f *faults) ofEveryCall() faultKind {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.line.mute || f.line.mutes > 0:
		return faultLostRequest
	case f.line.portal:
		return faultHTML
	default:
		return ""
	}
}

func (f *faults) skew() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.line.skew
}

// toldTime is the time as this call is told it.
func (s *Server) toldTime(c *call) time.Time {
	return s.now().Add(s.skewOf(c)).UTC()
}

func (s *Server) skewOf(c *call) time.Duration {
	if c.fault.kind == faultSkew {
		return c.fault.duration
	}
	return s.faults.skew()
}

// skewDate writes the wrong time into an answer's Date, where there is one to tell.
func (s *Server) skewDate(w http.ResponseWriter, c *call) {
	if s.skewOf(c) != 0 {
		w.Header().Set("Date", s.toldTime(c).Format(http.TimeFormat))
	}
}

// writeTwice puts an answer on the line twice and ends the connection, as a box on the
// way does that repeats itself. It cannot over HTTP/2, and says so.
func (s *Server) writeTwice(w http.ResponseWriter, status int, text []byte) bool {
	header := w.Header().Clone()
	if header.Get("Date") == "" {
		header.Set("Date", s.now().UTC().Format(http.TimeFormat))
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return false
	}
	defer conn.Close()
	var both bytes.Buffer
	for range 2 {
		answer := http.Response{
			StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: header,
			Body: io.NopCloser(bytes.NewReader(text)), ContentLength: int64(len(text)),
		}
		_ = answer.Write(&both) // into memory
	}
	_, _ = conn.Write(both.Bytes()) // the caller may have gone
	return true
}

// present chooses the certificate for a handshake.
func (s *Server) present(own, stranger tls.Certificate) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		if s.faults.isStranger() {
			return &stranger, nil
		}
		return &own, nil
	}
}

// newStranger makes a certificate that has the right names and nobody's signature but
// its own: what a box shows that reads along.
func newStranger(like *x509.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make another certificate: %w", err)
	}
	self := template(like.Subject.CommonName)
	self.DNSNames, self.IPAddresses, self.ExtKeyUsage = like.DNSNames, like.IPAddresses, like.ExtKeyUsage
	self.Issuer = self.Subject
	der, err := (&authority{certificate: self, key: key}).sign(self, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make another certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

func (s *Server) commandHalfOpen(_ context.Context, args []string) (string, error) {
	return s.switchLine(args, func() { s.faults.line.mute = true })
}

func (s *Server) commandWrongCert(_ context.Context, args []string) (string, error) {
	return s.switchLine(args, func() {
		s.faults.line.stranger = true
		s.faults.cutConnections()
	})
}

func (s *Server) commandPortal(_ context.Context, args []string) (string, error) {
	return s.switchLine(args, func() { s.faults.line.portal = true })
}

// switchLine begins an outage of the line, for a while or till up.
func (s *Server) switchLine(args []string, begin func()) (string, error) {
	duration, err := optionalDuration(args, 0)
	if err != nil {
		return "", err
	}
	s.faults.outage(duration, begin)
	return s.describe(), nil
}

func (s *Server) commandClock(_ context.Context, args []string) (string, error) {
	var skew time.Duration
	if len(args) != 1 || args[0] != "off" {
		var err error
		if skew, err = signedDuration(args); err != nil {
			return "", err
		}
	}
	s.faults.mu.Lock()
	s.faults.line.skew = skew
	s.faults.mu.Unlock()
	return s.describe(), nil
}

// signedDuration reads how far a time is off, ahead or behind.
func signedDuration(args []string) (time.Duration, error) {
	if len(args) == 1 {
		if duration, err := time.ParseDuration(args[0]); err == nil && duration != 0 {
			return duration, nil
		}
	}
	return 0, fmt.Errorf("%q is not like 5m or -90s", args)
}
