package printer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"balcao/internal/port"
	"balcao/printer"
	"balcao/printer/escpos"
	"balcao/printer/preview"
	"balcao/printer/receipt"
	"balcao/simulators/simprinter"
	"balcao/terminal/card"
	"balcao/terminal/device"
	"balcao/terminal/payment"
	"balcao/terminal/text"
)

// patience ends a test that would hang.
const patience = 10 * time.Second

// A till is a driver with a simulated printer at the other end of a real cable.
type till struct {
	*printer.Printer
	t      *testing.T
	family escpos.Profile
	device *simprinter.Printer
	lights chan device.Status
	tap    *tap
}

// onCables runs a test over a network connection and over a serial line.
func onCables(t *testing.T, test func(t *testing.T, till *till)) {
	t.Helper()
	for kind, listen := range map[string]string{"tcp": "tcp://127.0.0.1:0", "pty": "pty:" + filepath.Join(t.TempDir(), "printer")} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, plug(t, listen, "epson-80"))
		})
	}
}

// onNetwork does so over a network connection alone.
func onNetwork(t *testing.T, test func(t *testing.T, till *till)) {
	t.Helper()
	t.Parallel()
	test(t, plug(t, "tcp://127.0.0.1:0", "epson-80"))
}

// plug starts both ends and waits until the light is green.
func plug(t *testing.T, listen, family string) *till {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	simulated, err := simprinter.New(simprinter.Config{Listen: listen, Out: t.TempDir(), Log: log})
	require.NoError(t, err)
	url := make(chan string, 1)
	run(t, func(ctx context.Context) error { return simulated.Run(ctx, func(at string) { url <- at }) })
	made := &till{t: t, family: profile(t, family), device: simulated, lights: make(chan device.Status, 100), tap: &tap{}}
	made.Printer = printer.New(printer.Config{
		URL: <-url, Profile: made.family, Language: text.In(text.Portuguese), Log: log, Dial: made.tap.dial,
		OnStatus: func(status device.Status) { made.lights <- status },
		Timeouts: printer.Timeouts{Poll: 20 * time.Millisecond},
	})
	run(t, made.Run)
	made.want(device.OK, "")
	return made
}

// run runs a program until the test ends.
func run(t *testing.T, program func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- program(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
}

// want waits for a light; others may come before it.
func (c *till) want(light device.Light, detail string) {
	c.t.Helper()
	limit := time.After(patience)
	for {
		select {
		case status := <-c.lights:
			if status.Light == light && status.Detail == detail {
				return
			}
		case <-limit:
			require.FailNow(c.t, "the light did not become "+string(light)+" "+detail)
		}
	}
}

// say gives the simulator a control command.
func (c *till) say(words string) string {
	c.t.Helper()
	answer, err := c.device.Do(c.t.Context(), strings.Fields(words))
	require.NoError(c.t, err)
	return answer
}

// path waits for the n-th paper, from 0, and says where its text is.
func (c *till) path(n int) string {
	c.t.Helper()
	return c.say(fmt.Sprintf("wait-cut %s after %d", patience, n))
}

// paper waits for the n-th paper, from 0, and returns its lines.
func (c *till) paper(n int) []string {
	c.t.Helper()
	read, err := os.ReadFile(c.path(n))
	require.NoError(c.t, err)
	return strings.Split(strings.TrimSuffix(string(read), "\n"), "\n")
}

// record is what the simulator noted of the n-th paper.
func (c *till) record(n int) (noted simprinter.Record) {
	c.t.Helper()
	read, err := os.ReadFile(strings.TrimSuffix(c.path(n), ".txt") + ".json")
	require.NoError(c.t, err)
	require.NoError(c.t, json.Unmarshal(read, &noted))
	return noted
}

// A tap is a port that can be stopped in the middle of a job.
type tap struct {
	mu              sync.Mutex
	open            port.Port // dialled last
	armed           bool
	left            int
	reached, resume chan struct{}
}

// arm stops writing after so many bytes until the answer is closed.
func (t *tap) arm(bytes int) (reached <-chan struct{}, resume chan<- struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.armed, t.left = true, bytes
	t.reached, t.resume = make(chan struct{}), make(chan struct{})
	return t.reached, t.resume
}

func (t *tap) dial(ctx context.Context, url string) (port.Port, error) {
	opened, err := port.Dial(ctx, url)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = opened
	return &tapped{opened, t}, nil
}

// inject writes bytes as another program would, past the driver.
func (t *tap) inject(data string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := t.open.Write([]byte(data))
	return err
}

// tapped is a port whose writes are counted by a tap.
type tapped struct {
	port.Port
	tap *tap
}

func (p *tapped) Write(data []byte) (int, error) {
	p.tap.mu.Lock()
	p.tap.left -= len(data)
	stop := p.tap.armed && p.tap.left < 0
	p.tap.armed = p.tap.armed && !stop
	reached, resume := p.tap.reached, p.tap.resume
	p.tap.mu.Unlock()
	if stop {
		close(reached)
		<-resume
	}
	return p.Port.Write(data)
}

// cardSale is a sale by credit card with both slips, all of it a second copy.
func cardSale() device.PrintJob {
	job := smallSale()
	job.Documents = []device.Document{device.SaleReceipt, device.CustomerSlip, device.MerchantSlip}
	job.Sale.Order.Lines[0].Description = "CAFETEIRA ITALIANA DE ALUMÍNIO, 6 XÍCARAS, COM CABO DE BAQUELITE"
	job.Sale.Tenders[0].PaymentID, job.Sale.Tenders[0].Method, job.Sale.Tenders[0].Tendered = job.ID, "credit", 0
	job.Copy, job.CopiedAt = 2, job.Sale.PaidAt.Add(time.Hour)
	job.Attempt = &payment.Attempt{
		ID: job.ID, Method: payment.Credit, Amount: 5_00, State: payment.Confirmed, StartedAt: job.Sale.PaidAt,
		Card: &card.Present{
			EntryMode: card.Contactless, Brand: "MASTERCARD", AID: "A0000000041010", ApplicationLabel: "MASTERCARD",
			BIN: "555555", Last4: "4444", CVM: card.CVMDevice,
		},
		Result: payment.Result{Approved: true, AuthorisationCode: "83A1C2", NSU: "004512", Acquirer: "SIMPAY"},
	}
	return job
}

// previews are the papers of a job as its previews show them, cuts left out.
func previews(t *testing.T, job device.PrintJob) [][]string { return previewsOn(t, job, "epson-80") }

func previewsOn(t *testing.T, job device.PrintJob, family string) [][]string {
	t.Helper()
	document, err := receipt.Build(job, text.In(text.Portuguese))
	require.NoError(t, err)
	page := receipt.Layout(document, profile(t, family).Paper)
	var papers [][]string
	begin := 0
	for i, row := range page.Rows {
		if _, cut := row.(receipt.Cut); cut {
			shown := preview.Text(receipt.Page{Columns: page.Columns, Rows: page.Rows[begin:i]})
			papers, begin = append(papers, strings.Split(strings.TrimSuffix(shown, "\n"), "\n")), i+1
		}
	}
	return papers
}

// comparable drops what a preview and a paper say differently: the cut, and the
// half cell by which dots and cells centre.
func comparable(lines []string) []string {
	var kept []string
	for _, line := range lines {
		if !strings.HasPrefix(line, "[corte") {
			kept = append(kept, strings.TrimSpace(line))
		}
	}
	return kept
}

// reads prints jobs and holds every paper against its preview and what the printer
// noted of it. Cuts go through papers that are filed.
func (c *till) reads(jobs ...device.PrintJob) {
	c.t.Helper()
	printed := 0
	for _, job := range jobs {
		require.Equal(c.t, device.PrintResult{Job: job.ID, State: device.PrintDone, Tier: "process_id"}, c.Print(c.t.Context(), job))
		for i, shown := range previewsOn(c.t, job, c.family.Name) {
			require.Equal(c.t, comparable(shown), comparable(c.paper(printed)), "%s of %v", job.Documents[i], job.Documents)
			noted := c.record(printed)
			printed++
			require.Empty(c.t, noted.Defects)
			require.Empty(c.t, noted.Warnings)
			require.Equal(c.t, job.Documents[i] == device.ZReport, noted.Cut == "full", "%s: %s", job.Documents[i], noted.Cut)
			require.Equal(c.t, "CP850", noted.CodePage)
		}
	}
}

func TestPaperReadsAsItsPreview(t *testing.T) {
	onCables(t, func(_ *testing.T, c *till) { c.reads(smallSale(), cardSale(), splitSale(), daySheets()) })
}

func TestNarrowPaperReadsAsItsPreview(t *testing.T) {
	t.Parallel()
	plug(t, "tcp://127.0.0.1:0", "epson-58").reads(cardSale(), splitSale(), daySheets())
}

func TestDrawerOpensWithTheReceiptAndWithoutPaper(t *testing.T) {
	onCables(t, func(t *testing.T, c *till) {
		job := smallSale()
		job.Drawer = true
		require.Equal(t, device.PrintDone, c.Print(t.Context(), job).State)
		require.Len(t, c.record(0).Kicks, 1)

		c.say("paper-out")
		c.want(device.Error, "device.printer.paper_out")
		require.NoError(t, c.Kick(t.Context()))
		require.Eventually(t, func() bool { return strings.Contains(c.say("state"), `"drawer_kicks":2`) }, patience, time.Millisecond)
	})
}

func TestPaperOutBeforeAJobFailsIt(t *testing.T) {
	onCables(t, func(t *testing.T, c *till) {
		c.say("paper-out")
		result := c.Print(t.Context(), smallSale())
		require.Equal(t, device.PrintFailed, result.State)
		require.Equal(t, "device.printer.paper_out", result.Detail)
		c.say("paper-in")
		require.Equal(t, device.PrintDone, c.Print(t.Context(), smallSale()).State)
		require.Equal(t, comparable(previews(t, smallSale())[0]), comparable(c.paper(0)), "and nothing of it came out before")
	})
}

func TestPaperOutInMidJobIsUnknownAndTheNextReceiptIsWhole(t *testing.T) {
	onCables(t, func(t *testing.T, c *till) {
		c.say("paper-out after 5 lines")
		result := c.Print(t.Context(), receiptOf("FIRST"))
		require.Equal(t, device.PrintUnknown, result.State)
		require.Equal(t, "device.printer.paper_out", result.Detail)
		c.want(device.Error, "device.printer.paper_out")

		c.say("paper-in")
		c.want(device.OK, "")
		require.Equal(t, device.PrintDone, c.Print(t.Context(), receiptOf("SECOND")).State)
		whole, got := comparable(previews(t, receiptOf("SECOND"))[0]), comparable(c.paper(0))
		require.Equal(t, whole, got[len(got)-len(whole):])
		require.LessOrEqual(t, len(got)-len(whole), 6, "the rest of the first receipt never comes out")
	})
}

func TestStuckCutterLeavesTheJobInDoubt(t *testing.T) {
	onNetwork(t, func(t *testing.T, c *till) {
		c.say("jam at-cut")
		result := c.Print(t.Context(), smallSale())
		require.Equal(t, device.PrintUnknown, result.State)
		require.Equal(t, "device.printer.cutter", result.Detail)
		c.say("fix")
		c.want(device.OK, "")
		require.Equal(t, device.PrintDone, c.Print(t.Context(), smallSale()).State)
	})
}

func TestPrinterThatGoesAwayInMidJobLeavesItInDoubt(t *testing.T) {
	for how, back := range map[string]string{"unplug": "plug", "off": "on"} {
		t.Run(how, func(t *testing.T) {
			onCables(t, func(t *testing.T, c *till) {
				reached, resume := c.tap.arm(400)
				result := make(chan device.PrintResult, 1)
				go func() { result <- c.Print(t.Context(), receiptOf("FIRST")) }()
				<-reached
				c.say(how)
				close(resume)
				require.Equal(t, device.PrintResult{
					Job: smallSale().ID, State: device.PrintUnknown, Detail: "device.printer.lost",
				}, <-result)
				c.want(device.Absent, "device.printer.absent")
				require.Equal(t, device.PrintFailed, c.Print(t.Context(), receiptOf("NEVER")).State)

				c.say(back)
				c.want(device.OK, "")
				require.Equal(t, device.PrintDone, c.Print(t.Context(), receiptOf("SECOND")).State)
				whole, got := comparable(previews(t, receiptOf("SECOND"))[0]), comparable(c.paper(0))
				require.Equal(t, whole, got[len(got)-len(whole):])
				require.NotContains(t, strings.Join(got, "\n"), "NEVER")
			})
		})
	}
}

func TestSlowLineIsNoFalseAlarm(t *testing.T) {
	onNetwork(t, func(t *testing.T, c *till) {
		c.say("slow 2000")
		begun := time.Now()
		require.Equal(t, device.PrintDone, c.Print(t.Context(), smallSale()).State)
		require.Greater(t, time.Since(begun), askedAtLeastOnce, "the line was slow enough to be asked how it is")
	})
}

// askedAtLeastOnce is the time after which a driver asks a printing printer.
const askedAtLeastOnce = 250 * time.Millisecond

func TestPrinterLeftInAPictureByAnotherProgramPrintsTheNextReceiptWhole(t *testing.T) {
	onNetwork(t, func(t *testing.T, c *till) {
		require.NoError(t, c.tap.inject("\x1Dv0\x00\x48\x00\x32\x00begun"), "50 rows of 72 bytes")
		require.Eventually(t, func() bool { return strings.Contains(c.say("state"), `"mid_command":true`) }, patience, time.Millisecond)
		c.say("unplug")
		c.want(device.Absent, "device.printer.absent")
		c.say("plug")
		c.want(device.OK, "")
		require.Equal(t, device.PrintDone, c.Print(t.Context(), smallSale()).State)
		got := comparable(c.paper(0))
		require.Equal(t, "[imagem 576x50]", got[0])
		require.Equal(t, comparable(previews(t, smallSale())[0]), got[1:])
	})
}
