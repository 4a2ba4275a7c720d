package catalog_test

import (
	"slices"
	"testing"
	"time"
)

// letterLimit is what 99 of 100 letters keep, so that a list of items follows the
// fingers.
const letterLimit = 5 * time.Millisecond

// BenchmarkRatioSearch types names letter by letter into a catalogue of 100,000
// items, the slow ones among them, and compares the 99th percentile with the limit.
func BenchmarkRatioSearch(b *testing.B) {
	b.Run("letter_of_a_search_in_100,000_names_(p99),_limit", func(b *testing.B) {
		items := named(b, manyNames(shopSize)...)
		var letters []time.Duration
		for b.Loop() {
			for _, query := range []string{"c", "cafe torrado", "d d d d", "e m l", "marcaq 500", "zzz"} {
				for end := 1; end <= len(query); end++ {
					began := time.Now()
					items.Search(query[:end], 20)
					letters = append(letters, time.Since(began))
				}
			}
		}
		slices.Sort(letters)
		slow := letters[len(letters)*99/100]
		b.ReportMetric(slow.Seconds()*1000, "measured-ms")
		b.ReportMetric(letterLimit.Seconds()*1000, "limit-ms")
		b.ReportMetric(slow.Seconds()/letterLimit.Seconds(), "ratio")
	})
}
