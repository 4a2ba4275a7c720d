package simmail_test

import (
	"context"
	"log/slog"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simmail"
)

const letter = "From: a@b.example\r\nTo: c@d.example\r\nDate: Wed, 25 Nov 2026 12:00:00 -0300\r\n" +
	"Message-ID: <1@b.example>\r\nSubject: =?UTF-8?q?Pedido_n=C2=BA_42?=\r\n\r\nOi\r\n"

// open runs a server in dir till stop is called, or the test ends.
func open(t *testing.T, dir string) (server *simmail.Server, address string, stop func()) {
	t.Helper()
	server, err := simmail.New(simmail.Config{Listen: "127.0.0.1:0", StateDir: dir, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ready, stopped := make(chan string, 1), make(chan error, 1)
	go func() { stopped <- server.Run(ctx, func(mail, _ string) { ready <- mail }) }()
	select {
	case url := <-ready:
		address = strings.TrimPrefix(url, "smtp://")
	case err := <-stopped:
		require.NoError(t, err)
	}
	running := true
	stop = func() {
		if running {
			running = false
			cancel()
			require.NoError(t, <-stopped)
		}
	}
	t.Cleanup(stop)
	return server, address, stop
}

// send is a client that knows nothing but SMTP and takes no TLS.
func send(t *testing.T, address, to, text string) error {
	t.Helper()
	client, err := smtp.Dial(address)
	require.NoError(t, err)
	defer client.Close()
	if err := client.Mail("a@b.example"); err != nil {
		return err
	}
	if err := client.Rcpt(to); err != nil {
		return err
	}
	content, err := client.Data()
	if err != nil {
		return err
	}
	_, err = content.Write([]byte(text))
	require.NoError(t, err)
	return content.Close()
}

func say(t *testing.T, server *simmail.Server, words ...string) string {
	t.Helper()
	answer, err := server.Command(t.Context(), words)
	require.NoError(t, err)
	return answer
}

func TestWhatWasTakenOutlivesAKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, address, stop := open(t, dir)
	require.NoError(t, send(t, address, "c@d.example", letter))
	require.NoError(t, send(t, address, "c@d.example", letter))
	require.ErrorContains(t, send(t, address, "greylisted@d.example", letter), "450")
	require.Equal(t, "1 mail 1@b.example to c@d.example: Pedido nº 42 (2 times)", say(t, server, "list"))
	stop()

	// A kill in the middle of a write leaves half a line, which was never answered.
	log, err := os.OpenFile(filepath.Join(dir, "simmail.log"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = log.WriteString(`{"entry":{"number":2,`)
	require.NoError(t, err)
	require.NoError(t, log.Close())

	server, address, stop = open(t, dir)
	require.Equal(t, letter, say(t, server, "show", "1"))
	require.NoError(t, send(t, address, "greylisted@d.example", strings.Replace(letter, "1@b", "2@b", 1)))
	require.Equal(t, "2", say(t, server, "wait", "2"))
	stop()
	server, _, _ = open(t, dir)
	require.Len(t, server.Entries(), 2)
}

func TestAFolderBelongsToOneServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir)
	_, err := simmail.New(simmail.Config{StateDir: dir, Log: slog.New(slog.DiscardHandler)})
	require.ErrorContains(t, err, "another mail server")
}

func TestWhatIsNoMailIsRefused(t *testing.T) {
	t.Parallel()
	server, address, _ := open(t, t.TempDir())
	for _, missing := range []string{"From: ", "Date: ", "Message-ID: "} {
		require.ErrorContains(t, send(t, address, "c@d.example", strings.Replace(letter, missing, "X-Other: ", 1)), "554")
	}
	require.ErrorContains(t, send(t, address, "c@nowhere", letter), "553")
	require.ErrorContains(t, send(t, address, "unknown@d.example", letter), "550")
	require.ErrorContains(t, send(t, address, "full@d.example", letter), "552")
	require.Empty(t, server.Entries())
}

func TestASeedAlwaysStrikesTheSameMails(t *testing.T) {
	t.Parallel()
	server, address, _ := open(t, t.TempDir())
	const seed, mails = "3", 12
	round := func() (struck []bool) {
		say(t, server, "faults", seed, "500000")
		for range mails {
			client, err := smtp.Dial(address)
			require.NoError(t, err)
			err = client.Mail("a@b.example")
			if err == nil {
				err = client.Rcpt("c@d.example")
			}
			struck = append(struck, err != nil)
			_ = client.Close()
		}
		return struck
	}
	first := round()
	require.Equal(t, first, round(), "seed %s", seed)
	require.Contains(t, first, true, "seed %s", seed)
	require.Contains(t, first, false, "seed %s", seed)
	say(t, server, "faults", "off")
	require.NoError(t, send(t, address, "c@d.example", letter))
}

// The vector of Standard Webhooks, "Signature scheme".
func TestSignaturesAreCheckedAsStandardWebhooksSays(t *testing.T) {
	t.Parallel()
	const (
		secret    = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		id, stamp = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"
		body      = `{"test": 2432232314}`
		right     = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	)
	at := time.Unix(1614265330, 0)
	now := at
	server, err := simmail.New(simmail.Config{
		StateDir: t.TempDir(), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	})
	require.NoError(t, err)
	check := func(signatures, body string) int { return server.Verify(secret, id, stamp, signatures, []byte(body)) }
	require.Zero(t, check(right, body))
	require.Zero(t, check("v1,AAAA v1a,xx "+right, body), "one of several")
	require.Equal(t, 401, check(right, body+" "))
	require.Equal(t, 401, check("v2"+right[2:], body))
	require.Equal(t, 400, check("", body))
	now = at.Add(5*time.Minute + time.Second)
	require.Equal(t, 400, check(right, body), "a replay")
}

func TestUnknownWordsAreRefused(t *testing.T) {
	t.Parallel()
	server, _, _ := open(t, t.TempDir())
	for _, words := range [][]string{
		nil,
		{"dance"},
		{"show"},
		{"show", "0"},
		{"next", "503"},
		{"next-message", "421"},
		{"next", "slow", "soon"},
		{"faults", "x"},
		{"faults", "1", "2000000"},
		{"faults", "off", "1"},
		{"wait", "1", "1ms"},
		{"wait", "-1"},
	} {
		_, err := server.Command(t.Context(), words)
		require.Error(t, err, "%v", words)
	}
	require.Contains(t, say(t, server, "help"), "next KIND")
}
