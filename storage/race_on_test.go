//go:build race

package storage_test

// slowdown divides the counts of random tests under the race detector: it makes
// them slow and finds nothing in them that one round does not show.
const slowdown = 10
