package central

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
)

// entriesMax is how many payments one reconciliation holds. Source: openapi.yaml,
// ReconciliationRequest.
const entriesMax = 10_000

// Reconcile holds a day of the till against central's books. The same request with the
// same id may be sent again: it is looked at again. A mismatch without differences is
// one of the totals alone.
func (c *Client) Reconcile(ctx context.Context, id ident.ID, request wire.ReconciliationRequest) (wire.Reconciliation, error) {
	found, err := c.reconcile(ctx, id, request)
	if err != nil {
		return wire.Reconciliation{}, fmt.Errorf("reconcile %s: %w", id, err)
	}
	return found, nil
}

func (c *Client) reconcile(ctx context.Context, id ident.ID, request wire.ReconciliationRequest) (found wire.Reconciliation, err error) {
	if len(request.Entries) > entriesMax {
		return found, fmt.Errorf("%d payments are more than the contract's %d", len(request.Entries), entriesMax)
	}
	// An empty list is none to an encoder, and none is not in the contract.
	request.Entries = append([]wire.ReconciliationEntry{}, request.Entries...)
	request.Totals = append([]wire.TotalLine{}, request.Totals...)
	body, err := json.Marshal(request)
	if err != nil {
		return found, err
	}
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodPut, Path: reconciliationPath(id), Body: body, Timeout: c.config.ReportTimeout,
	})
	if err != nil {
		return found, err
	}
	if err := decode(answer, &found); err != nil {
		return found, err
	}
	return found, checkReconciliation(answer, request, found)
}

func reconciliationPath(id ident.ID) string { return "/v1/reconciliations/" + string(id) }

// checkReconciliation insists on an answer that is about the day it was asked for, and
// does not contradict itself.
func checkReconciliation(answer transport.Answer, request wire.ReconciliationRequest, found wire.Reconciliation) error {
	told := make(map[wire.ID]bool, len(request.Entries))
	for _, entry := range request.Entries {
		told[entry.PaymentID] = true
	}
	matched := valueOf(found.Matched)
	switch {
	case !found.State.Valid():
		return nonsense(answer, "state %q", found.State)
	case found.State == wire.ReconciliationStateMatched && (len(found.Differences) > 0 || found.Matched != nil && matched != len(told)):
		return nonsense(answer, "matched with %d differences and %d of %d payments", len(found.Differences), matched, len(told))
	case matched < 0 || matched > len(told):
		return nonsense(answer, "%d of %d payments match", matched, len(told))
	}
	for _, difference := range found.Differences {
		_, err := ident.Parse(difference.PaymentID)
		foreign := difference.Kind == wire.ReconciliationDifferencesKindMissingAtTerminal
		if err != nil || !difference.Kind.Valid() || difference.Suggested != nil && !difference.Suggested.Valid() || told[difference.PaymentID] == foreign {
			return nonsense(answer, "difference %q of payment %q", difference.Kind, difference.PaymentID)
		}
	}
	return nil
}

// Committed is what a commit has marked.
type Committed struct {
	Processed int        // payments that match and are marked so
	LeftOpen  []ident.ID // payments that differ or are not final
}

// CommitReconciliation has central mark what matches as processed. The key is made once
// and stored before, as that of any step.
func (c *Client) CommitReconciliation(ctx context.Context, id, key ident.ID) (Committed, error) {
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodPost, Path: reconciliationPath(id) + "/commit",
		Header: http.Header{"Idempotency-Key": {string(key)}}, Timeout: c.config.ReportTimeout,
	})
	var committed Committed
	if err == nil {
		committed, err = readCommitted(answer)
	}
	if err != nil {
		return Committed{}, fmt.Errorf("commit reconciliation %s: %w", id, err)
	}
	return committed, nil
}

func readCommitted(answer transport.Answer) (Committed, error) {
	var got struct {
		Processed *int      `json:"processed"`
		LeftOpen  []wire.ID `json:"left_open"`
	}
	if err := decode(answer, &got); err != nil {
		return Committed{}, err
	}
	if got.Processed == nil || *got.Processed < 0 {
		return Committed{}, nonsense(answer, "it does not say how many were marked")
	}
	committed := Committed{Processed: *got.Processed}
	for _, text := range got.LeftOpen {
		id, err := ident.Parse(text)
		if err != nil {
			return Committed{}, nonsense(answer, "%q was left open", text)
		}
		committed.LeftOpen = append(committed.LeftOpen, id)
	}
	return committed, nil
}
