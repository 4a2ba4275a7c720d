// Package plain is the till in lines, for screen readers, Braille and scripts: the
// cashier's grammar comes in, one answer line for each line goes out.
//
// It draws nothing, sends no escape codes and keeps nothing but the till's newest
// snapshot. An answer begins with "ok:" or, in the language of the screen, "no:";
// a line that nobody asked for, such as how a card payment goes, begins with "*".
// Start with [Run]; what can be typed is in grammar.go and behind :help.
package plain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/link"
)

// Times of a session.
const (
	// catchUpMax is how long a snapshot may lag behind the reply that it belongs to.
	catchUpMax = 2 * time.Second
	// farewellMax is how long the end of the input waits for what is under way: the
	// longest card payment, from the first card to the bank's silence.
	farewellMax = 3 * time.Minute
)

// messagesMax is how many messages may wait for the loop; the senders wait then.
const messagesMax = 64

// Options are what a session can be told.
type Options struct {
	In       io.Reader // where it is a terminal, a PIN is not echoed
	Out      io.Writer
	Language text.Tag // empty: the till's
}

var (
	// errSilent says that the input ended before the till ever answered.
	errSilent = errors.New("the till did not answer")
	// errVersion says that the till's snapshots cannot be read.
	errVersion = errors.New("screen and till are of different versions")
)

// Run talks until the input ends or ctx does; then it answers nil. What was typed
// before the input ended is still carried out. An error says that the output broke,
// that the till never answered or that its snapshots cannot be read.
func Run(ctx context.Context, till *link.Client, options Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	input := newInput(options.In)
	defer input.restore()
	s := &session{
		till: till, out: options.Out, language: options.Language, words: text.In(options.Language), input: input,
		messages: make(chan any, messagesMax),
	}
	s.start(ctx)
	return s.loop(ctx)
}

// The messages of the loop.
type (
	shownMsg struct{ shown snapshot.Cashier }
	lostMsg  struct{}
	leaseMsg struct {
		lease link.Lease
		err   error
	}
	replyMsg struct {
		reply link.Reply
		err   error
	}
)

// session is the state of one talk. Its loop's goroutine owns it.
type session struct {
	till     *link.Client
	out      io.Writer
	language text.Tag
	words    *text.Language
	input    *input
	messages chan any

	shown  *snapshot.Cashier // newest
	told   *snapshot.Cashier // what everything up to has been said of
	lost   bool
	leased bool // the till has said who is in command
	viewer bool

	line     *line         // typed, not carried out yet
	identify *link.Command // wants the PIN that comes in the next line
	pending  *pending
	ended    bool // every line has been taken
	failed   error
}

// pending is the command under way.
type pending struct {
	reply    *link.Reply
	deadline <-chan time.Time // when the snapshot is not waited for any longer
	late     bool
}

// start begins the goroutines that bring messages.
func (s *session) start(ctx context.Context) {
	go s.input.read(ctx)
	go s.till.Follow(ctx,
		func(shown snapshot.Cashier) { s.tell(ctx, shownMsg{shown}) }, func() { s.tell(ctx, lostMsg{}) })
	go s.till.KeepLease(ctx, func(lease link.Lease, err error) { s.tell(ctx, leaseMsg{lease, err}) })
}

func (s *session) tell(ctx context.Context, message any) {
	select {
	case s.messages <- message:
	case <-ctx.Done():
	}
}

// loop takes messages and lines until there is nothing left to do.
func (s *session) loop(ctx context.Context) error {
	var farewell <-chan time.Time
	last := s.input.ended
	for {
		lines := s.input.lines
		if s.line != nil || s.ended {
			lines = nil
		}
		var deadline <-chan time.Time
		if s.pending != nil {
			deadline = s.pending.deadline
		}
		select {
		case <-ctx.Done():
			return nil
		case message := <-s.messages:
			s.take(message)
		case one, open := <-lines:
			s.ended = !open
			if open {
				s.line = &one
			}
			if last == nil { // each of the last lines has its time
				farewell = time.After(farewellMax)
			}
		case <-deadline:
			s.pending.late = true
		case <-last:
			last, farewell = nil, time.After(farewellMax)
		case <-farewell:
			return s.parting()
		}
		s.advance(ctx)
		switch {
		case s.failed != nil:
			return s.failed
		case s.ended && s.line == nil && s.pending == nil && s.shown != nil && !s.runs():
			return nil
		}
	}
}

// parting is how a session ends whose last words were not carried out.
func (s *session) parting() error {
	if s.line != nil || s.pending != nil || s.shown == nil {
		return fmt.Errorf("read the last line: %w", errSilent)
	}
	return nil
}

// take keeps what a message says.
func (s *session) take(message any) {
	switch message := message.(type) {
	case shownMsg:
		s.see(message.shown)
	case lostMsg:
		if !s.lost && s.shown != nil {
			s.event(s.words.Word("screen.plain.lost"))
		}
		s.lost = true
	case leaseMsg:
		if message.err != nil {
			return
		}
		if viewer := !message.lease.Holder; viewer != s.viewer {
			s.viewer = viewer
			if viewer {
				s.event(s.words.Word("screen.plain.viewer"))
			}
		}
		s.leased = true
	case replyMsg:
		s.replied(message)
	}
}

// see takes a snapshot. The first one is a greeting.
func (s *session) see(shown snapshot.Cashier) {
	if shown.Version != snapshot.Version {
		s.failed = errVersion
		return
	}
	if s.language == "" && shown.Language != s.words.Tag() {
		s.words = text.In(shown.Language)
	}
	first := s.shown == nil
	s.shown = &shown
	switch {
	case first:
		s.told = &shown
		store := s.words.Say(text.Msg("screen.plain.hello", "Till", shown.Store.Till, "Name", shown.Store.Name))
		s.event(store + " " + s.where())
	case s.lost:
		s.event(s.words.Word("screen.plain.back"))
	}
	s.lost = false
}

func (s *session) replied(message replyMsg) {
	reply := message.reply
	if message.err != nil {
		why := text.Msg("screen.why.not_understood")
		reply = link.Reply{Error: &why}
	}
	s.pending.reply, s.pending.deadline = &reply, time.After(catchUpMax)
}

// advance answers what is done, says what nobody asked for, and carries the next
// line out when its turn has come.
func (s *session) advance(ctx context.Context) {
	if s.shown == nil || !s.leased {
		return
	}
	if s.pending != nil && s.pending.reply != nil && (s.pending.late || s.caughtUp(*s.pending.reply)) {
		reply := *s.pending.reply
		s.pending = nil
		s.answer(reply)
	}
	if s.pending != nil {
		return
	}
	if news := s.news(); news != "" {
		s.event(news)
	}
	if s.line != nil && s.mayRun(*s.line) {
		one := *s.line
		s.line = nil
		s.carryOut(ctx, one)
	}
}

func (s *session) caughtUp(reply link.Reply) bool {
	return s.shown.Number >= reply.Number && s.shown.Seq >= reply.Seq
}

// runs says that a card payment is under way, and not merely silent.
func (s *session) runs() bool {
	if s.shown == nil || s.shown.Payment == nil || s.shown.Payment.Attempt == nil {
		return false
	}
	attempt := s.shown.Payment.Attempt
	return attempt.Running && !attempt.CanInquire
}

// mayRun holds a script's lines back while a card payment runs. A person hears at
// once that it does.
func (s *session) mayRun(one line) bool {
	return s.input.isTerminal() || !s.runs() || parse(one.text, *s.shown).interrupts
}

// answer says what came of a line.
func (s *session) answer(reply link.Reply) {
	news := s.news()
	var said []string
	if reply.Error != nil {
		if why := sentence(s.words.Say(*reply.Error)); !strings.Contains(news, why) {
			said = append(said, why)
		}
	}
	switch {
	case news != "":
		said = append(said, news)
	case reply.Error == nil:
		said = append(said, s.where())
	}
	if where := s.money(reply.Money); where != "" && !strings.Contains(strings.Join(said, " "), where) {
		said = append(said, where)
	}
	s.reply(reply.Error == nil, strings.Join(said, " "))
}

// reply prints one answer line.
func (s *session) reply(ok bool, said string) {
	id := "screen.plain.ok"
	if !ok {
		id = "screen.plain.no"
	}
	s.print(s.words.Say(text.Msg(id, "Text", said)))
}

// event prints a line that nobody asked for.
func (s *session) event(said string) { s.print("* " + said) }

func (s *session) print(said string) {
	if _, err := fmt.Fprintln(s.out, oneLine(said)); err != nil && s.failed == nil {
		s.failed = fmt.Errorf("write line: %w", err)
	}
}
