package printer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/printer"
	"balcao/terminal/device"
	"balcao/terminal/text"
)

func TestLightFollowsThePrinter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		require.Equal(t, device.Status{
			Kind: device.Printer, Light: device.OK, Model: "I67", Serial: "I68", Firmware: "I65",
		}, b.light())
		for _, change := range []struct {
			status [4]byte
			light  device.Light
			detail string
		}{
			{nearEnd, device.Warning, "device.printer.paper_low"},
			{paperOut, device.Error, "device.printer.paper_out"},
			{covered, device.Error, "device.printer.cover_open"},
			{ready, device.OK, ""},
		} {
			far.set(func(p *peer) { p.status = change.status })
			begun := time.Now()
			b.want(change.light, change.detail)
			require.LessOrEqual(t, time.Since(begun), 2*time.Second)
		}
	})
}

func TestPulledCableIsSeenAtOnceAndAReturnSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		b.want(device.OK, "")
		b.swap(nil)
		begun := time.Now()
		far.pull()
		b.want(device.Absent, "device.printer.absent")
		require.Zero(t, time.Since(begun))

		result := b.Print(t.Context(), smallSale())
		require.Equal(t, device.PrintResult{Job: smallSale().ID, State: device.PrintFailed, Detail: "device.printer.absent"}, result)
		require.Error(t, b.Kick(t.Context()))

		other := newPeer()
		other.identity = false
		b.swap(other)
		status := b.light()
		require.Equal(t, device.OK, status.Light)
		require.Empty(t, status.Model, "another device came back")
		far.pull()
	})
}

func TestPrinterThatIsSwitchedOffBehindItsCableIsAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		far.mute = true
		b := start(t, far, printer.Config{})
		b.want(device.Absent, "device.printer.silent")
		require.Equal(t, "device.printer.silent", b.Print(t.Context(), smallSale()).Detail)
		require.Empty(t, far.text())
		far.set(func(p *peer) { p.mute = false })
		b.want(device.OK, "")
	})
}

func TestConnectionThatDiedUnnoticedIsDialledAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		half := newPeer()
		b := start(t, half, printer.Config{})
		b.want(device.OK, "")
		half.set(func(p *peer) { p.mute = true })
		whole := newPeer()
		b.swap(whole)
		require.Equal(t, device.PrintDone, b.Print(t.Context(), smallSale()).State)
		require.Equal(t, 1, printed(whole, "TOTAL"))
		require.Zero(t, printed(half, "TOTAL"))
		half.pull()
	})
}

func TestIdleNetworkPrinterIsGivenBackToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{URL: "tcp://printer:9100"})
		b.want(device.OK, "")
		<-time.After(59 * time.Second)
		require.Equal(t, 1, b.dialled(), "kept while it is used")
		<-time.After(10 * time.Minute)
		require.InDelta(t, 20, b.dialled(), 3, "a look every half minute")
		far.set(func(p *peer) { require.Empty(t, p.paperText(), "a look prints nothing") })
		require.Empty(t, b.lights, "and the light stays")

		begun := time.Now()
		require.Equal(t, device.PrintDone, b.Print(t.Context(), smallSale()).State)
		require.Less(t, time.Since(begun), time.Second)
	})
}

// paperText is the paper without what brings a printer into order.
func (p *peer) paperText() string {
	out := ""
	for _, b := range p.paper.String() {
		if b != 0x1B && b != '@' && b != 0 {
			out += string(b)
		}
	}
	return out
}

func TestDrawerOpensByTheCommandThatWorksNow(t *testing.T) {
	for name, kind := range map[string]struct {
		status         [4]byte
		atOnce, inTurn int
	}{
		"ready":      {ready, 0, 1},
		"paper out":  {paperOut, 1, 0},
		"cover open": {covered, 1, 0},
	} {
		inBubble(name, t, func(t *testing.T) {
			far := newPeer()
			far.status = kind.status
			b := start(t, far, printer.Config{})
			require.NoError(t, b.Kick(t.Context()))
			require.Equal(t, kind.atOnce, far.count("DLE DC4 1"))
			require.Equal(t, kind.inTurn, printed(far, "\x1Bp\x00\x19\xFA"))
		})
	}
}

func TestLostKickIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := newPeer()
		b := start(t, far, printer.Config{})
		synctest.Wait()
		resume := make(chan struct{})
		far.set(func(p *peer) { p.holdAfter, p.hold = 1, resume })
		require.Error(t, b.Kick(t.Context()), "the question was answered, the pulse was not taken")
		close(resume)
		b.want(device.OK, "")
		b.want(device.Absent, "device.printer.absent")
		b.want(device.OK, "")
		<-time.After(time.Minute)
		require.Zero(t, printed(far, "\x1Bp")+far.count("DLE DC4 1"))
	})
}

func TestEveryDetailIsInBothCatalogues(t *testing.T) {
	for _, tag := range []text.Tag{text.Portuguese, text.English} {
		ids, err := text.IDs(tag)
		require.NoError(t, err)
		for _, name := range []string{
			"absent", "busy", "cover_open", "cutter", "fault", "lost", "offline", "overheated", "paper_low", "paper_out",
			"silent", "stalled", "stopped", "unconfirmed", "unprintable",
		} {
			require.True(t, ids["device.printer."+name], "%s in %s", name, tag)
		}
	}
}
