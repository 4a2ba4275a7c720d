//go:build without_r1

package till

import (
	"context"

	"balcao/storage"
	"balcao/sync/central"
	"balcao/terminal/engine"
	"balcao/terminal/journal"
)

// journalOf answers a journal that breaks R1: it says that an intent is durable
// and writes it down with whatever comes next. Nobody ships this build; the
// crash harness proves itself on it.
func journalOf(store *storage.Store, _ *central.Client) engine.Journal {
	return &lateIntents{facts: facts{store}}
}

type lateIntents struct {
	facts
	late []journal.Fact
}

// Commit is called by one goroutine at a time.
func (l *lateIntents) Commit(ctx context.Context, batch journal.Batch) error {
	batch.Facts = append(l.late, batch.Facts...)
	l.late = nil
	if _, intent := batch.Facts[len(batch.Facts)-1].Body.(journal.PaymentIntent); intent {
		l.late = batch.Facts
		return nil
	}
	return l.facts.Commit(ctx, batch)
}
