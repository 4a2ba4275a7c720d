package engine

import (
	"context"

	"balcao/terminal/journal"
)

// writerMax bounds the batches on their way to the disk and the answers on their
// way back (I13); the loop waits when that many decisions are not durable yet.
const writerMax = 1024

// writer owns the way to the journal: batches go in, one answer each comes out,
// in order. After an error it takes nothing more until drained.
type writer struct {
	journal Journal
	batches chan journal.Batch
	results chan error
	drained chan struct{}
}

func newWriter(to Journal) *writer {
	return &writer{
		journal: to,
		batches: make(chan journal.Batch, writerMax),
		results: make(chan error, writerMax),
		drained: make(chan struct{}),
	}
}

// send queues a batch.
func (w *writer) send(batch journal.Batch) { w.batches <- batch }

// run commits batch after batch until ctx ends.
func (w *writer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case batch := <-w.batches:
			err := w.journal.Commit(ctx, batch)
			select {
			case <-ctx.Done():
				return
			case w.results <- err:
			}
			if err == nil {
				continue
			}
			// Whatever was decided after the failure was decided on sand.
			select {
			case <-ctx.Done():
				return
			case <-w.drained:
			}
		}
	}
}

// drain throws away what is queued after a failure and lets the writer go on.
func (w *writer) drain() {
	for {
		select {
		case <-w.batches:
		default:
			w.drained <- struct{}{}
			return
		}
	}
}
