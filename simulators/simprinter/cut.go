package simprinter

import (
	"encoding/hex"

	"balcao/simulators/simprinter/paper"
)

// A Remark is something about one command: Offset is where it began, in bytes of
// the paper.
type Remark struct {
	Offset int    `json:"offset"`
	Text   string `json:"text"`
}

// A Record is what came over the wire for one paper, up to and with its cut. It is
// the content of the paper's .json file.
//
// Bytes and SHA256 are of the bytes that were printed: real-time commands between
// others are answered on arrival and not among them. Commands counts everything
// but characters; Lines counts line feeds, wrapped lines, symbols and pictures.
// Defects are what a real printer would print wrongly or ignore, Warnings what is
// legal and comes out otherwise than meant.
type Record struct {
	Number   int      `json:"number"`
	Bytes    int      `json:"bytes"`
	SHA256   string   `json:"sha256"`
	Commands int      `json:"commands"`
	Lines    int      `json:"lines"`
	CodePage string   `json:"code_page"`
	Cut      string   `json:"cut"`
	Width    int      `json:"width_dots"`
	Height   int      `json:"height_dots"`
	Kicks    []Kick   `json:"drawer_kicks"`
	Defects  []Remark `json:"defects"`
	Warnings []Remark `json:"warnings"`
}

// cut is GS V m [n]: 0 and 1 at once, 65 and 66 after feeding to the knife and n
// dots more; odd forms are written as digits.
func (i *interpreter) cut(data []byte) {
	const full, partial, feedFull, feedPartial = 0, 1, 65, 66
	m := data[0]
	if m == '0' || m == '1' {
		m -= '0'
	}
	switch m {
	case full, partial:
		i.cutAtOnce("GS V", m == partial)
	case feedFull, feedPartial:
		i.finishLine("GS V")
		i.sheet.Feed(int(data[1]))
		i.cutOff(m == feedPartial)
	default:
		i.defect("GS V %d is no cut of this printer", data[0])
	}
}

// cutFull is ESC i, which cuts through on most printers of today.
func (i *interpreter) cutFull([]byte) { i.cutAtOnce("ESC i", false) }

// cutPartial is ESC m.
func (i *interpreter) cutPartial([]byte) { i.cutAtOnce("ESC m", true) }

// cutAtOnce cuts without feeding: on a real printer what was printed last is still
// between head and knife then, and comes out with the next paper.
func (i *interpreter) cutAtOnce(name string, partial bool) {
	i.finishLine(name)
	if since := i.sheet.SinceInk(); since < paper.CutterDistance {
		i.warn("%s cuts %d dots after the last print; the knife is %d away, so a real paper loses its end",
			name, since, paper.CutterDistance)
	}
	i.cutOff(partial)
}

// finishLine prints what a cut would otherwise find in the line.
func (i *interpreter) finishLine(name string) {
	if i.midLine() {
		i.defect("%s counts only at the beginning of a line; the line is printed first", name)
		i.printLine(i.mode.spacing)
	}
}

// cutOff moves the knife, writes the paper's files and begins the next one.
func (i *interpreter) cutOff(partial bool) {
	if !i.printer.awaitCutter() {
		return
	}
	if i.sheet.Full() {
		i.warn("the paper is longer than what is drawn of it")
	}
	i.record.CodePage, i.record.Cut = i.mode.page.name, "full"
	if partial {
		i.record.Cut = "partial"
	}
	i.record.SHA256 = hex.EncodeToString(i.digest.Sum(nil))
	i.record.Kicks = i.printer.takeKicks()
	path, err := i.folder.save(i.sheet, i.record)
	if err != nil {
		i.printer.log.Error("a paper is lost", "error", err)
	} else {
		i.printer.deliver(path, i.record)
	}
	i.newPaper()
}

// takeKicks empties the list of pulses for the drawer.
func (p *Printer) takeKicks() []Kick {
	p.mu.Lock()
	defer p.mu.Unlock()
	kicks := append([]Kick{}, p.kicks...)
	p.kicks = nil
	return kicks
}

// deliver tells everybody who waits that a paper lies in the tray.
func (p *Printer) deliver(path string, record Record) {
	p.mu.Lock()
	p.papers++
	p.last = path
	p.changed.Broadcast()
	p.mu.Unlock()
	p.log.Info("paper cut", "path", path, "lines", record.Lines,
		"defects", len(record.Defects), "warnings", len(record.Warnings))
	if p.config.OnPaper != nil {
		p.config.OnPaper(path)
	}
}
