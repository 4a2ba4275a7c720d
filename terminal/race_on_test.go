//go:build race

package terminal_test

// underRace says that the race detector slows everything down: the model check,
// which is one goroutine for each search, narrows its bounds.
const underRace = true
