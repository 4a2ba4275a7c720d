package outbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

// liveKey is the note of the schedules.
const liveKey = "outbox/live"

const (
	// notesMax bounds the schedules that are noted, to what a note may hold; what is
	// owed beyond them is sent at once after a restart.
	notesMax = 400
	// settledGrace is how long the journal may go on listing an entry whose settling
	// was told, before it is sent again: its fact may have been lost with a commit.
	settledGrace = time.Minute
	// journalRetry is the wait after the journal could not be read.
	journalRetry = 5 * time.Second
	// linkUpWindow spreads the entries that only the link had kept back, when central
	// has named no window.
	linkUpWindow = 2 * time.Second
)

// A schedule is when an entry is sent next.
type schedule struct {
	Attempts int       `json:"attempts"` // that failed
	Next     time.Time `json:"next"`
	Unsent   bool      `json:"unsent,omitempty"` // the last one did not leave the till
}

// owed is an entry with its schedule.
type owed struct {
	Entry
	schedule
}

// live is the queue of live entries.
type live struct {
	*Outbox
	entries map[ident.ID]*owed
	noted   map[ident.ID]schedule // beside the journal, as of the last run
	dirty   bool                  // schedules changed since they were noted
	ups     int                   // link-ups that entries were brought forward for
}

func (o *Outbox) newLive() *live {
	l := &live{Outbox: o, entries: map[ident.ID]*owed{}, noted: map[ident.ID]schedule{}}
	if note, found, err := o.config.Beside.Beside(liveKey); err != nil {
		o.log.Warn("schedules cannot be read; everything owed is sent at once", "error", err)
	} else if found && json.Unmarshal(note, &l.noted) != nil {
		o.log.Warn("schedules make no sense; everything owed is sent at once")
	}
	return l
}

// run makes one pass after the other: all that is due, then a wait for the next
// entry to fall due, a wake, or the link's coming up.
func (l *live) run(ctx context.Context) {
	for ctx.Err() == nil {
		link := l.link.view() // before the pass, so that no change is missed
		timer := time.NewTimer(l.pass(ctx))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-l.turn.woken:
		case <-link.changed:
		}
		timer.Stop()
	}
}

// pass sends what is due and answers how long nothing will be.
func (l *live) pass(ctx context.Context) time.Duration {
	l.turn.begin()
	defer l.turn.end()
	defer l.note(ctx)
	for look := true; ctx.Err() == nil; look = l.turn.isWoken() {
		if look {
			if err := l.refresh(); err != nil {
				l.log.Error("what is owed to central cannot be read", "error", err)
				return journalRetry
			}
		}
		if ups := l.link.view().ups; ups != l.ups {
			l.ups = ups
			l.hasten()
		}
		next := l.next()
		if next == nil {
			return waitMax
		}
		if wait := next.Next.Sub(l.config.Now()); wait > 0 {
			return wait
		}
		l.send(ctx, next)
	}
	return 0
}

// refresh compares the queue with the journal. New entries are due at once, or when
// the schedule of an earlier run says.
func (l *live) refresh() error {
	l.tellQueue()
	listed, err := l.config.Journal.Live()
	if err != nil {
		return err
	}
	now := l.config.Now()
	entries := make(map[ident.ID]*owed, len(listed))
	for _, entry := range listed {
		if known := l.entries[entry.ID]; known != nil {
			entries[entry.ID] = known
			continue
		}
		entries[entry.ID] = &owed{entry, l.resumed(entry.ID, now)}
	}
	for id, gone := range l.entries {
		if entries[id] == nil && gone.Attempts > 0 {
			l.dirty = true
		}
	}
	l.entries = entries
	return nil
}

// resumed is the schedule of an earlier run, if there is one. A clock that was set
// back since must not keep the entry waiting.
func (l *live) resumed(id ident.ID, now time.Time) schedule {
	before, found := l.noted[id]
	if !found {
		return schedule{Next: now}
	}
	if latest := now.Add(retryAfterMax + waitMax); before.Next.After(latest) {
		before.Next = latest
	}
	return before
}

func isSession(entry Entry) bool { return entry.Kind == journal.SessionOpen{}.Kind() }

// next is the entry to send first, or to wait for; nil when none is owed.
func (l *live) next() *owed {
	now := l.config.Now()
	var first *owed
	for _, entry := range l.entries {
		if first == nil || compare(entry, first, now) < 0 {
			first = entry
		}
	}
	return first
}

// compare puts what is due before what is not, the never tried before the others, then
// the one that has been due for longest, then the older fact.
func compare(a, b *owed, now time.Time) int {
	rank := func(entry *owed) int {
		switch {
		case entry.Next.After(now):
			return 2
		case entry.Attempts > 0:
			return 1
		default:
			return 0
		}
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Next.Compare(b.Next), cmp.Compare(a.Seq, b.Seq))
}

// send makes one try.
func (l *live) send(ctx context.Context, entry *owed) {
	acknowledged, err := l.config.Caller.Forward(ctx, entry.Entry)
	if ctx.Err() != nil {
		return // cut off by the till's own end, which says nothing about the entry
	}
	l.link.heard(l.config.Now(), err)
	problem := finalProblem(err)
	switch {
	case err == nil && acknowledged:
		l.settled(ctx, entry)
	case problem != nil:
		l.refused(ctx, entry, problem.Code, problem.Detail)
	default:
		l.postpone(entry, err)
	}
}

func (l *live) settled(ctx context.Context, entry *owed) {
	l.rest(entry)
	if isSession(entry.Entry) {
		l.markSent(ctx, entry.ID)
		return
	}
	l.config.OnSettled(entry.Target, entry.ID, "")
}

// refused hands an entry to a person: a decision about money as what it is, a session
// as any fact that central refuses.
func (l *live) refused(ctx context.Context, entry *owed, code, detail string) {
	l.log.Error("central refuses for good", "kind", entry.Kind, "id", entry.ID, "code", code, "detail", detail)
	l.rest(entry)
	if isSession(entry.Entry) {
		l.markSent(ctx, entry.ID)
		l.config.OnQuarantine(entry.Seq, entry.ID, code, detail)
		return
	}
	l.config.OnSettled(entry.Target, entry.ID, code)
}

// rest keeps an entry from being sent while the fact of its settling is being stored.
func (l *live) rest(entry *owed) {
	l.dirty = l.dirty || entry.Attempts > 0
	entry.schedule = schedule{Next: l.config.Now().Add(settledGrace)}
}

// postpone plans the next try: never none (I8).
func (l *live) postpone(entry *owed, err error) {
	entry.Attempts++
	wait := wanted(err) + l.backOff(entry.Attempts, waitBase, waitMax)
	entry.Next = l.config.Now().Add(wait)
	entry.Unsent = unsent(err) && wanted(err) == 0
	l.dirty = true
	l.log.Info("owed to central still", "kind", entry.Kind, "id", entry.ID, "attempts", entry.Attempts,
		"wait", wait.Round(time.Millisecond), "error", err)
}

// hasten brings entries forward that only the link had kept back, spread as central
// asked for.
func (l *live) hasten() {
	window := max(linkUpWindow, time.Duration(l.spread.Load())*time.Second)
	for _, entry := range l.entries {
		if !entry.Unsent {
			continue
		}
		if soon := l.config.Now().Add(l.jitter(window)); soon.Before(entry.Next) {
			entry.Next, l.dirty = soon, true
		}
	}
}

// note stores the schedules, once for each pass that changed any.
func (l *live) note(ctx context.Context) {
	if !l.dirty || ctx.Err() != nil {
		return
	}
	waiting := map[ident.ID]schedule{}
	for id, entry := range l.entries {
		if entry.Attempts > 0 && len(waiting) < notesMax {
			waiting[id] = entry.schedule
		}
	}
	var text []byte // nil deletes
	if len(waiting) > 0 {
		var err error
		if text, err = json.Marshal(waiting); err != nil {
			l.log.Error("schedules cannot be written", "error", err)
			return
		}
	}
	l.dirty = false
	l.store(ctx, map[string][]byte{liveKey: text})
}

// markSent ends a session's entry. If the note is lost it is sent again.
func (l *live) markSent(ctx context.Context, session ident.ID) {
	if err := l.config.Beside.MarkSent(ctx, session); err != nil {
		l.log.Warn("a session is not noted as sent", "id", session, "error", err)
		return
	}
	delete(l.entries, session)
}

// store keeps notes beside the journal. One that is not kept costs a resend.
func (o *Outbox) store(ctx context.Context, notes map[string][]byte) {
	if err := o.config.Beside.SetBeside(ctx, notes); err != nil && !errors.Is(err, context.Canceled) {
		o.log.Warn("a note beside the journal is not kept", "error", err)
	}
}
