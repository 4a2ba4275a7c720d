package simcentral

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"balcao/simulators/simcentral/issuer"
)

const faultsHelp = `faults SEED [RATE_PPM]   from now on RATE_PPM calls in a million go wrong (default 50000), by the seed.
                         Whether and how depends on the seed, the operation and its how-manieth
                         call it is, and on nothing else: the same calls meet the same faults.
faults                   what is on
faults off               no seed, and nothing left of next
faults log               what fired, JSON: operation, id, call, kind, by
next OP KIND [DURATION]  the next call of one operation goes wrong; several wait for their turn.
                         DURATION is for down, slow, half-open, wrong-cert and late (default 1s), and
                         for skew (5m is ahead, -5m behind)

kind          processed  what the caller gets
down          no         its connection and all others closed, new ones too for a while
lost-request  no         nothing, ever
error         no         500 in the contract's words
rate-limited  no         429 with Retry-After
html          no         200 with a page that is no answer
slow          late       the answer, late
twice         twice      the second answer: the network delivered the call twice
lost-answer   yes        nothing, ever
reset         yes        a reset connection
half          yes        half of the answer
gateway       yes        502 with a page that is no answer
unauthorised  no         401: the token is not taken
conflict      no         409 with Retry-After, as if the same call were running
half-open     no         nothing; new connections stand open and mute for a while
wrong-cert    no         its connection and all others closed, new ones meet another certificate for a while
late          yes        the answer, late
duplicate     yes        a good answer twice on one line, then its end
skew          yes        the answer with a wrong Date and server_time

operations: `

const centsHelp = `cents on|off   the cents of an amount pick the issuer's answer; off until it is switched on,
               and again after a restart. The issuer's own checks go first, and reais pick nothing.

`

// help tells the commands, or more of one.
func help(args []string) string {
	topic := strings.Join(args, " ")
	switch topic {
	case "faults", "next":
		return faultsHelp + strings.Join(operationNames(), ", ")
	case "cents":
		return centsHelp + issuer.CentsTable()
	}
	lines := make([]string, 0, len(commands))
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		lines = append(lines, commands[name].usage)
	}
	return strings.Join(append(lines, "help [faults|cents]"), "\n")
}

func (s *Server) commandNext(_ context.Context, args []string) (string, error) {
	name, err := operationName(args)
	if err != nil {
		return "", err
	}
	if len(args) < 2 {
		return "", errors.New("a kind is needed")
	}
	kind, err := parseFaultKind(args[1])
	if err != nil {
		return "", err
	}
	what := fault{kind: kind}
	if kind == faultSkew {
		what.duration, err = signedDuration(args[2:])
	} else {
		what.duration, err = optionalDuration(args[2:], 0)
	}
	if err != nil {
		return "", err
	}
	switch {
	case kind == faultSkew:
	case !kind.lasts() && len(args) > 2:
		return "", fmt.Errorf("%s has no duration", kind)
	case kind.lasts() && len(args) == 2:
		what.duration = faultTime
	}
	s.faults.queue(name, what)
	return s.describe(), nil
}

func (s *Server) commandFaults(_ context.Context, args []string) (string, error) {
	switch word := strings.Join(args, " "); word {
	case "":
		return s.describe(), nil
	case "off":
		s.faults.disarm()
		return s.describe(), nil
	case "log":
		return asJSON(s.faults.firedFaults())
	}
	seed, err := strconv.ParseUint(args[0], 10, 64)
	if err != nil {
		return "", fmt.Errorf("%q is no seed", args[0])
	}
	rate := uint64(faultRatePPM)
	if len(args) > 1 {
		if rate, err = strconv.ParseUint(args[1], 10, 32); err != nil || rate > certainPPM {
			return "", fmt.Errorf("%q is no rate from 0 to %d", args[1], certainPPM)
		}
	}
	if len(args) > 2 {
		return "", errors.New("a seed and a rate are all")
	}
	s.faults.arm(seed, uint32(rate))
	return s.describe(), nil
}

func (s *Server) commandCents(_ context.Context, args []string) (string, error) {
	switch strings.Join(args, " ") {
	case "on":
		s.bank.PickByCents(true)
	case "off":
		s.bank.PickByCents(false)
	default:
		return "", errors.New("on or off?")
	}
	return s.describe(), nil
}
