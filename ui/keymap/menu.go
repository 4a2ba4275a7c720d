package keymap

// Row is one act of the menu, on its digit. A row that cannot be used now stays
// in its place and says why.
type Row struct {
	Digit  int
	Action Action
	Label  string // id of the catalogues
	Usable bool
	Why    string // id of the reason, for a row that is not usable
}

// Menu lists what a day has besides its sales. What a person may do is the
// till's to say: it asks for a second one where a role does not reach.
func Menu(s Situation) []Row {
	rows := []Row{
		{Action: CashIn, Label: "screen.menu.cash_in", Usable: true},
		{Action: CashOut, Label: "screen.menu.cash_out", Usable: true},
		{Action: XReport, Label: "screen.menu.x_report", Usable: true},
		{Action: CloseDay, Label: "screen.menu.close_day", Usable: !s.HasSale, Why: "screen.why.sale_open"},
		{Action: Reprint, Label: "screen.menu.reprint", Usable: s.HasLast, Why: "screen.why.no_last_sale"},
	}
	for i := range rows {
		rows[i].Digit = i + 1
	}
	return rows
}
