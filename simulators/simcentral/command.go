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
	"half-open":   {"half-open [DURATION]: let connections stand open and say nothing", (*Server).commandHalfOpen},
	"wrong-cert":  {"wrong-cert [DURATION]: show a stranger's certificate", (*Server).commandWrongCert},
	"portal":      {"portal [DURATION]: answer 200 with a page", (*Server).commandPortal},
	"clock":       {"clock +DURATION|-DURATION|off: tell a wrong time", (*Server).commandClock},
	"slow":        {"slow DURATION|off: wait before looking at a call", (*Server).commandSlow},
	"lose-answer": {"lose-answer OP [COUNT]: process, then never answer", (*Server).commandLoseAnswer},
	"hold":        {"hold OP before|after: keep calls waiting", (*Server).commandHold},
	"wait-held":   {"wait-held OP [TIMEOUT]: till a call is being held", (*Server).commandWaitHeld},
	"release":     {"release [OP]: let held calls go", (*Server).commandRelease},
	"next":        {"next OP KIND [DURATION]: one fault for the next call, see help faults", (*Server).commandNext},
	"faults":      {"faults SEED [RATE_PPM]|off|log: faults from a seed on every call, see help faults", (*Server).commandFaults},
	"cents":       {"cents on|off: the cents of an amount pick the issuer's answer, see help cents", (*Server).commandCents},
	"revoke":      {"revoke TERMINAL: its certificate is good no more", (*Server).commandRevoke},
	"pair":        {"pair STORE TERMINAL [VALID]: a code that enrols a till once, good for 15m unless told", (*Server).commandPair},
	"unrevoke":    {"unrevoke TERMINAL: as reinstate", (*Server).commandReinstate},
	"reinstate":   {"reinstate TERMINAL", (*Server).commandReinstate},
	"stats":       {"stats: counts as JSON", (*Server).commandStats},
	"ledger":      {"ledger: accounts, payments, orders, and each till's sessions, as JSON", (*Server).commandLedger},
	"status":      {"status: services, orders, payments, ledger, and what wants looking at", (*Server).commandStatus},
	"settle":      {"settle FILE DATE [without=ID] [twice=ID] [cents=ID:CENTS]: write the acquirer's CSV of a business date, perhaps with faults", (*Server).commandSettle},
	"refunds":     {"refunds slow|at-once: whether refunds but those in cash wait for the command refund", (*Server).commandRefunds},
	"refund":      {"refund ID succeeded|failed: end one that is under way", (*Server).commandRefund},
	"pix":         {"pix pay|pay-late|pay-unseen|notice|expire ID [ACCOUNT]: be the payer of a charge; pay-late had begun before it was over, pay-unseen is heard of at notice", (*Server).commandPix},
	"credit":      {"credit TAX-ID CENTS [STORE]: give a customer credit", (*Server).commandStoreCredit},
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
		return s.describe(), nil
	}
	if args[0] == "help" {
		return help(args[1:]), nil
	}
	found, known := commands[args[0]]
	if !known {
		return "", fmt.Errorf("central: unknown command %q, known are: help, %s", args[0], strings.Join(slices.Sorted(maps.Keys(commands)), ", "))
	}
	text, err := found.run(s, ctx, args[1:])
	if err != nil {
		return "", fmt.Errorf("central %s: %w (usage: %s)", args[0], err, found.usage)
	}
	return text, nil
}

// describe tells the switches that are on.
func (s *Server) describe() string {
	text := s.faults.describe()
	if s.refundsSlow.Load() {
		text += ", refunds slow"
	}
	if s.bank.PicksByCents() {
		text += ", cents on"
	}
	return text
}

func (s *Server) commandUp(context.Context, []string) (string, error) {
	s.faults.up()
	return s.describe(), nil
}

func (s *Server) commandDown(_ context.Context, args []string) (string, error) {
	duration, err := optionalDuration(args, 0)
	if err != nil {
		return "", err
	}
	s.faults.goDown(duration)
	return s.describe(), nil
}

func (s *Server) commandUnavailable(_ context.Context, args []string) (string, error) {
	duration, err := optionalDuration(args, 0)
	if err != nil {
		return "", err
	}
	s.faults.goUnavailable(duration)
	return s.describe(), nil
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
	return s.describe(), nil
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
	return s.describe(), nil
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
	return s.describe(), nil
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
	stats.Held, stats.Faults = s.faults.heldNow(), s.describe()
	return asJSON(stats)
}

func (s *Server) commandPayment(_ context.Context, args []string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("one payment id needed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row, known := s.payment(args[0])
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
	names := operationNames()
	if len(args) > 0 && slices.Contains(names, args[0]) {
		return args[0], nil
	}
	return "", fmt.Errorf("an operation is needed, one of: %s", strings.Join(names, ", "))
}

func operationNames() []string {
	names := make([]string, 0, len(operations))
	for _, op := range operations {
		names = append(names, op.name)
	}
	return names
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
