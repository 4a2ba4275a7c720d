//go:build !race

package storage_test

// slowdown divides the counts of random tests under the race detector.
const slowdown = 1
