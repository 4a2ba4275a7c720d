package simmail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// waitDefault is how long wait waits when it is not told.
const waitDefault = 30 * time.Second

// A command is one word of the control socket.
type command struct {
	usage       string
	least, most int // arguments
	run         func(*Server, context.Context, []string) (string, error)
}

var commands = map[string]command{
	"list":         {"list: all that was taken, a line each", 0, 0, (*Server).commandList},
	"show":         {"show N: its bytes as they came", 1, 1, (*Server).commandShow},
	"entries":      {"entries: all that was taken, JSON", 0, 0, (*Server).commandEntries},
	"wait":         {"wait COUNT [TIMEOUT]: till so many were taken", 1, 2, (*Server).commandWait},
	"next":         {"next KIND [DURATION]: one fault at the next mail", 1, 2, (*Server).commandNext},
	"next-message": {"next-message KIND [DURATION]: one fault at the next message", 1, 2, (*Server).commandNextMessage},
	"faults":       {"faults SEED [RATE_PPM]|off: passing faults from a seed", 1, 2, (*Server).commandFaults},
}

// Command does what the words say. help lists them.
func (s *Server) Command(ctx context.Context, args []string) (string, error) {
	names := slices.Sorted(maps.Keys(commands))
	if len(args) == 0 {
		return "", fmt.Errorf("mail: a command is missing, known are: %s", strings.Join(names, ", "))
	}
	if args[0] == "help" {
		var lines []string
		for _, name := range names {
			lines = append(lines, commands[name].usage)
		}
		return strings.Join(lines, "\n"), nil
	}
	found, known := commands[args[0]]
	if !known {
		return "", fmt.Errorf("mail: unknown command %q, known are: help, %s", args[0], strings.Join(names, ", "))
	}
	if len(args)-1 < found.least || len(args)-1 > found.most {
		return "", fmt.Errorf("mail %s: wrong number of words (usage: %s)", args[0], found.usage)
	}
	text, err := found.run(s, ctx, args[1:])
	if err != nil {
		return "", fmt.Errorf("mail %s: %w (usage: %s)", args[0], err, found.usage)
	}
	return text, nil
}

// Entries are all that was taken, the oldest first.
func (s *Server) Entries() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.store.entries)
}

func (s *Server) commandList(context.Context, []string) (string, error) {
	var lines []string
	for _, entry := range s.Entries() {
		line := fmt.Sprintf("%d %s %s to %s: %s", entry.Number, entry.Kind, entry.ID, strings.Join(entry.To, " "), entry.Subject)
		if entry.Times > 1 {
			line += fmt.Sprintf(" (%d times)", entry.Times)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), nil
}

func (s *Server) commandShow(_ context.Context, args []string) (string, error) {
	number, err := strconv.Atoi(args[0])
	entries := s.Entries()
	if err != nil || number < 1 || number > len(entries) {
		return "", fmt.Errorf("there is no number %q, the last is %d", args[0], len(entries))
	}
	content, err := os.ReadFile(s.store.path(entries[number-1]))
	if err != nil {
		return "", fmt.Errorf("read it: %w", err)
	}
	return string(content), nil
}

func (s *Server) commandEntries(context.Context, []string) (string, error) {
	text, err := json.Marshal(s.Entries())
	return string(text), err
}

func (s *Server) commandWait(ctx context.Context, args []string) (string, error) {
	count, err := strconv.Atoi(args[0])
	if err != nil || count < 0 {
		return "", fmt.Errorf("%q is no count", args[0])
	}
	timeout, err := optionalDuration(args[1:], waitDefault)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		s.mu.Lock()
		have, arrived := len(s.store.entries), s.arrived
		s.mu.Unlock()
		if have >= count {
			return strconv.Itoa(have), nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return "", fmt.Errorf("there are %d: %w", have, ctx.Err())
		}
	}
}

func (s *Server) commandNext(_ context.Context, args []string) (string, error) {
	return s.queue(KindMail, args)
}

func (s *Server) commandNextMessage(_ context.Context, args []string) (string, error) {
	return s.queue(KindMessage, args)
}

func (s *Server) queue(kind string, args []string) (string, error) {
	otherwise := slowTime
	if args[0] == "429" || args[0] == "503" {
		otherwise = retryTime
	}
	duration, err := optionalDuration(args[1:], otherwise)
	if err != nil {
		return "", err
	}
	return "ok", s.faults.queue(kind, fault{args[0], duration})
}

func (s *Server) commandFaults(_ context.Context, args []string) (string, error) {
	if args[0] == "off" {
		if len(args) > 1 {
			return "", errors.New("off stands alone")
		}
		s.faults.arm(0, 0)
		return "ok", nil
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
	return "ok", nil
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
