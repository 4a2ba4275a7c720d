package view

import (
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
	devicesRows   = 5
	summaryRows   = 3
	devicesLights = 1
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
	counts := padded(widget.Box(next(summaryRows), widget.Frame{Title: d.word("screen.summary.title")}))
	counts.Write(0, 0, counts.Width, theme.Text, d.counts())
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
	padded(inside).Write(0, 0, inside.Width-2, theme.Text, d.counts())
	bottom := widget.BigHeight + 1
	widget.Divide(box, box.Height-2-bottom, frame)
	d.total(padded(inside.Part(0, inside.Height-bottom, inside.Width, bottom)))
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
// wrong with the first one that has something.
func (d drawing) devices(box widget.Area) {
	inside := padded(widget.Box(box, widget.Frame{Title: d.word("screen.devices.title")}))
	x, trouble := 0, ""
	troubleInk := theme.Muted
	for _, one := range d.Snapshot.Devices {
		if one.Light == device.Unused {
			continue
		}
		tone := toneOf(one.Light)
		ink, mark := tone.Look()
		if tone == widget.Done {
			mark = '●'
		}
		inside.Write(x, 0, 1, ink, string(mark))
		nameInk := theme.Text
		if tone != widget.Done {
			nameInk = ink
		}
		x += 2 + inside.Write(x+2, 0, inside.Width-x-2, nameInk, d.deviceName(one.Kind)) + 2
		if trouble == "" && tone != widget.Done {
			trouble, troubleInk = d.Language.Say(one.Detail), ink
		}
	}
	if x > 0 && trouble == "" && troubleInk == theme.Muted {
		trouble = d.word("screen.devices.ready")
	}
	for y, line := range widget.Wrap(trouble, inside.Width, inside.Height-devicesLights) {
		inside.Write(0, devicesLights+y, inside.Width, troubleInk, line)
	}
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
	case device.Printer, device.Pinpad:
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
