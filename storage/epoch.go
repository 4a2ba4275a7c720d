package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"balcao/storage/record"
	"balcao/terminal/journal"
)

// besideMachine is where it lies which machine the journal was written on.
const besideMachine = "machine"

// machineFile names an installation of the system for as long as it lives.
const machineFile = "/etc/machine-id"

// Machine answers what tells this installation from another: a hash of the
// system's machine id, which must not be shown itself (machine-id(5)). A disk
// image that was written to a second machine without making that anew is not told.
func Machine() (string, error) {
	id, err := os.ReadFile(machineFile)
	if err == nil && len(bytes.TrimSpace(id)) == 0 {
		err = fmt.Errorf("%s is empty", machineFile)
	}
	if err != nil {
		return "", fmt.Errorf("ask which machine this is: %w", err)
	}
	digest := sha256.Sum256([]byte("balcao journal\n" + strings.TrimSpace(string(id))))
	return hex.EncodeToString(digest[:16]), nil
}

// An EpochSpan is a run of facts that share their epoch.
type EpochSpan struct {
	Epoch       string
	First, Last uint64 // numbers of facts
}

// Epochs lists the epochs of all facts that are kept, in order. A journal that was
// never restored has one. A batch of the contract holds facts of one epoch, as the
// answers of [Store.Records] do.
func (s *Store) Epochs() ([]EpochSpan, error) {
	var spans []EpochSpan
	var numbers []uint64
	s.gate.RLock()
	for _, each := range s.layout.manifest.Periods {
		numbers = append(numbers, each.First)
	}
	s.gate.RUnlock()
	for _, number := range numbers {
		err := s.in(number, func(_ *bbolt.Tx, about identity, last uint64) error {
			for at := about.first; at <= last; at = about.epochEnd(at) + 1 {
				spans = append(spans, EpochSpan{about.epochAt(at).String(), at, min(last, about.epochEnd(at))})
				if about.epochEnd(at) >= last {
					break
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list the journal's epochs: %w", err)
		}
	}
	return joinSpans(spans), nil
}

// joinSpans makes one of neighbours with one epoch: files end, epochs go on.
func joinSpans(spans []EpochSpan) []EpochSpan {
	var joined []EpochSpan
	for _, each := range spans {
		if count := len(joined); count > 0 && joined[count-1].Epoch == each.Epoch {
			joined[count-1].Last = each.Last
			continue
		}
		joined = append(joined, each)
	}
	return joined
}

// RenewEpoch begins a new epoch with a checkpoint behind the head: number and
// chain go on, so that what this journal writes from now on cannot be taken for
// what another copy of it writes (the contract, rule of the counter). Restored and
// cloned journals need it; [Restore] and [Open] see to that. Whoever holds the
// epoch must read it again, by folding or by [Store.Epoch]. Errors are those of
// [Store.Commit].
func (s *Store) RenewEpoch(ctx context.Context) error {
	return s.do(ctx, func() error { return s.renewEpoch(nil) })
}

// renewEpoch writes values beside the journal in the same transaction.
func (s *Store) renewEpoch(beside map[string][]byte) error {
	at, about := s.at(), s.layout.about
	next := renewal{seq: at.seq + 1}
	if _, err := io.ReadFull(s.options.Entropy, next.epoch[:]); err != nil {
		return fmt.Errorf("make epoch: %w", err)
	}
	if about.schema < schemaVersion || len(about.renewals) >= renewalsMax {
		return fmt.Errorf("renew epoch: the file has schema %d and %d epochs, want %d and at most %d", about.schema, len(about.renewals)+1, schemaVersion, renewalsMax)
	}
	about.renewals = append(slices.Clone(about.renewals), next)
	fact := journal.Fact{Seq: next.seq, ID: s.options.NewID(), At: s.options.Now(), Body: journal.Checkpoint{
		TerminalID: s.options.TerminalID, Epoch: next.epoch.String(), Format: format, AppVersion: s.options.AppVersion,
	}}
	rec, err := record.Encode(fact, next.epoch, at.hash)
	if err != nil {
		return fmt.Errorf("renew epoch: %w", err)
	}
	err = s.update(func(tx *bbolt.Tx) error {
		if err := s.stands(tx, at); err != nil {
			return err
		}
		return errors.Join(about.write(tx), put(tx, []journal.Fact{fact}, []record.Record{rec}), setBeside(tx, beside))
	})
	if err != nil {
		return fmt.Errorf("renew epoch: %w", err)
	}
	if err := s.readBack(rec); err != nil {
		s.setBroken(err)
		return fmt.Errorf("renew epoch: %w: %w", ErrBroken, err)
	}
	s.gate.Lock()
	s.layout.about = about
	s.moveTo(place{next.epoch, rec.Seq, rec.Hash})
	s.gate.Unlock()
	s.options.Log.Info("the journal has a new epoch", "file", s.path(), "seq", rec.Seq, "epoch", next.epoch)
	return nil
}

// noteMachine holds the machine against the one that is noted, and renews the
// epoch on another: the journal was moved or cloned. What fails is told, since
// central tells a fork too and the till must sell. It runs before the writer.
func (s *Store) noteMachine() {
	if s.options.Machine == "" {
		return
	}
	noted, found, err := s.Beside(besideMachine)
	values := map[string][]byte{besideMachine: []byte(s.options.Machine)}
	switch {
	case err != nil || found && string(noted) == s.options.Machine:
	case found:
		s.options.Log.Warn("the journal was written on another machine: it was moved or cloned", "file", s.path())
		err = s.renewEpoch(values)
	default:
		err = s.update(func(tx *bbolt.Tx) error { return setBeside(tx, values) })
	}
	if err != nil {
		s.options.Log.Error("the machine is not noted beside the journal", "error", err)
	}
}
