package simpsp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// waitHeldDefault is how long wait-held waits when it is not told.
const waitHeldDefault = 30 * time.Second

// A command is one word of the control socket.
type command struct {
	usage       string
	least, most int // arguments
	run         func(*Server, context.Context, []string) (string, error)
}

var commands = map[string]command{
	"up":            {"up: end an outage", 0, 0, (*Server).commandUp},
	"down":          {"down [DURATION]: close every connection", 0, 1, (*Server).commandDown},
	"slow":          {"slow DURATION|off: wait before looking at a call", 1, 1, (*Server).commandSlow},
	"next":          {"next OPERATION KIND [DURATION]: one fault at the next call", 2, 3, (*Server).commandNext},
	"faults":        {"faults SEED [RATE_PPM]|off: faults from a seed on every call", 1, 2, (*Server).commandFaults},
	"hold":          {"hold OPERATION before|after: keep calls waiting", 2, 2, (*Server).commandHold},
	"wait-held":     {"wait-held OPERATION [TIMEOUT]: till a call is being held", 1, 2, (*Server).commandWaitHeld},
	"release":       {"release [OPERATION]: let held calls go", 0, 1, (*Server).commandRelease},
	"forget-tokens": {"forget-tokens: none given so far is good any more", 0, 0, (*Server).commandForgetTokens},
	"list":          {"list: all charges, a line each", 0, 0, (*Server).commandList},
	"pay":           {"pay TXID|CODE|last [AMOUNT]: the customer pays; answers the endToEndId", 1, 2, (*Server).commandPay},
	"expire":        {"expire TXID|last: its time is over", 1, 1, (*Server).commandExpire},
	"remove":        {"remove TXID|last: the bank itself removes it", 1, 1, (*Server).commandRemove},
	"refunds":       {"refunds hold|go: keep refunds in processing, or let them settle when they are asked about", 1, 1, (*Server).commandRefunds},
	"settle":        {"settle ENDTOENDID ID: the refund arrives", 2, 2, (*Server).commandSettle},
	"fail":          {"fail ENDTOENDID ID [REASON]: the refund does not", 2, 3, (*Server).commandFail},
	"age":           {"age ENDTOENDID DAYS: the payment is so much older", 2, 2, (*Server).commandAge},
	"stats":         {"stats: tokens given", 0, 0, (*Server).commandStats},
}

// Command does what one line of words says; a word `psp` in front is skipped. Without
// a word it tells which switches are on.
func (s *Server) Command(ctx context.Context, args []string) (string, error) {
	if len(args) > 0 && args[0] == "psp" {
		args = args[1:]
	}
	if len(args) == 0 {
		return s.faults.describe(), nil
	}
	names := slices.Sorted(maps.Keys(commands))
	if args[0] == "help" {
		var lines []string
		for _, name := range names {
			lines = append(lines, commands[name].usage)
		}
		return strings.Join(lines, "\n"), nil
	}
	found, known := commands[args[0]]
	if !known {
		return "", fmt.Errorf("psp: unknown command %q, known are: help, %s", args[0], strings.Join(names, ", "))
	}
	if len(args)-1 < found.least || len(args)-1 > found.most {
		return "", fmt.Errorf("psp %s: wrong number of words (usage: %s)", args[0], found.usage)
	}
	text, err := found.run(s, ctx, args[1:])
	if err != nil {
		return "", fmt.Errorf("psp %s: %w (usage: %s)", args[0], err, found.usage)
	}
	return text, nil
}

func (s *Server) commandUp(context.Context, []string) (string, error) {
	s.faults.outage(false, 0)
	return s.faults.describe(), nil
}

func (s *Server) commandDown(_ context.Context, args []string) (string, error) {
	duration, err := optionalDuration(args, 0)
	if err != nil {
		return "", err
	}
	s.faults.outage(true, duration)
	return s.faults.describe(), nil
}

func (s *Server) commandSlow(_ context.Context, args []string) (string, error) {
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

func (s *Server) commandNext(_ context.Context, args []string) (string, error) {
	name, err := operationName(args[0])
	if err != nil {
		return "", err
	}
	if !slices.Contains(faultKinds, faultKind(args[1])) {
		return "", fmt.Errorf("%q is no kind of fault, known are: %v", args[1], faultKinds)
	}
	duration, err := optionalDuration(args[2:], slowTime)
	if err != nil {
		return "", err
	}
	s.faults.queue(name, fault{faultKind(args[1]), duration})
	return s.faults.describe(), nil
}

func (s *Server) commandFaults(_ context.Context, args []string) (string, error) {
	if args[0] == "off" {
		s.faults.arm(0, 0)
		return s.faults.describe(), nil
	}
	seed, err := strconv.ParseUint(args[0], 10, 64)
	if err != nil {
		return "", fmt.Errorf("%q is no seed", args[0])
	}
	rate := uint64(faultRatePPM)
	if len(args) > 1 {
		if rate, err = strconv.ParseUint(args[1], 10, 32); err != nil || rate > million {
			return "", fmt.Errorf("%q is no rate from 0 to %d", args[1], million)
		}
	}
	s.faults.arm(seed, uint32(rate))
	return s.faults.describe(), nil
}

func (s *Server) commandHold(_ context.Context, args []string) (string, error) {
	name, err := operationName(args[0])
	if err != nil {
		return "", err
	}
	if args[1] != before && args[1] != after {
		return "", errors.New("before or after?")
	}
	s.faults.hold(name, args[1])
	return s.faults.describe(), nil
}

func (s *Server) commandWaitHeld(ctx context.Context, args []string) (string, error) {
	name, err := operationName(args[0])
	if err != nil {
		return "", err
	}
	timeout, err := optionalDuration(args[1:], waitHeldDefault)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return name + " held", s.faults.waitHeld(ctx, name)
}

func (s *Server) commandRelease(_ context.Context, args []string) (string, error) {
	name := ""
	if len(args) > 0 {
		var err error
		if name, err = operationName(args[0]); err != nil {
			return "", err
		}
	}
	s.faults.release(name)
	return s.faults.describe(), nil
}

func (s *Server) commandForgetTokens(context.Context, []string) (string, error) {
	s.tokens.forget()
	return "forgotten", nil
}

func (s *Server) commandStats(context.Context, []string) (string, error) {
	return fmt.Sprintf("tokens %d", s.tokens.count()), nil
}

// byAge sorts charges, the oldest first.
func byAge(a, b chargeRow) int { return cmp.Compare(a.LocID, b.LocID) }

func (s *Server) commandList(context.Context, []string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, row := range slices.SortedFunc(maps.Values(s.state.charges.rows), byAge) {
		lines = append(lines, s.describeCharge(row))
	}
	return strings.Join(lines, "\n"), nil
}

// onCharge works on a charge that is named, and makes the change last.
func (s *Server) onCharge(word string, work func(chargeRow) (string, error)) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var row chargeRow
	var err error
	if word == "last" {
		rows := slices.SortedFunc(maps.Values(s.state.charges.rows), byAge)
		if len(rows) == 0 {
			return "", errors.New("there is no charge")
		}
		row = rows[len(rows)-1]
	} else if row, err = s.chargeBy(word); err != nil {
		return "", err
	}
	text, err := work(row)
	return text, errors.Join(err, s.state.journal.commit())
}

// typedAmount is how a person types an amount to the payer's app.
var typedAmount = regexp.MustCompile(`^[0-9]{1,10}(\.[0-9]{2})?$`)

func (s *Server) commandPay(_ context.Context, args []string) (string, error) {
	var cents int64
	if len(args) > 1 {
		if !typedAmount.MatchString(args[1]) {
			return "", fmt.Errorf("%q is no amount like 10.50", args[1])
		}
		if cents = centsOf(args[1]); !strings.Contains(args[1], ".") {
			cents *= 100
		}
	}
	return s.onCharge(args[0], func(row chargeRow) (string, error) {
		payment, err := s.pay(row, cents)
		return payment.EndToEndID, err
	})
}

func (s *Server) commandExpire(_ context.Context, args []string) (string, error) {
	return s.onCharge(args[0], func(row chargeRow) (string, error) {
		row.Created = s.now().Add(-time.Duration(row.current().Seconds+1) * time.Second).Truncate(time.Millisecond)
		s.state.charges.put(row.TxID, row)
		return s.describeCharge(row), nil
	})
}

func (s *Server) commandRemove(_ context.Context, args []string) (string, error) {
	return s.onCharge(args[0], func(row chargeRow) (string, error) {
		if row.Status != active {
			return "", fmt.Errorf("the charge is %s", row.Status)
		}
		row.Status = removedByBank
		row.Removals++
		s.state.charges.put(row.TxID, row)
		return s.describeCharge(row), nil
	})
}

func (s *Server) commandRefunds(_ context.Context, args []string) (string, error) {
	if args[0] != "hold" && args[0] != "go" {
		return "", errors.New("hold or go?")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holdRefunds = args[0] == "hold"
	return "refunds " + args[0], nil
}

func (s *Server) commandSettle(_ context.Context, args []string) (string, error) {
	return s.endRefund(args[0], args[1], returned, "")
}

func (s *Server) commandFail(_ context.Context, args []string) (string, error) {
	reason := "Conta do pagador encerrada"
	if len(args) > 2 {
		reason = args[2]
	}
	return s.endRefund(args[0], args[1], notDone, reason)
}

func (s *Server) endRefund(e2eid, id, status, reason string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row, known := s.state.refunds.get(refundKey(e2eid, id))
	if !known || row.Status != inProcess {
		return "", errors.New("no such refund is in processing")
	}
	s.settle(row, status, reason)
	return status, s.state.journal.commit()
}

func (s *Server) commandAge(_ context.Context, args []string) (string, error) {
	days, err := strconv.Atoi(args[1])
	if err != nil || days < 0 {
		return "", fmt.Errorf("%q is no number of days", args[1])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !e2eidForm.MatchString(args[0]) {
		return "", fmt.Errorf("%q is no endToEndId", args[0])
	}
	row, known := s.state.payments.get(args[0])
	if !known {
		return "", fmt.Errorf("no payment %s", args[0])
	}
	row.At = row.At.AddDate(0, 0, -days)
	s.state.payments.put(row.EndToEndID, row)
	return asTime(row.At), s.state.journal.commit()
}

func operationName(word string) (string, error) {
	names := []string{tokenOperation, payloadOperation}
	for _, op := range operations {
		names = append(names, op.name)
	}
	if slices.Contains(names, word) {
		return word, nil
	}
	return "", fmt.Errorf("%q is no operation, known are: %s", word, strings.Join(names, ", "))
}

func optionalDuration(args []string, otherwise time.Duration) (time.Duration, error) {
	if len(args) == 0 {
		return otherwise, nil
	}
	duration, err := time.ParseDuration(args[0])
	if err != nil || duration < 0 {
		return 0, fmt.Errorf("%q is no duration like 500ms or 30s", args[0])
	}
	return duration, nil
}
