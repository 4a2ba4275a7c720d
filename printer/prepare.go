package printer

import (
	"context"
	"errors"
	"time"

	"balcao/printer/escpos"
	"balcao/printer/receipt"
)

// lineSpeedMin is the slowest line in use, 4800 bit/s, in bytes a second.
const lineSpeedMin = 480

// lineTime is how long bytes need on the slowest line.
func lineTime(bytes int) time.Duration { return time.Duration(bytes) * time.Second / lineSpeedMin }

// prepare makes an online printer fit for the next job: nothing half done in it,
// its family's best confirmation tried out, its name known. It costs nothing when
// that is so already.
func (p *Printer) prepare(ctx context.Context) error {
	if !p.config.Profile.Answers {
		p.completion = escpos.Unconfirmed
		return nil
	}
	if !p.unsynced && !p.broken && p.identified {
		return nil
	}
	answersInTurn, err := p.synchronise(ctx)
	if err != nil {
		return err
	}
	if !p.identified {
		if err := p.tryCompletion(ctx, answersInTurn); err != nil {
			return err
		}
		if err := p.askIdentity(ctx); err != nil {
			return err
		}
	}
	// What a printer took for text out of a question that it does not know goes
	// with its print buffer.
	if _, err := p.cable.write(ctx, escpos.Initialise(), p.timeouts.Answer); err != nil {
		return err
	}
	p.identified, p.unsynced, p.broken = true, false, false
	return nil
}

// synchronise brings the printer out of the middle of anything: the rest of a job
// of ours is cleared from its buffer; a command that waits for data gets zeros
// until it ends. The proof is an answer to a question that is answered in turn. It
// reports whether there was one; some printers give none ever.
func (p *Printer) synchronise(ctx context.Context) (answersInTurn bool, err error) {
	if p.broken {
		if _, err := p.heard(ctx, p.timeouts.Answer, escpos.ClearBuffers(), isBlock(escpos.BufferCleared)); err != nil {
			return false, err
		}
	}
	if heard, err := p.heard(ctx, p.timeouts.Answer, escpos.AskPaper(), isQueued); heard || err != nil {
		return heard, err
	}
	padding := escpos.Padding()
	if _, err := p.cable.write(ctx, padding, p.timeouts.Stall); err != nil {
		return false, err
	}
	return p.heard(ctx, p.timeouts.Answer+lineTime(len(padding)), escpos.AskPaper(), isQueued)
}

// tryCompletion finds the best confirmation that the printer gives, once for each
// device: an answer is the only proof, no list of models is complete.
func (p *Printer) tryCompletion(ctx context.Context, answersInTurn bool) error {
	p.completion = escpos.Unconfirmed
	if answersInTurn {
		p.completion = min(escpos.ByStatus, p.config.Profile.Completion)
	}
	if p.config.Profile.Completion < escpos.ByProcessID {
		return nil
	}
	id := escpos.ProcessID("try")
	heard, err := p.heard(ctx, p.timeouts.Answer, escpos.AskProcessID(id), isPrinted(id))
	if heard {
		p.completion = escpos.ByProcessID
	}
	return err
}

// askIdentity asks model, serial number and firmware of a printer that knows them.
func (p *Printer) askIdentity(ctx context.Context) error {
	next := p.shown
	next.Model, next.Serial, next.Firmware = "", "", ""
	for _, field := range []struct {
		identity escpos.Identity
		value    *string
	}{{escpos.Model, &next.Model}, {escpos.Serial, &next.Serial}, {escpos.Firmware, &next.Firmware}} {
		answer, err := p.cable.ask(ctx, p.timeouts.Answer, field.identity.Request(), isText)
		if errors.Is(err, errSilent) {
			break
		}
		if err != nil {
			return err
		}
		*field.value = receipt.Clean(string(answer.Data))
	}
	p.shown = next
	return nil
}

// heard asks and says whether there was an answer; silence is no error.
func (p *Printer) heard(ctx context.Context, limit time.Duration, question []byte, wanted isWanted) (bool, error) {
	_, err := p.cable.ask(ctx, limit, question, wanted)
	if errors.Is(err, errSilent) {
		return false, nil
	}
	return err == nil, err
}

func isQueued(answer escpos.Answer) bool { return answer.Kind == escpos.Queued }

func isText(answer escpos.Answer) bool { return answer.Kind == escpos.Text }

func isBlock(code byte) isWanted {
	return func(answer escpos.Answer) bool { return answer.Kind == escpos.Block && answer.Code == code }
}

func isPrinted(id [4]byte) isWanted {
	return func(answer escpos.Answer) bool {
		return isBlock(escpos.Printed)(answer) && string(answer.Data) == string(id[:])
	}
}
