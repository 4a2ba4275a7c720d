package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"balcao/sync/wire"
)

// Media types of the contract's answers.
const (
	mediaJSON    = "application/json"
	mediaProblem = wire.ContentTypeProblem
)

// A Problem is a refusal of central in the contract's form. It is the answer of the
// real central about this request, but only a final one says that the same request
// need not be sent again.
//
// Source: RFC 9457, section 3; openapi.yaml, Problem.
type Problem struct {
	Peer       string        // who refused; empty means central
	Status     int           // 400 to 599
	Code       string        // stable, of the contract
	Retryable  bool          // central's own word, or what the status implies
	RetryAfter time.Duration // zero when central named none
	Detail     string        // for people; cut, and without runs of digits as long as a card number
}

func (p *Problem) Error() string {
	peer := p.Peer
	if peer == "" {
		peer = peerCentral
	}
	text := fmt.Sprintf("%s answered %d %s", peer, p.Status, p.Code)
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	return text
}

// Final says that the same bytes will never be answered otherwise: a 4xx, except
// those about the moment (408, 425, 429, a key in use) and about the token (401).
func (p *Problem) Final() bool {
	switch p.Status {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return p.Status < http.StatusInternalServerError && !p.Retryable && p.Code != wire.CodeIdempotencyKeyInUse
}

// Silence says that no answer of the contract came back: no connection, no answer in
// time, half an answer, or one of somebody else, as a captive portal's page. It says
// nothing about what central did (R3).
type Silence struct {
	Sent       bool          // a byte of the request may have left the till
	Status     int           // of an answer that is not of the contract; zero for none
	RetryAfter time.Duration // what such an answer asked for
	Cause      error
}

func (s *Silence) Error() string {
	if !s.Sent {
		return "nothing was sent: " + s.Cause.Error()
	}
	return "no answer: " + s.Cause.Error()
}

// Unwrap gives the cause, as context.DeadlineExceeded.
func (s *Silence) Unwrap() error { return s.Cause }

func isSilence(err error) bool {
	var silence *Silence
	return errors.As(err, &silence)
}

// judge tells an answer of the contract from anything else.
func (c *Client) judge(response *http.Response, body []byte) (Answer, error) {
	media, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if err != nil {
		media = "no content type"
	}
	wait := retryAfter(response.Header)
	switch {
	case response.StatusCode >= 400 && media == mediaProblem:
		if problem := c.config.Dialect.ReadProblem(response.StatusCode, body); problem != nil {
			problem.RetryAfter = wait
			return Answer{}, problem
		}
	case response.StatusCode/100 == 2 && media == mediaJSON && json.Valid(body):
		date, _ := http.ParseTime(response.Header.Get("Date")) // none, or one that cannot be read: no date
		return Answer{Status: response.StatusCode, Body: body, Date: date}, nil
	}
	return Answer{}, &Silence{
		Sent: true, Status: response.StatusCode, RetryAfter: wait,
		Cause: fmt.Errorf("status %d with %s of %d bytes is no answer of the contract", response.StatusCode, media, len(body)),
	}
}

var problemCode = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// readProblem answers nil for what is not a problem of the contract: one without
// type, title or code is some gateway's.
func readProblem(status int, body []byte) *Problem {
	var text wire.Problem
	if json.Unmarshal(body, &text) != nil || text.Type == "" || text.Title == "" ||
		text.Status != status || !problemCode.MatchString(text.Code) {
		return nil
	}
	problem := &Problem{Status: status, Code: text.Code}
	if text.Retryable != nil {
		problem.Retryable = *text.Retryable
	} else {
		problem.Retryable = status >= 500 || status == http.StatusRequestTimeout ||
			status == http.StatusTooEarly || status == http.StatusTooManyRequests
	}
	if text.Detail != nil {
		problem.Detail = CleanDetail(*text.Detail)
	}
	return problem
}

// detailRunesMax keeps a detail to what a person reads in a list.
const detailRunesMax = 200

// longDigits is any run of digits that might be a card number: 13 or more, separators
// allowed. A detail that repeats one must not carry it into logs and facts.
var longDigits = regexp.MustCompile(`[0-9](?:[ .-]?[0-9]){12,}`)

// CleanDetail makes central's words for people fit for logs and facts: cut to 200
// characters, without runs of digits as long as a card number.
func CleanDetail(detail string) string {
	detail = longDigits.ReplaceAllString(strings.ToValidUTF8(detail, "?"), "…")
	if runes := []rune(detail); len(runes) > detailRunesMax {
		detail = string(runes[:detailRunesMax-1]) + "…"
	}
	return detail
}

// retryAfter reads seconds or a date; a date counts from the answer's own, so that
// the till's clock does not matter. Zero means none, or one that cannot be read.
// Source: RFC 9110, section 10.2.3.
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	from, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		from = time.Now()
	}
	return max(0, until.Sub(from))
}
