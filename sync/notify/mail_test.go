package notify_test

import (
	"context"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simmail"
	"balcao/sync/notify"
)

// parts reads a multipart body into its leaves, by media type.
func parts(t *testing.T, contentType string, body io.Reader) map[string]string {
	t.Helper()
	media, parameters, err := mime.ParseMediaType(contentType)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(media, "multipart/"), media)
	found := map[string]string{}
	for reader := multipart.NewReader(body, parameters["boundary"]); ; {
		part, err := reader.NextRawPart()
		if err == io.EOF {
			return found
		}
		require.NoError(t, err)
		inner := part.Header.Get("Content-Type")
		media, _, err := mime.ParseMediaType(inner)
		require.NoError(t, err)
		if strings.HasPrefix(media, "multipart/") {
			for name, text := range parts(t, inner, part) {
				found[name] = text
			}
			continue
		}
		var content io.Reader = part
		switch part.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			content = quotedprintable.NewReader(part)
		case "base64":
			content = base64.NewDecoder(base64.StdEncoding, part)
		}
		text, err := io.ReadAll(content)
		require.NoError(t, err)
		found[media] = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
}

func TestAMailIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	post := openPost(t, simmail.Config{})
	sent := receipt()
	sent.Attachments = []notify.Attachment{{Name: "relatório.csv", Media: "text/csv", Content: []byte("total;10,00\n")}}
	require.Equal(t, notify.Result{Outcome: notify.Delivered, Code: 250}, post.mailer(nil).Send(t.Context(), sent))

	got, err := mail.ReadMessage(strings.NewReader(post.say("show", "1")))
	require.NoError(t, err)
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, sent.Subject, subject)
	require.Equal(t, "<"+sent.ID+"@loja1.exemplo.com.br>", got.Header.Get("Message-Id"))
	date, err := got.Header.Date()
	require.NoError(t, err)
	require.True(t, date.Equal(sent.Created))
	to, err := got.Header.AddressList("To")
	require.NoError(t, err)
	require.Equal(t, []*mail.Address{{Name: sent.ToName, Address: sent.To}}, to)
	require.Empty(t, got.Header.Get("List-Unsubscribe"))
	require.Equal(t, map[string]string{
		"text/plain": sent.Text, "text/html": sent.HTML, "text/csv": "total;10,00\n",
	}, parts(t, got.Header.Get("Content-Type"), got.Body))
}

func TestOnlyMarketingSaysHowToLeave(t *testing.T) {
	t.Parallel()
	post := openPost(t, simmail.Config{})
	offer := receipt()
	offer.Category, offer.Unsubscribe = notify.Marketing, "https://exemplo.com.br/sair?id=1"
	require.Equal(t, notify.Delivered, post.mailer(nil).Send(t.Context(), offer).Outcome)
	got, err := mail.ReadMessage(strings.NewReader(post.say("show", "1")))
	require.NoError(t, err)
	require.Equal(t, "<https://exemplo.com.br/sair?id=1>", got.Header.Get("List-Unsubscribe"))
	require.Equal(t, "List-Unsubscribe=One-Click", got.Header.Get("List-Unsubscribe-Post"))
}

func TestAServersRefusalsAreTemporaryOrFinal(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]notify.Outcome{"421": notify.Temporary, "450": notify.Temporary, "550": notify.Final, "552": notify.Final} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			post := openPost(t, simmail.Config{})
			post.say("next", kind)
			result := post.mailer(nil).Send(t.Context(), receipt())
			require.Equal(t, want, result.Outcome, result.Reason)
			require.Equal(t, kind, strconv.Itoa(result.Code), result.Reason)
			require.NotContains(t, result.Reason, "maria@")
			require.Empty(t, post.server.Entries())
			require.Equal(t, notify.Delivered, post.mailer(nil).Send(t.Context(), receipt()).Outcome, "only the next mail was refused")
		})
	}
}

func TestMailboxesDecideByTheirAddress(t *testing.T) {
	t.Parallel()
	post := openPost(t, simmail.Config{})
	to := receipt()
	for mailbox, code := range map[string]int{simmail.MailboxUnknown: 550, simmail.MailboxFull: 552} {
		to.To = mailbox + "@exemplo.com.br"
		result := post.mailer(nil).Send(t.Context(), to)
		require.Equal(t, notify.Final, result.Outcome)
		require.Equal(t, code, result.Code)
	}
	to.To = simmail.MailboxGreylisted + "@exemplo.com.br"
	require.Equal(t, notify.Temporary, post.mailer(nil).Send(t.Context(), to).Outcome)
	require.Equal(t, notify.Delivered, post.mailer(nil).Send(t.Context(), to).Outcome)
}

func TestALostConnectionIsTemporaryAndAResendTheSameMail(t *testing.T) {
	t.Parallel()
	for kind, times := range map[string]int{"drop": 1, "lost-answer": 2} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			post := openPost(t, simmail.Config{})
			post.say("next", kind)
			require.Equal(t, notify.Temporary, post.mailer(nil).Send(t.Context(), receipt()).Outcome)
			require.Equal(t, notify.Delivered, post.mailer(nil).Send(t.Context(), receipt()).Outcome)
			require.Len(t, post.server.Entries(), 1)
			require.Equal(t, times, post.server.Entries()[0].Times)
		})
	}
}

func TestSilenceTimesOutAndSlownessDoesNot(t *testing.T) {
	t.Parallel()
	for _, encryption := range []notify.Encryption{notify.StartTLS, notify.ImplicitTLS} {
		post := openPost(t, simmail.Config{ImplicitTLS: encryption == notify.ImplicitTLS})
		hasty := post.mailer(func(c *notify.MailConfig) { c.Timeout, c.Encryption = short, encryption })
		post.say("next", "half-open")
		require.Equal(t, notify.Temporary, hasty.Send(t.Context(), receipt()).Outcome)
		post.say("next", "slow", "1h")
		require.Equal(t, notify.Temporary, hasty.Send(t.Context(), receipt()).Outcome)
		require.Empty(t, post.server.Entries())
		post.say("next", "slow", "20ms")
		patient := post.mailer(func(c *notify.MailConfig) { c.Encryption = encryption })
		require.Equal(t, notify.Delivered, patient.Send(t.Context(), receipt()).Outcome)
	}
}

func TestWhoeverIsToldToStopStops(t *testing.T) {
	t.Parallel()
	post := openPost(t, simmail.Config{})
	post.say("next", "half-open")
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	begun := time.Now()
	require.Equal(t, notify.Temporary, post.mailer(nil).Send(ctx, receipt()).Outcome)
	require.Less(t, time.Since(begun), patience)
}

func TestNobodyListeningIsTemporary(t *testing.T) {
	t.Parallel()
	post := openPost(t, simmail.Config{})
	mailer, webhook := post.mailer(nil), post.webhook(nil)
	post.stop()
	require.Equal(t, notify.Temporary, mailer.Send(t.Context(), receipt()).Outcome)
	require.Equal(t, notify.Temporary, webhook.Send(t.Context(), message()).Outcome)
}

func TestThePasswordTravelsUnderTLSOnly(t *testing.T) {
	t.Parallel()
	for _, encryption := range []notify.Encryption{notify.StartTLS, notify.ImplicitTLS} {
		post := openPost(t, simmail.Config{RequireAuth: true, ImplicitTLS: encryption == notify.ImplicitTLS})
		result := post.mailer(func(c *notify.MailConfig) { c.Encryption = encryption }).Send(t.Context(), receipt())
		require.Equal(t, notify.Final, result.Outcome, result.Reason)
		require.Equal(t, 530, result.Code)
		with := func(password string) notify.Result {
			return post.mailer(func(c *notify.MailConfig) {
				c.Encryption, c.User, c.PasswordFile = encryption, simmail.User, password
			}).Send(t.Context(), receipt())
		}
		wrong := with(secretFile(t, "wrong-password", 0o600))
		require.Equal(t, notify.Final, wrong.Outcome)
		require.Equal(t, 535, wrong.Code)
		require.NotContains(t, wrong.Reason, "wrong-password")
		require.Equal(t, notify.Delivered, with(post.server.Files().Password).Outcome)
	}
}

func TestAServerThatCannotBeTrustedGetsNothing(t *testing.T) {
	t.Parallel()
	post, other := openPost(t, simmail.Config{}), openPost(t, simmail.Config{})
	result := post.mailer(func(c *notify.MailConfig) { c.AuthorityFile = other.server.Files().Certificate }).Send(t.Context(), receipt())
	require.Equal(t, notify.Temporary, result.Outcome)
	require.Empty(t, post.server.Entries())

	plain := post.mailer(func(c *notify.MailConfig) { c.Encryption = notify.Unprotected })
	require.Equal(t, notify.Delivered, plain.Send(t.Context(), receipt()).Outcome)
}

func TestAServerWithoutSTARTTLSGetsNothing(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	heard := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "220 mail.example\r\n")
		_, _ = conn.Read(make([]byte, 512))
		_, _ = io.WriteString(conn, "250 mail.example\r\n")
		rest, _ := io.ReadAll(conn)
		heard <- string(rest)
	}()
	mailer, err := notify.NewMail(notify.MailConfig{
		Server: listener.Addr().String(), Encryption: notify.StartTLS, From: "a@b.example", Domain: "b.example", Timeout: patience, Log: quiet,
	})
	require.NoError(t, err)
	require.Equal(t, notify.Temporary, mailer.Send(t.Context(), receipt()).Outcome)
	require.NotContains(t, <-heard, "MAIL FROM")
}

func TestAStormOfFaultsLosesNoMail(t *testing.T) {
	t.Parallel()
	const seed, rate, mails, triesMax = "7", "400000", 12, 40
	post := openPost(t, simmail.Config{})
	post.say("faults", seed, rate)
	mailer, webhook, tries := post.mailer(nil), post.webhook(nil), 0
	until := func(send func() notify.Result) {
		for range triesMax {
			tries++
			result := send()
			if result.Outcome == notify.Delivered {
				return
			}
			require.Equal(t, notify.Temporary, result.Outcome, "seed %s: %s", seed, result.Reason)
		}
		require.FailNow(t, "never delivered", "seed %s", seed)
	}
	for i := range mails {
		letter, short := receipt(), message()
		letter.ID, short.ID = "mail-"+strconv.Itoa(i), "message-"+strconv.Itoa(i)
		until(func() notify.Result { return mailer.Send(t.Context(), letter) })
		until(func() notify.Result { return webhook.Send(t.Context(), short) })
	}
	require.Len(t, post.server.Entries(), 2*mails, "seed %s", seed)
	require.Greater(t, tries, 2*mails, "the storm struck")
}

func TestWhatMustNotLeaveDoesNot(t *testing.T) {
	t.Parallel()
	post := openPost(t, simmail.Config{})
	for name, spoil := range map[string]func(*notify.Notification){
		"no id":                      func(n *notify.Notification) { n.ID = "" },
		"an id that ends the header": func(n *notify.Notification) { n.ID = "1>\r\nBcc: x@y.example" },
		"no time":                    func(n *notify.Notification) { n.Created = time.Time{} },
		"a subject of two lines":     func(n *notify.Notification) { n.Subject = "a\r\nBcc: x@y.example" },
		"a name of two lines":        func(n *notify.Notification) { n.ToName = "a\nb" },
		"a long subject":             func(n *notify.Notification) { n.Subject = strings.Repeat("é", notify.SubjectRunesMax+1) },
		"no receiver":                func(n *notify.Notification) { n.To = "" },
		"two receivers":              func(n *notify.Notification) { n.To = "a@b.example, c@d.example" },
		"no words":                   func(n *notify.Notification) { n.Text = "" },
		"no category":                func(n *notify.Notification) { n.Category = "" },
		"marketing without an end":   func(n *notify.Notification) { n.Category = notify.Marketing },
		"an end without marketing":   func(n *notify.Notification) { n.Unsubscribe = "https://x.example" },
		"a path as attachment":       func(n *notify.Notification) { n.Attachments = []notify.Attachment{{Name: "../x", Media: "a/b"}} },
		"a huge attachment": func(n *notify.Notification) {
			n.Attachments = []notify.Attachment{{Name: "x", Media: "a/b", Content: make([]byte, notify.AttachmentBytesMax+1)}}
		},
	} {
		bad := receipt()
		spoil(&bad)
		result := post.mailer(nil).Send(t.Context(), bad)
		require.Equal(t, notify.Final, result.Outcome, name)
		require.Zero(t, result.Code, name)
	}
	require.Empty(t, post.server.Entries())
}

func TestMailIsNotSetUpUnsafely(t *testing.T) {
	t.Parallel()
	good := notify.MailConfig{Server: "mail.example:587", Encryption: notify.StartTLS, From: "a@b.example", Domain: "b.example", Log: quiet}
	_, err := notify.NewMail(good)
	require.NoError(t, err)
	for want, spoil := range map[string]func(*notify.MailConfig){
		"no host:port":                  func(c *notify.MailConfig) { c.Server = "mail.example" },
		"is none of":                    func(c *notify.MailConfig) { c.Encryption = "" },
		"must not travel in clear":      func(c *notify.MailConfig) { c.User, c.Encryption = "x", notify.Unprotected },
		"only its owner may read it":    func(c *notify.MailConfig) { c.User, c.PasswordFile = "x", secretFile(t, "y", 0o644) },
		"is empty":                      func(c *notify.MailConfig) { c.User, c.PasswordFile = "x", secretFile(t, "", 0o600) },
		"sender":                        func(c *notify.MailConfig) { c.From = "Loja <a@b.example>" },
		"no domain":                     func(c *notify.MailConfig) { c.Domain = "" },
		"a logger is missing":           func(c *notify.MailConfig) { c.Log = nil },
		"no certificate in":             func(c *notify.MailConfig) { c.AuthorityFile = secretFile(t, "x", 0o600) },
		"the sender's name is more tha": func(c *notify.MailConfig) { c.FromName = "a\nb" },
	} {
		config := good
		spoil(&config)
		_, err := notify.NewMail(config)
		require.ErrorContains(t, err, want)
	}
}
