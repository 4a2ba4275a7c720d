package terminal

import (
	"maps"
	"time"

	"balcao/terminal/device"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/payment"
	"balcao/terminal/text"
)

// booted begins a process's life after the fold: every attempt that a kill left
// in the middle is taken up where its state says (recovery at boot), and papers
// of which nobody knows whether they came out are printed again, marked.
func (t *turn) booted(what Booted) {
	if t.state.Epoch == "" {
		panic("terminal: booted without a journal: its first fact is a checkpoint")
	}
	before := t.state.Volatile
	t.state.Volatile = Volatile{
		World: what.World, BootID: what.BootID, BootedAt: t.event.At,
		Devices: before.Devices, Online: before.Online, Queue: before.Queue, StoreFull: before.StoreFull, Toast: before.Toast,
	}
	for _, attempt := range t.state.Attempts {
		switch attempt.State {
		case payment.Intent:
			t.do(AskHost{Attempt: attempt.ID})
		case payment.Manual:
			t.askManual(attempt.ID, 0)
		case payment.Authorised:
			t.undo(attempt, payment.Malfunction, nil, "core.outcome.recovered", "being_verified")
		}
	}
	if t.state.Owed() > 0 {
		t.do(Forward{})
	}
	for _, job := range t.state.Jobs {
		t.reprintInterrupted(job)
	}
}

// reprintInterrupted replaces a paper that the last process was asked for and
// whose end it did not write down: part of it may lie on the counter.
func (t *turn) reprintInterrupted(job Job) {
	if job.Sheet.Subject != "" {
		t.sheetAgain(job)
		return
	}
	t.fact(journal.PrintResult{JobID: job.ID, State: device.PrintUnknown, Detail: "core.paper.interrupted"})
	sold, known := t.state.sold(job.SaleID)
	if !known || !t.fresh(job) {
		return
	}
	t.askCopy(sold, job.PaymentID, job.Documents)
}

// sheetAgain prints a slip or report of unknown fate again, marked as a copy: the
// job itself stays, so that what stands on it does too.
func (t *turn) sheetAgain(job Job) {
	job.Copy++
	t.print(job, 0)
}

// askPaper owes papers of a sale, and prints them once that is durable.
func (t *turn) askPaper(saleID, paymentID ident.ID, papers []device.Document) {
	sold, known := t.state.sold(saleID)
	if !known {
		panic("terminal: paper of a sale that does not exist")
	}
	t.askCopy(sold, paymentID, papers)
}

// askCopy owes the next copy of papers: the first is the original.
func (t *turn) askCopy(sold Sold, paymentID ident.ID, papers []device.Document) {
	t.makeRoom()
	id := t.nextID()
	t.factAs(id, journal.PrintJob{
		JobID: id, SaleID: sold.Paid.Order.SaleID, PaymentID: paymentID, Documents: papers, Copy: sold.Copies + 1,
	})
	if job, ok := t.state.job(id); ok {
		t.print(job, 0)
	}
}

// makeRoom gives the oldest owed paper up when there are too many.
func (t *turn) makeRoom() {
	if len(t.state.Jobs) >= jobsMax {
		t.fact(journal.PrintResult{JobID: t.state.Jobs[0].ID, State: device.PrintFailed, Detail: "core.paper.given_up"})
	}
}

// print sends an owed paper to the printer, with everything that stands on it.
func (t *turn) print(job Job, after time.Duration) {
	sheet := device.PrintJob{
		ID: job.ID, Documents: job.Documents, Copy: job.Copy, Store: t.state.Volatile.World.Store,
		Cancelled: job.Sheet.Cancelled, Movement: job.Sheet.Movement, Report: job.Sheet.Report,
	}
	if job.Copy > 1 {
		sheet.CopiedAt = job.At
	}
	sold, known := t.state.sold(job.SaleID)
	switch {
	case known:
		sheet.Sale = &sold.Paid
	case job.Sheet.Subject == "":
		return
	}
	for _, attempt := range sold.Attempts {
		if attempt.ID == job.PaymentID {
			sheet.Attempt = &attempt
		}
	}
	printing := maps.Clone(t.state.Volatile.Printing)
	if printing == nil {
		printing = map[ident.ID]bool{}
	}
	printing[job.ID] = true
	t.state.Volatile.Printing = printing
	t.do(Print{Job: sheet, After: after})
}

// reprint prints the last sale's papers again.
func (t *turn) reprint() {
	if !t.sellable() {
		return
	}
	sold, known := t.state.lastSold()
	if !known {
		t.refuse("core.refused.nothing_to_print")
		return
	}
	papers, paymentID := []device.Document{device.SaleReceipt}, sold.Paid.Tenders[0].PaymentID
	if len(sold.Attempts) > 0 {
		papers = append(papers, device.CustomerSlip)
		paymentID = sold.Attempts[0].ID
	}
	t.askCopy(sold, paymentID, papers)
	t.accept()
}

// paperAgain is the wait before a paper is tried again at a printer that seems to
// work and did not print: its light may be older than its trouble.
const paperAgain = 5 * time.Second

// printed writes down what became of a paper. One of which nothing was printed
// stays owed and is tried again: when the printer is back, or soon if it seems to work.
func (t *turn) printed(what Printed) {
	job, known := t.state.job(what.Result.Job)
	if !known {
		return
	}
	printing := maps.Clone(t.state.Volatile.Printing)
	delete(printing, job.ID)
	t.state.Volatile.Printing = printing
	switch what.Result.State {
	case device.PrintDone, device.PrintSent:
		t.fact(journal.PrintResult{JobID: job.ID, State: what.Result.State, Tier: what.Result.Tier})
	case device.PrintUnknown:
		t.fact(journal.PrintResult{JobID: job.ID, State: device.PrintUnknown, Tier: what.Result.Tier, Detail: what.Result.Detail})
		t.toast("warning", text.Msg("core.said.paper_unknown"), true)
	default:
		t.toast("warning", text.Msg("core.said.paper_waits"), true)
		if works(t.state.Volatile.light(device.Printer)) && t.fresh(job) {
			t.print(job, paperAgain)
		}
	}
}

// fresh says whether a paper is young enough to come out by itself.
func (t *turn) fresh(job Job) bool {
	return t.event.At.Sub(job.At) <= t.state.Volatile.World.Limits.PaperAge
}

// deviceChanged notes a light; a printer that is back gets the papers it owes,
// unless they are too old to come out by themselves.
func (t *turn) deviceChanged(what DeviceChanged) {
	before := t.state.Volatile.light(what.Status.Kind)
	devices := maps.Clone(t.state.Volatile.Devices)
	if devices == nil {
		devices = map[device.Kind]device.Status{}
	}
	devices[what.Status.Kind] = what.Status
	t.state.Volatile.Devices = devices
	back := !works(before) && works(what.Status.Light)
	if what.Status.Kind != device.Printer || !back {
		return
	}
	for _, job := range t.state.Jobs {
		switch {
		case t.state.Volatile.Printing[job.ID]:
			continue // its own answer will come
		case t.fresh(job):
			t.print(job, 0)
			continue
		}
		t.fact(journal.PrintResult{JobID: job.ID, State: device.PrintFailed, Detail: "core.paper.stale"})
	}
}

// works says whether a device with this light does its work.
func works(light device.Light) bool { return light == device.OK || light == device.Warning }
