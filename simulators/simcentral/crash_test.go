package simcentral_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/golden"
	"balcao/simulators/simcentral"
	"balcao/sync/wire"
)

// childVariable makes the test binary a central with this configuration, to be killed.
const childVariable = "SIMCENTRAL_CHILD"

func TestMain(m *testing.M) {
	text := os.Getenv(childVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var config simcentral.Config
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		panic(err)
	}
	server, err := simcentral.New(config)
	if err != nil {
		panic(err)
	}
	if err := server.Run(context.Background(), func(url string) { fmt.Println(url) }); err != nil {
		panic(err)
	}
}

// spawn runs a central as a process of its own on the shop's state.
func (s *shop) spawn() *exec.Cmd {
	s.Helper()
	config := s.config
	config.Log = nil
	text, err := json.Marshal(config)
	require.NoError(s, err)
	child := exec.CommandContext(s.Context(), os.Args[0])
	child.Env = append(os.Environ(), childVariable+"="+string(text))
	child.Stderr = s.log
	out, err := child.StdoutPipe()
	require.NoError(s, err)
	require.NoError(s, child.Start())
	lines := bufio.NewScanner(out)
	require.True(s, lines.Scan(), "%s", s.log)
	s.url = lines.Text()
	s.token = s.newToken(s.client)
	return child
}

func TestWhatWasAnsweredSurvivesAKill(t *testing.T) {
	random := rand.New(rand.NewPCG(golden.Seed(t), 0))
	s := openShop(t)
	s.halt()
	answered := map[string]wire.PaymentStatus{}
	for range 3 {
		child := s.spawn()
		killed := make(chan error, 1)
		time.AfterFunc(time.Duration(random.IntN(60))*time.Millisecond, func() { killed <- child.Process.Kill() })
		for {
			id := s.id()
			got, err := s.send(s.request(http.MethodPut, "/v1/payments/"+id, s.payment(s.id(), wire.MethodCash, 100)))
			if err != nil {
				break
			}
			answered[id] = decode[wire.Payment](t, got, http.StatusCreated).Status
		}
		require.NoError(t, <-killed)
		require.Error(t, child.Wait(), "killed")
	}
	s.start()
	books := s.ledger()
	for id, status := range answered {
		require.Equal(t, status, books.Payments[id].Status, id)
	}
	require.EqualValues(t, 100*len(books.Payments), books.Accounts["cash:1:T-0001"])
	t.Logf("%d answered, %d stored", len(answered), len(books.Payments))
}

func TestALineCutShortIsDropped(t *testing.T) {
	s := openShop(t)
	id := s.id()
	s.pay(id, s.payment(s.id(), wire.MethodCash, 100))
	s.halt()
	path := filepath.Join(s.config.StateDir, "central.log")
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = file.WriteString(`[{"t":"payment","k":"01JD4K`)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	s.start()
	require.Len(t, s.ledger().Payments, 1)
	require.Equal(t, http.StatusOK, s.get(id).status)
}

func TestADamagedStateIsNotGuessedAt(t *testing.T) {
	s := openShop(t)
	s.halt()
	path := filepath.Join(s.config.StateDir, "central.log")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append([]byte("[{\"t\":\"pay\n"), whole...), 0o600))
	_, err = simcentral.New(s.config)
	require.ErrorContains(t, err, "line 1")
	require.NoError(t, os.WriteFile(path, whole, 0o600))
	s.start()
}

// TestTheBooksAddUpWhateverHappens does random things to few payments and reckons what
// must have become of each with a model of a few lines.
func TestTheBooksAddUpWhateverHappens(t *testing.T) {
	random := rand.New(rand.NewPCG(golden.Seed(t), 0))
	s := openShop(t)
	model := map[string]string{} // payment → held, captured, final, reversed
	requests := map[string]wire.PaymentRequest{}
	ids := make([]string, 12)
	for i := range ids {
		ids[i] = s.id()
	}
	card := ana()
	for range 250 {
		id := ids[random.IntN(len(ids))]
		switch random.IntN(8) {
		case 0, 1:
			if _, known := requests[id]; !known {
				requests[id] = s.randomPayment(random, func(cents int64) *wire.CardPresent { return card.Chip(cents, "1234") })
			}
			require.Contains(t, []int{http.StatusOK, http.StatusCreated}, s.pay(id, requests[id]).status)
			if model[id] == "" {
				model[id] = "captured"
				if requests[id].TwoPhase != nil {
					model[id] = "held"
				}
			}
		case 2, 3:
			s.confirm(id, s.id(), wire.ConfirmationOutcomeConfirmed)
			if model[id] == "held" {
				model[id] = "final"
			}
		case 4:
			s.confirm(id, s.id(), wire.ConfirmationOutcomeUndone)
			model[id] = afterUndo(model[id])
		case 5:
			s.reverse(id, s.id())
			model[id] = afterUndo(model[id])
		case 6:
			ids[random.IntN(len(ids))] = s.id() // a new sale
		case 7:
			if random.IntN(8) == 0 {
				s.restart()
			}
		}
	}
	s.requireModel(model, requests)
}

func afterUndo(state string) string {
	if state == "final" {
		return state
	}
	return "reversed"
}

func (s *shop) randomPayment(random *rand.Rand, chip func(int64) *wire.CardPresent) wire.PaymentRequest {
	cents := 1 + random.Int64N(300)
	if random.IntN(2) == 0 {
		return s.payment(s.id(), wire.MethodCash, cents)
	}
	return s.card(cents, wire.MethodCredit, chip(cents))
}

// requireModel compares the books with the model, account by account.
func (s *shop) requireModel(model map[string]string, requests map[string]wire.PaymentRequest) {
	s.Helper()
	want := map[string]int64{}
	for id, state := range model {
		request := requests[id]
		from, shop := "customer:ana", "merchant:1"
		if request.Method == wire.MethodCash {
			from, shop = "outside:cash", "cash:1:T-0001"
		}
		switch state {
		case "held":
			want["hold:"+id] += request.Amount.Amount
		case "captured", "final":
			want[shop] += request.Amount.Amount
		default:
			continue
		}
		want[from] -= request.Amount.Amount
	}
	got := s.ledger().Accounts
	for account, cents := range got {
		if account != "issuer:funding" && account != "customer:bia" && account != "customer:caio" && account != "customer:duda" {
			require.Equal(s, want[account], cents, account)
		}
	}
	for account, cents := range want {
		require.Equal(s, cents, got[account], account)
	}
}
