//go:build !race

package terminal_test

// underRace says that nothing slows the model check down.
const underRace = false
