package till

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"balcao/reader/pinpad"
	"balcao/storage"
	"balcao/storage/record"
	"balcao/sync/central"
	"balcao/sync/outbox"
	"balcao/sync/wire"
	"balcao/terminal"
	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/engine"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
	"balcao/terminal/payment"
	"balcao/terminal/text"
)

// facts is the journal as the engine wants it.
type facts struct{ *storage.Store }

// Commit says "disk full" in the engine's words. A batch of one checkpoint of the
// state begins a new period file.
func (f facts) Commit(ctx context.Context, batch journal.Batch) error {
	err := f.write(ctx, batch)
	if errors.Is(err, storage.ErrFull) {
		return errors.Join(engine.ErrFull, err)
	}
	return err
}

func (f facts) write(ctx context.Context, batch journal.Batch) error {
	if len(batch.Facts) == 1 {
		if _, begins := batch.Facts[0].Body.(journal.StateCheckpoint); begins {
			return f.Rotate(ctx, batch.Facts[0])
		}
	}
	return f.Store.Commit(ctx, batch)
}

// acquirer is the central client as the engine wants it.
type acquirer struct{ client *central.Client }

func (a acquirer) Authorise(ctx context.Context, request engine.Authorisation) payment.Answer {
	return a.client.Authorise(ctx, request.OrderID, request.Order, request.Attempt, request.Payment, request.Sealed)
}

func (a acquirer) Inquire(ctx context.Context, attempt ident.ID) payment.Answer {
	return a.client.Inquire(ctx, attempt)
}

// reader is the pinpad as the engine wants it.
type reader struct {
	pinpad *pinpad.Pinpad
	words  *text.Language
}

func (r reader) ReadCard(ctx context.Context, request device.CardRequest) (card.Reading, error) {
	return r.pinpad.ReadCard(ctx, request)
}

func (r reader) FinishCard(ctx context.Context, request device.FinishRequest) (card.Completion, error) {
	return r.pinpad.FinishCard(ctx, request)
}

func (r reader) Release(ctx context.Context, say string) error {
	return r.pinpad.Release(ctx, [2]string{centred(r.words.Word(say)), centred(r.words.Word("core.pinpad.remove"))})
}

// pinpadColumns is the width of a line of RMC's message (ABECS 2.20, RMC).
const pinpadColumns = 16

// centred puts a word in the middle of a pinpad's line.
func centred(word string) string {
	runes := []rune(word)
	if len(runes) >= pinpadColumns {
		return string(runes[:pinpadColumns])
	}
	return strings.Repeat(" ", (pinpadColumns-len(runes))/2) + word
}

// noReader is a till without a pinpad.
type noReader struct{}

func (noReader) fault(op string) error { return &device.Fault{Op: op, Code: device.NotReady} }

func (n noReader) ReadCard(context.Context, device.CardRequest) (card.Reading, error) {
	return card.Reading{}, n.fault("read card")
}

func (n noReader) FinishCard(context.Context, device.FinishRequest) (card.Completion, error) {
	return card.Completion{}, n.fault("finish card")
}

func (noReader) Release(context.Context, string) error { return nil }

// noPrinter is a till without a printer: papers stay owed, nothing is lost.
type noPrinter struct{}

func (noPrinter) Print(context.Context, device.PrintJob) device.PrintResult {
	return device.PrintResult{State: device.PrintFailed}
}

func (noPrinter) Kick(context.Context) error { return errors.New("no printer, no drawer") }

// unused reports a device that is not configured, once.
func (t *Till) unused(kind device.Kind) func(context.Context) error {
	return func(context.Context) error {
		t.report(terminal.DeviceChanged{Status: device.Status{Kind: kind, Light: device.Unused}})
		return nil
	}
}

// debts is the journal as the outbox wants it.
type debts struct{ store *storage.Store }

// Live turns the facts that are owed a live call into entries.
func (d debts) Live() ([]outbox.Entry, error) {
	records, err := d.store.Live()
	if err != nil {
		return nil, err
	}
	entries := make([]outbox.Entry, 0, len(records))
	for _, stored := range records {
		entry, err := entryOf(stored)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// entryOf takes the body out of a record in the bytes that were stored.
func entryOf(stored record.Record) (outbox.Entry, error) {
	fact, err := record.Fact(stored)
	if err != nil {
		return outbox.Entry{}, err
	}
	var payload struct {
		Body json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(stored.Payload, &payload); err != nil {
		return outbox.Entry{}, fmt.Errorf("read fact %d: %w", stored.Seq, err)
	}
	entry := outbox.Entry{Seq: fact.Seq, Kind: fact.Body.Kind(), ID: fact.ID, Target: fact.ID, Body: payload.Body}
	switch body := fact.Body.(type) {
	case journal.Confirmation:
		entry.Target = body.PaymentID
	case journal.Reversal:
		entry.Target = body.PaymentID
	}
	return entry, nil
}

// Records gives a page of the stream.
func (d debts) Records(from uint64, limit, bytesMax int) (outbox.Page, error) {
	records, before, err := d.store.Records(from, limit, bytesMax)
	if err != nil {
		return outbox.Page{}, err
	}
	page := outbox.Page{PrevHash: hex.EncodeToString(before[:])}
	for _, stored := range records {
		page.Records = append(page.Records, outbox.Record{
			Seq: stored.Seq, ID: stored.ID, Hash: hex.EncodeToString(stored.Hash[:]), JSON: record.WireJSON(stored),
		})
	}
	return page, nil
}

// Head is the number of the last durable fact.
func (d debts) Head() uint64 {
	seq, _ := d.store.Head()
	return seq
}

// Epochs lists the runs of facts that share an epoch.
func (d debts) Epochs() ([]outbox.Span, error) {
	spans, err := d.store.Epochs()
	if err != nil {
		return nil, err
	}
	out := make([]outbox.Span, len(spans))
	for i, span := range spans {
		out[i] = outbox.Span(span)
	}
	return out, nil
}

// caller makes live calls.
type caller struct{ client *central.Client }

func (c caller) Forward(ctx context.Context, entry outbox.Entry) (bool, error) {
	answer, err := c.client.Forward(ctx, central.Entry{Kind: entry.Kind, ID: entry.ID, Target: entry.Target, Body: entry.Body})
	return answer.Acknowledged, err
}

// stream sends batches.
type stream struct{ *central.Client }

func (s stream) PutBatch(ctx context.Context, batch outbox.Batch) (wire.BatchResult, error) {
	return s.Client.PutBatch(ctx, central.Batch(batch))
}
