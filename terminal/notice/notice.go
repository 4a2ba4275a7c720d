// Package notice registers the conditions of a till that people must know of and
// that last: their code, how grave they are, how long they must hold before they
// are shown, and which others explain them.
//
// It sees no state and has no words: package terminal says which conditions hold,
// the catalogues of package text have a title and a cure for each, and
// docs/runbook.md has an entry for each. Start with [Conditions] and [Board].
package notice

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Code names a condition for good: it stands on the screen, in the log and in the
// runbook. The letters name the room, the digits the condition.
type Code string

// The conditions of a till.
const (
	DiskFull        Code = "DSK-01" // the disk takes no facts
	Manual          Code = "PAG-08" // payments whose outcome only a person can settle
	Fork            Code = "FIL-03" // central knows another history of this till
	Quarantine      Code = "FIL-02" // central refused records for good
	Offline         Code = "CEN-01" // central does not answer
	Unconfirmed     Code = "CEN-02" // central answers and does not acknowledge confirms or undos
	QueueStands     Code = "CEN-03" // central answers and the queue does not get shorter
	PinpadAway      Code = "PIN-01" // cable, power, or no pinpad there
	PinpadUnfit     Code = "PIN-02" // there, and not fit for a sale
	PinpadTables    Code = "PIN-03" // it works with old tables
	PrinterAway     Code = "IMP-01" // cable, power, or no printer there
	PrinterPaper    Code = "IMP-02" // out of paper
	PrinterCover    Code = "IMP-03" // cover open, or switched off line by its button
	PrinterTrouble  Code = "IMP-04" // cutter, heat, fault
	PrinterPaperLow Code = "IMP-05" // nearly out of paper
	PapersWait      Code = "IMP-06" // papers are owed though the printer works
	ScannerAway     Code = "LEI-01" // cable, power, or no scanner there
	ScannerGarbled  Code = "LEI-02" // it is there, and what it sends is no code
	DayOpen         Code = "DIA-01" // the session belongs to another day
)

// Severity is how grave a condition is.
type Severity string

// Warning wants something done soon; Danger concerns money or stops selling.
const (
	Warning Severity = "warning"
	Danger  Severity = "danger"
)

// Waits before a condition is shown: a cable that is plugged in again, or a link
// that comes back, is no news.
const (
	briefly = 10 * time.Second // longer than opening a cover and closing it
	soon    = 20 * time.Second // longer than a device needs to start
	linkUp  = 30 * time.Second // longer than a router's second thoughts
	lasting = 10 * time.Minute // longer than any wait between two tries of the outbox
)

// A Condition is one row of the register.
type Condition struct {
	Code     Code
	Severity Severity
	// Delay is how long it must hold before it is shown.
	Delay time.Duration
	// DependsOn names what explains it: it is not shown while one of them holds.
	DependsOn []Code
}

// Title is the id of the words that say what is the matter.
func (c Condition) Title() string { return "core.notice." + c.slug() }

// Cure is the id of the words that say what to do.
func (c Condition) Cure() string { return c.Title() + "_do" }

func (c Condition) slug() string {
	return strings.ToLower(strings.ReplaceAll(string(c.Code), "-", "_"))
}

// conditions is the register, the most important first.
var conditions = []Condition{
	{Code: DiskFull, Severity: Danger},
	{Code: Manual, Severity: Danger},
	{Code: Fork, Severity: Danger},
	{Code: PinpadUnfit, Severity: Danger, Delay: soon},
	{Code: Unconfirmed, Severity: Warning, Delay: lasting, DependsOn: []Code{Offline}},
	{Code: PrinterPaper, Severity: Warning},
	{Code: PrinterTrouble, Severity: Warning, Delay: briefly},
	{Code: PrinterCover, Severity: Warning, Delay: briefly},
	{Code: PrinterAway, Severity: Warning, Delay: soon},
	{Code: PinpadAway, Severity: Warning, Delay: soon},
	{Code: ScannerAway, Severity: Warning, Delay: soon},
	{Code: ScannerGarbled, Severity: Warning},
	{Code: Offline, Severity: Warning, Delay: linkUp},
	{Code: Quarantine, Severity: Warning},
	{Code: QueueStands, Severity: Warning, Delay: lasting, DependsOn: []Code{Offline, Fork}},
	{Code: PapersWait, Severity: Warning, Delay: linkUp, DependsOn: []Code{PrinterPaper, PrinterTrouble, PrinterCover, PrinterAway}},
	{Code: DayOpen, Severity: Warning},
	{Code: PrinterPaperLow, Severity: Warning},
	{Code: PinpadTables, Severity: Warning},
}

// Conditions answers the whole register, the most important first.
func Conditions() []Condition { return slices.Clone(conditions) }

// Board knows which conditions hold and since when, on the monotonic clock of one
// process. The zero Board holds none. A Board is a value: [Board.With] never changes
// an older copy.
type Board struct {
	since map[Code]time.Duration
}

// With answers the board as it stands at a moment, when exactly holding hold. What
// held before keeps its beginning.
func (b Board) With(holding []Code, now time.Duration) Board {
	since := make(map[Code]time.Duration, len(holding))
	for _, code := range holding {
		since[code] = now
		if began, held := b.since[code]; held {
			since[code] = min(began, now)
		}
	}
	if maps.Equal(since, b.since) {
		return b
	}
	return Board{since: since}
}

// Shown lists what is due and not explained by another that holds, the most
// important first.
func (b Board) Shown(now time.Duration) []Condition {
	var shown []Condition
	for _, condition := range conditions {
		if began, held := b.since[condition.Code]; held && now-began >= condition.Delay && !b.explained(condition) {
			shown = append(shown, condition)
		}
	}
	return shown
}

// Next answers how long it is until a condition that holds becomes due; 0 when
// none is to come.
func (b Board) Next(now time.Duration) time.Duration {
	var next time.Duration
	for _, condition := range conditions {
		began, held := b.since[condition.Code]
		wait := condition.Delay - (now - began)
		if held && wait > 0 && (next == 0 || wait < next) {
			next = wait
		}
	}
	return next
}

// explained says whether one of the conditions that explain this one holds, shown
// or not.
func (b Board) explained(condition Condition) bool {
	return slices.ContainsFunc(condition.DependsOn, func(code Code) bool {
		_, held := b.since[code]
		return held
	})
}
