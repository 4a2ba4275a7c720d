package storage

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"balcao/storage/record"
)

// A JournalReport is what [VerifyJournal] found in all files of a journal.
type JournalReport struct {
	Periods []PeriodReport // in order
	// Problems are findings about how the files hang together, one sentence each.
	Problems []string
}

// A PeriodReport is what was found in one file.
type PeriodReport struct {
	File string
	Report
}

// OK says that nothing at all was found in any file or between them.
func (r JournalReport) OK() bool { return r.Err() == nil }

// Bad answers the first bad record of the whole journal and its file, or nil.
func (r JournalReport) Bad() (file string, bad *BadRecordError) {
	for _, each := range r.Periods {
		if each.Report.Bad != nil {
			return each.File, each.Report.Bad
		}
	}
	return "", nil
}

// Err is what a tool says that wants a sound journal; nil if there are no findings.
func (r JournalReport) Err() error {
	if file, bad := r.Bad(); bad != nil {
		return fmt.Errorf("%s: first bad record: %w", file, bad)
	}
	for _, each := range r.Periods {
		if err := each.Report.Err(); err != nil {
			return fmt.Errorf("%s: %w", each.File, err)
		}
	}
	if len(r.Problems) > 0 {
		return fmt.Errorf("%d problems, the first: %s", len(r.Problems), r.Problems[0])
	}
	return nil
}

func (r JournalReport) current() Report {
	if len(r.Periods) == 0 {
		return Report{}
	}
	return r.Periods[len(r.Periods)-1].Report
}

// TerminalID is whose journal it is.
func (r JournalReport) TerminalID() string { return r.current().TerminalID }

// Epoch is the epoch of the last sound record.
func (r JournalReport) Epoch() string { return r.current().Epoch }

// Last is the number of the last sound record.
func (r JournalReport) Last() uint64 { return r.current().Last }

// Head is the hash of that record.
func (r JournalReport) Head() record.Hash { return r.current().Head }

func (r *JournalReport) add(format string, arguments ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, arguments...))
}

// VerifyJournal judges a copy of a whole journal, given its folder or the path of
// its first file: each file as [Verify] does, and that each goes on where the one
// before ends, in number, chain, epoch and in what is owed. The error is for a
// journal that cannot be judged, one in use ([ErrInUse]) above all.
func VerifyJournal(path string) (JournalReport, error) {
	found, err := journalIn(path)
	if err != nil {
		return JournalReport{}, fmt.Errorf("verify %s: %w", path, err)
	}
	return verifyPeriods(found)
}

// journalIn finds the path of a journal's first file in a folder; any other path
// is one already.
func journalIn(path string) (string, error) {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() || errors.Is(err, os.ErrNotExist) && present(path+manifestSuffix) {
		return path, nil
	}
	if err != nil {
		return "", err
	}
	lists, err := filepath.Glob(filepath.Join(path, "*"+manifestSuffix))
	if err == nil && len(lists) == 0 {
		lists, err = filepath.Glob(filepath.Join(path, "*.db"))
	}
	if err == nil && len(lists) != 1 {
		err = fmt.Errorf("%d journals are in this folder, want one: name its file", len(lists))
	}
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(lists[0], manifestSuffix), nil
}

func verifyPeriods(path string) (JournalReport, error) {
	var report JournalReport
	known, err := readManifest(path, "")
	if err != nil {
		report.add("%s", err)
		return report, nil
	}
	calls := map[uint64]record.Hash{}
	for i, each := range known.Periods {
		found, err := Verify(sibling(path, each.File))
		if errors.Is(err, os.ErrNotExist) && i < len(known.Periods)-1 {
			report.add("%s: %s", each.File, err)
			continue
		}
		if err != nil {
			return report, err
		}
		report.checkListed(known, each, found)
		report.checkLink(each, found, calls)
		maps.Copy(calls, found.calls)
		report.Periods = append(report.Periods, PeriodReport{each.File, found})
	}
	left, err := periodsBehind(path, periodNumber(path, known.current().File))
	if err != nil {
		return report, err
	}
	for _, name := range left {
		// A rotation that a kill cut short leaves one with nothing but its checkpoint.
		if err := neverCurrent(sibling(path, name)); err != nil {
			report.add("%s is not in the list of periods: %s", name, err)
		}
	}
	return report, nil
}

// checkListed holds a file against what the list says of it.
func (r *JournalReport) checkListed(known manifest, listed period, found Report) {
	if found.First == 0 || found.Bad != nil {
		return // said already
	}
	// A journal without a list takes its terminal from its file.
	if known.Terminal != "" && found.TerminalID != known.Terminal {
		r.add("%s: it belongs to terminal %s, the list of periods to %s", listed.File, found.TerminalID, known.Terminal)
	}
	if found.First != listed.First {
		r.add("%s: it begins with fact %d, the list of periods says %d", listed.File, found.First, listed.First)
	}
	if listed.Last != 0 && (found.Last != listed.Last || found.Head.String() != listed.Head) {
		r.add("%s: it ends with fact %d and hash %s, the list of periods says %d and %s", listed.File, found.Last, found.Head, listed.Last, listed.Head)
	}
}

// checkLink holds a file against the one before it, and what it carries against
// all before.
func (r *JournalReport) checkLink(listed period, found Report, calls map[uint64]record.Hash) {
	if len(r.Periods) == 0 || found.First == 0 {
		return
	}
	before := r.Periods[len(r.Periods)-1]
	if found.First != before.Last+1 || found.Previous != before.Head || found.begins != before.Epoch {
		r.add("%s: it goes on from fact %d, hash %s and epoch %s; %s ends with %d, %s and %s",
			listed.File, found.First-1, found.Previous, found.begins, before.File, before.Last, before.Head, before.Epoch)
		return
	}
	for _, number := range slices.Sorted(maps.Keys(found.carried)) {
		if known, kept := calls[number]; kept && known != found.carried[number] || !before.owed[number] {
			r.add("%s: fact %d was carried over and is another one, or was not owed", listed.File, number)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(before.owed)) {
		if _, carried := found.carried[number]; !carried {
			r.add("%s: fact %d is owed a call and was not carried over", listed.File, number)
		}
	}
}
