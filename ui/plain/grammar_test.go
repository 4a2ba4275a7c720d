package plain

import (
	"testing"

	"github.com/stretchr/testify/require"

	"balcao/terminal/snapshot"
	"balcao/ui/link"
)

// showing is a till in a phase.
func showing(phase snapshot.Phase) snapshot.Cashier { return snapshot.Cashier{Phase: phase} }

// told is what a line becomes, as "verb text number amount".
func told(typed string, shown snapshot.Cashier) string {
	asked := parse(typed, shown)
	if !asked.wrong.Empty() {
		return "wrong " + asked.wrong.ID
	}
	if asked.local != "" {
		return "here " + asked.local
	}
	said := asked.command.Verb
	if asked.command.Text != "" {
		said += " " + asked.command.Text
	}
	if asked.command.Number != 0 {
		said += " #" + string(rune('0'+asked.command.Number))
	}
	if asked.command.Amount != nil {
		said += " " + asked.command.Amount.String()
	}
	return said
}

func TestLinesBecomeCommands(t *testing.T) {
	selling := showing(snapshot.Selling)
	for typed, want := range map[string]string{
		"":                           "enter",
		"3*789":                      "enter 3*789",
		"  arroz ":                   "enter arroz",
		"1":                          "enter 1",
		"+50":                        "enter +50",
		":login 214":                 "login 214",
		":login\t214":                "login 214",
		":login":                     "wrong screen.plain.usage",
		":login 2 14":                "wrong screen.plain.usage",
		":approve 7":                 "approve 7",
		":open 1.200,50":             "open 1200.50",
		":open -1":                   "wrong screen.why.amount",
		":open":                      "wrong screen.why.amount",
		":scan 7890":                 "scan 7890",
		":scan":                      "wrong screen.plain.usage",
		":pay 2":                     "tender #2",
		":pay 1 50":                  "tender #1 50.00",
		":pay 1 x":                   "wrong screen.why.amount",
		":pay":                       "wrong screen.plain.usage",
		":esc":                       "cancel",
		":inquire":                   "inquire",
		":logout":                    "logout",
		":void 3":                    "void_line #3",
		":void 3 item errado":        "void_line item errado #3",
		":void":                      "wrong screen.plain.usage",
		":cancel":                    "cancel_sale",
		":cancel desistiu da compra": "cancel_sale desistiu da compra",
		":menu":                      "here menu",
		":menu sangria 500 malote 1": "cash_out malote 1 500.00",
		":menu cash_out 500 malote":  "cash_out malote 500.00",
		":menu suprimento 100 troco": "cash_in troco 100.00",
		":menu suprimento 100":       "wrong screen.plain.usage",
		":menu x":                    "x_report",
		":menu fechar":               "begin_close",
		":menu contar 642,30":        "count 642.30",
		":menu z":                    "close",
		":menu voltar":               "leave_close",
		":menu 2via":                 "reprint",
		":menu nada":                 "wrong screen.plain.unknown",
		":where":                     "here where",
		":take":                      "here take",
		":help":                      "here help",
		":nada":                      "wrong screen.plain.unknown",
	} {
		require.Equal(t, want, told(typed, selling), "%q", typed)
	}
}

func TestALineMeansWhatTheTillShows(t *testing.T) {
	asked, listed := showing(snapshot.Selling), showing(snapshot.Selling)
	asked.Question, listed.Search = &snapshot.Question{}, &snapshot.Search{}
	require.Equal(t, "answer #2", told("2", asked))
	require.Equal(t, "answer #1", told("1", listed))
	require.Equal(t, "enter 22", told("22", listed))
	require.Equal(t, "enter 2", told("2", showing(snapshot.Paying)))
	require.Equal(t, "count 642.30", told("642,30", showing(snapshot.Counting)))
	require.Equal(t, "wrong screen.why.amount", told("", showing(snapshot.Counting)))
	require.Equal(t, "wrong screen.plain.locked", told("214", showing(snapshot.Locked)))
	require.Equal(t, "wrong screen.plain.closed", told("200", showing(snapshot.Closed)))
}

func TestEscapeIsOneStepBackFromWhereTheTillIs(t *testing.T) {
	counting := showing(snapshot.Counting)
	require.Equal(t, "leave_close", told(":esc", counting))
	counting.Approval = &snapshot.Approval{}
	require.Equal(t, "cancel", told(":esc", counting))
	require.Equal(t, "cancel", told(":esc", showing(snapshot.Selling)))
}

// FuzzParse: no line panics, every command is one that the till reads, and the
// reader knows a PIN by the same lines as the grammar.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "3*789", ":login 214", ":pay 1 50", ":menu sangria 5 x", ":approve\u00a07", ":login 1 ", "\xff"} {
		f.Add(seed, 2)
	}
	phases := []snapshot.Phase{snapshot.Locked, snapshot.Closed, snapshot.Selling, snapshot.Paying, snapshot.Counting}
	f.Fuzz(func(t *testing.T, typed string, phase int) {
		if len(typed) > lineMaxBytes {
			return
		}
		shown := showing(phases[uint(phase)%uint(len(phases))])
		if phase%2 == 0 {
			shown.Search = &snapshot.Search{}
		}
		asked := parse(typed, shown)
		require.Equal(t, wantsPIN(typed), asked.secret, "%q", typed)
		if !asked.wrong.Empty() || asked.local != "" {
			return
		}
		asked.command.RequestID = link.NewRequestID()
		if asked.secret {
			asked.command.PIN = "1"
		}
		require.NoError(t, asked.command.Check(), "%q", typed)
	})
}

func TestAnAnswerIsOneLineWithoutControls(t *testing.T) {
	require.Equal(t, "a b c[31m d", oneLine("a\nb\tc\x1b[31m\r\u009bd"))
	require.Equal(t, "Total 1,00.", sentence(" Total 1,00 "))
	require.Equal(t, "Sim?", sentence("Sim?"))
	require.Empty(t, sentence(" "))
}
