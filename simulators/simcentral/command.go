package simcentral

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"balcao/sync/wire"
)

// waitHeldDefault is how long wait-held waits when it is not told.
const waitHeldDefault = 30 * time.Second

// A command is one word of the control socket.
type command struct {
	usage string
	run   func(*Server, context.Context, []string) (string, error)
}

var commands = map[string]command{
	"up":          {"up", (*Server).commandUp},
	"down":        {"down [DURATION]: close every connection", (*Server).commandDown},
	"unavailable": {"unavailable [DURATION]: answer 503", (*Server).commandUnavailable},
	"slow":        {"slow DURATION|off: wait before looking at a call", (*Server).commandSlow},
	"lose-answer": {"lose-answer OP [COUNT]: process, then never answer", (*Server).commandLoseAnswer},
	"hold":        {"hold OP before|after: keep calls waiting", (*Server).commandHold},
	"wait-held":   {"wait-held OP [TIMEOUT]: till a call is being held", (*Server).commandWaitHeld},
	"release":     {"release [OP]: let held calls go", (*Server).commandRelease},
	"revoke":      {"revoke TERMINAL: its certificate is good no more", (*Server).commandRevoke},
	"reinstate":   {"reinstate TERMINAL", (*Server).commandReinstate},
	"stats":       {"stats: counts as JSON", (*Server).commandStats},
	"ledger":      {"ledger: accounts, payments and orders as JSON", (*Server).commandLedger},
	"payment":     {"payment ID: one payment as JSON", (*Server).commandPayment},
	"log":         {"log [N]: the last requests as JSON", (*Server).commandLog},
	"public-key":  {"public-key: of the countersignature", (*Server).commandPublicKey},
}

// Command does what one line of words says; a word `central` in front is skipped, so
// that a socket shared by several simulators can hand its lines on. Without a word it
// tells which switches are on.
func (s *Server) Command(ctx context.Context, args []string) (string, error) {
	if len(args) > 0 && args[0] == "central" {
		args = args[1:]
	}
	if len(args) == 0 {
		return s.faults.describe(), nil
	}
	found, known := commands[args[0]]
	if !known {
		return "", fmt.Errorf("central: unknown command %q, known are: %s", args[0], strings.Join(slices.Sorted(maps.Keys(commands)), ", "))
	}
	text, err := found.run(s, ctx, args[1:])
	if err != nil {
		return "", fmt.Errorf("central %s: %w (usage: %s)", args[0], err, found.usage)
	}
	return text, nil
}

func (s *Server) commandUp(context.Context, []string) (string, error) {
	s.faults.up()
	return s.faults.describe(), nil
}

func (s *Server) commandDown(_ context.Context, args []string) (string, error) {
	duration, err := optionalDuration(args, 0)
	if err != nil {
		return "", err
	}
	s.faults.goDown(duration)
	return s.faults.describe(), nil
}

func (s *Server) commandUnavailable(_ context.Context, args []string) (string, error) {
	duration, err := optionalDuration(args, 0)
	if err != nil {
		return "", err
	}
	s.faults.goUnavailable(duration)
	return s.faults.describe(), nil
}

func (s *Server) commandSlow(_ context.Context, args []string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("one argument needed")
	}
	if args[0] == "off" {
		args = nil
	}
	delay, err := optionalDuration(args, 0)
	if err != nil {
		return "", err
	}
	s.faults.setSlow(delay)
	return s.faults.describe(), nil
}

func (s *Server) commandLoseAnswer(_ context.Context, args []string) (string, error) {
	name, err := operationName(args)
	if err != nil {
		return "", err
	}
	count := 1
	if len(args) > 1 {
		if count, err = strconv.Atoi(args[1]); err != nil || count < 0 {
			return "", fmt.Errorf("%q is no count", args[1])
		}
	}
	s.faults.loseAnswers(name, count)
	return s.faults.describe(), nil
}

func (s *Server) commandHold(_ context.Context, args []string) (string, error) {
	name, err := operationName(args)
	if err != nil {
		return "", err
	}
	if len(args) != 2 || (args[1] != before && args[1] != after) {
		return "", fmt.Errorf("before or after?")
	}
	s.faults.hold(name, args[1])
	return s.faults.describe(), nil
}

func (s *Server) commandWaitHeld(ctx context.Context, args []string) (string, error) {
	name, err := operationName(args)
	if err != nil {
		return "", err
	}
	timeout, err := optionalDuration(args[1:], waitHeldDefault)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := s.faults.waitHeld(ctx, name); err != nil {
		return "", err
	}
	return name + " held", nil
}

func (s *Server) commandRelease(_ context.Context, args []string) (string, error) {
	name := ""
	if len(args) > 0 {
		var err error
		if name, err = operationName(args); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d released", s.faults.release(name)), nil
}

func (s *Server) commandRevoke(_ context.Context, args []string) (string, error) {
	return s.setRevoked(args, true)
}

func (s *Server) commandReinstate(_ context.Context, args []string) (string, error) {
	return s.setRevoked(args, false)
}

func (s *Server) setRevoked(args []string, revoked bool) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("one terminal needed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.revoked.put(args[0], revoked)
	return fmt.Sprintf("terminal %s revoked: %t", args[0], revoked), s.state.journal.commit()
}

func (s *Server) commandStats(context.Context, []string) (string, error) {
	stats := s.requests.statistics()
	stats.Held, stats.Faults = s.faults.heldNow(), s.faults.describe()
	return asJSON(stats)
}

// ledgerView is the body of the command ledger.
type ledgerView struct {
	Accounts map[string]int64       `json:"accounts"` // cents
	Sum      int64                  `json:"sum"`      // always 0
	Payments map[string]paymentView `json:"payments"`
	Orders   map[string]orderView   `json:"orders"`
	Streams  map[string]streamRow   `json:"streams"` // by terminal|epoch
}

type paymentView struct {
	Status    wire.PaymentStatus `json:"status"`
	Method    wire.Method        `json:"method"`
	OrderID   string             `json:"order_id"`
	Cents     int64              `json:"amount_cents"`
	Tombstone bool               `json:"tombstone,omitempty"`
	History   []happening        `json:"history"`
}

type orderView struct {
	Status   wire.OrderStatus `json:"status"`
	Version  int64            `json:"version"`
	Cents    int64            `json:"total_cents"`
	Payments []string         `json:"payments"`
}

func (s *Server) commandLedger(context.Context, []string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	view := ledgerView{
		Accounts: s.state.ledger.Balances(), Sum: s.state.ledger.Sum(),
		Payments: map[string]paymentView{}, Orders: map[string]orderView{}, Streams: s.state.streams.rows,
	}
	for id, row := range s.state.payments.rows {
		view.Payments[id] = viewOf(row)
	}
	for id, row := range s.state.orders.rows {
		view.Orders[id] = orderView{row.Status, row.Version, orderTotal(row), append([]string{}, s.state.byOrder[id]...)}
	}
	return asJSON(view)
}

func viewOf(row paymentRow) paymentView {
	return paymentView{row.Status, row.Request.Method, row.Request.OrderID, row.Request.Amount.Amount, row.Tombstone, row.History}
}

func (s *Server) commandPayment(_ context.Context, args []string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("one payment id needed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row, known := s.state.payments.get(args[0])
	if !known {
		return "", fmt.Errorf("no payment %s", args[0])
	}
	return asJSON(struct {
		paymentView
		Payment wire.Payment `json:"payment"`
	}{viewOf(row), paymentBody(row)})
}

func (s *Server) commandLog(_ context.Context, args []string) (string, error) {
	count := 0
	if len(args) > 0 {
		var err error
		if count, err = strconv.Atoi(args[0]); err != nil {
			return "", fmt.Errorf("%q is no count", args[0])
		}
	}
	return asJSON(s.requests.last(count))
}

func (s *Server) commandPublicKey(context.Context, []string) (string, error) {
	return publicKey(s.signer)
}

func operationName(args []string) (string, error) {
	names := make([]string, 0, len(operations))
	for _, op := range operations {
		if len(args) > 0 && op.name == args[0] {
			return op.name, nil
		}
		names = append(names, op.name)
	}
	return "", fmt.Errorf("an operation is needed, one of: %s", strings.Join(names, ", "))
}

func optionalDuration(args []string, otherwise time.Duration) (time.Duration, error) {
	if len(args) == 0 {
		return otherwise, nil
	}
	duration, err := time.ParseDuration(args[0])
	if err != nil || duration < 0 || len(args) > 1 {
		return 0, fmt.Errorf("%q is no duration like 500ms or 30s", strings.Join(args, " "))
	}
	return duration, nil
}

func asJSON(value any) (string, error) {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	return string(text), nil
}
