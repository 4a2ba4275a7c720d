package view

import (
	"strconv"

	"balcao/terminal/money"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/keymap"
	"balcao/ui/theme"
	"balcao/ui/widget"
)

// size is the class of a layout.
type size int

// The layouts: the smallest one drops columns and boxes, the widest one has the
// item codes and a total to be read from afar.
const (
	compact size = iota
	normal
	wide
)

// Bounds of the larger layouts.
const (
	normalWidth, normalHeight = 100, 30
	wideWidth, wideHeight     = 120, 40
)

func sizeOf(width, height int) size {
	switch {
	case width >= wideWidth && height >= wideHeight:
		return wide
	case width >= normalWidth && height >= normalHeight:
		return normal
	default:
		return compact
	}
}

// drawing is one drawing under way.
type drawing struct {
	Model
	size size
}

// Draw paints the model's screen into the whole grid.
func Draw(model Model, grid *widget.Grid) {
	grid.Clear()
	page := grid.Area()
	d := drawing{Model: model, size: sizeOf(page.Width, page.Height)}
	switch {
	case page.Width < WidthMin || page.Height < HeightMin:
		d.tooSmall(page)
	case d.Snapshot == nil:
		d.connecting(page)
	default:
		d.screen(page)
	}
}

// screen draws status bar, body, messages and keys, and what lies over them.
func (d drawing) screen(page widget.Area) {
	d.statusBar(page.Row(0))
	keyRows, messageRows := 2, 2
	switch d.size {
	case compact:
		messageRows = 1
	case wide:
		keyRows = 1
	}
	bodyRows := page.Height - 1 - messageRows - keyRows
	body := page.Part(0, 1, page.Width, bodyRows)
	d.under().base(body)
	d.messages(page.Part(0, 1+bodyRows, page.Width, messageRows))
	d.keyBar(page.Part(0, page.Height-keyRows, page.Width, keyRows))
	d.overlays(body)
}

// under is the drawing under a window. What a second person types belongs to
// their window alone: it may be a PIN.
func (d drawing) under() drawing {
	if d.Screen() == keymap.Approving {
		d.Entry = Entry{}
	}
	return d
}

// base draws the screen itself.
func (d drawing) base(body widget.Area) {
	switch d.Base() {
	case keymap.LogIn:
		d.logIn(body)
	case keymap.Opening:
		d.opening(body)
	case keymap.Counting:
		d.counting(body)
	default:
		d.sale(body)
		if d.Base() == keymap.Paying {
			d.payment(body)
		}
	}
}

// overlays draws the one window that lies over the screen, if one does.
func (d drawing) overlays(body widget.Area) {
	switch d.Screen() {
	case keymap.Lost:
		d.lost(body)
	case keymap.Helping:
		d.help(body)
	case keymap.Confirming:
		d.confirm(body)
	case keymap.Searching:
		d.search(body)
	case keymap.Asking:
		d.question(body)
	case keymap.Approving:
		d.approval(body)
	case keymap.Managing:
		d.menu(body)
	case keymap.Noticing:
		d.notices(body)
	case keymap.Moving:
		d.moving(body)
	}
}

// word answers the words of an id and its values.
func (d drawing) word(id string, pairs ...any) string {
	return d.Language.Say(text.Msg(id, pairs...))
}

func (d drawing) amount(amount money.Cents) string { return d.Language.Amount(amount) }

// number writes a whole number for people, thousands grouped.
func (d drawing) number(number int64) string {
	return d.Language.Quantity(money.Quantity(clampNumber(number)) * money.One)
}

// numberMax keeps a number inside a quantity's thousandths.
const numberMax = 1 << 52

func clampNumber(number int64) int64 { return min(max(number, -numberMax), numberMax) }

// spinnerFrames turn while something runs.
var spinnerFrames = []rune("⠋⠙⠹⠸⠼⠴⠦⠧")

func (d drawing) spinner() rune {
	return spinnerFrames[uint(d.Spinner)%uint(len(spinnerFrames))]
}

func (d drawing) statusBar(row widget.Area) {
	store := d.Snapshot.Store
	var left []widget.Segment
	if operator := d.Snapshot.Operator; operator != nil {
		left = append(left, widget.Segment{Text: d.word("screen.status.operator", "Name", operator.Name, "ID", operator.ID), Ink: theme.Text})
	}
	if d.Viewer || d.LookOnly {
		left = append(left, widget.Segment{Text: d.word("screen.status.viewer"), Ink: theme.Warn.Bold()})
	}
	tag := widget.Segment{Text: d.word("screen.status.till", "Till", store.Till), Tag: true}
	place := widget.Segment{Text: d.word("screen.status.store", "Name", store.Name, "Number", store.Number), Ink: theme.Text}
	right := d.lights()
	// The store's name is the first to go: whoever stands here knows it.
	if whole := append([]widget.Segment{tag, place}, left...); widget.StatusBarWidth(whole, right) <= row.Width {
		left = whole
	} else {
		left = append([]widget.Segment{tag}, left...)
	}
	widget.StatusBar(row, left, right)
}

// lights are the right end of the status bar: the link to central and the clock.
func (d drawing) lights() []widget.Segment {
	central := d.Snapshot.Central
	online := widget.Segment{Text: "● " + d.word("screen.status.online"), Ink: theme.Money.Bold()}
	if !central.Online {
		online = widget.Segment{Text: "▲ " + d.word("screen.status.offline"), Ink: theme.Warn.Bold()}
	}
	right := []widget.Segment{online}
	if central.Pending > 0 {
		right = append(right, widget.Segment{Text: "▲ " + d.word("screen.status.pending", "Number", central.Pending), Ink: theme.Warn.Bold()})
	}
	return append(right,
		widget.Segment{Text: d.word("screen.status.queue", "Number", central.Queue), Ink: theme.Text},
		widget.Segment{Text: d.Now.Format(d.word("screen.layout.clock")), Ink: theme.Text},
	)
}

// messages draws the gravest notice, which stays until it is solved, and what is said
// once in payment or under a window; elsewhere that stands under the entry line.
func (d drawing) messages(rows widget.Area) {
	paying := d.Base() == keymap.Paying
	row := rows.Part(1, 0, rows.Width-2, 1)
	if len(d.Snapshot.Notices) > 0 {
		d.banner(row, d.Snapshot.Notices)
	} else if paying && d.Situation().Running && rows.Height > 1 {
		row.Write(0, 0, row.Width, theme.Muted, d.word("screen.payment.reassure"))
	}
	if (paying || d.Covered()) && d.Said != nil {
		d.said(rows.Part(1, rows.Height-1, rows.Width-2, 1).On(theme.Page))
	}
}

// said draws what is said once into a row.
func (d drawing) said(row widget.Area) {
	if d.Said == nil {
		return
	}
	widget.Say(row, d.Said.Tone, d.Language.Say(d.Said.Text), d.where(d.Said.Money))
}

// where says in words where the money is.
func (d drawing) where(money snapshot.Money) string {
	switch money {
	case snapshot.NotCharged, snapshot.Charged, snapshot.Verifying:
		return d.word("screen.money." + string(money))
	default:
		return ""
	}
}

// keyBarSlots is how many keys stand in a row of two.
const keyBarSlots = 4

func (d drawing) keyBar(rows widget.Area) {
	situation := d.Situation()
	window := keymap.Bar(situation)
	if situation.Screen != keymap.Lost {
		situation.Screen = d.Base()
	}
	slots := make([]widget.KeyCap, 2*keyBarSlots)
	var sequence []widget.KeyCap
	for _, shown := range keymap.Bar(situation) {
		if d.Covered() {
			shown = underWindow(shown, window)
		} else if situation.Screen == keymap.Paying && (shown.Action == keymap.Back || shown.Action == keymap.Inquire) {
			continue // they stand in the payment window
		}
		slots[shown.Slot] = d.keyCap(shown, d.size == compact)
		sequence = append(sequence, slots[shown.Slot])
	}
	inner := rows.Part(1, 0, rows.Width-1, rows.Height)
	if rows.Height == 1 {
		widget.KeyBar(inner, sequence, 0)
		return
	}
	slot := inner.Width / keyBarSlots
	widget.KeyBar(inner.Row(0), slots[:keyBarSlots], slot)
	widget.KeyBar(inner.Row(1), slots[keyBarSlots:], slot)
}

// underWindow is what a key of the screen does while a window lies over it: what
// the window says, or nothing.
func underWindow(key keymap.Shown, window []keymap.Shown) keymap.Shown {
	for _, shown := range window {
		if shown.Key == key.Key {
			return shown
		}
	}
	key.Usable = false
	return key
}

func (d drawing) keyCap(shown keymap.Shown, short bool) widget.KeyCap {
	id := shown.LabelID
	if short {
		id += ".short"
	}
	surface := theme.Cap
	if shown.Leads {
		surface = theme.CapGo
	}
	return widget.KeyCap{Key: string(shown.Key), Label: d.word(id), Surface: surface, Disabled: !shown.Usable}
}

// itoa writes a small number of the screen's own: a digit, a line's number.
func itoa(number int) string { return strconv.Itoa(number) }
