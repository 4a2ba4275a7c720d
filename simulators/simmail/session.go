package simmail

import (
	"bytes"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"io"
	"mime"
	"net"
	"net/mail"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// recipientsMax is what a server must take at least. Source: RFC 5321, 4.5.3.1.8.
const recipientsMax = 100

// Local parts of addresses whose mailboxes are not as they should be.
const (
	MailboxUnknown    = "unknown"    // 550 5.1.1
	MailboxFull       = "full"       // 552 5.2.2
	MailboxGreylisted = "greylisted" // 450 4.2.0 the first time, remembered over a kill
)

// A session is one client's talk, from its greeting on.
type session struct {
	server *Server
	conn   *smtp.Conn
	fault  fault
	known  bool // it gave the password
	from   string
	to     []string
}

// answer makes one of SMTP's. Source of enhanced codes: RFC 3463.
func answer(code int, enhanced smtp.EnhancedCode, words string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: words}
}

var errBroken = answer(451, smtp.EnhancedCode{4, 3, 0}, "local error")

func (s *Server) newSession(conn *smtp.Conn) (smtp.Session, error) {
	strike := visitOf(conn.Conn()).fault
	if strike.kind != "" {
		s.log.Info("fault", "of", KindMail, "kind", strike.kind)
	}
	if strike.kind == "421" {
		return nil, answer(421, smtp.EnhancedCode{4, 3, 2}, "service closing")
	}
	return &session{server: s, conn: conn, fault: strike}, nil
}

// visitOf finds the connection below TLS.
func visitOf(conn net.Conn) *visit {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if found, ok := conn.(*visit); ok {
		return found
	}
	return &visit{Conn: conn}
}

// AuthMechanisms are offered under TLS only, by the library.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth compares in constant time.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != User || subtle.ConstantTimeCompare([]byte(password), []byte(s.server.pass)) != 1 {
			return smtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}), nil
}

// Mail begins a mail.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.config.RequireAuth && !s.known {
		return answer(530, smtp.EnhancedCode{5, 7, 0}, "authentication required")
	}
	if !strings.Contains(from, "@") {
		return answer(553, smtp.EnhancedCode{5, 1, 7}, "bad sender")
	}
	s.from = from
	return nil
}

// Rcpt looks for the mailbox.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	local, host, found := strings.Cut(to, "@")
	switch {
	case s.fault.kind == "450":
		return answer(450, smtp.EnhancedCode{4, 2, 0}, "greylisted, try again")
	case s.fault.kind == "550" || local == MailboxUnknown:
		return answer(550, smtp.EnhancedCode{5, 1, 1}, "no such user <"+to+">")
	case !found || !strings.Contains(host, "."):
		return answer(553, smtp.EnhancedCode{5, 1, 3}, "bad address")
	case local == MailboxFull:
		return answer(552, smtp.EnhancedCode{5, 2, 2}, "mailbox full")
	case local == MailboxGreylisted:
		if err := s.server.greylist(s.from + " " + to); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

// greylist turns a pair of sender and receiver away the first time.
func (s *Server) greylist(pair string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store.greylisted[pair] {
		return nil
	}
	if err := s.store.append(record{Greylisted: pair}); err != nil {
		s.log.Error("state", "error", err)
		return errBroken
	}
	return answer(450, smtp.EnhancedCode{4, 2, 0}, "greylisted, try again")
}

// Data takes the mail, or not.
func (s *session) Data(content io.Reader) error {
	if s.fault.kind == faultDrop {
		_, _ = content.Read(make([]byte, 1))
		return s.hangUp()
	}
	text, err := io.ReadAll(content)
	if err != nil {
		return err // the library's own words: too large, or the client has gone
	}
	switch s.fault.kind {
	case "552":
		return answer(552, smtp.EnhancedCode{5, 3, 4}, "message too large for the system")
	case faultSlow:
		s.server.pause(s.fault.duration)
	}
	entry, err := readMail(text)
	if err != nil {
		return answer(554, smtp.EnhancedCode{5, 6, 0}, err.Error())
	}
	entry.From, entry.To = s.from, s.to
	if _, err := s.server.take(entry, text); err != nil {
		return errBroken
	}
	if s.fault.kind == faultLostAnswer {
		return s.hangUp()
	}
	return nil
}

// hangUp cuts the cable; what is answered then reaches nobody.
func (s *session) hangUp() error {
	_ = visitOf(s.conn.Conn()).Close()
	return errBroken
}

// readMail refuses what no mail may lack. Source: RFC 5322, section 3.6.
func readMail(text []byte) (Entry, error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return Entry{}, errors.New("no mail")
	}
	if _, err := parsed.Header.Date(); err != nil {
		return Entry{}, errors.New("no date")
	}
	if _, err := parsed.Header.AddressList("From"); err != nil {
		return Entry{}, errors.New("no sender in the header")
	}
	id := strings.Trim(parsed.Header.Get("Message-Id"), "<>")
	if local, host, found := strings.Cut(id, "@"); !found || local == "" || host == "" {
		return Entry{}, errors.New("no message id")
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil {
		return Entry{}, errors.New("subject cannot be decoded")
	}
	return Entry{Kind: KindMail, ID: id, Subject: subject}, nil
}

// Reset forgets the mail that was begun.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout ends the talk; there is nothing to give back.
func (s *session) Logout() error { return nil }
