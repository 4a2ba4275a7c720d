// Package terminal is the till as pure functions.
//
// [Decide] looks at a [State] and an [Event] and says which facts become true,
// what is to be done in the world and what changes that need not last. [Apply]
// folds one fact into a state. Neither reads a clock, a file or a random number,
// so starting after a power cut and running normally are the same code, and any
// day can be told again from its facts.
//
// It does nothing by itself: package engine commits the facts, waits until they
// are on disk, and only then carries the effects out. Start with [State], then
// [Decide]. The rules R1 to R12 and invariants I0 to I13 that comments and tests
// name are those of docs/architecture.md.
package terminal
