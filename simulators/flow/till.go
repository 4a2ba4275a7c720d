package flow

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"balcao/terminal/money"
	"balcao/terminal/text"
)

// A view is what the walk reads of a snapshot. Source: docs/wire/socket.md.
type view struct {
	Seq      uint64  `json:"seq"`
	Phase    string  `json:"phase"`
	Sale     *cart   `json:"sale"`
	Payment  *paying `json:"payment"`
	LastSale *struct {
		Paper text.Message `json:"paper"`
	} `json:"last_sale"`
	Devices []struct {
		Kind  string `json:"kind"`
		Light string `json:"light"`
	} `json:"devices"`
	Central struct {
		Online  bool `json:"online"`
		Queue   int  `json:"queue"`
		Pending int  `json:"pending"`
	} `json:"central"`
}

// Phases of a till.
const (
	phaseLocked  = "locked"
	phaseClosed  = "closed"
	phaseSelling = "selling"
	phasePaying  = "paying"
)

type cart struct {
	Lines []cartLine  `json:"lines"`
	Total money.Cents `json:"total"`
}

type cartLine struct {
	Description string      `json:"description"`
	Quantity    string      `json:"quantity"`
	Total       money.Cents `json:"total"`
}

type paying struct {
	OrderID string      `json:"order_id"`
	Total   money.Cents `json:"total"`
	Attempt *attempt    `json:"attempt"`
}

// An attempt is one try at moving money, as the screen follows it.
type attempt struct {
	ID      string       `json:"id"`
	State   string       `json:"state"`
	Running bool         `json:"running"`
	Outcome text.Message `json:"outcome"`
	Money   string       `json:"money"`
}

// Where the money is, in the socket's words.
const (
	notCharged    = "not_charged"
	beingVerified = "being_verified"
)

// attempt is the one on the screen, if there is one.
func (v view) attempt() attempt {
	if v.Payment == nil || v.Payment.Attempt == nil {
		return attempt{}
	}
	return *v.Payment.Attempt
}

// lightsOK says that every device is ready.
func (v view) lightsOK() bool {
	for _, device := range v.Devices {
		if device.Light != "ok" {
			return false
		}
	}
	return len(v.Devices) > 0
}

// String is the view in a few words, for a step that failed.
func (v view) String() string {
	lights := []string{}
	for _, device := range v.Devices {
		lights = append(lights, device.Kind+" "+device.Light)
	}
	shown := fmt.Sprintf("phase %s, central online %t, queue %d, pending %d, %s",
		v.Phase, v.Central.Online, v.Central.Queue, v.Central.Pending, strings.Join(lights, ", "))
	if now := v.attempt(); now.ID != "" {
		shown += fmt.Sprintf(", attempt %s %s %s %s", now.ID, now.State, now.Outcome.ID, now.Money)
	}
	return shown
}

// A command is what a screen asks of the till.
type command struct {
	RequestID string       `json:"request_id"`
	Lease     string       `json:"lease"`
	Verb      string       `json:"verb"`
	Text      string       `json:"text,omitempty"`
	Number    int          `json:"number,omitempty"`
	Amount    *money.Cents `json:"amount,omitempty"`
	PIN       string       `json:"pin,omitempty"`
}

// A reply says whether it was done.
type reply struct {
	OK    bool          `json:"ok"`
	Error *text.Message `json:"error"`
	Seq   uint64        `json:"seq"`
}

// screenID is the walk's name as a screen.
const screenID = "flow"

// eventBytesMax bounds one event: a full cart is about a third of it.
const eventBytesMax = 1 << 20

// A screen is the walk's end of the till's socket.
type screen struct {
	web      *http.Client
	patience time.Duration
}

// newScreen is a screen for the socket at path. Every call has a connection of its own:
// a daemon that was started again does not meet the old ones.
func newScreen(path string, patience time.Duration) *screen {
	return &screen{patience: patience, web: &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}}
}

// call asks the till and reads its answer into the value behind into.
func (s *screen) call(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://till/v1/"+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	answer, err := s.web.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("till answers %s", answer.Status)
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// ask takes the lead and tells the till a command under a new id.
func (s *screen) ask(ctx context.Context, asked command) (reply, error) {
	var lease struct {
		Token string `json:"token"`
	}
	var got reply
	err := s.call(ctx, http.MethodPost, "lease", map[string]any{"screen_id": screenID, "take_over": true}, &lease)
	if err == nil {
		asked.RequestID, asked.Lease = newRequestID(), lease.Token
		err = s.call(ctx, http.MethodPost, "commands", asked, &got)
	}
	if err != nil {
		return got, fmt.Errorf("ask the till to %s: %w", asked.Verb, err)
	}
	return got, nil
}

// must asks for something that has to be done.
func (s *screen) must(ctx context.Context, asked command) error {
	got, err := s.ask(ctx, asked)
	if err != nil {
		return err
	}
	if !got.OK {
		return fmt.Errorf("the till refused %s %s: %s", asked.Verb, asked.Text, sayPortuguese(got.Error))
	}
	return nil
}

// until waits for a snapshot that pleases.
func (s *screen) until(ctx context.Context, what string, pleases func(view) bool) (view, error) {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	var last view
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://till/v1/events?after=0", nil)
	if err != nil {
		return last, err
	}
	answer, err := s.web.Do(request)
	if err != nil {
		return last, fmt.Errorf("watch the till: %w", err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, eventBytesMax)
	for lines.Scan() {
		data, isData := strings.CutPrefix(lines.Text(), "data:")
		if !isData {
			continue
		}
		last = view{}
		if err := json.Unmarshal([]byte(data), &last); err != nil {
			return last, fmt.Errorf("read the till's screen: %w", err)
		}
		if pleases(last) {
			return last, nil
		}
	}
	return last, fmt.Errorf("waited in vain until %s; the screen shows %s", what, last)
}

// now is the newest snapshot.
func (s *screen) now(ctx context.Context) (view, error) {
	return s.until(ctx, "there is a screen", func(view) bool { return true })
}

// newRequestID is a ULID whose 16 bits behind the time are zero: the till numbers facts
// there. Source: docs/wire/socket.md, commands.
func newRequestID() string {
	id := ulid.MustNew(ulid.Now(), rand.Reader)
	id[6], id[7] = 0, 0
	return id.String()
}

// sayPortuguese is a message as the cashier reads it.
func sayPortuguese(message *text.Message) string {
	if message == nil {
		return ""
	}
	return text.In(text.Portuguese).Say(*message)
}
