package terminal_test

import (
	"fmt"
	"slices"
	"strings"
)

// node is one state of the search.
type node struct {
	till   uint32 // number of the process
	wire   wire
	host   [slots]uint8
	kills  uint8
	faults uint8
}

// edge remembers what a process became, and what it sent.
type edge struct {
	till  uint32
	sent  wire
	asked bool
}

// search walks every interleaving, breadth first.
type search struct {
	variant variant
	table   [len(hostStates)][4][]answered
	alone   [len(hostStates)]uint8

	processes []*process
	numbers   map[string]uint32
	moves     [][]move // of each process by itself
	edges     [][]edge // what became of each process by each move, as far as asked

	nodes  []node
	index  map[node]int32
	parent []int32
	via    []move
	from   []int32 // steps that help to settle, as pairs
	to     []int32
}

// result is what a search found.
type result struct {
	states  int
	tills   int
	settled int
	stuck   int
	broke   string // the invariant, empty if all hold
	trace   []string
	rested  map[string]int // how sales came to rest, by the books
	last    string
}

// String is the verdict, its size, and the way to what broke.
func (r result) String() string {
	size := fmt.Sprintf("%d states, %d of the till", r.states, r.tills)
	if r.broke == "" {
		return fmt.Sprintf("HOLDS: %s, %d settled, %d stuck", size, r.settled, r.stuck)
	}
	steps := strings.Join(r.trace, "\n    ")
	return fmt.Sprintf("VIOLATED in %d steps: %s\n    %s\n  there: %s\n  searched: %s", len(r.trace), r.broke, steps, r.last, size)
}

func newSearch(v variant) *search {
	s := &search{variant: v, numbers: map[string]uint32{}, index: map[node]int32{}}
	s.table, s.alone = hostTable(v.host)
	desk := newDesk().open().cart()
	s.add(node{till: s.number(&process{disk: desk.state, working: desk.state})}, -1, move{})
	return s
}

// number finds or gives the number of a process.
func (s *search) number(p *process) uint32 {
	key := p.key()
	if known, ok := s.numbers[key]; ok {
		return known
	}
	number := uint32(len(s.processes))
	s.numbers[key] = number
	s.processes = append(s.processes, p)
	s.moves = append(s.moves, s.variant.movesOf(p))
	s.edges = append(s.edges, make([]edge, movesPacked))
	return number
}

// step answers what the process of a number becomes by a move.
func (s *search) step(number uint32, m move) edge {
	known := &s.edges[number][m.packed()]
	if known.asked {
		return *known
	}
	next := *s.processes[number]
	sent := s.variant.happen(&next, m)
	found := edge{s.number(&next), sent, true}
	s.edges[number][m.packed()] = found
	return found
}

// add enters a state and answers its place; the second says whether it is new.
func (s *search) add(n node, from int32, m move) (int32, bool) {
	if at, ok := s.index[n]; ok {
		return at, false
	}
	at := int32(len(s.nodes))
	s.index[n] = at
	s.nodes = append(s.nodes, n)
	s.parent = append(s.parent, from)
	s.via = append(s.via, m)
	return at, true
}

// statesMax ends a search that was modelled too wide, rather than the machine (I13).
const statesMax = 1_500_000

// run searches until something breaks or nothing is new.
func (s *search) run() result {
	for at := 0; at < len(s.nodes); at++ {
		broke := ""
		if len(s.nodes) > statesMax {
			broke = "more states than a search may have"
		}
		if broke == "" {
			broke = s.variant.violated(s.processes[s.nodes[at].till], s.nodes[at].host)
		}
		if broke != "" {
			return result{states: len(s.nodes), tills: len(s.processes), broke: broke, trace: s.trace(int32(at)), last: s.describe(s.nodes[at])}
		}
		s.expand(int32(at))
	}
	return s.liveness()
}

// expand adds everything that may happen next.
func (s *search) expand(at int32) {
	n := s.nodes[at]
	for _, m := range s.moves[n.till] {
		next := n
		switch m.kind {
		case kill:
			if next.kills++; int(next.kills) > s.variant.kills {
				continue
			}
		case failUnwritten, failWritten:
			if next.faults++; int(next.faults) > s.variant.faults {
				continue
			}
		}
		s.follow(at, next, m)
	}
	for slot := range slots {
		s.deliver(at, slot)
	}
}

// follow lets the till make a move.
func (s *search) follow(at int32, next node, m move) {
	made := s.step(next.till, m)
	next.till = made.till
	next.wire |= made.sent
	s.join(at, next, m)
}

// deliver lets every message about an attempt arrive, and the host act by itself.
func (s *search) deliver(at int32, slot int) {
	n := s.nodes[at]
	for which := range messages {
		if n.wire&message(slot, which) == 0 {
			continue
		}
		if which > undo {
			s.follow(at, n, move{tillHears, uint8(slot), uint8(which)})
			continue
		}
		for _, said := range s.table[n.host[slot]][which] {
			next := n
			next.host[slot] = said.state
			next.wire |= message(slot, said.answer)
			s.join(at, next, move{hostHears, uint8(slot), uint8(which)})
		}
	}
	if alone := s.alone[n.host[slot]]; alone != n.host[slot] {
		next := n
		next.host[slot] = alone
		s.join(at, next, move{hostTires, uint8(slot), 0})
	}
}

// join adds a state and the way to it.
func (s *search) join(at int32, next node, m move) {
	to, _ := s.add(next, at, m)
	if to != at && s.variant.helps(m) {
		s.from, s.to = append(s.from, at), append(s.to, to)
	}
}

// trace tells how a state was reached.
func (s *search) trace(at int32) (steps []string) {
	for ; s.parent[at] >= 0; at = s.parent[at] {
		steps = append(steps, s.via[at].String())
	}
	slices.Reverse(steps)
	return steps
}

// describe tells a state in words.
func (s *search) describe(n node) string {
	var b strings.Builder
	for slot := range slots {
		fmt.Fprintf(&b, "attempt %d: host %q, books %s. ", slot+1, hostStates[n.host[slot]], s.processes[n.till].books[slot])
	}
	return b.String()
}

// liveness counts the settled states, and those from which none can be reached by
// what the till, the disk, the network and the host do by themselves.
func (s *search) liveness() result {
	found := result{states: len(s.nodes), tills: len(s.processes), rested: map[string]int{}}
	back := make([][]int32, len(s.nodes))
	for i, to := range s.to {
		back[to] = append(back[to], s.from[i])
	}
	reached := make([]bool, len(s.nodes))
	var open []int32
	for at, n := range s.nodes {
		p := s.processes[n.till]
		if !settled(p, n.host) {
			continue
		}
		found.settled++
		found.rested[p.books[0].String()+p.books[1].String()]++
		reached[at] = true
		open = append(open, int32(at))
	}
	for len(open) > 0 {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		for _, before := range back[at] {
			if !reached[before] {
				reached[before] = true
				open = append(open, before)
			}
		}
	}
	for at, ok := range reached {
		if ok {
			continue
		}
		if found.stuck++; found.stuck == 1 {
			found.trace, found.last = s.trace(int32(at)), s.describe(s.nodes[at])
		}
	}
	if found.stuck > 0 {
		found.broke = "liveness: money that nothing can settle"
	}
	return found
}
