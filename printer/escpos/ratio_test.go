package escpos_test

import (
	"fmt"
	"testing"
	"time"

	"balcao/printer/escpos"
)

// BenchmarkRatioEncode compares the encoding of a receipt with the library alone, in
// turns, so that both meet the same machine.
func BenchmarkRatioEncode(b *testing.B) {
	b.Run("encoding_of_a_receipt,_hennedo/escpos_alone", func(b *testing.B) {
		peer, built := peers["hennedo"]
		if !built {
			// Of skipped benchmarks go test says nothing.
			fmt.Printf("not measured: %s: this build is without the library, which needs a C compiler\n", b.Name())
			b.SkipNow()
		}
		page, family := benchPage(), silent(b)
		var ours, theirs time.Duration
		for b.Loop() {
			began := time.Now()
			escpos.Encode(page, family, "job")
			between := time.Now()
			peer(page)
			ours, theirs = ours+between.Sub(began), theirs+time.Since(between)
		}
		b.ReportMetric(ours.Seconds()*1000/float64(b.N), "measured-ms")
		b.ReportMetric(theirs.Seconds()*1000/float64(b.N), "peer-ms")
		b.ReportMetric(ours.Seconds()/theirs.Seconds(), "ratio")
	})
}
