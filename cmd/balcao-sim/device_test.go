package main

import (
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simstore"
)

// files are those of a shop in which nothing runs.
func files(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	till := filepath.Join(t.TempDir(), "balcao")
	require.NoError(t, os.WriteFile(till, []byte("#!/bin/sh\necho hash\n"), 0o700))
	_, err := simstore.Prepare(dir, simstore.Options{Balcao: till})
	require.NoError(t, err)
	return dir
}

func TestPinpadSaysFirstWhereItListens(t *testing.T) {
	dir := files(t)
	flags := []string{"--keys", dir + "/keys/pinpad.json", "--cards", dir + "/cards", "--state", dir + "/state/pinpad.json"}
	tcp := start(t, append([]string{"pinpad", "--listen", "tcp://127.0.0.1:0"}, flags...)...)
	require.Regexp(t, `^listening tcp://127\.0\.0\.1:[0-9]+$`, tcp.line())
	tcp.stop()

	link := dir + "/run/pinpad"
	pty := start(t, append([]string{"pinpad", "--listen", "pty:" + link}, flags...)...)
	require.Equal(t, "listening pty:"+link, pty.line())
	require.FileExists(t, link)
}

func TestScannerSaysFirstWhereItListens(t *testing.T) {
	tcp := start(t, "scanner", "--listen", "tcp://127.0.0.1:0", "--suffix", "crlf", "--prefix", "stx+aim")
	require.Regexp(t, `^listening tcp://127\.0\.0\.1:[0-9]+$`, tcp.line())
	tcp.stop()

	link := t.TempDir() + "/scanner"
	pty := start(t, "scanner", "--listen", "pty:"+link)
	require.Equal(t, "listening pty:"+link, pty.line())
	require.FileExists(t, link)

	_, complaint, err := ask(t, "scanner", "--listen", "pty:"+link, "--suffix", "esc")
	require.Error(t, err)
	require.Contains(t, complaint, "--suffix must be one of")
}

func TestPrinterSaysFirstWhereItListensThenEachPaper(t *testing.T) {
	dir := t.TempDir()
	printer := start(t, "printer", "--listen", "tcp://127.0.0.1:0", "--out", dir)
	line := printer.line()
	require.Regexp(t, `^listening tcp://127\.0\.0\.1:[0-9]+$`, line)
	printOn(t, line[len("listening "):])
	require.Equal(t, "paper "+filepath.Join(dir, "0001.txt"), printer.line())
}

// printOn sends one word and a cut.
func printOn(t *testing.T, printerURL string) {
	t.Helper()
	address, err := url.Parse(printerURL)
	require.NoError(t, err)
	conn, err := net.Dial("tcp", address.Host)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "BOM DIA\n\x1dV\x00")
	require.NoError(t, err)
}

func TestCentralSaysFirstWhereItListens(t *testing.T) {
	dir := files(t)
	flags := []string{
		"--state", dir + "/state/central", "--keys", dir + "/keys/host.json", "--accounts", dir + "/accounts.json",
		"--cert", dir + "/certificates/server.pem", "--key", dir + "/certificates/server.key", "--client-ca", dir + "/certificates/ca.pem",
	}
	socket := filepath.Join(t.TempDir(), "central.sock")
	central := start(t, append([]string{"central", "--listen", "tcp://127.0.0.1:0", "--control", socket}, flags...)...)
	require.Regexp(t, `^listening https://127\.0\.0\.1:[0-9]+$`, central.line())
	status, complaint, err := ask(t, "central", "status", "--control", socket)
	require.NoError(t, err, complaint)
	require.Regexp(t, `(?m)^ledger sum +0\.00$`, status)

	_, complaint, err = ask(t, append([]string{"central", "--listen", "pty:x"}, flags...)...)
	require.Error(t, err)
	require.Contains(t, complaint, "central listens on tcp://HOST:PORT")
}

func TestPSPSaysFirstWhereItListensAndCtlWorksIt(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "run"), 0o700))
	psp := start(t, "psp", "--listen", "https://127.0.0.1:0", "--state", dir+"/psp", "--control", dir+"/run/psp.ctl", "--merchant", "LOJA UM", "--city", "RECIFE")
	require.Regexp(t, `^listening https://127\.0\.0\.1:[0-9]+$`, psp.line())
	for _, made := range []string{"ca.pem", "client.pem", "client.key", "client.secret", "server.pem", "server.key"} {
		require.FileExists(t, filepath.Join(dir, "psp", "certificates", made))
	}
	answer, _, err := ask(t, "ctl", "--dir", dir, "psp", "down", "30s")
	require.NoError(t, err)
	require.Equal(t, "down", answer)
	_, complaint, err := ask(t, "ctl", "--dir", dir, "psp", "pay", "last")
	require.Error(t, err)
	require.Contains(t, complaint, "there is no charge")

	for listen, want := range map[string]string{"pty:x": "psp listens on https://HOST:PORT", "https://127.0.0.1:0": "another psp"} {
		_, complaint, err := ask(t, "psp", "--listen", listen, "--state", dir+"/psp")
		require.Error(t, err)
		require.Contains(t, complaint, want)
	}
	_, complaint, err = ask(t, "psp", "--listen", "https://127.0.0.1:0", "--state", dir+"/other", "--city", "SAO JOSE DO RIO PRETO")
	require.Error(t, err)
	require.Contains(t, complaint, "no code can hold")
}

func TestMailSaysFirstWhereItListensAndCtlWorksIt(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "run"), 0o700))
	mail := start(t, "mail", "--listen", "smtp://127.0.0.1:0", "--webhook", "http://127.0.0.1:0", "--state", dir+"/mail", "--control", dir+"/run/mail.ctl")
	require.Regexp(t, `^listening smtp://127\.0\.0\.1:[0-9]+$`, mail.line())
	require.Regexp(t, `^webhook http://127\.0\.0\.1:[0-9]+/messages$`, mail.line())
	for _, made := range []string{"server.pem", "password", "webhook.secret"} {
		require.FileExists(t, filepath.Join(dir, "mail", "credentials", made))
	}
	answer, _, err := ask(t, "ctl", "--dir", dir, "mail", "next", "421")
	require.NoError(t, err)
	require.Equal(t, "ok", answer)
	_, complaint, err := ask(t, "ctl", "--dir", dir, "mail", "show", "1")
	require.Error(t, err)
	require.Contains(t, complaint, `there is no number "1"`)
	_, complaint, err = ask(t, "mail", "--listen", "tcp://127.0.0.1:0", "--state", dir+"/other")
	require.Error(t, err)
	require.Contains(t, complaint, "mail listens on smtp://HOST:PORT")
}
