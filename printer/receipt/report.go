package receipt

import (
	"maps"
	"slices"
	"strings"
	"time"

	"balcao/terminal/device"
	"balcao/terminal/payment"
	"balcao/terminal/shift"
)

// rowIndent sets rows off from the heading or sum that they belong to.
const rowIndent = 2

// sessionReport is an X or a Z. Both are the manager's, so both tell what should
// be in the drawer; a difference is printed wherever there is one.
func (c *composer) sessionReport(document device.Document) error {
	report := c.job.Report
	if report == nil {
		return errNoReport
	}
	c.reportHead(document, report)
	for _, part := range []func(*shift.Report){c.soldAndGivenUp, c.received, c.drawer, c.carriedOver} {
		c.add(Rule{})
		part(report)
	}
	c.add(Rule{})
	c.origin(report)
	return nil
}

func (c *composer) reportHead(document device.Document, report *shift.Report) {
	title := c.say("paper.report.x")
	if document == device.ZReport {
		title = c.say("paper.report.z", "Number", c.count(report.Number))
	}
	till, date := c.job.Store.Till, c.day(report.BusinessDate)
	opened, made := c.within(report.BusinessDate, report.OpenedAt), c.within(report.BusinessDate, report.At)
	c.add(
		Line{Text: c.job.Store.Name, Align: Centre},
		Line{Text: title, Align: Centre, Bold: true},
		Columns{Cells: []Cell{
			{
				Text:  c.say("paper.report.day", "Till", till, "Date", date),
				Short: c.say("paper.report.day_short", "Till", till, "Date", date),
			},
			{Text: c.say("paper.report.made", "Moment", made), Short: made, Align: Right},
		}},
		Columns{Cells: []Cell{
			{
				Text:  c.say("paper.report.opened", "Moment", opened),
				Short: c.say("paper.report.opened_short", "Moment", opened),
			},
			{Text: c.say("paper.report.operator", "ID", report.OperatorID, "Name", report.OperatorName), Align: Right},
		}},
	)
}

// soldAndGivenUp leads from what was sold to what was to be paid. What was given
// up was never sold, so it is told apart and takes nothing off.
func (c *composer) soldAndGivenUp(report *shift.Report) {
	sums := report.Sums
	discounts := shift.Tally{Count: sums.Discounts.Count, Amount: -sums.Discounts.Amount}
	net := figures(c.say("paper.report.net"), "", c.language.Amount(report.Net))
	net.Bold = true
	c.add(Table{Rows: []Columns{
		c.tallied("paper.report.gross", shift.Tally{Count: sums.Sales, Amount: sums.Gross}),
		indented(c.tallied("paper.report.discounts", discounts)),
		net,
		figures(c.say("paper.report.given_up")),
		indented(c.tallied("paper.report.cancelled", sums.Cancelled)),
		indented(c.tallied("paper.report.voided", sums.Voided)),
	}})
}

// received is the table of tenders, with the count of the cash if there was one.
// Its total is summed from the rows, not taken from the sales: if they disagree
// the paper says by how much.
func (c *composer) received(report *shift.Report) {
	head := figures(c.say("paper.report.method"), c.say("paper.report.count"), c.say("paper.report.system"))
	if report.Counted != nil {
		head.Cells = append(head.Cells,
			Cell{Text: c.say("paper.report.counted"), Align: Right, Fit: Drop},
			Cell{Text: c.say("paper.report.difference_short"), Align: Right, Fit: Drop},
		)
	}
	table, all := Table{Rows: []Columns{head}}, shift.Tally{}
	for _, method := range methods(report.Sums) {
		tally := report.Sums.ByMethod[method]
		all.Count, all.Amount = all.Count+tally.Count, all.Amount+tally.Amount
		row := figures(c.method(method), c.count(tally.Count), c.language.Amount(tally.Amount))
		if method == string(payment.Cash) && report.Counted != nil {
			row = with(row, c.language.Amount(tally.Amount+report.Difference()), c.language.Amount(report.Difference()))
		}
		table.Rows = append(table.Rows, row)
	}
	total := figures(c.say("paper.report.total"), c.count(all.Count), c.language.Amount(all.Amount))
	if report.Counted != nil {
		total = with(total, "", c.language.Amount(report.Difference()))
	}
	total.Bold = true
	table.Rows = append(table.Rows, total)
	c.add(table)
	if off := all.Amount - report.Net; off != 0 {
		c.add(pair(c.say("paper.report.unbalanced"), c.language.Amount(off)))
	}
}

// contractMethods are the tenders in the order in which a report lists them.
var contractMethods = []string{
	string(payment.Cash), string(payment.Debit), string(payment.Credit),
	string(payment.Voucher), string(payment.Pix), string(payment.StoreCredit),
}

// methods lists the tenders of a report: cash always, the others if there were
// any, those that are not the contract's last. None is left out.
func methods(sums shift.Sums) []string {
	var listed []string
	for _, method := range contractMethods {
		if _, used := sums.ByMethod[method]; used || method == string(payment.Cash) {
			listed = append(listed, method)
		}
	}
	for _, method := range slices.Sorted(maps.Keys(sums.ByMethod)) {
		if !slices.Contains(listed, method) {
			listed = append(listed, method)
		}
	}
	return listed
}

// method is a tender's name; one that is not the contract's has none but its own.
func (c *composer) method(method string) string {
	if !slices.Contains(contractMethods, method) {
		return method
	}
	return c.say("paper.report.method." + method)
}

// drawer leads from the float to the cash that should be there, and that is.
func (c *composer) drawer(report *shift.Report) {
	sums := report.Sums
	cash, out := sums.ByMethod[string(payment.Cash)].Amount, shift.Tally{Count: sums.Out.Count, Amount: -sums.Out.Amount}
	rows := []Columns{
		indented(figures(c.say("paper.report.float"), "", c.language.Amount(sums.Float))),
		indented(figures(c.say("paper.report.cash_sales"), "", c.language.Amount(cash))),
		indented(c.tallied("paper.report.in", sums.In)),
		indented(c.tallied("paper.report.out", out)),
		indented(figures(c.say("paper.report.expected"), "", c.language.Amount(report.Drawer))),
	}
	if report.Counted == nil {
		rows = append(rows, indented(figures(c.say("paper.report.in_drawer"), "", c.say("paper.report.not_counted"))))
	} else {
		difference := indented(figures(c.say("paper.report.difference"), "", c.language.Amount(report.Difference())))
		difference.Bold = true
		rows = append(rows, indented(figures(c.say("paper.report.in_drawer"), "", c.language.Amount(*report.Counted))), difference)
	}
	c.add(Line{Text: c.say("paper.report.drawer")}, Table{Rows: rows})
}

// carriedOver lists what the close leaves open, payments by name (I11).
func (c *composer) carriedOver(report *shift.Report) {
	pending := report.Pending
	c.add(Line{Text: c.say("paper.report.pending")}, Table{Rows: []Columns{
		indented(figures(c.say("paper.report.queue"), c.count(pending.Queue))),
		indented(figures(c.say("paper.report.quarantine"), c.count(pending.Quarantined))),
		indented(figures(c.say("paper.report.papers"), c.count(pending.Papers))),
		indented(figures(c.say("paper.report.attempts"), c.count(int64(len(pending.Attempts))))),
	}})
	if len(pending.Attempts) > 0 {
		c.add(Columns{Indent: 2 * rowIndent, Cells: []Cell{{Text: strings.Join(pending.Attempts, "  "), Fit: Wrap}}})
	}
}

// origin says from which facts a report was made; the code carries the whole hash
// of the last one, so that a journal which was changed later gives itself away.
func (c *composer) origin(report *shift.Report) {
	if first, last := report.Sums.FirstReceipt, report.Sums.LastReceipt; last != 0 {
		c.add(Line{Text: c.say("paper.report.receipts", "First", c.count(first), "Last", c.count(last))})
	}
	c.add(Line{Text: c.say("paper.report.records", "First", c.count(int64(report.FirstSeq)), "Last", c.count(int64(report.LastSeq)))})
	if report.ChainHead == "" {
		return
	}
	const side = 25 // millimetres, as for the codes of fiscal documents
	c.add(
		Line{Text: c.say("paper.report.chain", "Head", shortHash(report.ChainHead))},
		QR{Data: report.ChainHead, Level: LevelM, Millimetres: side},
	)
}

// shortHash is the beginning and the end of a hash in groups that people can
// compare; one that is short already stays as it is.
func shortHash(hash string) string {
	const group, whole = 4, 20
	if len(hash) <= whole {
		return hash
	}
	return hash[:group] + " " + hash[group:2*group] + " " + hash[2*group:3*group] + " .. " + hash[len(hash)-group:]
}

// within writes a moment of a business day: the clock alone on its own date, and
// with the date on another.
func (c *composer) within(businessDate string, at time.Time) string {
	if at.Format(time.DateOnly) == businessDate {
		return c.moment("clock", at)
	}
	return c.moment("long", at)
}

// day writes a business date; what is none stays as it is.
func (c *composer) day(businessDate string) string {
	date, err := time.Parse(time.DateOnly, businessDate)
	if err != nil {
		return businessDate
	}
	return c.moment("day", date)
}

// tallied is a row of a label, how often in brackets, and how much.
func (c *composer) tallied(label string, tally shift.Tally) Columns {
	return figures(c.say(label), "("+c.count(tally.Count)+")", c.language.Amount(tally.Amount))
}

// figures is a row of a table.
func figures(label string, columns ...string) Columns {
	return with(Columns{Cells: []Cell{{Text: label, Fit: Wrap}}}, columns...)
}

func with(row Columns, columns ...string) Columns {
	for _, figure := range columns {
		row.Cells = append(row.Cells, Cell{Text: figure, Align: Right})
	}
	return row
}

func indented(row Columns) Columns {
	row.Indent = rowIndent
	return row
}
