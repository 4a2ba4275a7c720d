package printer_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/printer"
	"balcao/terminal/device"
)

// inBubble runs a test in fake time.
func inBubble(name string, t *testing.T, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// stopAt makes a peer do something when these words have arrived.
func stopAt(words string, act func(p *peer)) func(p *peer) {
	return func(p *peer) {
		if p.paper.Len() >= len(words) && strings.HasSuffix(p.paper.String(), words) {
			p.onByte = nil
			act(p)
		}
	}
}

func TestEachPrinterConfirmsAsWellAsItCan(t *testing.T) {
	for name, kind := range map[string]struct {
		profile string
		alter   func(p *peer)
		state   device.PrintState
		tier    string
	}{
		"by process id":                    {"epson-80", func(*peer) {}, device.PrintDone, "process_id"},
		"by an answer in its turn":         {"epson-80", func(p *peer) { p.processIDs = false }, device.PrintDone, "status"},
		"by nothing bad after its time":    {"epson-80", func(p *peer) { p.processIDs, p.inTurn = false, false }, device.PrintSent, "sent"},
		"not at all, with no way back":     {"generic-80", func(p *peer) { p.mute = true }, device.PrintSent, "sent"},
		"without a name":                   {"epson-80", func(p *peer) { p.identity = false }, device.PrintDone, "process_id"},
		"with the end of the roll in view": {"epson-80", func(p *peer) { p.status = nearEnd }, device.PrintDone, "process_id"},
	} {
		inBubble(name, t, func(t *testing.T) {
			far := newPeer()
			kind.alter(far)
			b := start(t, far, printer.Config{Profile: profile(t, kind.profile)})
			result := b.Print(t.Context(), smallSale())
			require.Equal(t, device.PrintResult{Job: smallSale().ID, State: kind.state, Tier: kind.tier}, result)
			require.Equal(t, 1, printed(far, "CAF\x90"), "the receipt, in CP850")
			require.Equal(t, 1, printed(far, "\x1DVB\x00"))
		})
	}
}

func TestTroubleBeforeAJobFailsItAndSendsNoneOfIt(t *testing.T) {
	for name, trouble := range map[string]struct {
		status [4]byte
		detail string
	}{
		"paper out":      {paperOut, "device.printer.paper_out"},
		"cover open":     {covered, "device.printer.cover_open"},
		"cutter stuck":   {[4]byte{0x1E, 0x52, 0x1A, 0x12}, "device.printer.cutter"},
		"broken":         {[4]byte{0x1E, 0x52, 0x32, 0x12}, "device.printer.fault"},
		"head hot":       {[4]byte{0x1E, 0x52, 0x52, 0x12}, "device.printer.overheated"},
		"button pressed": {[4]byte{0x5E, 0x1A, 0x12, 0x12}, "device.printer.offline"},
	} {
		inBubble(name, t, func(t *testing.T) {
			far := newPeer()
			far.status = trouble.status
			b := start(t, far, printer.Config{})
			b.want(device.Error, trouble.detail)
			result := b.Print(t.Context(), smallSale())
			require.Equal(t, device.PrintResult{Job: smallSale().ID, State: device.PrintFailed, Detail: trouble.detail}, result)
			require.Empty(t, far.text())
		})
	}
}

func TestChangeDoesNotWaitForPaperAndTheDrawerOpensOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		far.status = paperOut
		b := start(t, far, printer.Config{})
		job := smallSale()
		job.Drawer = true
		require.Equal(t, device.PrintFailed, b.Print(t.Context(), job).State)
		require.Equal(t, 1, far.count("DLE DC4 1"), "the pulse that needs no paper")

		far.set(func(p *peer) { p.status = ready })
		require.Equal(t, device.PrintDone, b.Print(t.Context(), job).State)
		require.Zero(t, printed(far, "\x1Bp"), "the drawer of this job was open already")

		job.ID = "01M84QEJ5Y7K3N9V2T6B8D4CE8"
		require.Equal(t, device.PrintDone, b.Print(t.Context(), job).State)
		require.Equal(t, 1, printed(far, "\x1Bp\x00\x19\xFA"))
		require.Equal(t, 1, far.count("DLE DC4 1"))
	})
}

func TestPaperOutInMidJobIsUnknownAndItsRestNeverComesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		far.onByte = stopAt("TOTAL", func(p *peer) { p.status = paperOut })
		b := start(t, far, printer.Config{})
		result := b.Print(t.Context(), receiptOf("FIRST"))
		require.Equal(t, device.PrintUnknown, result.State)
		require.Equal(t, "device.printer.paper_out", result.Detail)
		require.Equal(t, 1, far.count("DLE DC4 8"), "what the printer still holds is cleared")

		far.set(func(p *peer) { p.status = ready })
		require.Equal(t, device.PrintDone, b.Print(t.Context(), receiptOf("SECOND")).State)
		require.Equal(t, 1, printed(far, "FIRST"), "never repeated by itself")
		require.Equal(t, 2, far.count("DLE DC4 8"), "and cleared before the next job")
	})
}

func TestConfirmationOnTheWayCountsMoreThanThePaperThatEndedAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		synctest.Wait()
		far.set(func(p *peer) {
			p.processIDs = false
			p.onByte = stopAt("\x1DVB\x00", func(p *peer) {
				p.status = paperOut
				conn, id := p.conn, p
				// The answer is slow: it comes after the first bad status.
				time.AfterFunc(400*time.Millisecond, func() {
					_, _ = conn.Write(append(append([]byte{0x37, 0x22}, id.lastID()...), 0))
				})
			})
		})
		require.Equal(t, device.PrintDone, b.Print(t.Context(), smallSale()).State)
	})
}

func TestConfirmationJustBeforeTheCableIsPulledCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		synctest.Wait()
		far.set(func(p *peer) {
			p.processIDs = false
			p.onByte = stopAt("\x1DVB\x00", func(p *peer) {
				conn := p.conn
				time.AfterFunc(100*time.Millisecond, func() {
					_, _ = conn.Write(append(append([]byte{0x37, 0x22}, p.lastID()...), 0))
					_ = conn.Close()
				})
			})
		})
		require.Equal(t, device.PrintDone, b.Print(t.Context(), smallSale()).State)
	})
}

func TestNoiseOnTheLineCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		b.want(device.OK, "")
		for _, noise := range []string{"7\x22J0", "\xFF\x80", "\x14\x00\x00", "_half a na"} {
			_, err := far.conn.Write([]byte(noise))
			require.NoError(t, err)
			<-time.After(time.Second)
			require.Equal(t, device.PrintDone, b.Print(t.Context(), smallSale()).State, "%q", noise)
		}
		require.Empty(t, b.lights)
		require.Equal(t, 1, b.dialled())
	})
}

// lastID is the process id that was asked for last.
func (p *peer) lastID() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func TestSilenceInMidJobIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		far.onByte = stopAt("TOTAL", func(p *peer) { p.mute = true })
		b := start(t, far, printer.Config{})
		begun := time.Now()
		result := b.Print(t.Context(), smallSale())
		require.Equal(t, device.PrintUnknown, result.State)
		require.Equal(t, "device.printer.unconfirmed", result.Detail)
		require.InDelta(t, 30, time.Since(begun).Seconds(), 2)
		require.Equal(t, 1, printed(far, "TOTAL"))
	})
}

func TestSlowPrinterIsNoFalseAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		synctest.Wait()
		far.set(func(p *peer) {
			p.processIDs = false
			p.onByte = stopAt("\x1DVB\x00", func(p *peer) {
				conn := p.conn
				time.AfterFunc(100*time.Second, func() {
					_, _ = conn.Write(append(append([]byte{0x37, 0x22}, p.lastID()...), 0))
				})
			})
		})
		begun := time.Now()
		require.Equal(t, device.PrintDone, b.Print(t.Context(), smallSale()).State)
		require.GreaterOrEqual(t, time.Since(begun), 100*time.Second)
	})
}

func TestPrinterThatIsWellAndNeverConfirmsIsUnknownInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		synctest.Wait()
		far.set(func(p *peer) { p.processIDs = false })
		begun := time.Now()
		result := b.Print(t.Context(), smallSale())
		require.Equal(t, device.PrintUnknown, result.State)
		require.Equal(t, "device.printer.unconfirmed", result.Detail)
		require.InDelta(t, 120, time.Since(begun).Seconds(), 2)
	})
}

func TestConfirmationOfAnotherSendingIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		far.status = ready
		b := start(t, far, printer.Config{})
		require.Equal(t, device.PrintDone, b.Print(t.Context(), smallSale()).State)
		stale := far.lastID()
		far.set(func(p *peer) {
			p.processIDs = false
			p.onByte = stopAt("TOTAL", func(p *peer) { p.extra = append(append([]byte{0x37, 0x22}, stale...), 0) })
		})
		require.Equal(t, device.PrintUnknown, b.Print(t.Context(), smallSale()).State, "the same job, sent again")
	})
}

func TestPrinterThatStopsTakingBytesIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		resume := make(chan struct{})
		far.onByte = stopAt("TOTAL", func(p *peer) { p.hold = resume })
		b := start(t, far, printer.Config{})
		result := b.Print(t.Context(), smallSale())
		require.Equal(t, device.PrintUnknown, result.State)
		require.Equal(t, "device.printer.stalled", result.Detail)
		close(resume)
	})
}

func TestPrinterThatTakesBytesInFitsIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		synctest.Wait()
		fit := func(p *peer) {
			resume := make(chan struct{})
			p.hold = resume
			time.AfterFunc(19*time.Second, func() { close(resume) })
		}
		far.set(func(p *peer) {
			p.onByte = stopAt("MERCADO", func(p *peer) {
				fit(p)
				p.onByte = stopAt("TOTAL", fit)
			})
		})
		begun := time.Now()
		require.Equal(t, device.PrintDone, b.Print(t.Context(), smallSale()).State)
		require.GreaterOrEqual(t, time.Since(begun), 38*time.Second)
	})
}

func TestPrinterThatTakesNothingAtAllHasPrintedNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		synctest.Wait()
		resume := make(chan struct{})
		far.set(func(p *peer) { p.holdAfter, p.hold = 1, resume })
		result := b.Print(t.Context(), smallSale())
		require.Equal(t, device.PrintFailed, result.State)
		require.Equal(t, "device.printer.stalled", result.Detail)
		close(resume)
	})
}

func TestCablePulledInMidJobIsUnknownAndTheNextJobIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		far.onByte = stopAt("TOTAL", func(p *peer) { p.conn.Close() })
		b := start(t, far, printer.Config{})
		result := b.Print(t.Context(), receiptOf("FIRST"))
		require.Equal(t, device.PrintUnknown, result.State)
		require.Equal(t, "device.printer.lost", result.Detail)

		require.Equal(t, device.PrintDone, b.Print(t.Context(), receiptOf("SECOND")).State)
		require.Equal(t, 1, far.count("DLE DC4 8"), "old bytes are cleared before the first job")
		require.Equal(t, 1, printed(far, "FIRST"))
		require.Equal(t, 1, printed(far, "SECOND"))
	})
}

func TestPrinterLeftInAPictureIsBroughtOutOfIt(t *testing.T) {
	for name, clears := range map[string]bool{"by padding": false, "by clearing": true} {
		inBubble(name, t, func(t *testing.T) {
			far := newPeer()
			far.swallow, far.clears = 3000, clears
			b := start(t, far, printer.Config{})
			require.Equal(t, device.PrintDone, b.Print(t.Context(), receiptOf("WHOLE")).State)
			require.Equal(t, 1, printed(far, "WHOLE"))
			require.Equal(t, 1, printed(far, "\x1Bt\x02"), "no byte of the job was taken for dots")
		})
	}
}

func TestXOFFPausesTheJobUntilXON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		synctest.Wait()
		stopped := 0
		far.set(func(p *peer) {
			p.onByte = stopAt("MERCADO", func(p *peer) {
				p.extra = []byte{0x13}
				conn := p.conn
				time.AfterFunc(5*time.Second, func() {
					p.set(func(p *peer) { stopped = p.paper.Len() })
					_, _ = conn.Write([]byte{0x11})
				})
			})
		})
		begun := time.Now()
		require.Equal(t, device.PrintDone, b.Print(t.Context(), smallSale()).State)
		require.GreaterOrEqual(t, time.Since(begun), 5*time.Second)
		require.Less(t, stopped, 2*128, "at most the chunk under way came after XOFF")
		require.Greater(t, len(far.text()), stopped)
	})
}

func TestJobWithoutItsFactsFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		result := b.Print(t.Context(), device.PrintJob{ID: "X", Documents: []device.Document{device.SaleReceipt}})
		require.Equal(t, device.PrintResult{Job: "X", State: device.PrintFailed, Detail: "device.printer.unprintable"}, result)
	})
}

func TestCallerWaitsForABoundedTime(t *testing.T) {
	inBubble("driver that does not run", t, func(t *testing.T) {
		idle := printer.New(printer.Config{})
		begun := time.Now()
		require.Equal(t, device.PrintResult{Job: "X", State: device.PrintFailed, Detail: "device.printer.busy"}, idle.Print(t.Context(), device.PrintJob{ID: "X"}))
		require.Less(t, time.Since(begun), 6*time.Minute)
		require.ErrorContains(t, idle.Kick(t.Context()), "busy")
	})
	inBubble("caller that gives up before its turn", t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		result := printer.New(printer.Config{}).Print(ctx, smallSale())
		require.Equal(t, device.PrintFailed, result.State)
	})
	inBubble("caller that gives up in mid-job changes nothing", t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		far.set(func(p *peer) { p.onByte = stopAt("TOTAL", func(*peer) { cancel() }) })
		require.Equal(t, device.PrintDone, b.Print(ctx, smallSale()).State)
	})
}

func TestStopWhileThePrinterTakesNothingIsSoonOverToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		synctest.Wait()
		resume := make(chan struct{})
		far.set(func(p *peer) {
			p.onByte = stopAt("TOTAL", func(p *peer) {
				p.hold = resume
				time.AfterFunc(time.Second, b.cancel)
				time.AfterFunc(3*time.Second, func() { close(resume) })
			})
		})
		begun := time.Now()
		require.Equal(t, device.PrintUnknown, b.Print(t.Context(), smallSale()).State)
		require.Less(t, time.Since(begun), 2*time.Second)
	})
}

func TestStopInMidJobIsUnknownAndSoonOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		synctest.Wait()
		far.set(func(p *peer) {
			p.processIDs = false
			p.onByte = stopAt("\x1DVB\x00", func(*peer) { b.cancel() })
		})
		begun := time.Now()
		result := b.Print(t.Context(), smallSale())
		require.Equal(t, device.PrintUnknown, result.State)
		require.Equal(t, "device.printer.stopped", result.Detail)
		require.Less(t, time.Since(begun), time.Second)
		require.Equal(t, "device.printer.stopped", b.Print(t.Context(), smallSale()).Detail)
	})
}
