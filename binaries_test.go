package balcao_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	tillProgram      = "./cmd/balcao"
	simulatorProgram = "./cmd/balcao-sim"
)

// sharedWithSimulators is all that a simulator may have in common with the till,
// with whatever leaves these need themselves.
var sharedWithSimulators = only("./terminal/money", "./terminal/text", "./sync/wire/...")

// linked lists our own packages that go into a program, as folders.
func linked(t *testing.T, patterns ...string) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps"}, patterns...)...)
	command.Stderr = os.Stderr
	output, err := command.Output()
	require.NoError(t, err)
	var folders []string
	for name := range strings.Lines(string(output)) {
		if folder, ours := strings.CutPrefix(strings.TrimSpace(name), module); ours {
			folders = append(folders, folder)
		}
	}
	return folders
}

// checkTill refuses every simulator.
func checkTill(folders []string) []finding {
	var found []finding
	for _, folder := range folders {
		if within(folder, "simulators/...") {
			found = append(found, finding{
				tillProgram, 1, "the till's program contains " + folder,
				fmt.Sprintf("find who imports it: go list -deps -f '{{.ImportPath}}: {{.Imports}}' %s | grep %s", tillProgram, folder),
			})
		}
	}
	return found
}

// checkSimulators refuses all but simulators and what they share with the till.
func checkSimulators(folders, shared []string) []finding {
	var found []finding
	for _, folder := range folders {
		if !withinAny(folder, only("cmd/balcao-sim", "simulators/...")) && !slices.Contains(shared, folder) {
			found = append(found, finding{
				simulatorProgram, 1, "the simulators' program contains " + folder,
				fmt.Sprintf("find who imports it: go list -deps -f '{{.ImportPath}}: {{.Imports}}' %s | grep %s", simulatorProgram, folder),
			})
		}
	}
	return found
}

func requireProgram(t *testing.T, folder string) {
	t.Helper()
	if _, err := os.Stat(folder); os.IsNotExist(err) {
		t.Skipf("there is no %s yet", folder)
	}
}

func TestTillContainsNoSimulator(t *testing.T) {
	requireProgram(t, tillProgram)
	requireNone(t, checkTill(linked(t, tillProgram)))
}

func TestSimulatorsContainNothingOfTheTill(t *testing.T) {
	requireProgram(t, simulatorProgram)
	requireNone(t, checkSimulators(linked(t, simulatorProgram), linked(t, sharedWithSimulators...)))
}

func TestStrangersInAProgramAreFound(t *testing.T) {
	requireOne(t, checkTill([]string{"internal/till", "simulators/fault"}), tillProgram+":1", "simulators/fault")
	folders := []string{"cmd/balcao-sim", "simulators/simpinpad", "terminal/money", "reader/abecs"}
	requireOne(t, checkSimulators(folders, []string{"terminal/money"}), simulatorProgram+":1", "reader/abecs")
}

func TestDependenciesOfAProgramAreListed(t *testing.T) {
	require.Contains(t, linked(t, "./terminal/money"), "terminal/money")
}
