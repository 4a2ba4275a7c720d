package notify_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simmail"
	"balcao/sync/notify"
)

// patience is how long a test waits for something that happens at once; short is a
// timeout that a test waits for.
const (
	patience = 20 * time.Second
	short    = 300 * time.Millisecond
)

var quiet = slog.New(slog.DiscardHandler)

// A post is a simulated mail server and webhook that runs.
type post struct {
	testing.TB
	config       simmail.Config
	server       *simmail.Server
	mail, webURL string // host:port, URL
	stop         func()
}

func openPost(t testing.TB, config simmail.Config) *post {
	t.Helper()
	config.Listen, config.Webhook, config.Log = "127.0.0.1:0", "127.0.0.1:0", quiet
	if config.StateDir == "" {
		config.StateDir = t.TempDir()
	}
	p := &post{TB: t, config: config}
	var err error
	p.server, err = simmail.New(config)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	stopped, ready := make(chan error, 1), make(chan [2]string, 1)
	go func() { stopped <- p.server.Run(ctx, func(mail, webhook string) { ready <- [2]string{mail, webhook} }) }()
	done := false
	p.stop = func() {
		if !done {
			done = true
			cancel()
			require.NoError(t, <-stopped)
		}
	}
	select {
	case urls := <-ready:
		_, p.mail, _ = strings.Cut(urls[0], "://")
		p.webURL = urls[1]
	case err := <-stopped:
		require.NoError(t, err)
	}
	t.Cleanup(p.stop)
	return p
}

func (p *post) say(words ...string) string {
	p.Helper()
	answer, err := p.server.Command(context.Background(), words)
	require.NoError(p, err)
	return answer
}

// mailer sends to this server as a till is configured to.
func (p *post) mailer(change func(*notify.MailConfig)) *notify.Mail {
	p.Helper()
	config := notify.MailConfig{
		Server: p.mail, Encryption: notify.StartTLS, AuthorityFile: p.server.Files().Certificate,
		From: "loja@exemplo.com.br", FromName: "Mercado São João", Domain: "loja1.exemplo.com.br", Timeout: patience, Log: quiet,
	}
	if change != nil {
		change(&config)
	}
	mailer, err := notify.NewMail(config)
	require.NoError(p, err)
	return mailer
}

func (p *post) webhook(change func(*notify.WebhookConfig)) *notify.Webhook {
	p.Helper()
	config := notify.WebhookConfig{URL: p.webURL, SecretFile: p.server.Files().Secret, Timeout: patience, Log: quiet}
	if change != nil {
		change(&config)
	}
	webhook, err := notify.NewWebhook(config)
	require.NoError(p, err)
	return webhook
}

func receipt() notify.Notification {
	return notify.Notification{
		ID: "01JD4K3M8Q7V5W2X9Y0Z1A2B3C", Created: time.Date(2026, 11, 25, 18, 4, 0, 0, time.FixedZone("", -3*3600)),
		Category: notify.Transactional, To: "maria@exemplo.com.br", ToName: "Maria Conceição",
		Subject: "Comprovante — Pedido nº 42", Text: "Recebemos R$ 10,00. Até já!\n", HTML: "<p>Recebemos R$ 10,00. Até já!</p>\n",
	}
}

// message is the same for a webhook.
func message() notify.Notification {
	n := receipt()
	n.To, n.HTML = "+5511999990000", ""
	return n
}

func secretFile(t testing.TB, secret string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte(secret+"\n"), 0o600))
	require.NoError(t, os.Chmod(path, mode))
	return path
}
