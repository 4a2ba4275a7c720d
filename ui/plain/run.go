package plain

import (
	"context"
	"strings"

	"balcao/terminal/text"
	"balcao/ui/link"
)

// carryOut does what a line asks for; each gets one answer line.
func (s *session) carryOut(ctx context.Context, one line) {
	switch {
	case one.long:
		s.identify = nil
		s.reply(false, s.words.Word("screen.plain.too_long"))
		return
	case one.secret:
		s.withPIN(ctx, one.text)
		return
	}
	asked := parse(one.text, *s.shown)
	switch {
	case !asked.wrong.Empty():
		s.reply(false, s.words.Say(asked.wrong))
	case asked.local != "":
		s.carryOutHere(ctx, asked.local)
	case asked.secret:
		s.identify = &asked.command
		s.reply(true, s.words.Word("screen.plain.pin"))
	default:
		s.send(ctx, asked.command)
	}
}

// withPIN completes a log-in or an approval. An empty PIN gives it up.
func (s *session) withPIN(ctx context.Context, pin string) {
	identify := s.identify
	s.identify = nil
	if pin == "" || identify == nil {
		s.reply(false, s.words.Word("screen.plain.no_pin"))
		return
	}
	command := *identify
	command.PIN = pin
	s.send(ctx, command)
}

// send tells the till a command; its answer comes as a message.
func (s *session) send(ctx context.Context, command link.Command) {
	command.RequestID = link.NewRequestID()
	s.pending = &pending{}
	go func() {
		reply, err := s.till.Do(ctx, command)
		s.tell(ctx, replyMsg{reply, err})
	}()
}

// carryOutHere does what the till is not asked for.
func (s *session) carryOutHere(ctx context.Context, word string) {
	switch word {
	case localTake:
		s.pending = &pending{}
		go func() {
			lease, err := s.till.Lease(ctx, true)
			s.tell(ctx, leaseMsg{lease, err})
			reply := link.Reply{}
			if err != nil || !lease.Holder {
				refusal := text.Msg("screen.refused.lease")
				reply.Error = &refusal
			}
			s.tell(ctx, replyMsg{reply: reply})
		}()
	case localWhere:
		s.reply(true, s.where())
	case localMenu:
		var names []string
		for _, act := range menuActs {
			names = append(names, strings.Join(act.names, "/"))
		}
		s.reply(true, s.words.Say(text.Msg("screen.plain.menu", "Text", strings.Join(names, ", "))))
	default:
		s.reply(true, s.words.Word("screen.plain.help"))
	}
}
