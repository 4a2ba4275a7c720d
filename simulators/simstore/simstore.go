// Package simstore is a whole shop in a box: a folder with all that a till is told
// and given, the simulators that stand around it, and on request the till itself.
//
// It plays no device and speaks no protocol. Every simulator, the till's daemon and
// its screen are processes of their own, started again when they die, so that
// whoever kills one sees what a shop would see. Pinpad and central share keys by
// file alone. Start with [Open]; [Prepare] makes only the folder.
package simstore

import (
	"fmt"
	"path/filepath"

	"balcao/simulators/simcentral"
)

// Names of the simulators: of their commands, control sockets and logs.
const (
	Pinpad  = "pinpad"
	Scanner = "scanner"
	Printer = "printer"
	Central = "central"
	PSP     = "psp"  // known to those who work simulators; a shop does not start it by itself
	Mail    = "mail" // as PSP
)

// tillName is the daemon's, in its log and pid file.
const tillName = "balcao"

// socketPathMax is sun_path of unix(7) without its final zero.
const socketPathMax = 107

// A Shop is the folder of one shop and knows where everything in it lies.
type Shop struct {
	dir          string
	certificates simcentral.Certificates // of this start, after [Prepare]
}

// At gives the shop in dir, which need not exist. It refuses a folder whose path is
// too long for the unix sockets in it.
func At(dir string) (Shop, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return Shop{}, fmt.Errorf("find the shop's folder: %w", err)
	}
	shop := Shop{dir: absolute}
	for _, socket := range []string{shop.Socket(), shop.Control(Pinpad), shop.Control(Scanner), shop.Control(Printer), shop.Control(Central), shop.Control(PSP), shop.Control(Mail)} {
		if len(socket) > socketPathMax {
			return Shop{}, fmt.Errorf("shop in %s: the path is too long for a socket; choose one that is %d characters shorter",
				absolute, len(socket)-socketPathMax)
		}
	}
	return shop, nil
}

// Dir is the folder, absolute.
func (s Shop) Dir() string { return s.dir }

// Config is the till's configuration.
func (s Shop) Config() string { return s.path("balcao.toml") }

// Socket is where screens reach the daemon.
func (s Shop) Socket() string { return s.path("run", "balcao.sock") }

// Control is the control socket of a simulator.
func (s Shop) Control(simulator string) string { return s.path("run", simulator+".ctl") }

// PIDFile holds the process number of a program as long as it runs: a simulator's
// name, or balcao for the daemon.
func (s Shop) PIDFile(program string) string { return s.path("run", program+".pid") }

// Papers is the folder of what the printer printed.
func (s Shop) Papers() string { return s.path("paper") }

// PapersLog lists the paths of all papers, one a line.
func (s Shop) PapersLog() string { return s.path("papers.log") }

// Logs is the folder of the programs' logs.
func (s Shop) Logs() string { return s.path("log") }

func (s Shop) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// A Place says where to find everything of a running shop; it is printed as JSON.
type Place struct {
	Dir     string `json:"dir"`
	Socket  string `json:"socket"`
	Config  string `json:"config"`
	Pinpad  Device `json:"pinpad"`
	Scanner Device `json:"scanner"`
	Printer Device `json:"printer"`
	Central Device `json:"central"`
	// PID is the daemon's process number, 0 if the shop runs none.
	PID int `json:"pid,omitempty"`
}

// A Device is one simulator: where the till finds it, and the hand that works it.
type Device struct {
	URL     string `json:"url"`
	Control string `json:"control"`
	Out     string `json:"out,omitempty"` // folder of the papers
}
