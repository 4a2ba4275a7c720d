package printer

import (
	"context"
	"errors"
	"slices"

	"balcao/printer/escpos"
	"balcao/terminal/device"
)

// What a light or a job has to say, as ids of the catalogues.
const (
	detailAbsent      = "device.printer.absent"
	detailBusy        = "device.printer.busy"
	detailCoverOpen   = "device.printer.cover_open"
	detailCutter      = "device.printer.cutter"
	detailFault       = "device.printer.fault"
	detailLost        = "device.printer.lost"
	detailOffline     = "device.printer.offline"
	detailOverheated  = "device.printer.overheated"
	detailPaperLow    = "device.printer.paper_low"
	detailPaperOut    = "device.printer.paper_out"
	detailSilent      = "device.printer.silent"
	detailStalled     = "device.printer.stalled"
	detailStopped     = "device.printer.stopped"
	detailUnconfirmed = "device.printer.unconfirmed"
	detailUnprintable = "device.printer.unprintable"
)

// trouble says why a printer cannot print, empty if it can. The order is that of
// what a person mends first.
func trouble(status escpos.Status) string {
	switch {
	case status.CoverOpen:
		return detailCoverOpen
	case status.NoPaper():
		return detailPaperOut
	case status.CutterError:
		return detailCutter
	case status.Unrecoverable, status.MechanicalError:
		return detailFault
	case status.AutoRecoverable:
		return detailOverheated
	case status.ErrorStands:
		return detailFault
	case status.Offline:
		return detailOffline
	default:
		return ""
	}
}

// look is the idle printer's turn: connect, ask, show, and get it ready for the
// next job while nobody waits.
func (p *Printer) look(ctx context.Context) {
	if detail := p.ready(ctx, escpos.AskPrinter, escpos.AskRoll); detail == "" && p.resting() {
		p.disconnect()
	}
}

// ready connects, asks how the printer is and makes it fit for a job. It answers
// why it is not, or nothing. A connection that has died unnoticed is dialled anew,
// once.
func (p *Printer) ready(ctx context.Context, questions ...escpos.Question) (detail string) {
	fresh := p.cable == nil
	detail, err := p.tryReady(ctx, questions)
	if err != nil && !fresh && ctx.Err() == nil {
		detail, err = p.tryReady(ctx, questions)
	}
	switch {
	case err == nil:
		return detail
	case ctx.Err() != nil:
		return detailStopped
	case errors.Is(err, errSilent):
		p.show(device.Absent, detailSilent, err)
		return detailSilent
	default:
		p.show(device.Absent, detailAbsent, err)
		return detailAbsent
	}
}

// tryReady does so on one connection. After an error there is none.
func (p *Printer) tryReady(ctx context.Context, questions []escpos.Question) (detail string, err error) {
	if err := p.connect(ctx); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			p.disconnect()
			p.identified, p.unsynced = false, true
		}
	}()
	if err := p.askStatus(ctx, questions); err != nil {
		return "", err
	}
	if detail = trouble(p.status); detail == "" {
		err = p.prepare(ctx)
	}
	if err == nil {
		p.showStatus()
	}
	return detail, err
}

// connect opens the device if it is not open.
func (p *Printer) connect(ctx context.Context) error {
	if p.cable != nil {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, p.timeouts.Dial)
	defer cancel()
	opened, err := p.config.Dial(limited, p.config.URL)
	if err != nil {
		return err
	}
	p.cable = newCable(opened)
	return nil
}

// disconnect gives the device back in good order.
func (p *Printer) disconnect() {
	if p.cable == nil {
		return
	}
	if err := p.cable.close(); err != nil {
		p.config.Log.Debug("close printer", "error", err)
	}
	p.cable = nil
}

// lose is for a device that went away: what comes back may be another one, and may
// be in the middle of anything.
func (p *Printer) lose(cause error) {
	p.disconnect()
	p.identified, p.unsynced = false, true
	p.show(device.Absent, detailAbsent, cause)
}

func isRealTime(answer escpos.Answer) bool { return answer.Kind == escpos.RealTime }

// askStatus asks questions of a printer that answers any, and of one that is
// offline the others too. An online printer has no trouble, so before a job one
// question is enough. They go one by one: some printers lose what comes while they
// answer.
func (p *Printer) askStatus(ctx context.Context, questions []escpos.Question) error {
	if !p.config.Profile.Answers {
		return nil
	}
	status := escpos.Status{PaperLow: p.status.PaperLow}
	for _, question := range escpos.Questions {
		if !status.Offline && !slices.Contains(questions, question) {
			continue
		}
		answer, err := p.cable.ask(ctx, p.timeouts.Answer, question.Request(), isRealTime)
		if err != nil {
			return err
		}
		if err := status.Read(question, answer.Code); err != nil {
			return err
		}
	}
	p.status = status
	return nil
}

// showStatus makes the light of what the printer said.
func (p *Printer) showStatus() {
	detail := trouble(p.status)
	switch {
	case detail != "":
		p.show(device.Error, detail, nil)
	case p.status.PaperLow:
		p.show(device.Warning, detailPaperLow, nil)
	default:
		p.show(device.OK, "", nil)
	}
}

// show tells a change of the light.
func (p *Printer) show(light device.Light, detail string, cause error) {
	next := p.shown
	next.Light, next.Detail = light, detail
	p.tell(next, cause)
}

func (p *Printer) tell(next device.Status, cause error) {
	if next == p.shown {
		return
	}
	p.shown = next
	p.config.Log.Info("printer light", "light", next.Light, "detail", next.Detail, "model", next.Model, "cause", cause)
	if p.config.OnStatus != nil {
		p.config.OnStatus(next)
	}
}
