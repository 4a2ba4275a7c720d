package ui

import (
	"time"

	"balcao/terminal/ident"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/link"
	"balcao/ui/view"
	"balcao/ui/widget"
)

// Times of the screen.
const (
	saidLasts    = 4 * time.Second
	waitingShown = 200 * time.Millisecond // a command that takes longer is marked
	catchUpMax   = 2 * time.Second        // how long a snapshot may lag behind its reply
	spinnerStep  = 125 * time.Millisecond
)

// Limits of what can be typed and kept.
const (
	entryMax = 256 // runes of the entry line
	queueMax = 64  // inputs that wait for a command's answer
)

// The messages that change a state.
type (
	strokeMsg   struct{ stroke stroke }
	pasteMsg    struct{ text string }
	snapshotMsg struct{ shown snapshot.Cashier }
	followMsg   struct{ up bool } // the event stream came or went
	leaseMsg    struct {
		lease link.Lease
		err   error
	}
	replyMsg struct {
		request ident.ID
		reply   link.Reply
		err     error
	}
	wakeMsg struct{}
)

// The effects that a state asks for.
type (
	sendEffect     struct{ command link.Command }
	takeOverEffect struct{}
	beepEffect     struct{}
	redrawEffect   struct{}
	quitEffect     struct{}
)

// pending is a command under way. Its answer alone is not enough to go on: what is
// typed next must meet the screen that the command led to.
type pending struct {
	request     ident.ID
	verb        string
	since       time.Time
	answered    bool
	seq, number uint64 // of the snapshot to wait for
	until       time.Time
}

// answer keeps what the reply says about the snapshot to wait for.
func (p *pending) answer(reply link.Reply, now time.Time) {
	p.answered, p.seq, p.number, p.until = true, reply.Seq, reply.Number, now.Add(catchUpMax)
}

// met says that the command was answered and a snapshot shows what it did.
func (p *pending) met(shown *snapshot.Cashier) bool {
	return p.answered && shown != nil && shown.Seq >= p.seq && shown.Number >= p.number
}

// input is something typed or scanned that waits for its turn.
type input struct {
	heard
	pasted string
}

// state is the screen's whole state. It changes in update alone.
type state struct {
	view     view.Model
	mint     func() ident.ID // ids of commands
	language text.Tag        // empty: the till's
	zone     *time.Location

	following    bool // the event stream is alive
	leaseFails   bool
	otherVersion bool   // the till's snapshots cannot be read
	toast        uint64 // number of the newest one seen
	started      bool   // a snapshot has been seen
	tiny         bool   // the terminal is too small to show anything: nothing may be done unseen

	wedge     wedge
	queue     []input
	pending   *pending
	lookup    lookup
	offeredAt time.Time // when the list to choose from came up
	dropped   bool      // something typed was dropped while the till did not answer
	before    fields    // what stood in the fields before a run of runes
	beforeRun uint64
	saidUntil time.Time

	effects []any
}

// fields are what stands in all fields of the screen.
type fields struct {
	entry view.Entry
	form  view.Form
}

func newState(options Options, mint func() ident.ID) *state {
	language := options.Language
	return &state{
		view:     view.Model{Language: text.In(language), LookOnly: options.View, Viewer: options.View},
		language: language, mint: mint, zone: time.Local, wedge: wedge{gap: scanGap(options.ScanGap)},
	}
}

// scanGap holds the configured gap to what makes sense.
func scanGap(configured time.Duration) time.Duration {
	const least, most = 20 * time.Millisecond, scanSilence
	switch {
	case configured < 0:
		return 0
	case configured == 0:
		return scanGapDefault
	default:
		return min(max(configured, least), most)
	}
}

// do asks for an effect.
func (s *state) do(effect any) { s.effects = append(s.effects, effect) }

// send tells the till a command under an id of its own and waits for the answer. A
// search that is not told yet is out of date then.
func (s *state) send(command link.Command, now time.Time) {
	s.lookup.due = time.Time{}
	command.RequestID = s.mint()
	s.pending = &pending{request: command.RequestID, verb: command.Verb, since: now}
	s.do(sendEffect{command})
}

// say shows something for a while.
func (s *state) say(now time.Time, tone widget.Tone, message text.Message, money snapshot.Money) {
	s.view.Said = &view.Said{Tone: tone, Text: message, Money: money}
	s.saidUntil = now.Add(saidLasts)
}

// warn says why something that was asked for is not done.
func (s *state) warn(now time.Time, id string, pairs ...any) {
	s.say(now, widget.Warning, text.Msg(id, pairs...), "")
}

// update changes the state by a message and answers the effects that follow.
func (s *state) update(message any, now time.Time) []any {
	s.effects = nil
	s.view.Now = now.In(s.zone)
	switch message := message.(type) {
	case strokeMsg:
		s.stroke(message.stroke, now)
	case pasteMsg:
		s.enqueue(input{pasted: message.text}, now)
	case snapshotMsg:
		s.snapshot(message.shown, now)
	case followMsg:
		s.following = message.up
		s.relink(now)
	case leaseMsg:
		s.leased(message, now)
	case replyMsg:
		s.replied(message, now)
	case wakeMsg:
		s.wake(now)
	}
	s.drain(now)
	s.look(now)
	return s.effects
}

// wake does what time alone brings.
func (s *state) wake(now time.Time) {
	for _, one := range s.wedge.expire(now) {
		s.hear(one, now)
	}
	if s.view.Said != nil && !now.Before(s.saidUntil) {
		s.view.Said = nil
	}
	if s.pending != nil {
		s.view.Waiting = now.Sub(s.pending.since) >= waitingShown
		if s.pending.answered && !now.Before(s.pending.until) {
			s.settle()
		}
	}
	s.lookup.expire(now)
	if s.spinning() {
		s.view.Spinner = int(now.UnixMilli() / spinnerStep.Milliseconds())
	}
}

func (s *state) spinning() bool {
	return s.view.Link == view.Lost || s.view.Link == view.Connecting || s.view.Situation().Running
}

// nextWake is when time alone changes something again.
func (s *state) nextWake(now time.Time) time.Time {
	next := now.Truncate(time.Second).Add(time.Second)
	sooner := func(at time.Time) {
		if at.Before(next) {
			next = at
		}
	}
	if at, waiting := s.wedge.deadline(); waiting {
		sooner(at)
	}
	if s.view.Said != nil {
		sooner(s.saidUntil)
	}
	if s.pending != nil && !s.view.Waiting {
		sooner(s.pending.since.Add(waitingShown))
	}
	if s.pending != nil && s.pending.answered {
		sooner(s.pending.until)
	}
	if at, waiting := s.lookup.deadline(s.pending != nil); waiting {
		sooner(at)
	}
	if s.spinning() {
		sooner(now.Truncate(spinnerStep).Add(spinnerStep))
	}
	return next
}
