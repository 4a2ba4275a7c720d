package transport

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const tokenPath = "/v1/oauth/token"

// tokenScope is what a till may do. Source: openapi.yaml, securitySchemes.
const tokenScope = "pos"

// A token is renewed this long before it ends, or when a fifth of its life is left if
// that is sooner: a call that starts with it must also end with it.
const (
	renewBefore      = time.Minute
	renewBeforeShare = 5
)

// tokenLifeMax is how long a token is trusted whatever central says of it.
const tokenLifeMax = 24 * time.Hour

// tokens keeps the one access token of the till. It is useless without the till's
// certificate (RFC 8705, section 3) and lives in memory only.
type tokens struct {
	client *Client
	secret string        // of the client, empty for none
	turn   chan struct{} // holds one element while nobody reads or renews

	text    string
	renewAt time.Time
}

func newTokens(client *Client, secret string) *tokens {
	t := &tokens{client: client, secret: secret, turn: make(chan struct{}, 1)}
	t.turn <- struct{}{}
	return t
}

// get answers a token that is good for a while; one caller fetches it, the others
// wait for that.
func (t *tokens) get(ctx context.Context) (string, error) {
	select {
	case <-t.turn:
		defer func() { t.turn <- struct{}{} }()
	case <-ctx.Done():
		return "", &Silence{Cause: ctx.Err()}
	}
	if t.text != "" && time.Now().Before(t.renewAt) {
		return t.text, nil
	}
	text, life, err := t.fetch(ctx)
	if err != nil {
		return "", err
	}
	t.text, t.renewAt = text, time.Now().Add(life-min(t.client.config.Dialect.RenewBefore, life/renewBeforeShare))
	return text, nil
}

// drop forgets a token that central did not take, unless it was renewed meanwhile.
func (t *tokens) drop(refused string) {
	<-t.turn
	defer func() { t.turn <- struct{}{} }()
	if t.text == refused {
		t.text = ""
	}
}

// fetch asks for a token with the certificate as the only proof, or with a secret
// besides. Source: RFC 6749, sections 2.3.1 and 4.4; RFC 8705, section 2.
func (t *tokens) fetch(ctx context.Context) (text string, life time.Duration, err error) {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {t.client.config.Dialect.TokenScope}}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	switch id := t.client.config.ClientID; {
	case t.secret != "":
		pair := url.QueryEscape(id) + ":" + url.QueryEscape(t.secret)
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	case id != "":
		form.Set("client_id", id)
	}
	answer, err := t.client.exchange(ctx, Request{
		Method: http.MethodPost, Path: t.client.config.Dialect.TokenPath, Body: []byte(form.Encode()), Header: header,
	}, "")
	if err != nil {
		return "", 0, err
	}
	var token struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	if json.Unmarshal(answer.Body, &token) != nil || token.AccessToken == "" ||
		!strings.EqualFold(token.TokenType, "Bearer") || token.ExpiresIn <= 0 {
		return "", 0, &Silence{Sent: true, Status: answer.Status, Cause: errors.New("the answer holds no bearer token")}
	}
	life = time.Duration(min(token.ExpiresIn, int64(tokenLifeMax/time.Second))) * time.Second
	return token.AccessToken, life, nil
}
