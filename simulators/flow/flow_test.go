package flow_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/simulators/flow"
)

// programs builds both programs once and answers their folder.
var programs = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "flow-bin-")
	if err != nil {
		return "", err
	}
	arguments := []string{"build", "-o", folder + "/"}
	if tags := os.Getenv("TAGS"); tags != "" {
		arguments = append(arguments, "-tags", tags)
	}
	build := exec.Command("go", append(arguments, "balcao/cmd/balcao", "balcao/cmd/balcao-sim")...)
	if output, err := build.CombinedOutput(); err != nil {
		return folder, fmt.Errorf("build the programs: %w\n%s", err, output)
	}
	return folder, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if !testing.Short() {
		if folder, _ := programs(); folder != "" {
			os.RemoveAll(folder)
		}
	}
	os.Exit(code)
}

// slots let two walk at a time: each is a shop of six processes.
var slots = make(chan struct{}, 2)

// walked walks in a shop of its own and answers the lines.
func walked(t *testing.T, options flow.Options) (flow.Totals, string) {
	t.Helper()
	bin, err := programs()
	require.NoError(t, err)
	slots <- struct{}{}
	defer func() { <-slots }()
	options.Balcao, options.Simulators = filepath.Join(bin, "balcao"), filepath.Join(bin, "balcao-sim")
	// A short path: unix sockets have little room for theirs.
	options.Dir, err = os.MkdirTemp("", "flow")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(options.Dir) })
	var lines strings.Builder
	totals, err := flow.Walk(t.Context(), options, &lines)
	require.NoError(t, err, lines.String())
	return totals, lines.String()
}

func TestEveryBuiltStepIsWalkedGreen(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real processes: left out of -short")
	}
	t.Parallel()
	totals, lines := walked(t, flow.Options{Patience: time.Minute})
	require.Equal(t, flow.Totals{Passed: len(flow.Built()), Skipped: flow.Steps() - len(flow.Built())}, totals, lines)
	require.Len(t, strings.Split(strings.TrimSpace(lines), "\n"), flow.Steps()+1, "one line for each step, and the totals")
	t.Log("\n" + lines)
}

// faultPatience bounds the waits of a walk with a fault, some of which wait in vain.
const faultPatience = 8 * time.Second

// red is what the line of a broken step says of it.
var red = map[int]string{
	1:  "came by channel web, not till",
	3:  "certificate signed by unknown authority",
	4:  "until the light of central is on",
	6:  "central answers 404",
	7:  "with no problem of the contract",
	8:  "unexpected EOF",
	13: "replayed false",
	14: "37.81 at central",
	15: "the number of the card visa-debit stands in",
	16: "pending 1",
	17: "the card expired paid",
	18: "the card visa-debit paid",
	19: "the card low-funds paid",
	20: "the card did not pay",
	21: "the lost answer was not found again",
	22: "checksum",
	24: "is open in central's ledger",
	25: "first bad record",
	27: "the card blocked paid",
	28: "Pinpad desconectado",
	30: "the first is reversed",
	32: "the card did not pay",
	33: "no paper has",
	34: "print job",
	46: "printer error",
}

func TestEveryBuiltStepCanFail(t *testing.T) {
	require.Equal(t, flow.Built(), flow.Breakable())
	t.Parallel()
	if testing.Short() {
		t.Skip("starts real processes: left out of -short")
	}
	for _, number := range flow.Breakable() {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			t.Parallel()
			totals, lines := walked(t, flow.Options{Break: number, Patience: faultPatience})
			require.Equal(t, flow.Totals{Failed: 1}, totals, lines)
			require.Contains(t, lines, "FAILED: ")
			require.Contains(t, lines, red[number])
			require.Contains(t, lines, "(planted: ")
		})
	}
}

func TestRowsAreNumbersAndRanges(t *testing.T) {
	numbers, err := flow.ParseRows("3,6-8")
	require.NoError(t, err)
	require.Equal(t, []int{3, 6, 7, 8}, numbers)
	numbers, err = flow.ParseRows("")
	require.NoError(t, err)
	require.Empty(t, numbers)
	for _, wrong := range []string{"0", "47", "8-6", "x", "3,", "1-", "-3"} {
		_, err := flow.ParseRows(wrong)
		require.Error(t, err, wrong)
	}
}

func TestAStepWithoutAFaultCannotBeBroken(t *testing.T) {
	_, err := flow.Walk(t.Context(), flow.Options{Break: 26}, nil)
	require.ErrorContains(t, err, "no fault is known for step 26, only for 1, 3, 4")
}
