package storage_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"balcao/storage"
	"balcao/storage/record"
	"balcao/terminal/ident"
	"balcao/terminal/journal"
)

// model is a journal as anyone would write it in ten minutes: everything in
// memory, everything searched from the front.
type model struct {
	facts  []journal.Fact
	began  int // index of the first fact that is folded
	beside map[string]string
	sent   map[ident.ID]bool
}

func (m *model) head() uint64 { return uint64(len(m.facts)) }

func (m *model) live() []uint64 {
	waiting := []uint64{}
	for _, fact := range m.facts {
		switch fact.Body.(type) {
		case journal.SessionOpen, journal.Confirmation, journal.Reversal:
			if !m.sent[fact.ID] && !m.settled(fact.ID) {
				waiting = append(waiting, fact.Seq)
			}
		}
	}
	return waiting
}

func (m *model) settled(decision ident.ID) bool {
	return slices.ContainsFunc(m.facts, func(fact journal.Fact) bool {
		switch body := fact.Body.(type) {
		case journal.PaymentConfirmed:
			return body.Decision == decision
		case journal.PaymentReversed:
			return body.Decision == decision
		case journal.PaymentManual:
			return body.Decision == decision
		}
		return false
	})
}

// machine drives store and model together.
type machine struct {
	options storage.Options
	store   *storage.Store
	model   model
}

func (m *machine) open(t *rapid.T) {
	store, err := storage.Open(m.options)
	require.NoError(t, err)
	m.store = store
}

func (m *machine) drawBody(t *rapid.T, last uint64) journal.Body {
	other := id(rapid.IntRange(1, int(last)+1).Draw(t, "decision"))
	switch rapid.IntRange(0, 7).Draw(t, "kind") {
	case 0:
		return journal.Confirmation{PaymentID: other}
	case 1:
		return journal.Reversal{PaymentID: other}
	case 2:
		return journal.PaymentConfirmed{PaymentID: other, Decision: other}
	case 3:
		return journal.PaymentReversed{PaymentID: other, Decision: other}
	case 4:
		return journal.PaymentManual{PaymentID: other, Decision: other}
	case 5:
		return journal.SessionOpen{OperatorID: "1"}
	case 6:
		return journal.OperatorLogout{OperatorID: strings.Repeat("x", rapid.IntRange(0, 20_000).Draw(t, "length"))}
	}
	return scanned(1).Body
}

func (m *machine) Commit(t *rapid.T) {
	var batch journal.Batch
	for range rapid.IntRange(1, 5).Draw(t, "facts") {
		last := m.model.head() + uint64(len(batch.Facts))
		batch.Facts = append(batch.Facts, fact(last+1, m.drawBody(t, last)))
	}
	require.NoError(t, m.store.Commit(t.Context(), batch))
	m.model.facts = append(m.model.facts, batch.Facts...)
}

func (m *machine) CommitWhatDoesNotFollow(t *rapid.T) {
	gap := rapid.IntRange(1, 3).Draw(t, "gap")
	require.Error(t, m.store.Commit(t.Context(), lines(m.model.head()+uint64(gap), 1)))
	require.Error(t, m.store.Commit(t.Context(), lines(m.model.head()-1, 1)))
}

func (m *machine) SetBeside(t *rapid.T) {
	key := fmt.Sprint("mark/", rapid.IntRange(0, 3).Draw(t, "key"))
	if rapid.Bool().Draw(t, "delete") {
		require.NoError(t, m.store.SetBeside(t.Context(), map[string][]byte{key: nil}))
		delete(m.model.beside, key)
		return
	}
	value := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "value")
	require.NoError(t, m.store.SetBeside(t.Context(), map[string][]byte{key: value}))
	m.model.beside[key] = string(value)
}

func (m *machine) MarkSent(t *rapid.T) {
	waiting := m.model.live()
	if len(waiting) == 0 {
		t.Skip("nothing is owed")
	}
	sent := id(int(rapid.SampledFrom(waiting).Draw(t, "fact")))
	require.NoError(t, m.store.MarkSent(t.Context(), sent))
	m.model.sent[sent] = true
}

func (m *machine) Rotate(t *rapid.T) {
	begin := checkpoint(m.model.head())
	require.NoError(t, m.store.Rotate(t.Context(), begin))
	m.model.began = len(m.model.facts)
	m.model.facts = append(m.model.facts, begin)
}

func (m *machine) RenewEpoch(t *rapid.T) {
	before := m.store.Epoch()
	require.NoError(t, m.store.RenewEpoch(t.Context()))
	require.NotEqual(t, before, m.store.Epoch())
	records, _, err := m.store.Records(m.model.head()+1, 1, 0)
	require.NoError(t, err)
	begin, err := record.Fact(records[0])
	require.NoError(t, err)
	require.Equal(t, m.store.Epoch(), begin.Body.(journal.Checkpoint).Epoch)
	m.model.facts = append(m.model.facts, begin)
}

func (m *machine) Rebuild(t *rapid.T) { require.NoError(t, m.store.RebuildIndexes(t.Context())) }

func (m *machine) Reopen(t *rapid.T) { require.NoError(t, m.store.Reopen(t.Context())) }

func (m *machine) Restart(t *rapid.T) {
	require.NoError(t, m.store.Close())
	report, err := storage.VerifyJournal(m.options.Path)
	require.NoError(t, err)
	require.NoError(t, report.Err(), "%+v", report)
	m.open(t)
}

func (m *machine) Window(t *rapid.T) {
	from := rapid.Uint64Range(1, m.model.head()+1).Draw(t, "from")
	limit := rapid.IntRange(1, 10).Draw(t, "limit")
	bytesMax := rapid.IntRange(0, 30_000).Draw(t, "bytes")
	records, _, err := m.store.Records(from, limit, bytesMax)
	require.NoError(t, err)
	wire := 0
	for i, rec := range records {
		require.Equal(t, from+uint64(i), rec.Seq)
		wire += len(record.WireJSON(rec))
	}
	for i, rec := range records {
		require.Equal(t, m.model.facts[int(from)-1+i].ID, rec.ID)
	}
	rest := int(m.model.head() - from + 1)
	switch {
	case len(records) == 0:
		require.Zero(t, rest)
	case len(records) > 1:
		require.LessOrEqual(t, wire, bytesMax)
		require.LessOrEqual(t, len(records), min(limit, rest))
	}
}

// Check compares all that can be seen.
func (m *machine) Check(t *rapid.T) {
	require.Equal(t, m.model.head(), headOf(m.store))
	at := m.model.began
	require.NoError(t, m.store.Fold(t.Context(), func(got journal.Fact) error {
		want := m.model.facts[at]
		require.Equal(t, want.Seq, got.Seq)
		require.Equal(t, want.ID, got.ID)
		require.True(t, want.At.Equal(got.At))
		require.Equal(t, want.Body, got.Body)
		at++
		return nil
	}))
	require.Equal(t, m.model.head(), uint64(at))
	records, err := m.store.Live()
	require.NoError(t, err)
	waiting := []uint64{}
	for _, rec := range records {
		waiting = append(waiting, rec.Seq)
	}
	require.Equal(t, m.model.live(), waiting)
	for key, want := range m.model.beside {
		got, found, err := m.store.Beside(key)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, want, string(got))
	}
}

func TestTheStoreIsAListThatSurvives(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		own, err := os.MkdirTemp(folder, "")
		require.NoError(t, err)
		m := &machine{options: optionsFor(filepath.Join(own, "balcao.db")), model: model{beside: map[string]string{}, sent: map[ident.ID]bool{}}}
		m.open(t)
		defer func() { require.NoError(t, m.store.Close()) }()
		first, _, err := m.store.Records(1, 1, 0)
		require.NoError(t, err)
		checkpoint, err := record.Fact(first[0])
		require.NoError(t, err)
		m.model.facts = []journal.Fact{checkpoint}
		t.Repeat(rapid.StateMachineActions(m))
	})
}
