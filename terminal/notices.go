package terminal

import (
	"slices"
	"strings"
	"time"

	"balcao/terminal/device"
	"balcao/terminal/notice"
	"balcao/terminal/payment"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
)

const (
	// queueLong is a queue that means trouble if it stays: four whole batches, more
	// than a till makes between two of them.
	queueLong = 200
	// dayEnds is how long after midnight a session of the day before is still
	// usual: bars and night shops close by then.
	dayEnds = 5 * time.Hour
)

// watch notes which conditions hold after an event, and sees to it that one which
// becomes due later is shown then.
func (t *turn) watch() {
	v := &t.state.Volatile
	before := v.Board
	v.Board = before.With(t.state.conditions(t.event.At), t.event.SinceBoot)
	v.Notices = v.Board.Shown(t.event.SinceBoot)
	next := v.Board.Next(t.event.SinceBoot)
	if next > 0 && (v.LookAt == 0 || v.LookAt <= t.event.SinceBoot || t.event.SinceBoot+next < v.LookAt) {
		v.LookAt = t.event.SinceBoot + next
		t.do(LookAgain{After: next})
	}
}

// conditions lists what is the matter with a till at a moment.
func (s State) conditions(at time.Time) []notice.Code {
	var holding []notice.Code
	add := func(code notice.Code, holds bool) {
		if holds {
			holding = append(holding, code)
		}
	}
	v := s.Volatile
	add(notice.DiskFull, v.StoreFull)
	add(notice.Manual, s.manual() > 0)
	add(notice.Fork, s.Forked)
	add(notice.Quarantine, s.Quarantined > 0)
	add(notice.Offline, !v.Online)
	add(notice.Unconfirmed, v.Online && s.Owed() > 0)
	add(notice.QueueStands, v.Online && v.Queue > queueLong)
	add(notice.PapersWait, len(s.Jobs) > 0 && works(v.light(device.Printer)))
	add(notice.DayOpen, s.Session != nil && dayIsOver(s.Session.BusinessDate, at))
	for _, status := range v.Devices {
		if code, found := deviceConditions[status.Detail]; found && status.Light != device.Unused {
			holding = append(holding, code)
		}
	}
	return holding
}

// deviceConditions says what a driver's word about its device means to people.
// What a device says in passing ("starting") is its light alone.
var deviceConditions = map[string]notice.Code{
	"device.pinpad.unplugged":      notice.PinpadAway,
	"device.pinpad.link_lost":      notice.PinpadAway,
	"device.pinpad.cannot_open":    notice.PinpadUnfit,
	"device.pinpad.no_permission":  notice.PinpadUnfit,
	"device.pinpad.too_old":        notice.PinpadUnfit,
	"device.pinpad.refused":        notice.PinpadUnfit,
	"device.pinpad.no_key":         notice.PinpadUnfit,
	"device.pinpad.tables_failed":  notice.PinpadTables,
	"device.printer.absent":        notice.PrinterAway,
	"device.printer.silent":        notice.PrinterAway,
	"device.printer.lost":          notice.PrinterAway,
	"device.printer.paper_out":     notice.PrinterPaper,
	"device.printer.cover_open":    notice.PrinterCover,
	"device.printer.offline":       notice.PrinterCover,
	"device.printer.cutter":        notice.PrinterTrouble,
	"device.printer.overheated":    notice.PrinterTrouble,
	"device.printer.fault":         notice.PrinterTrouble,
	"device.printer.stalled":       notice.PrinterTrouble,
	"device.printer.paper_low":     notice.PrinterPaperLow,
	"device.scanner.unplugged":     notice.ScannerAway,
	"device.scanner.cannot_open":   notice.ScannerAway,
	"device.scanner.no_permission": notice.ScannerAway,
	"device.scanner.garbled":       notice.ScannerGarbled,
}

// dayIsOver says whether a business date ("2026-11-25") lies so far back that its
// session should have been closed.
func dayIsOver(businessDate string, at time.Time) bool {
	began, err := time.ParseInLocation(time.DateOnly, businessDate, at.Location())
	return err == nil && at.After(began.AddDate(0, 0, 1).Add(dayEnds))
}

// manual counts the payments that only a person can settle.
func (s State) manual() int {
	count := 0
	for _, attempt := range s.Attempts {
		if attempt.State == payment.Manual {
			count++
		}
	}
	return count
}

// noticesView puts what is due into words.
func noticesView(s State) []snapshot.Notice {
	views := make([]snapshot.Notice, 0, len(s.Volatile.Notices))
	for _, condition := range s.Volatile.Notices {
		views = append(views, noticeView(s, condition))
	}
	return views
}

func noticeView(s State, condition notice.Condition) snapshot.Notice {
	view := snapshot.Notice{
		Code: string(condition.Code), Severity: string(condition.Severity),
		Text: text.Msg(condition.Title()), Cure: text.Msg(condition.Cure()),
	}
	switch condition.Code {
	case notice.Manual:
		view.Text, view.Money = text.Msg(condition.Title(), "Number", s.manual()), snapshot.Verifying
	case notice.Quarantine:
		view.Text = text.Msg(condition.Title(), "Number", s.Quarantined)
	case notice.Unconfirmed:
		view.Text = text.Msg(condition.Title(), "Number", s.Owed())
	case notice.QueueStands:
		view.Text = text.Msg(condition.Title(), "Number", s.Volatile.Queue)
	case notice.PapersWait:
		view.Text = text.Msg(condition.Title(), "Number", len(s.Jobs))
	case notice.DayOpen:
		view.Text = text.Msg(condition.Title(), "Date", dayMonth(s.Session.BusinessDate))
	case notice.PinpadUnfit, notice.PrinterCover, notice.PrinterTrouble, notice.PinpadAway, notice.ScannerAway:
		// The driver knows more than the condition's general words.
		if detail := s.detailOf(condition.Code); detail != "" {
			view.Text = text.Msg(detail)
		}
	}
	return view
}

// detailOf is a driver's word that made a condition hold.
func (s State) detailOf(code notice.Code) string {
	for _, kind := range []device.Kind{device.Pinpad, device.Printer, device.Scanner} {
		if detail := s.Volatile.Devices[kind].Detail; deviceConditions[detail] == code {
			return detail
		}
	}
	return ""
}

// dayMonth is "25/11" of a business date.
func dayMonth(businessDate string) string {
	parts := strings.Split(businessDate, "-")
	if len(parts) != 3 {
		return businessDate
	}
	parts = parts[1:]
	slices.Reverse(parts)
	return strings.Join(parts, "/")
}
