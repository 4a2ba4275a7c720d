package plain

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"balcao/terminal/money"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/link"
)

// An order is what one line asks for.
//
//	789…  3*789…  -  -3  10%  5,00-  ?789…  arroz  52998224725   the entry line
//	(empty)              opens payment; in payment: exact cash
//	2   1 50   +50       in payment: a tender, cash with a note, a part
//	1                    an answer, while something is asked or listed
//	642,30               in the count: what lies in the drawer
//	:login ID, :approve ID             the next line is the PIN
//	:logout, :open 200, :scan CODE, :pay N [AMOUNT], :esc, :inquire
//	:void N [REASON], :cancel [REASON]
//	:menu ACT …          see menuActs
//	:where, :take, :help
type order struct {
	command    link.Command // to be told; no verb: none
	local      string       // one of the words that the till is not asked for
	secret     bool         // the command wants a PIN, in the next line
	interrupts bool         // may come while a card payment runs
	wrong      text.Message // why the line means nothing
}

// The words that the till is not asked for.
const (
	localHelp  = "help"
	localWhere = "where"
	localTake  = "take"
	localMenu  = "menu"
)

// wantsPIN says that the line after this one is a PIN.
func wantsPIN(typed string) bool {
	words := strings.Fields(typed)
	return len(words) == 2 && (words[0] == ":login" || words[0] == ":approve")
}

// parse reads a line as what the till shows makes it.
func parse(typed string, shown snapshot.Cashier) order {
	typed = strings.TrimSpace(typed)
	if !strings.HasPrefix(typed, ":") {
		return parseEntry(typed, shown)
	}
	word, rest := cutWord(typed)
	switch word {
	case ":help":
		return order{local: localHelp, interrupts: true}
	case ":where":
		return order{local: localWhere, interrupts: true}
	case ":take":
		return order{local: localTake, interrupts: true}
	case ":login":
		return withPIN(link.VerbLogin, rest)
	case ":approve":
		return withPIN(link.VerbApprove, rest)
	case ":logout":
		return tell(link.Command{Verb: link.VerbLogout})
	case ":open":
		return withAmount(link.Command{Verb: link.VerbOpen}, rest)
	case ":scan":
		return withText(link.VerbScan, rest)
	case ":pay":
		return parsePay(rest)
	case ":esc":
		return order{command: link.Command{Verb: escapes(shown)}, interrupts: true}
	case ":inquire":
		return order{command: link.Command{Verb: link.VerbInquire}, interrupts: true}
	case ":void":
		return parseVoid(rest)
	case ":cancel":
		return tell(link.Command{Verb: link.VerbCancelSale, Text: rest})
	case ":menu":
		return parseMenu(rest)
	case ":settle":
		return parseSettle(rest)
	default:
		return order{wrong: text.Msg("screen.plain.unknown", "Text", word), interrupts: true}
	}
}

// cutWord answers the first word and what comes after it.
func cutWord(typed string) (word, rest string) {
	at := strings.IndexFunc(typed, unicode.IsSpace)
	if at < 0 {
		return typed, ""
	}
	return typed[:at], strings.TrimSpace(typed[at:])
}

func tell(command link.Command) order { return order{command: command} }

func misused(usage string) order {
	return order{wrong: text.Msg("screen.plain.usage", "Text", usage), interrupts: true}
}

// parseEntry reads what the screen's entry line would take.
func parseEntry(typed string, shown snapshot.Cashier) order {
	choosing := shown.Search != nil || shown.Question != nil
	switch {
	case shown.Phase == snapshot.Locked:
		return order{wrong: text.Msg("screen.plain.locked")}
	case shown.Phase == snapshot.Closed:
		return order{wrong: text.Msg("screen.plain.closed")}
	case shown.Phase == snapshot.Counting:
		return withAmount(link.Command{Verb: link.VerbCount}, typed)
	case choosing && len(typed) == 1 && typed[0] >= '1' && typed[0] <= '9':
		return tell(link.Command{Verb: link.VerbAnswer, Number: int(typed[0] - '0')})
	default:
		return tell(link.Command{Verb: link.VerbEnter, Text: typed})
	}
}

func withPIN(verb, id string) order {
	if len(strings.Fields(id)) != 1 {
		return misused(":" + verb + " 214")
	}
	return order{command: link.Command{Verb: verb, Text: id}, secret: true}
}

func withText(verb, typed string) order {
	if typed == "" {
		return misused(":" + verb + " 7890000000000")
	}
	return tell(link.Command{Verb: verb, Text: typed})
}

// withAmount gives a command the amount that was typed, which is never negative.
func withAmount(command link.Command, typed string) order {
	amount, err := money.ParseCents(typed)
	if err != nil || amount < 0 {
		return order{wrong: text.Msg("screen.why.amount", "Text", typed)}
	}
	command.Amount = &amount
	return tell(command)
}

// parsePay reads ":pay 1 50": a tender's digit and what was handed over.
func parsePay(rest string) order {
	digit, given := cutWord(rest)
	number, err := strconv.Atoi(digit)
	if err != nil || number < 1 {
		return misused(":pay 1 50,00")
	}
	command := link.Command{Verb: link.VerbTender, Number: number}
	if given == "" {
		return tell(command)
	}
	return withAmount(command, given)
}

// parseVoid reads ":void 3 wrong item": a line's number and a reason.
func parseVoid(rest string) order {
	digits, reason := cutWord(rest)
	number, err := strconv.Atoi(digits)
	if err != nil || number < 1 {
		return misused(":void 3 motivo")
	}
	return tell(link.Command{Verb: link.VerbVoidLine, Number: number, Text: reason})
}

// settledWords are what a person can say of a payment, in each language.
var settledWords = map[string]int{
	"cobrado": link.SettledCharged, "charged": link.SettledCharged,
	"devolvido": link.SettledNotCharged, "not_charged": link.SettledNotCharged,
}

// parseSettle reads ":settle 01M88RN…20 cobrado central confirma": a payment in
// manual verification, what became of it, and how that is known.
func parseSettle(rest string) order {
	key, rest := cutWord(rest)
	outcome, reason := cutWord(rest)
	number, known := settledWords[strings.ToLower(outcome)]
	if !known || reason == "" {
		return misused(":settle 01M88RN…20 cobrado|devolvido motivo")
	}
	return tell(link.Command{Verb: link.VerbSettle, Number: number, Text: key + " " + reason})
}

// menuAct is one act of the day, under its name in each language.
type menuAct struct {
	names           []string
	verb            string
	amount, reasons bool
}

// menuActs are what :menu knows: the rows of the screen's menu and what the count
// leads to.
var menuActs = []menuAct{
	{names: []string{"suprimento", "cash_in"}, verb: link.VerbCashIn, amount: true, reasons: true},
	{names: []string{"sangria", "cash_out"}, verb: link.VerbCashOut, amount: true, reasons: true},
	{names: []string{"x", "x_report"}, verb: link.VerbXReport},
	{names: []string{"fechar", "close_day"}, verb: link.VerbBeginClose},
	{names: []string{"contar", "count"}, verb: link.VerbCount, amount: true},
	{names: []string{"z", "z_report"}, verb: link.VerbClose},
	{names: []string{"voltar", "leave"}, verb: link.VerbLeaveClose},
	{names: []string{"2via", "reprint"}, verb: link.VerbReprint},
}

// parseMenu reads ":menu sangria 500 malote": an act, an amount and a reason, as
// far as the act has them.
func parseMenu(rest string) order {
	name, rest := cutWord(rest)
	if name == "" {
		return order{local: localMenu, interrupts: true}
	}
	for _, act := range menuActs {
		if !slices.Contains(act.names, name) {
			continue
		}
		command := link.Command{Verb: act.verb}
		if !act.amount {
			return tell(command)
		}
		amount, reason := cutWord(rest)
		command.Text = reason
		if act.reasons && command.Text == "" {
			return misused(":menu " + name + " 100,00 motivo")
		}
		return withAmount(command, amount)
	}
	return order{wrong: text.Msg("screen.plain.unknown", "Text", ":menu "+name), interrupts: true}
}

// escapes is what :esc tells the till: one step back from where it is.
func escapes(shown snapshot.Cashier) string {
	switch {
	case shown.Phase == snapshot.Counting && shown.Approval == nil:
		return link.VerbLeaveClose
	default:
		return link.VerbCancel
	}
}
