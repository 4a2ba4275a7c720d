package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"
)

// Encryption is how the way to the mail server is protected.
type Encryption string

// The kinds of protection. StartTLS never falls back to clear text.
const (
	StartTLS    Encryption = "starttls" // RFC 3207, usually port 587
	ImplicitTLS Encryption = "tls"      // RFC 8314, usually port 465
	Unprotected Encryption = "none"     // for a relay on the same machine or cable; takes no password
)

// MailTimeout bounds one attempt when the configuration does not: RFC 5321 allows
// minutes for each answer, but a till's link that is silent for so long is half open.
const MailTimeout = time.Minute

// A MailConfig says through which server and as whom mails are sent.
type MailConfig struct {
	Server        string // host:port
	Encryption    Encryption
	AuthorityFile string // path of PEM certificates to trust instead of the system's; may be empty
	User          string // empty: without authentication
	PasswordFile  string // path, mode 0600
	From          string // address
	FromName      string // may be empty
	// Domain is ours and follows the id in Message-ID; it must not change between resends.
	Domain  string
	Timeout time.Duration // of one attempt; zero means [MailTimeout]
	Log     *slog.Logger
}

// Mail sends notifications as mails. It is safe for use by several goroutines; each
// sending has a connection of its own.
type Mail struct {
	config   MailConfig
	host     string
	port     int
	password string
	tls      *tls.Config
}

// NewMail checks a configuration and reads its files.
func NewMail(config MailConfig) (*Mail, error) {
	m := &Mail{config: config}
	if m.config.Timeout == 0 {
		m.config.Timeout = MailTimeout
	}
	for _, step := range []func() error{m.checkServer, m.checkSender, m.loadPassword, m.loadTLS} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("set up mail through %s: %w", config.Server, err)
		}
	}
	return m, nil
}

func (m *Mail) checkServer() error {
	host, portText, err := net.SplitHostPort(m.config.Server)
	if err != nil {
		return fmt.Errorf("the server is no host:port: %w", err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 || host == "" {
		return errors.New("the server is no host:port")
	}
	m.host, m.port = host, int(port)
	switch m.config.Encryption {
	case StartTLS, ImplicitTLS, Unprotected:
	default:
		return fmt.Errorf("encryption %q is none of starttls, tls and none", m.config.Encryption)
	}
	if m.config.Log == nil {
		return errors.New("a logger is missing")
	}
	if m.config.Timeout < 0 {
		return errors.New("the timeout is negative")
	}
	return nil
}

func (m *Mail) checkSender() error {
	if err := bareAddress(m.config.From); err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	if !oneLine(m.config.FromName) {
		return errors.New("the sender's name is more than one line")
	}
	if err := bareAddress("id@" + m.config.Domain); err != nil {
		return fmt.Errorf("%q is no domain for message ids", m.config.Domain)
	}
	return nil
}

func (m *Mail) loadPassword() (err error) {
	if m.config.User == "" {
		return nil
	}
	if m.config.Encryption == Unprotected {
		return errors.New("a password must not travel in clear: set encryption to starttls or tls")
	}
	m.password, err = readSecret(m.config.PasswordFile)
	return err
}

func (m *Mail) loadTLS() error {
	m.tls = &tls.Config{ServerName: m.host, MinVersion: tls.VersionTLS12}
	if m.config.AuthorityFile == "" {
		return nil
	}
	text, err := os.ReadFile(m.config.AuthorityFile)
	if err != nil {
		return fmt.Errorf("read authorities: %w", err)
	}
	m.tls.RootCAs = x509.NewCertPool()
	if !m.tls.RootCAs.AppendCertsFromPEM(text) {
		return fmt.Errorf("read authorities: no certificate in %s", m.config.AuthorityFile)
	}
	return nil
}

// Send hands one mail to the server: answers of 4xx and silence are temporary, those
// of 5xx final. A server that took the mail and then misbehaves has taken it.
func (m *Mail) Send(ctx context.Context, notification Notification) Result {
	message, err := m.compose(notification)
	if err != nil {
		return Result{Outcome: Final, Reason: "send mail: " + clean(err.Error())}
	}
	ctx, cancel := context.WithTimeout(ctx, m.config.Timeout)
	defer cancel()
	dial := &dialer{mail: m}
	defer dial.close()
	client, err := mail.NewClient(m.host, m.options(dial.within(ctx))...)
	if err != nil {
		return Result{Outcome: Final, Reason: "send mail: " + clean(err.Error())}
	}
	err = client.DialAndSendWithContext(ctx, message)
	if message.IsDelivered() {
		if err != nil {
			m.config.Log.Debug("mail server took a mail and parted badly", "notification", notification.ID)
		}
		return Result{Outcome: Delivered, Code: mailAccepted}
	}
	if err == nil {
		err = errors.New("the server did not confirm it")
	}
	return judgeMail(notification.ID, errors.Join(err, ctx.Err()))
}

// mailAccepted is the answer to a mail's end. Source: RFC 5321, section 4.2.3.
const mailAccepted = 250

// judgeMail reads the server's code out of an error.
func judgeMail(id string, err error) Result {
	result := Result{Outcome: Temporary, Reason: fmt.Sprintf("send mail %s: %s", id, clean(err.Error()))}
	var answer *textproto.Error
	var refused *mail.SendError
	switch {
	case errors.As(err, &answer):
		result.Code = answer.Code
	case errors.As(err, &refused):
		result.Code = refused.ErrorCode()
	}
	if result.Code/100 == 5 {
		result.Outcome = Final
	}
	return result
}

func (m *Mail) options(dial mail.DialContextFunc) []mail.Option {
	options := []mail.Option{
		mail.WithPort(m.port), mail.WithTimeout(m.config.Timeout), mail.WithTLSConfig(m.tls), mail.WithHELO(m.config.Domain),
		mail.WithDialContextFunc(dial),
		// One mail for each connection: a refused NOOP or RSET must not be the mail's.
		mail.WithoutNoop(), mail.WithoutRset(),
	}
	switch m.config.Encryption {
	case StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case ImplicitTLS:
		options = append(options, mail.WithSSL())
	default:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if m.config.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername(m.config.User), mail.WithPassword(m.password))
	}
	return options
}

// A dialer opens the one connection of a sending and closes it for certain: the
// library leaves it open when the greeting is a refusal.
type dialer struct {
	mail *Mail
	conn net.Conn
	stop func() bool
}

// within gives the library a way to dial. Its own ctx ends with the greeting; the
// connection ends with whole, the sending's.
func (d *dialer) within(whole context.Context) mail.DialContextFunc {
	return func(_ context.Context, network, address string) (net.Conn, error) {
		return d.dial(whole, network, address)
	}
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var plain net.Dialer
	conn, err := plain.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.conn = conn
	d.stop = context.AfterFunc(ctx, func() { conn.Close() })
	if d.mail.config.Encryption != ImplicitTLS {
		return conn, nil
	}
	secure := tls.Client(conn, d.mail.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("protect the connection: %w", err)
	}
	return secure, nil
}

func (d *dialer) close() {
	if d.conn != nil {
		d.stop()
		_ = d.conn.Close()
	}
}

// compose makes a mail of a notification. All but the boundaries of its parts is the
// same each time.
func (m *Mail) compose(n Notification) (*mail.Msg, error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	if err := bareAddress(n.To); err != nil {
		return nil, fmt.Errorf("%w %s: receiver: %w", ErrInvalid, n.ID, err)
	}
	message := mail.NewMsg()
	if err := errors.Join(message.FromFormat(m.config.FromName, m.config.From), message.AddToFormat(n.ToName, n.To)); err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrInvalid, n.ID, err)
	}
	message.SetMessageIDWithValue(n.ID + "@" + m.config.Domain)
	message.SetDateWithValue(n.Created)
	message.Subject(n.Subject)
	// Keeps the answers of absent people away. Source: RFC 3834, section 5.
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	if n.Category == Marketing {
		if err := message.SetListUnsubscribeOneClick(n.Unsubscribe); err != nil {
			return nil, fmt.Errorf("%w %s: %w", ErrInvalid, n.ID, err)
		}
	}
	message.SetBodyString(mail.TypeTextPlain, n.Text)
	if n.HTML != "" {
		message.AddAlternativeString(mail.TypeTextHTML, n.HTML)
	}
	for _, attachment := range n.Attachments {
		if err := message.AttachReader(attachment.Name, bytes.NewReader(attachment.Content), mail.WithFileContentType(mail.ContentType(attachment.Media))); err != nil {
			return nil, fmt.Errorf("%w %s: attach %s: %w", ErrInvalid, n.ID, attachment.Name, err)
		}
	}
	return message, nil
}
