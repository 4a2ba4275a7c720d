package view

import (
	"slices"
	"time"

	"balcao/terminal/device"
	"balcao/terminal/snapshot"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// Rows of the boxes beside the cart, borders included.
const (
	itemBoxRows   = 5
	lastBoxRows   = 7
	changeBoxRows = 4 // the last sale while the next one is open
	devicesRows   = 5
	summaryRows   = 6 // counts, subtotal, discounts, customer
)

// side draws the boxes beside the cart on the two smaller screens. The last sale
// stays until the next item; on the smallest screen it has the item's place.
func (d drawing) side(column widget.Area) {
	y := 0
	next := func(rows int) widget.Area {
		box := column.Part(0, y, column.Width, rows)
		y += rows
		return box
	}
	switch {
	case d.size == compact && d.Snapshot.Sale == nil && d.Snapshot.LastSale != nil:
		d.lastSale(next(lastBoxRows))
	case d.size == compact || d.Snapshot.LastSale == nil:
		d.lastItem(next(itemBoxRows))
	case d.Snapshot.Sale != nil:
		d.lastItem(next(itemBoxRows))
		d.lastChange(next(changeBoxRows))
	default:
		d.lastItem(next(itemBoxRows))
		d.lastSale(next(lastBoxRows))
	}
	d.summary(next(column.Height - y - devicesRows))
	d.devices(next(devicesRows))
}

// sideWide draws the boxes beside the cart on the widest screen, which has its
// total elsewhere.
func (d drawing) sideWide(column widget.Area) {
	y := 0
	next := func(rows int) widget.Area {
		box := column.Part(0, y, column.Width, rows)
		y += rows
		return box
	}
	d.lastItem(next(itemBoxRows))
	d.figures(padded(widget.Box(next(summaryRows), widget.Frame{Title: d.word("screen.summary.title")})))
	d.lastSale(next(lastBoxRows))
	d.session(next(column.Height - y - devicesRows))
	d.devices(next(devicesRows))
}

// padded leaves one column free at both sides of a box's inside.
func padded(inside widget.Area) widget.Area { return inside.Part(1, 0, inside.Width-2, inside.Height) }

func (d drawing) lastItem(box widget.Area) {
	inside := padded(widget.Box(box, widget.Frame{Title: d.word("screen.item.title")}))
	line, ok := d.lastLine()
	if !ok {
		inside.Write(0, 0, inside.Width, theme.Muted, d.word("screen.item.none"))
		return
	}
	inside.Write(0, 0, inside.Width, theme.Text.Bold(), line.Description)
	inside.Write(0, 1, inside.Width, theme.Muted, line.Code)
	widget.Pair(inside.Row(2), theme.Text, d.times(line), theme.Text, d.amount(line.Total))
}

func (d drawing) lastSale(box widget.Area) {
	inside := padded(widget.Box(box, widget.Frame{Title: d.word("screen.last.title")}))
	last := d.Snapshot.LastSale
	if last == nil {
		return
	}
	if d.size == compact {
		d.lastSaleCompact(inside, *last)
		return
	}
	widget.Pair(inside.Row(0), theme.Text, d.word("screen.last.sale", "Number", d.number(last.Number)),
		theme.Muted, d.word("screen.last.receipt", "Number", d.number(last.Receipt)))
	widget.Pair(inside.Row(1), theme.Muted, d.word("screen.last.total"), theme.Text, d.amount(last.Total))
	widget.Pair(inside.Row(2), theme.Muted, d.word("screen.last.tendered"), theme.Text, d.amount(last.Tendered))
	widget.Pair(inside.Row(3), theme.Text.Bold(), d.word("screen.last.change"), theme.Accent.Bold(), d.amount(last.Change))
	inside.Write(0, 4, inside.Width, theme.Muted, d.Language.Say(last.Paper))
}

// lastChange is the last sale beside the next one: its change, in case the
// customer still stands there, and its paper.
func (d drawing) lastChange(box widget.Area) {
	inside := padded(widget.Box(box, widget.Frame{Title: d.word("screen.last.title")}))
	last := *d.Snapshot.LastSale
	widget.Pair(inside.Row(0), theme.Text.Bold(), d.word("screen.last.change"), theme.Accent.Bold(), d.amount(last.Change))
	inside.Write(0, 1, inside.Width, theme.Muted, d.Language.Say(last.Paper))
}

// lastSaleCompact leaves the receipt's number out, so that what became of the
// paper has room for its words.
func (d drawing) lastSaleCompact(inside widget.Area, last snapshot.LastSale) {
	widget.Pair(inside.Row(0), theme.Text, d.word("screen.last.sale", "Number", d.number(last.Number)), theme.Text, d.amount(last.Total))
	widget.Pair(inside.Row(1), theme.Muted, d.word("screen.last.tendered"), theme.Text, d.amount(last.Tendered))
	widget.Pair(inside.Row(2), theme.Text.Bold(), d.word("screen.last.change"), theme.Accent.Bold(), d.amount(last.Change))
	for y, line := range widget.Wrap(d.Language.Say(last.Paper), inside.Width, 2) {
		inside.Write(0, 3+y, inside.Width, theme.Muted, line)
	}
}

// summary draws counts at the top and the total at the bottom of its box.
func (d drawing) summary(box widget.Area) {
	frame := widget.Frame{Title: d.word("screen.summary.title")}
	inside := widget.Box(box, frame)
	bottom := widget.BigHeight + 1
	d.figures(padded(inside.Part(0, 0, inside.Width, inside.Height-bottom-1)))
	widget.Divide(box, box.Height-2-bottom, frame)
	d.total(padded(inside.Part(0, inside.Height-bottom, inside.Width, bottom)))
}

// figures draws the counts and, where there are any, what was taken off and whose
// document goes on the paper. The subtotal is the first to go: it can be worked out.
func (d drawing) figures(area widget.Area) {
	area.Write(0, 0, area.Width, theme.Text, d.counts())
	sale := d.Snapshot.Sale
	if sale == nil {
		return
	}
	y := 1
	pair := func(id string, ink theme.Ink, figure string) {
		widget.Pair(area.Row(y), theme.Muted, d.word(id), ink, figure)
		y++
	}
	if all := 4; sale.Discounts != 0 && (area.Height >= all || sale.TaxID == "") {
		pair("screen.summary.gross", theme.Text, d.amount(sale.Gross))
	}
	if sale.Discounts != 0 {
		pair("screen.summary.discounts", theme.Text, d.amount(-sale.Discounts))
	}
	if sale.TaxID != "" {
		name, number := taxID(sale.TaxID)
		pair(name, theme.Text, number)
	}
}

// taxID names a document and punctuates it, a CPF as 529.982.247-25, a CNPJ as
// 12.ABC.345/01DE-35. One that is neither is shown as it is.
func taxID(digits string) (nameID, number string) {
	const cpf, cnpj = 11, 14
	switch len(digits) {
	case cpf:
		return "screen.summary.cpf", digits[:3] + "." + digits[3:6] + "." + digits[6:9] + "-" + digits[9:]
	case cnpj:
		return "screen.summary.cnpj", digits[:2] + "." + digits[2:5] + "." + digits[5:8] + "/" + digits[8:12] + "-" + digits[12:]
	default:
		return "screen.summary.customer", digits
	}
}

func (d drawing) counts() string {
	items, pieces := 0, int64(0)
	if sale := d.Snapshot.Sale; sale != nil {
		items, pieces = sale.Items, sale.Pieces
	}
	return d.word("screen.summary.counts", "Items", d.number(int64(items)), "Pieces", d.number(pieces))
}

// figure is the largest figure of the screen: the total, or between sales the
// change of the last one.
func (d drawing) figure() (nameID, figure string, ink theme.Ink) {
	switch {
	case d.Snapshot.Sale != nil:
		return "screen.summary.total", d.amount(d.Snapshot.Sale.Total), theme.Money
	case d.Snapshot.LastSale != nil:
		return "screen.summary.change", d.amount(d.Snapshot.LastSale.Change), theme.Accent
	default:
		return "screen.summary.total", d.amount(0), theme.Money
	}
}

func (d drawing) total(area widget.Area) {
	name, figure, ink := d.figure()
	area.Write(0, 0, area.Width, theme.Text.Bold(), d.word(name))
	widget.Big(area.Part(0, 1, area.Width, widget.BigHeight), ink, figure)
}

func (d drawing) totalBox(box widget.Area) {
	name, figure, ink := d.figure()
	widget.Huge(padded(widget.Box(box, widget.Frame{Title: d.word(name)})), ink, figure)
}

// session draws since when the till is open, and what it still owes.
func (d drawing) session(box widget.Area) {
	inside := padded(widget.Box(box, widget.Frame{Title: d.word("screen.session.title")}))
	y := 0
	pair := func(id, figure string, ink theme.Ink) {
		widget.Pair(inside.Row(y), theme.Muted, d.word(id), ink, figure)
		y++
	}
	if session := d.Snapshot.Session; session != nil {
		pair("screen.session.opened", session.OpenedAt.In(d.Now.Location()).Format(d.word("screen.layout.time")), theme.Text)
		pair("screen.session.date", d.date(session.BusinessDate), theme.Text)
	}
	pair("screen.session.queue", d.number(int64(d.Snapshot.Central.Queue)), theme.Text)
	ink := theme.Text
	if d.Snapshot.Central.Pending > 0 {
		ink = theme.Warn.Bold()
	}
	pair("screen.session.pending", d.number(int64(d.Snapshot.Central.Pending)), ink)
}

// devices draws a light for each device that the till should have, and what is
// wrong with the first one that has something. Where they do not all fit, those
// that have something come first.
func (d drawing) devices(box widget.Area) {
	inside := padded(widget.Box(box, widget.Frame{Title: d.word("screen.devices.title")}))
	used := slices.DeleteFunc(slices.Clone(d.Snapshot.Devices), func(one snapshot.Device) bool { return one.Light == device.Unused })
	if len(used) == 0 {
		return
	}
	trouble, ink := d.word("screen.devices.ready"), theme.Muted
	if first := slices.IndexFunc(used, isTroubled); first >= 0 {
		trouble = d.Language.Say(used[first].Detail)
		ink, _ = toneOf(used[first].Light).Look()
	}
	lines := widget.Wrap(trouble, inside.Width, inside.Height-1)
	rows := inside.Part(0, 0, inside.Width, max(inside.Height-len(lines), 1))
	if _, all := d.placed(used, rows); !all {
		slices.SortStableFunc(used, func(a, b snapshot.Device) int { return rank(a) - rank(b) })
	}
	places, _ := d.placed(used, rows)
	for i, at := range places {
		d.light(rows.Row(at.y).Part(at.x, 0, rows.Width-at.x, 1), used[i])
	}
	bottom := 1
	if last := len(places) - 1; last >= 0 {
		bottom += places[last].y
	}
	for y, line := range lines {
		inside.Write(0, bottom+y, inside.Width, ink, line)
	}
}

// place is where a light begins.
type place struct{ x, y int }

// placed puts lights into rows, one after the other, and says whether all fit.
func (d drawing) placed(lights []snapshot.Device, rows widget.Area) (places []place, all bool) {
	const gap = 2
	at := place{}
	for _, one := range lights {
		columns := 2 + widget.Columns(d.deviceName(one.Kind))
		if at.x > 0 && at.x+columns > rows.Width {
			at = place{0, at.y + 1}
		}
		if at.y >= rows.Height {
			return places, false
		}
		places = append(places, at)
		at.x += columns + gap
	}
	return places, true
}

// light draws the light of one device and its name.
func (d drawing) light(row widget.Area, one snapshot.Device) {
	tone := toneOf(one.Light)
	ink, mark := tone.Look()
	nameInk := ink
	if tone == widget.Done {
		mark, nameInk = '●', theme.Text
	}
	row.Put(0, 0, mark, ink)
	row.Write(2, 0, row.Width-2, nameInk, d.deviceName(one.Kind))
}

func isTroubled(one snapshot.Device) bool { return toneOf(one.Light) != widget.Done }

// rank sorts devices that have something before those that work.
func rank(one snapshot.Device) int {
	if isTroubled(one) {
		return 0
	}
	return 1
}

func toneOf(light device.Light) widget.Tone {
	switch light {
	case device.OK:
		return widget.Done
	case device.Warning:
		return widget.Warning
	default:
		return widget.Danger
	}
}

func (d drawing) deviceName(kind device.Kind) string {
	switch kind {
	case device.Printer, device.Pinpad, device.Scanner:
		return d.word("screen.device." + string(kind))
	default:
		return string(kind)
	}
}

// runningAttempt is the attempt that runs, if one does.
func (d drawing) runningAttempt() *snapshot.Attempt {
	if d.Snapshot.Payment == nil || d.Snapshot.Payment.Attempt == nil || !d.Snapshot.Payment.Attempt.Running {
		return nil
	}
	return d.Snapshot.Payment.Attempt
}

// date writes a business date, given as year, month and day, for people.
func (d drawing) date(businessDate string) string {
	day, err := time.Parse(time.DateOnly, businessDate)
	if err != nil {
		return businessDate
	}
	return day.Format(d.word("screen.layout.date"))
}
