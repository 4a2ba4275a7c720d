package simcentral

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"balcao/sync/wire"
)

// putReport keeps a till's report, compares an X or a Z with the books, and says what
// is missing for that. The same report again is looked at again: what was missing may
// have come.
func (s *Server) putReport(c *call) (answer, *wire.Problem) {
	var report wire.Report
	if json.Unmarshal(c.body, &report) != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the report cannot be read")
	}
	hash, err := requestHash(c.body)
	if err != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, err.Error())
	}
	row, known := s.state.reports.get(c.id)
	if known && (row.Hash != hash || row.TerminalID != c.terminal) {
		return answer{}, wire.NewProblem(wire.CodeIdempotencyKeyReused, "another report has this id")
	}
	if violations := checkRanges(report.Ranges); len(violations) > 0 {
		return answer{}, wire.NewProblem(wire.CodeRequiredField, "a range ends before it begins", violations...)
	}
	if !known {
		row = reportRow{TerminalID: c.terminal, StoreID: c.store, Kind: report.Kind, Body: c.body, Hash: hash}
		if report.SessionID != nil {
			row.SessionID = *report.SessionID
		}
	}
	receipt := wire.ReportReceipt{ReportID: c.id, Status: wire.ReportReceiptStatusAccepted, SentTo: &[]string{}, CopySha256: new(digestOf(row.Body))}
	var differences []wire.Violation
	if missing := s.missing(c, report.Ranges); len(missing) > 0 {
		receipt.Status, receipt.Missing = wire.ReportReceiptStatusIncomplete, &missing
	} else if differences = s.differences(c, &report); len(differences) > 0 {
		receipt.Status, receipt.Differences = wire.ReportReceiptStatusRejected, &differences
	}
	row.Status = receipt.Status
	s.state.reports.put(c.id, row)
	if c.recorded != nil && len(differences) > 0 {
		return answer{}, wire.NewProblem(wire.CodeTotalMismatch, "central's books come to other totals", differences...)
	}
	result := created(receipt)
	result.replayed = known
	return result, nil
}

// getReport gives the kept copy, byte for byte.
func (s *Server) getReport(c *call) (answer, *wire.Problem) {
	row, known := s.state.reports.get(c.id)
	if !known || row.StoreID != c.store {
		return answer{}, wire.NewProblem(wire.CodeNotFound, "no such report")
	}
	return ok(verbatim(row.Body)), nil
}

func digestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func checkRanges(ranges []wire.SeqRange) []wire.Violation {
	var found []wire.Violation
	for i, each := range ranges {
		if each.ToSeq < each.FromSeq {
			found = append(found, wire.Violation{Pointer: fmt.Sprintf("/ranges/%d/to_seq", i), Code: wire.CodeRequiredField, Expected: each.FromSeq, Actual: each.ToSeq})
		}
	}
	return found
}

// missing are the parts of ranges that have not come in the till's stream.
func (s *Server) missing(c *call, ranges []wire.SeqRange) []wire.SeqRange {
	var missing []wire.SeqRange
	for _, each := range ranges {
		first, last := s.reach(c, each.Epoch)
		if last < first || last < each.FromSeq || first > each.ToSeq {
			missing = append(missing, each)
			continue
		}
		if each.FromSeq < first {
			missing = append(missing, wire.SeqRange{Epoch: each.Epoch, FromSeq: each.FromSeq, ToSeq: first - 1})
		}
		if each.ToSeq > last {
			missing = append(missing, wire.SeqRange{Epoch: each.Epoch, FromSeq: last + 1, ToSeq: each.ToSeq})
		}
	}
	return missing
}

// reach is the first and last fact of an epoch that has come, the last below the first
// when there is none. A record has come when it is looked at.
func (s *Server) reach(c *call, epoch string) (first, last int64) {
	if c.recorded != nil && c.recorded.fact.Epoch == epoch {
		return c.recorded.stream.FirstSeq, c.recorded.fact.Seq
	}
	stream, known := s.state.streams.get(join(c.terminal, epoch))
	if !known {
		return 1, 0
	}
	return stream.FirstSeq, stream.AckedSeq
}

// differences compares an X or a Z with the books, over the facts that it was made
// from. Other reports, and those of training, are not compared.
func (s *Server) differences(c *call, report *wire.Report) []wire.Violation {
	training := report.Training != nil && *report.Training || c.recorded != nil && c.recorded.training
	if training || report.Kind != wire.ReportKindX && report.Kind != wire.ReportKindZ {
		return nil
	}
	if report.SessionID != nil {
		row, known := s.state.sessions.get(*report.SessionID)
		switch {
		case !known || row.TerminalID != c.terminal:
			return []wire.Violation{{Pointer: "/session_id", Code: wire.CodeNotFound, Detail: new("no such session of this terminal")}}
		case row.training():
			return nil
		case row.businessDate() != report.BusinessDate.Format(time.DateOnly):
			return []wire.Violation{{Pointer: "/business_date", Code: wire.CodeTotalMismatch, Expected: row.businessDate(), Actual: report.BusinessDate.Format(time.DateOnly)}}
		}
	}
	books := s.sum(c.terminal, s.sessionsOf(report), func(fact factRef) bool { return inRanges(report.Ranges, fact) })
	return compareTotals(report.Totals, books)
}

func (r sessionRow) businessDate() string { return r.Request.BusinessDate.Format(time.DateOnly) }

// sessionsOf says which sessions a report is about: its own, or all of its day.
func (s *Server) sessionsOf(report *wire.Report) func(session string) bool {
	if report.SessionID != nil {
		return func(session string) bool { return session == *report.SessionID }
	}
	day := report.BusinessDate.Format(time.DateOnly)
	return func(session string) bool {
		row, known := s.state.sessions.get(session)
		return known && row.businessDate() == day
	}
}

func inRanges(ranges []wire.SeqRange, fact factRef) bool {
	return slices.ContainsFunc(ranges, func(each wire.SeqRange) bool {
		return each.Epoch == fact.Epoch && each.FromSeq <= fact.Seq && fact.Seq <= each.ToSeq
	})
}

// A totalKey names a line of a report.
type totalKey struct {
	kind   wire.TotalLineType
	method wire.Method
}

// compareTotals names every total that the books do not come to. A line that is not
// there stands for nothing; the drawer is compared when the report tells it.
func compareTotals(lines []wire.TotalLine, books sums) []wire.Violation {
	told, at := map[totalKey]tally{}, map[totalKey]string{}
	for i, line := range lines {
		key := totalKey{wire.TotalLineTypeSale, line.Method}
		if line.Type != nil {
			key.kind = *line.Type
		}
		told[key] = tally{told[key].Count + line.Count, told[key].Cents + line.Amount.Amount}
		at[key] = fmt.Sprintf("/totals/%d", i)
	}
	var found []wire.Violation
	for key, want := range booked(books, told) {
		pointer, there := at[key]
		if !there {
			pointer = "/totals"
		}
		detail := string(key.method) + " " + string(key.kind)
		if got := told[key].Cents; got != want.Cents {
			found = append(found, wire.Violation{Pointer: pointer + "/amount/amount", Code: wire.CodeTotalMismatch, Detail: &detail, Expected: want.Cents, Actual: got})
		}
		if got := told[key].Count; countsCompared[key.kind] && got != want.Count {
			found = append(found, wire.Violation{Pointer: pointer + "/count", Code: wire.CodeTotalMismatch, Detail: &detail, Expected: want.Count, Actual: got})
		}
	}
	slices.SortFunc(found, func(a, b wire.Violation) int {
		return strings.Compare(a.Pointer+*a.Detail, b.Pointer+*b.Detail)
	})
	return found
}

// countsCompared are the lines whose count means something: a drawer is one sum.
var countsCompared = map[wire.TotalLineType]bool{
	wire.TotalLineTypeSale: true, wire.TotalLineTypeRefund: true, wire.TotalLineTypeSuprimento: true, wire.TotalLineTypeSangria: true,
}

// booked are the lines that a report of the books would have, and those of the kinds
// compared that were told without cause.
func booked(books sums, told map[totalKey]tally) map[totalKey]tally {
	lines := map[totalKey]tally{}
	for method, sum := range books.sales {
		lines[totalKey{wire.TotalLineTypeSale, method}] = sum
	}
	for method, sum := range books.refunds {
		lines[totalKey{wire.TotalLineTypeRefund, method}] = sum
	}
	for movement, sum := range books.movements {
		lines[totalKey{wire.TotalLineType(movement), wire.MethodCash}] = sum
	}
	for key := range told {
		_, known := lines[key]
		switch {
		case key == totalKey{wire.TotalLineTypeExpected, wire.MethodCash}:
			lines[key] = tally{Cents: books.drawerCents()}
		case key == totalKey{wire.TotalLineTypeCounted, wire.MethodCash} && books.counted != nil:
			lines[key] = tally{Cents: *books.counted}
		case !known && (countsCompared[key.kind] || key.kind == wire.TotalLineTypeFloat):
			lines[key] = tally{}
		}
	}
	return lines
}
