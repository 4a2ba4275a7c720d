package notice_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/terminal/notice"
)

func codes(shown []notice.Condition) []notice.Code {
	var codes []notice.Code
	for _, condition := range shown {
		codes = append(codes, condition.Code)
	}
	return codes
}

func TestTheRegisterIsSound(t *testing.T) {
	all := notice.Conditions()
	known := codes(all)
	for i, condition := range all {
		require.Regexp(t, regexp.MustCompile(`^[A-Z]{3}-[0-9]{2}$`), condition.Code)
		require.Equal(t, i, slices.Index(known, condition.Code), "%s stands twice", condition.Code)
		require.Contains(t, []notice.Severity{notice.Warning, notice.Danger}, condition.Severity)
		require.GreaterOrEqual(t, condition.Delay, time.Duration(0))
		for _, other := range condition.DependsOn {
			require.Contains(t, known, other, "%s depends on what is not registered", condition.Code)
			require.NotEqual(t, condition.Code, other)
		}
	}
}

func TestEveryConditionHasAnEntryInTheRunbook(t *testing.T) {
	runbook, err := os.ReadFile(filepath.Join("..", "..", "docs", "runbook.md"))
	require.NoError(t, err)
	for _, condition := range notice.Conditions() {
		require.Equal(t, 1, strings.Count(string(runbook), "| **"+string(condition.Code)+"** |"), "%s in docs/runbook.md", condition.Code)
	}
}

func TestAConditionIsShownOnceItHasHeldLongEnough(t *testing.T) {
	var board notice.Board
	require.Empty(t, board.Shown(time.Hour))
	require.Zero(t, board.Next(time.Hour))

	board = board.With([]notice.Code{notice.Offline}, time.Minute)
	require.Empty(t, board.Shown(time.Minute))
	require.Equal(t, 30*time.Second, board.Next(time.Minute))
	require.Equal(t, 10*time.Second, board.Next(time.Minute+20*time.Second))
	require.Equal(t, []notice.Code{notice.Offline}, codes(board.Shown(time.Minute+30*time.Second)))
	require.Zero(t, board.Next(time.Minute+30*time.Second))

	held := board.With([]notice.Code{notice.Offline}, 2*time.Minute)
	require.Equal(t, []notice.Code{notice.Offline}, codes(held.Shown(2*time.Minute)), "what goes on holding keeps its beginning")

	gone := board.With(nil, 2*time.Minute)
	back := gone.With([]notice.Code{notice.Offline}, 3*time.Minute)
	require.Empty(t, back.Shown(3*time.Minute+time.Second), "what comes again begins again")
}

func TestWhatAnotherConditionExplainsIsNotShown(t *testing.T) {
	later := time.Hour
	board := notice.Board{}.With([]notice.Code{notice.QueueStands, notice.Offline, notice.DiskFull}, 0)
	require.Equal(t, []notice.Code{notice.DiskFull, notice.Offline}, codes(board.Shown(later)))
	board = board.With([]notice.Code{notice.QueueStands}, later)
	require.Equal(t, []notice.Code{notice.QueueStands}, codes(board.Shown(later)))
}

func TestABoardIsAValue(t *testing.T) {
	before := notice.Board{}.With([]notice.Code{notice.DiskFull}, 0)
	after := before.With([]notice.Code{notice.Manual}, time.Second)
	require.Equal(t, []notice.Code{notice.DiskFull}, codes(before.Shown(time.Second)))
	require.Equal(t, []notice.Code{notice.Manual}, codes(after.Shown(time.Second)))
}
