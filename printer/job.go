package printer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"balcao/printer/escpos"
	"balcao/terminal/device"
)

const (
	// chunkBytes is what a printer's smallest flow control leaves room for: at busy
	// a 4 KB buffer has 128 bytes left (TM-T88III).
	chunkBytes = 128
	// askEvery is how often a printing printer is asked how it is.
	askEvery = 250 * time.Millisecond
	// lastWord is the time for a confirmation that left the printer just before it
	// went offline.
	lastWord = 300 * time.Millisecond
)

// How a result is known, in the words of device.PrintResult.
const (
	tierProcessID = "process_id"
	tierStatus    = "status"
	tierSent      = "sent"
)

// print prints one job: all of it in memory first, then the printer's state, then
// bytes, then its word.
func (p *Printer) print(ctx context.Context, job device.PrintJob) device.PrintResult {
	job.Drawer = job.Drawer && p.pulsed != job.ID
	page, err := p.page(job)
	if err != nil {
		p.config.Log.Error("lay out print job", "job", job.ID, "error", err)
		return device.PrintResult{Job: job.ID, State: device.PrintFailed, Detail: detailUnprintable}
	}
	if detail := p.ready(ctx, escpos.AskPrinter); detail != "" {
		p.pulseAnyway(ctx, job)
		return device.PrintResult{Job: job.ID, State: device.PrintFailed, Detail: detail}
	}
	profile := p.config.Profile
	profile.Completion = p.completion
	p.jobs++
	data, report := escpos.Encode(page, profile, fmt.Sprintf("%s/%d", job.ID, p.jobs))
	if report.Replaced > 0 {
		p.config.Log.Warn("characters replaced on paper", "job", job.ID, "count", report.Replaced)
	}
	result := p.deliver(ctx, data, report.ProcessID)
	result.Job = job.ID
	if job.Drawer && result.State != device.PrintFailed {
		p.pulsed = job.ID
	}
	return result
}

// pulseAnyway opens the drawer of a job that cannot be printed: the customer's
// change does not wait for paper.
func (p *Printer) pulseAnyway(ctx context.Context, job device.PrintJob) {
	if !job.Drawer || p.cable == nil {
		return
	}
	p.pulsed = job.ID
	if _, err := p.cable.write(ctx, p.config.Profile.PulseNow, p.timeouts.Stall); err != nil {
		p.config.Log.Warn("open drawer without paper", "job", job.ID, "error", err)
	}
}

// kick opens the drawer. Where the printer may be in the middle of something, or
// is offline, the pulse goes by the command that is obeyed on arrival.
func (p *Printer) kick(ctx context.Context) error {
	detail := p.ready(ctx, escpos.AskPrinter)
	if p.cable == nil {
		return fmt.Errorf("printer not ready: %s", detail)
	}
	pulse := p.config.Profile.Pulse
	if detail != "" {
		pulse = p.config.Profile.PulseNow
	}
	if _, err := p.cable.write(ctx, pulse, p.timeouts.Stall); err != nil {
		p.lose(err)
		return err
	}
	return nil
}

// deliver sends a job and waits for the printer's word on it.
func (p *Printer) deliver(ctx context.Context, data []byte, id [4]byte) device.PrintResult {
	if err := p.cable.drain(ctx, p.timeouts.Answer); err != nil {
		return p.undelivered(ctx, 0, err)
	}
	if sent, err := p.send(ctx, data); err != nil {
		return p.undelivered(ctx, sent, err)
	}
	watch := p.newWatch(len(data), id)
	detail, err := watch.run(ctx)
	switch {
	case err != nil:
		return p.undelivered(ctx, len(data), err)
	case detail != "":
		return p.doubtful(ctx, detail)
	case p.completion == escpos.ByProcessID:
		return device.PrintResult{State: device.PrintDone, Tier: tierProcessID}
	case p.completion == escpos.ByStatus:
		return device.PrintResult{State: device.PrintDone, Tier: tierStatus}
	default:
		return device.PrintResult{State: device.PrintSent, Tier: tierSent}
	}
}

// send writes a job in chunks, as fast as the printer takes them. It goes on while
// some bytes are taken before the stall limit, but not beyond the job's own.
func (p *Printer) send(ctx context.Context, data []byte) (sent int, err error) {
	for ends := time.Now().Add(p.timeouts.Job); sent < len(data); {
		if err := p.awaitRoom(ctx); err != nil {
			return sent, err
		}
		taken, err := p.cable.write(ctx, data[sent:min(sent+chunkBytes, len(data))], p.timeouts.Stall)
		sent += taken
		moving := taken > 0 && errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(ends)
		if err != nil && (!moving || ctx.Err() != nil) {
			return sent, err
		}
	}
	return sent, nil
}

// awaitRoom listens for XOFF, and after one for XON.
func (p *Printer) awaitRoom(ctx context.Context) error {
	if err := p.cable.drain(ctx, p.timeouts.Answer); err != nil {
		return err
	}
	if !p.cable.held {
		return nil
	}
	_, err := p.cable.await(ctx, p.timeouts.Stall, func(escpos.Answer) bool { return !p.cable.held })
	return err
}

// undelivered is a job that an error ended. Only if nothing has left it is known
// that nothing was printed.
func (p *Printer) undelivered(ctx context.Context, sent int, err error) device.PrintResult {
	result := device.PrintResult{State: device.PrintUnknown, Detail: detailLost}
	switch {
	case ctx.Err() != nil:
		result.Detail = detailStopped
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errSilent):
		result.Detail = detailStalled
	}
	if sent == 0 {
		result.State = device.PrintFailed
	} else {
		p.broken = true
	}
	p.lose(err)
	return result
}

// doubtful is a job that was sent whole and not confirmed. What the printer still
// holds of it is cleared at once: half a receipt must not come out when the paper
// is back, between two others.
func (p *Printer) doubtful(ctx context.Context, detail string) device.PrintResult {
	p.broken = true
	if _, err := p.heard(ctx, p.timeouts.Answer, escpos.ClearBuffers(), isBlock(escpos.BufferCleared)); err != nil {
		p.lose(err)
	} else {
		p.showStatus()
	}
	return device.PrintResult{State: device.PrintUnknown, Detail: detail}
}
