package storage

import (
	"context"
	"fmt"
	"math"

	"balcao/storage/record"
	"balcao/terminal/journal"
)

// foldRecords are read in one transaction: few enough that a writer waits for
// none of them, and that they fit in memory.
const foldRecords = 256

// Fold gives every fact of the current file to a function, in order, from its
// checkpoint to the head as it is at the call; each is verified first. The first
// is a [journal.Checkpoint] in a till's first file, and a
// [journal.StateCheckpoint] with all that came before in every other. It stops at the first error of
// either, the function's own unwrapped. A bad record is a [*BadRecordError].
func (s *Store) Fold(ctx context.Context, each func(journal.Fact) error) error {
	head := s.at().seq
	at := s.begins()
	for at.seq < head {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("fold facts from %d: %w", at.seq+1, err)
		}
		records, err := s.read(at, int(min(foldRecords, head-at.seq)), math.MaxInt)
		if err != nil {
			return fmt.Errorf("fold facts from %d: %w", at.seq+1, err)
		}
		for _, rec := range records {
			fact, err := record.Fact(rec)
			if err != nil {
				return fmt.Errorf("fold: %w", err)
			}
			if err := each(fact); err != nil {
				return err
			}
			at = place{at.epoch, rec.Seq, rec.Hash}
		}
	}
	return nil
}
