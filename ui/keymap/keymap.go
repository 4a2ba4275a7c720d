// Package keymap says which key does what on which screen, as data.
//
// The key bar, the help and what a key press does all come from one table, so
// they cannot differ. One key has one verb on every screen; a key whose function
// cannot be used now stays in its place and says why. It handles no events and
// draws nothing. Start with [Find] for a press and [Bar] for the bar.
package keymap

import "slices"

// Key is a key as people name it. Printable keys are no part of the table: they
// are typed.
type Key string

// The keys that have functions. Letters with Ctrl stand beside the function keys
// that terminal emulators keep for themselves. Ctrl with B, C, H, I, J, M and [
// are left out: scanners and terminals send them.
const (
	F1     Key = "F1"
	F5     Key = "F5"
	F6     Key = "F6"
	F8     Key = "F8"
	F9     Key = "F9"
	F10    Key = "F10"
	F11    Key = "F11"
	F12    Key = "F12"
	Esc    Key = "Esc"
	Enter  Key = "Enter"
	Tab    Key = "Tab"
	Up     Key = "↑"
	Down   Key = "↓"
	PageUp Key = "PgUp"
	PageDn Key = "PgDn"
	CtrlA  Key = "Ctrl+A"
	CtrlE  Key = "Ctrl+E"
	CtrlG  Key = "Ctrl+G"
	CtrlL  Key = "Ctrl+L"
	CtrlN  Key = "Ctrl+N"
	CtrlO  Key = "Ctrl+O"
	CtrlP  Key = "Ctrl+P"
	CtrlQ  Key = "Ctrl+Q"
	CtrlR  Key = "Ctrl+R"
	CtrlT  Key = "Ctrl+T"
	CtrlX  Key = "Ctrl+X"
)

// Action is what a key does.
type Action string

// The actions of the screens.
const (
	Help        Action = "help"
	VoidLine    Action = "void_line"
	CancelSale  Action = "cancel_sale"
	Reprint     Action = "reprint"
	Forward     Action = "forward" // pay, open, confirm, take over: whatever comes next
	Inquire     Action = "inquire"
	Lock        Action = "lock"
	OpenMenu    Action = "open_menu"
	Back        Action = "back"
	Submit      Action = "submit"
	LineUp      Action = "line_up"
	LineDown    Action = "line_down"
	PageBack    Action = "page_back"
	PageOn      Action = "page_on"
	ShowNotices Action = "show_notices"
	Redraw      Action = "redraw"
	Quit        Action = "quit"
)

// The actions of the menu; [Reprint] stands there too.
const (
	CashIn   Action = "cash_in"
	CashOut  Action = "cash_out"
	XReport  Action = "x_report"
	CloseDay Action = "close_day"
)

// Screen is where keys are pressed.
type Screen string

// The screens and what may lie over them.
const (
	LogIn      Screen = "log_in"
	Opening    Screen = "opening"
	Selling    Screen = "selling"
	Paying     Screen = "paying"
	Counting   Screen = "counting" // the end of a day
	Helping    Screen = "helping"
	Confirming Screen = "confirming" // the question before a sale is cancelled
	Searching  Screen = "searching"  // items found by name
	Asking     Screen = "asking"     // a question of the till
	Approving  Screen = "approving"  // a second person is wanted
	Managing   Screen = "managing"   // the menu of the day's acts
	Moving     Screen = "moving"     // the form of cash in and cash out
	Noticing   Screen = "noticing"   // what is the matter and what to do
	Lost       Screen = "lost"       // the till does not answer
)

// Situation is all that decides whether a function can be used.
type Situation struct {
	Screen     Screen
	Viewer     bool // another screen is in command
	LookOnly   bool // this screen never asks to be in command
	HasLines   bool // the cart has something to pay
	HasLine    bool // a live line is selected
	HasSale    bool // a sale is open
	HasLast    bool // there is a sale before, to print again
	HasNotices bool // something is the matter
	EntryEmpty bool
	CanLeave   bool // payment can be left
	CanStop    bool // the running card can be stopped
	CanInquire bool
	Running    bool // an attempt is running
	CanClose   bool // the drawer has been counted
}

// Binding is one row of the table.
type Binding struct {
	Key    Key
	Alias  Key // does the same, for terminals that keep the first one
	Action Action
	// Label and About are ids of the catalogues, for the bar and for the help.
	Label func(Situation) string
	About string
	// Shown is where the key stands in the bar, Works where it does something;
	// the second includes the first. Slot is its place in the bar, the same on
	// every screen: 0 to 3 in the first row, 4 to 7 in the second.
	Shown, Works []Screen
	Slot         int
	Leads        bool // the key that goes forward
	// Enabled says whether it can be used; Why is the reason if not.
	Enabled func(Situation) bool
	Why     string
}

func label(id string) func(Situation) string { return func(Situation) string { return id } }

func always(Situation) bool { return true }

var (
	people = []Screen{LogIn, Opening, Selling, Paying, Counting}
	inside = []Screen{Opening, Selling, Paying, Counting}
	modals = []Screen{Helping, Confirming, Searching, Asking, Approving, Managing, Moving, Noticing}
	rows   = []Screen{Searching, Managing, Moving, Noticing} // where arrows and Tab move from row to row
	all    = slices.Concat(people, modals, []Screen{Lost})
)

var bindings = []Binding{
	{
		Key: F1, Slot: 0, Alias: CtrlG, Action: Help, Label: label("screen.key.help"),
		Shown: people, Works: append([]Screen{Helping}, people...), Enabled: always,
	},
	{
		Key: F5, Slot: 2, Alias: CtrlE, Action: VoidLine, Label: label("screen.key.void"), About: "screen.about.void",
		Shown: []Screen{Selling}, Works: []Screen{Selling}, Enabled: func(s Situation) bool { return s.HasLine }, Why: "screen.why.no_line",
	},
	{
		Key: F6, Slot: 3, Alias: CtrlX, Action: CancelSale, Label: label("screen.key.cancel_sale"), About: "screen.about.cancel_sale",
		Shown: []Screen{Selling}, Works: []Screen{Selling}, Enabled: func(s Situation) bool { return s.HasSale }, Why: "screen.why.no_sale",
	},
	{
		Key: F8, Slot: 4, Alias: CtrlP, Action: Forward, Label: forwardLabel, About: "screen.about.forward",
		Shown: []Screen{LogIn, Opening, Selling, Counting, Confirming, Approving, Moving},
		Works: []Screen{LogIn, Opening, Selling, Paying, Counting, Confirming, Approving, Moving},
		Leads: true, Enabled: canGoForward, Why: "screen.why.nothing_to_pay",
	},
	{
		Key: F9, Slot: 5, Alias: CtrlR, Action: Reprint, Label: label("screen.key.reprint"), About: "screen.about.reprint",
		Shown: []Screen{Selling}, Works: []Screen{Selling}, Enabled: func(s Situation) bool { return s.HasLast }, Why: "screen.why.no_last_sale",
	},
	{
		Key: F10, Slot: 7, Alias: CtrlN, Action: OpenMenu, Label: label("screen.key.menu"), About: "screen.about.menu",
		Shown: []Screen{Selling}, Works: []Screen{Selling}, Enabled: always,
	},
	{
		Key: F11, Slot: 5, Alias: CtrlT, Action: Inquire, Label: label("screen.key.inquire"), About: "screen.about.inquire",
		Shown: []Screen{Paying}, Works: []Screen{Paying}, Enabled: func(s Situation) bool { return s.CanInquire }, Why: "screen.why.nothing_to_inquire",
	},
	{
		Key: F12, Slot: 1, Alias: CtrlO, Action: Lock, Label: label("screen.key.lock"), About: "screen.about.lock",
		Shown: inside, Works: inside, Enabled: func(s Situation) bool { return !s.Running }, Why: "screen.why.running",
	},
	{
		Key: Esc, Slot: 6, Action: Back, Label: backLabel, About: "screen.about.back",
		Shown: slices.Concat(people, modals), Works: slices.Concat(people, modals),
		Enabled: canGoBack, Why: "screen.why.cannot_leave",
	},
	{Key: Enter, Action: Submit, Works: slices.Concat(people, rows, []Screen{Helping, Asking, Approving}), Enabled: always},
	{Key: Up, Action: LineUp, About: "screen.about.lines", Works: append([]Screen{Selling}, rows...), Enabled: always},
	{Key: Down, Action: LineDown, Works: append([]Screen{Selling}, rows...), Enabled: always},
	{Key: Tab, Action: LineDown, Works: rows, Enabled: always},
	{Key: PageUp, Action: PageBack, Works: []Screen{Selling}, Enabled: always},
	{Key: PageDn, Action: PageOn, Works: []Screen{Selling}, Enabled: always},
	{
		Key: CtrlA, Action: ShowNotices, Works: people,
		Enabled: func(s Situation) bool { return s.HasNotices }, Why: "screen.why.no_notices",
	},
	{Key: CtrlL, Action: Redraw, Works: all, Enabled: always},
	{Key: CtrlQ, Action: Quit, About: "screen.about.quit", Works: all, Enabled: always},
}

var forwardLabels = map[Screen]string{
	LogIn: "screen.key.log_in", Opening: "screen.key.open", Counting: "screen.key.issue_z", Confirming: "screen.key.confirm_cancel",
	Approving: "screen.key.approve", Moving: "screen.key.record",
}

func forwardLabel(s Situation) string {
	named, ok := forwardLabels[s.Screen]
	switch {
	case s.Viewer && !s.LookOnly:
		return "screen.key.take_over"
	case ok:
		return named
	default:
		return "screen.key.pay"
	}
}

// canGoForward keeps F8 from paying what was not meant: in payment it does
// nothing, so pressing it twice pays nothing.
func canGoForward(s Situation) bool {
	switch {
	case s.Viewer:
		return !s.LookOnly
	case s.Screen == Selling:
		return s.HasLines
	case s.Screen == Counting:
		return s.CanClose
	default:
		return s.Screen != Paying
	}
}

func backLabel(s Situation) string {
	switch {
	case s.Screen == Approving:
		return "screen.key.refuse"
	case slices.Contains(modals, s.Screen):
		return "screen.key.close"
	case s.Screen == Counting && s.EntryEmpty:
		return "screen.key.leave_close"
	case s.Screen != Paying || !s.EntryEmpty:
		return "screen.key.clear"
	case s.CanStop:
		return "screen.key.stop_card"
	default:
		return "screen.key.leave_payment"
	}
}

func canGoBack(s Situation) bool {
	return s.Screen != Paying || !s.EntryEmpty || s.CanStop || s.CanLeave
}

// viewerMay lists what a screen that is not in command can still do.
var viewerMay = []Action{Help, Back, LineUp, LineDown, PageBack, PageOn, ShowNotices, Redraw, Quit, Forward}

// Find answers what a key does in a situation, and whether it can be used. A key
// that does nothing there is not found.
func Find(key Key, s Situation) (found Binding, enabled, ok bool) {
	for _, binding := range bindings {
		if (binding.Key == key || binding.Alias == key) && slices.Contains(binding.Works, s.Screen) {
			return binding, binding.enabled(s), true
		}
	}
	return Binding{}, false, false
}

// enabled also holds a viewer to what viewers may do.
func (b Binding) enabled(s Situation) bool {
	if s.Viewer && !slices.Contains(viewerMay, b.Action) {
		return false
	}
	return b.Enabled(s)
}

// Reason is the id of the words that say why the function cannot be used.
func (b Binding) Reason(s Situation) string {
	switch {
	case s.Viewer:
		return "screen.why.viewer"
	case b.Action == Forward && s.Screen == Paying:
		return "screen.why.choose"
	case b.Action == Forward && s.Screen == Counting:
		return "screen.why.count_first"
	default:
		return b.Why
	}
}

// Shown is a key of the bar in its situation.
type Shown struct {
	Binding
	LabelID string
	Usable  bool
}

// Bar lists the keys to show in a situation, in the table's order.
func Bar(s Situation) []Shown {
	var shown []Shown
	for _, binding := range bindings {
		takesOver := binding.Action == Forward && s.Viewer && !s.LookOnly
		if slices.Contains(binding.Shown, s.Screen) || takesOver && slices.Contains(binding.Works, s.Screen) {
			shown = append(shown, Shown{Binding: binding, LabelID: binding.Label(s), Usable: binding.enabled(s)})
		}
	}
	return shown
}

// Explained lists the keys of a screen that have words in the help.
func Explained(screen Screen) []Binding {
	var explained []Binding
	for _, binding := range bindings {
		idle := screen == Paying && binding.Action == Forward
		if binding.About != "" && !idle && slices.Contains(binding.Works, screen) {
			explained = append(explained, binding)
		}
	}
	return explained
}
