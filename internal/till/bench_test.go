package till_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"balcao/internal/till"
	"balcao/terminal/snapshot"
	"balcao/ui/link"
)

// benchShop starts the simulators of a new shop for a benchmark.
func benchShop(b *testing.B) *rig {
	b.Helper()
	bin, err := rightBuild()
	require.NoError(b, err)
	return newRig(b, bin)
}

// configure gives a key of one table of the till's configuration another value.
func (r *rig) configure(table, key, value string) {
	r.t.Helper()
	content, err := os.ReadFile(r.place.Config)
	require.NoError(r.t, err)
	setting := regexp.MustCompile(`(?m)(^\[` + table + `\]\n(?:[^\[\n].*\n)*?` + key + ` = ).*$`)
	require.Len(r.t, setting.FindAllIndex(content, -1), 1, "%s of %s", key, table)
	changed := setting.ReplaceAllString(string(content), "${1}"+strings.ReplaceAll(strconv.Quote(value), "$", "$$"))
	require.NoError(r.t, os.WriteFile(r.place.Config, []byte(changed), 0o600))
}

// reportRatio reports what was measured, what it is compared with, which side names
// (a peer or a limit), and how many times the one is the other.
func reportRatio(b *testing.B, measured, other time.Duration, side string) {
	b.ReportMetric(measured.Seconds()*1000, "measured-ms")
	b.ReportMetric(other.Seconds()*1000, side+"-ms")
	b.ReportMetric(measured.Seconds()/other.Seconds(), "ratio")
}

// notMeasured skips a benchmark and says so: of skipped ones go test says nothing.
func notMeasured(b *testing.B, why string) {
	fmt.Printf("not measured: %s: %s\n", b.Name(), why)
	b.SkipNow()
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

const (
	// cartMax keeps the sale of a benchmark as long as an ordinary one.
	cartMax = 20
	// scanBytes are the digits of a GTIN-13, CR and LF.
	scanBytes = 15
	// wireTime is what they take at 9600 bit/s: start bit, eight bits, stop bit.
	wireTime = scanBytes * 10 * time.Second / 9600
)

// scannedCodes are sold in every shop. They take turns, since a code that comes
// again at once is one scan told twice.
var scannedCodes = [2]string{"7896006711131", "7896098012451"}

// BenchmarkRatioScan measures from the bytes on the scanner's line, written at once, to the
// snapshot with the new line at a screen, against the scan's own time on the wire.
func BenchmarkRatioScan(b *testing.B) {
	b.Run("scan_to_snapshot_(median),_its_15_bytes_at_9600_bit/s", func(b *testing.B) {
		r := benchShop(b)
		scanner, line, err := pty.Open()
		require.NoError(b, err)
		defer scanner.Close()
		defer line.Close()
		r.configure("scanner", "url", "pty:"+line.Name())
		r.boot()
		r.open()
		r.devicesReady()
		views := r.watch()
		var times []time.Duration
		for turn := 0; b.Loop(); turn++ {
			if turn%cartMax == 0 {
				r.emptyCart(views)
			}
			code := scannedCodes[turn%2] + "\r\n"
			require.Len(b, code, scanBytes)
			began := time.Now() // before the write: the till may be quicker than its return
			_, err := scanner.WriteString(code)
			require.NoError(b, err)
			times = append(times, r.seen(views, turn%cartMax+1).Sub(began))
		}
		reportRatio(b, median(times), wireTime, "peer")
	})
}

// A sight is a snapshot at the moment when a screen had it.
type sight struct {
	lines int
	at    time.Time
}

// watch follows the till as a screen does.
func (r *rig) watch() <-chan sight {
	views := make(chan sight, 1000)
	ctx, cancel := context.WithCancel(r.alive)
	r.t.Cleanup(cancel)
	go func() {
		_ = r.looker.Events(ctx, 0, func(view snapshot.Cashier) {
			seen := sight{at: time.Now()}
			if view.Sale != nil {
				seen.lines = len(view.Sale.Lines)
			}
			views <- seen
		})
	}()
	return views
}

// seen waits until a screen shows so many lines and answers when it did.
func (r *rig) seen(views <-chan sight, lines int) time.Time {
	r.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		select {
		case view := <-views:
			if view.lines == lines {
				return view.at
			}
		case <-deadline.C:
			r.t.Fatalf("no screen showed %d lines; it shows %+v", lines, r.snapshot())
		}
	}
}

// emptyCart gives the sale up, if there is one.
func (r *rig) emptyCart(views <-chan sight) {
	r.t.Helper()
	if r.snapshot().Sale == nil {
		return
	}
	r.must(link.VerbCancelSale, "desistiu")
	r.seen(views, 0)
}

// largeCatalog writes a catalogue of so many items.
func largeCatalog(b *testing.B, path string, items int) {
	b.Helper()
	var content strings.Builder
	content.WriteString("sku,code,description,unit,price,tax\n")
	for i := range items {
		fmt.Fprintf(&content, "%d,,PRODUTO DE SUPERMERCADO NÚMERO %d 500G,un,%d.%02d,0:19059090::5102:102\n", i+1, i, 1+i%500, i%100)
	}
	require.NoError(b, os.WriteFile(path, []byte(content.String()), 0o600))
}

// BenchmarkRatioColdStart measures from the start of the program, with 100,000
// items to sell, to the first snapshot, against opening the same journal alone. Both
// find their files in the system's cache.
func BenchmarkRatioColdStart(b *testing.B) {
	b.Run("cold_start_with_100,000_items_(median),_bbolt's_open_of_the_journal", func(b *testing.B) {
		r := benchShop(b)
		items := filepath.Join(r.place.Dir, "large.csv")
		largeCatalog(b, items, 100_000)
		r.configure("till", "catalog", items)
		r.bootQuietly()
		r.kill()
		var starts, opens []time.Duration
		for b.Loop() {
			began := time.Now()
			db, err := bbolt.Open(filepath.Join(r.place.Dir, "data", till.JournalName), 0o600, &bbolt.Options{Timeout: patience})
			require.NoError(b, err)
			opens = append(opens, time.Since(began))
			require.NoError(b, db.Close())
			began = time.Now()
			r.bootQuietly()
			starts = append(starts, time.Since(began))
			r.kill()
		}
		reportRatio(b, median(starts), median(opens), "peer")
	})
}

// countedSales is how many sales the system calls are counted over: enough that the
// few that belong to none hardly show.
const countedSales = 20

// BenchmarkRatioSyncs counts what a cash sale of one line asks of the disk until it
// is paid, printed and sent, against one sync for each command of the cashier.
func BenchmarkRatioSyncs(b *testing.B) {
	b.Run("syncs_of_a_cash_sale,_commands_of_the_cashier", func(b *testing.B) {
		if _, err := exec.LookPath("strace"); err != nil {
			notMeasured(b, "strace is not installed")
		}
		r := benchShop(b)
		r.boot()
		r.open()
		r.devicesReady()
		const commands = 3 // the scan, the total, the cash
		syncs := 0.0
		for b.Loop() {
			syncs = float64(r.syncs(b, r.sellForCash)) / countedSales
		}
		b.ReportMetric(syncs, "measured-calls")
		b.ReportMetric(commands, "peer-calls")
		b.ReportMetric(syncs/commands, "ratio")
	})
}

// sellForCash sells one thing countedSales times.
func (r *rig) sellForCash() {
	r.t.Helper()
	for range countedSales {
		r.must(link.VerbScan, scannedCodes[0])
		r.must(link.VerbEnter, "")
		r.must(link.VerbEnter, "")
		r.until("the sale is paid", func(view snapshot.Cashier) bool { return view.Sale == nil })
	}
	r.until("everything is sent", func(view snapshot.Cashier) bool { return view.Central.Queue == 0 })
}

// syncs counts the sync calls of the daemon while work goes on.
func (r *rig) syncs(b *testing.B, work func()) int {
	b.Helper()
	summary := filepath.Join(r.place.Dir, "syncs")
	tracer := exec.Command("strace", "-c", "-f", "-e", "trace=fdatasync,fsync", "-o", summary, "-p", strconv.Itoa(r.daemon.Process.Pid))
	said, err := tracer.StderrPipe()
	require.NoError(b, err)
	require.NoError(b, tracer.Start())
	lines := bufio.NewScanner(said)
	if !lines.Scan() || !strings.Contains(lines.Text(), "attached") {
		_ = tracer.Wait()
		notMeasured(b, "strace may not look: "+lines.Text())
	}
	work()
	require.NoError(b, tracer.Process.Signal(os.Interrupt))
	for lines.Scan() {
	}
	_ = tracer.Wait() // it ends with the signal that ended it
	content, err := os.ReadFile(summary)
	require.NoError(b, err)
	calls := 0
	for _, row := range regexp.MustCompile(`(?m)^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s.*\b(?:fdatasync|fsync)$`).FindAllSubmatch(content, -1) {
		count, err := strconv.Atoi(string(row[1]))
		require.NoError(b, err)
		calls += count
	}
	require.Positive(b, calls, "strace's table has changed: %s", content)
	return calls
}
