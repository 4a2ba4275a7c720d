//go:build without_r5 && !without_r1

package till

import (
	"context"
	"encoding/json"

	"balcao/storage"
	"balcao/sync/central"
	"balcao/terminal/engine"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

// journalOf answers a journal that breaks R5: the confirm leaves before the sale
// is durable. Nobody ships this build; the crash harness proves itself on it.
func journalOf(store *storage.Store, client *central.Client) engine.Journal {
	return earlyConfirms{facts{store}, client}
}

type earlyConfirms struct {
	facts
	client *central.Client
}

func (e earlyConfirms) Commit(ctx context.Context, batch journal.Batch) error {
	for _, fact := range batch.Facts {
		if confirmation, ok := fact.Body.(journal.Confirmation); ok {
			e.confirm(ctx, fact.ID, confirmation)
		}
	}
	return e.facts.Commit(ctx, batch)
}

func (e earlyConfirms) confirm(ctx context.Context, id ident.ID, confirmation journal.Confirmation) {
	if body, err := json.Marshal(confirmation); err == nil {
		_, _ = e.client.Forward(ctx, central.Entry{Kind: confirmation.Kind(), ID: id, Target: confirmation.PaymentID, Body: body})
	}
}
