package simpsp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/simpsp"
)

// patience is how long a test waits for something that happens at once.
const patience = 10 * time.Second

const allScopes = "cob.read cob.write pix.read pix.write"

// A bank is one that runs and a client of it that knows nothing but HTTP.
type bank struct {
	testing.TB
	config  simpsp.Config
	server  *simpsp.Server
	url     string
	client  *http.Client
	token   string
	stop    context.CancelFunc
	stopped chan error
}

func openBank(t testing.TB) *bank {
	t.Helper()
	b := &bank{TB: t, config: simpsp.Config{Listen: "127.0.0.1:0", StateDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}}
	b.start()
	t.Cleanup(func() { b.halt() })
	return b
}

func (b *bank) start() {
	b.Helper()
	server, err := simpsp.New(b.config)
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(context.Background())
	b.server, b.stop, b.stopped = server, cancel, make(chan error, 1)
	ready := make(chan string, 1)
	go func() { b.stopped <- server.Run(ctx, func(url string) { ready <- url }) }()
	select {
	case b.url = <-ready:
	case err := <-b.stopped:
		require.NoError(b, err)
	}
	b.client = b.clientOf(server.Certificates())
	b.token = b.newToken(allScopes)
}

func (b *bank) halt() {
	b.Helper()
	b.stop()
	select {
	case err := <-b.stopped:
		require.NoError(b, err)
	case <-time.After(patience):
		require.Fail(b, "the bank does not stop")
	}
}

func (b *bank) clientOf(files simpsp.Certificates) *http.Client {
	b.Helper()
	pair, err := tls.LoadX509KeyPair(files.ClientCert, files.ClientKey)
	require.NoError(b, err)
	return b.clientWith(pair)
}

func (b *bank) clientWith(pairs ...tls.Certificate) *http.Client {
	b.Helper()
	text, err := os.ReadFile(b.server.Certificates().CA)
	require.NoError(b, err)
	pool := x509.NewCertPool()
	require.True(b, pool.AppendCertsFromPEM(text))
	transport := &http.Transport{TLSClientConfig: &tls.Config{Certificates: pairs, RootCAs: pool}}
	b.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

func (b *bank) secret() string {
	b.Helper()
	text, err := os.ReadFile(b.server.Certificates().Secret)
	require.NoError(b, err)
	return strings.TrimSpace(string(text))
}

func (b *bank) askToken(client *http.Client, id, secret, scope string) (int, string) {
	b.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, b.url+"/oauth/token", strings.NewReader(form.Encode()))
	require.NoError(b, err)
	request.SetBasicAuth(id, secret)
	response, err := client.Do(request)
	require.NoError(b, err)
	defer response.Body.Close()
	var got struct {
		AccessToken string `json:"access_token"`
		Error       string `json:"error"`
	}
	require.NoError(b, json.NewDecoder(response.Body).Decode(&got))
	if response.StatusCode != http.StatusOK {
		return response.StatusCode, got.Error
	}
	return response.StatusCode, got.AccessToken
}

func (b *bank) newToken(scope string) string {
	b.Helper()
	status, token := b.askToken(b.client, simpsp.ClientID, b.secret(), scope)
	require.Equal(b, http.StatusOK, status)
	return token
}

// do makes a call and answers status and body.
func (b *bank) do(method, path, body string) (int, map[string]any) {
	b.Helper()
	status, media, text := b.raw(b.client, method, simpsp.Prefix+path, body)
	var got map[string]any
	require.NoError(b, json.Unmarshal(text, &got), "%s", text)
	if status >= 400 && status != http.StatusUnauthorized {
		require.Equal(b, "application/problem+json", media)
		require.EqualValues(b, status, got["status"])
	}
	return status, got
}

func (b *bank) raw(client *http.Client, method, path, body string) (int, string, []byte) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), method, b.url+path, bytes.NewBufferString(body))
	require.NoError(b, err)
	request.Header.Set("Authorization", "Bearer "+b.token)
	response, err := client.Do(request)
	require.NoError(b, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(b, err)
	return response.StatusCode, response.Header.Get("Content-Type"), text
}

func (b *bank) command(words ...string) string {
	b.Helper()
	text, err := b.server.Command(b.Context(), words)
	require.NoError(b, err)
	return text
}

const txid = "01JD4K3M8Q7V5W2X9Y0Z1A2B3C"

func charge(amount string) string {
	return `{"calendario":{"expiracao":300},"valor":{"original":"` + amount + `"},"chave":"` + simpsp.KeyDefault + `"}`
}

// kind is the last word of a problem's type.
func kind(body map[string]any) string {
	text, _ := body["type"].(string)
	return text[strings.LastIndex(text, "/")+1:]
}
