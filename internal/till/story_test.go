package till_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"balcao/terminal/money"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/link"
)

// TestStories tells what a shopkeeper would say of the till, in the cashier's own
// grammar, over the built programs. The words are those of storyWords.
func TestStories(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real processes: left out of -short")
	}
	bin, err := rightBuild()
	require.NoError(t, err)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "stories"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			env.Values[storyKey{}] = &story{bin: bin, env: env}
			return nil
		},
		Cmds: storyWords(),
	})
}

type storyKey struct{}

// story is the shop of one script.
type story struct {
	bin    string
	env    *testscript.Env
	rig    *rig
	papers int // cuts that the script has looked at
}

// storyTB lets a script's shop fail the script.
type storyTB struct {
	testing.TB
	script *testscript.TestScript
}

func (t storyTB) Errorf(format string, args ...any) { t.script.Fatalf(format, args...) }
func (t storyTB) Fatalf(format string, args ...any) { t.script.Fatalf(format, args...) }
func (t storyTB) FailNow()                          { t.script.Fatalf("failed") }

// storyWords are the words of a story:
//
//	shop                  opens a shop: simulators, daemon, a cashier's session
//	type LINE             the entry line and Enter; enter is an empty one
//	scan CODE, tender N [AMOUNT], cancel, inquire, reprint, login ID PIN
//	cancel_sale REASON, cash_in|cash_out AMOUNT REASON, approve ID PIN, x_report
//	begin_close, count AMOUNT, close
//	refused ID WORD...    the same, and the till refuses with this message
//	sees NAME=VALUE...    waits until the screen shows it
//	card|pin|pinpad|printer|central WORD...   works a simulator
//	paper TEXT...         the next paper has these texts, and a picture
//	ledger STATUS=N...    payments at central by status
//	powercut, boot        end the daemon by SIGKILL, start it
//	books                 compares both sides' books
func storyWords() map[string]func(*testscript.TestScript, bool, []string) {
	words := map[string]func(*story, *testscript.TestScript, []string){
		"shop": (*story).open, "sees": (*story).sees, "refused": (*story).refused, "paper": (*story).paper,
		"ledger": (*story).ledger, "powercut": (*story).powercut, "boot": (*story).boot, "books": (*story).books,
		"card": (*story).simulator, "pin": (*story).simulator, "pinpad": (*story).simulator,
		"printer": (*story).simulator, "central": (*story).simulator, "scanner": (*story).simulator, "away": (*story).away,
	}
	for _, word := range []string{
		"type", "enter", "scan", "tender", "cancel", "inquire", "reprint", "login", "logout", "float", "void",
		"cancel_sale", "answer", "cash_in", "cash_out", "approve", "x_report", "begin_close", "count", "close",
	} {
		words[word] = (*story).command
	}
	commands := map[string]func(*testscript.TestScript, bool, []string){}
	for name, word := range words {
		commands[name] = func(ts *testscript.TestScript, negated bool, args []string) {
			if negated {
				ts.Fatalf("%s cannot be negated", name)
			}
			s := ts.Value(storyKey{}).(*story)
			if s.rig != nil {
				s.rig.t = storyTB{TB: s.rig.t, script: ts}
			}
			word(s, ts, append([]string{name}, args...))
		}
	}
	return commands
}

func (s *story) open(ts *testscript.TestScript, _ []string) {
	s.rig = newRig(s.env.T().(testing.TB), s.bin)
	s.env.Setenv("SHOP", s.rig.place.Dir)
	ts.Setenv("SHOP", s.rig.place.Dir)
	s.rig.boot()
	s.rig.open()
	s.rig.devicesReady()
}

func (s *story) powercut(*testscript.TestScript, []string) { s.rig.kill() }
func (s *story) boot(*testscript.TestScript, []string)     { s.rig.boot() }

// command turns a word into a command of the socket and carries it out.
func (s *story) command(ts *testscript.TestScript, args []string) {
	reply := s.rig.ask(commandOf(ts, args))
	if !reply.OK {
		ts.Fatalf("%v refused: %s", args, text.In(text.Portuguese).Say(*reply.Error))
	}
}

// refused expects the refusal named first.
func (s *story) refused(ts *testscript.TestScript, args []string) {
	reply := s.rig.ask(commandOf(ts, args[2:]))
	if reply.OK || reply.Error.ID != args[1] {
		ts.Fatalf("%v: wanted the refusal %s, got %+v", args[2:], args[1], reply)
	}
	ts.Logf("%s", text.In(text.Portuguese).Say(*reply.Error))
}

func commandOf(ts *testscript.TestScript, args []string) link.Command {
	word, rest := args[0], args[1:]
	command := link.Command{Text: strings.Join(rest, " ")}
	switch word {
	case "type", "enter":
		command.Verb = link.VerbEnter
	case "login":
		command.Verb, command.Text, command.PIN = link.VerbLogin, rest[0], rest[1]
	case "float":
		command.Verb, command.Amount = link.VerbOpen, amountIn(ts, rest[0])
	case "tender":
		number, err := strconv.Atoi(rest[0])
		ts.Check(err)
		command = link.Command{Verb: link.VerbTender, Number: number}
		if len(rest) > 1 {
			command.Amount = amountIn(ts, rest[1])
		}
	case "cash_in", "cash_out", "count":
		command.Verb, command.Amount, command.Text = word, amountIn(ts, rest[0]), strings.Join(rest[1:], " ")
	case "answer":
		number, err := strconv.Atoi(rest[0])
		ts.Check(err)
		command = link.Command{Verb: link.VerbAnswer, Number: number}
	case "approve":
		command.Verb, command.Text, command.PIN = word, rest[0], rest[1]
	case "cancel_sale", "x_report", "begin_close", "close":
		command.Verb = word
	case "void":
		number, err := strconv.Atoi(rest[0])
		ts.Check(err)
		command = link.Command{Verb: link.VerbVoidLine, Number: number}
	default:
		command.Verb = map[string]string{
			"scan": link.VerbScan, "cancel": link.VerbCancel, "inquire": link.VerbInquire, "reprint": link.VerbReprint, "logout": link.VerbLogout,
		}[word]
	}
	return command
}

func amountIn(ts *testscript.TestScript, typed string) *money.Cents {
	amount, err := money.ParseCents(typed)
	ts.Check(err)
	return &amount
}

// sees waits until every NAME=VALUE is on the screen.
func (s *story) sees(_ *testscript.TestScript, args []string) {
	s.rig.until(strings.Join(args[1:], " "), func(view snapshot.Cashier) bool {
		shown := shownOf(view)
		for _, arg := range args[1:] {
			name, value, _ := strings.Cut(arg, "=")
			if shown[name] != value {
				return false
			}
		}
		return true
	})
}

// shownOf names what stories look at.
func shownOf(view snapshot.Cashier) map[string]string {
	words := text.In(text.Portuguese)
	shown := map[string]string{
		"phase": string(view.Phase), "online": fmt.Sprint(view.Central.Online),
		"queue": fmt.Sprint(view.Central.Queue), "pending": fmt.Sprint(view.Central.Pending), "lines": "0",
	}
	for _, light := range view.Devices {
		shown[string(light.Kind)] = string(light.Light)
	}
	if view.Sale != nil {
		shown["lines"], shown["total"] = fmt.Sprint(view.Sale.Items), words.Amount(view.Sale.Total)
	}
	if view.LastSale != nil {
		shown["last"], shown["change"] = words.Amount(view.LastSale.Total), words.Amount(view.LastSale.Change)
		shown["receipt"] = view.LastSale.Paper.ID
	}
	if view.Toast != nil {
		shown["toast"] = view.Toast.Text.ID
	}
	for _, notice := range view.Notices {
		shown["notice"] = strings.TrimPrefix(shown["notice"]+","+notice.Code, ",")
	}
	if view.Payment != nil && view.Payment.Attempt != nil {
		attempt := view.Payment.Attempt
		shown["attempt"], shown["money"], shown["outcome"] = attempt.State, string(attempt.Money), attempt.Outcome.ID
		shown["running"] = fmt.Sprint(attempt.Running)
	}
	return shown
}

// simulator hands words to a simulator. What it answers is the script's stdout.
func (s *story) simulator(ts *testscript.TestScript, args []string) {
	socket := map[string]string{
		"card": s.rig.place.Pinpad.Control, "pin": s.rig.place.Pinpad.Control, "pinpad": s.rig.place.Pinpad.Control,
		"printer": s.rig.place.Printer.Control, "central": s.rig.place.Central.Control,
		"scanner": s.rig.place.Scanner.Control,
	}[args[0]]
	if args[0] == "pinpad" || args[0] == "printer" || args[0] == "central" || args[0] == "scanner" {
		args = args[1:]
	}
	answer, err := s.rig.sim(socket, args...)
	ts.Check(err)
	fmt.Fprintln(ts.Stdout(), answer)
}

// away takes the card out, if it is still in.
func (s *story) away(*testscript.TestScript, []string) {
	_, _ = s.rig.sim(s.rig.place.Pinpad.Control, "card", "remove")
}

// paper waits for the next cut and looks for texts on it, and for its picture.
func (s *story) paper(ts *testscript.TestScript, args []string) {
	s.papers++
	base := filepath.Join(s.rig.place.Printer.Out, fmt.Sprintf("%04d", s.papers))
	var content []byte
	s.rig.eventually("paper "+base, func() bool {
		_, err := os.Stat(base + ".json")
		return err == nil
	})
	content, err := os.ReadFile(base + ".txt")
	ts.Check(err)
	for _, want := range args[1:] {
		if !strings.Contains(string(content), want) {
			ts.Fatalf("paper %d has no %q:\n%s", s.papers, want, content)
		}
	}
	picture, err := os.ReadFile(base + ".png")
	ts.Check(err)
	if !strings.HasPrefix(string(picture), "\x89PNG") {
		ts.Fatalf("paper %d has no picture", s.papers)
	}
	var record struct {
		Defects []json.RawMessage `json:"defects"`
	}
	data, err := os.ReadFile(base + ".json")
	ts.Check(err)
	ts.Check(json.Unmarshal(data, &record))
	if len(record.Defects) > 0 {
		ts.Fatalf("paper %d: the printer found defects: %s", s.papers, record.Defects)
	}
}

// ledger counts central's payments by status.
func (s *story) ledger(ts *testscript.TestScript, args []string) {
	counts := map[string]int{}
	for _, known := range s.rig.ledger().Payments {
		counts[known.Status]++
	}
	for _, arg := range args[1:] {
		status, want, _ := strings.Cut(arg, "=")
		if fmt.Sprint(counts[status]) != want {
			ts.Fatalf("central has %d payments %s, wanted %s: %v", counts[status], status, want, counts)
		}
	}
}

// books waits until everything is at rest and compares both sides.
func (s *story) books(ts *testscript.TestScript, _ []string) {
	s.rig.until("everything is settled and sent", func(view snapshot.Cashier) bool {
		return view.Central.Pending == 0 && view.Central.Queue == 0
	})
	ts.Check(audit(s.rig.books(), s.rig.ledger()))
	leak := exec.Command("grep", "-rlE", `\b(4[0-9]{15}|5[1-5][0-9]{14})\b`, filepath.Join(s.rig.place.Dir, "data"), s.rig.log)
	if found, err := leak.Output(); err == nil {
		ts.Fatalf("I10: a card number in %s", found)
	}
}
