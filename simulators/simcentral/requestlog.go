package simcentral

import (
	"maps"
	"sync"
	"time"
)

// requestLogMax is how many requests are remembered: more than any test makes, few
// enough to never matter.
const requestLogMax = 2000

// A requestEntry is one request as it was answered; it holds no body.
type requestEntry struct {
	Time      time.Time `json:"time"`
	Operation string    `json:"op"`
	ID        string    `json:"id,omitempty"`
	Key       string    `json:"key,omitempty"`
	Terminal  string    `json:"terminal,omitempty"`
	Status    int       `json:"status"` // 0 = not answered
	Code      string    `json:"code,omitempty"`
	Replayed  bool      `json:"replayed,omitempty"`
}

// requestLog counts and remembers what was asked. It is safe for several goroutines.
type requestLog struct {
	mu         sync.Mutex
	entries    []requestEntry
	counts     map[string]int
	violations int
	forks      int
}

func (l *requestLog) add(now time.Time, c *call, status int, code string, replayed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[c.operation]++
	l.entries = append(l.entries, requestEntry{now, c.operation, c.id, c.key, c.terminal, status, code, replayed})
	l.entries = l.entries[max(0, len(l.entries)-requestLogMax):]
}

// violated counts an answer that broke the contract.
func (l *requestLog) violated() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.violations++
}

// forked counts a fact that came with another content.
func (l *requestLog) forked() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forks++
}

// last gives the last n entries, oldest first; 0 gives all that are kept.
func (l *requestLog) last(n int) []requestEntry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n <= 0 || n > len(l.entries) {
		n = len(l.entries)
	}
	return append([]requestEntry{}, l.entries[len(l.entries)-n:]...)
}

// statistics is the body of the command stats.
type statistics struct {
	Calls              map[string]int `json:"calls"`
	Replayed           int            `json:"replayed"`
	ContractViolations int            `json:"contract_violations"`
	Forks              int            `json:"forks"`
	Held               map[string]int `json:"held"`
	Faults             string         `json:"faults"`
}

func (l *requestLog) statistics() statistics {
	l.mu.Lock()
	defer l.mu.Unlock()
	stats := statistics{Calls: maps.Clone(l.counts), ContractViolations: l.violations, Forks: l.forks}
	for _, entry := range l.entries {
		if entry.Replayed {
			stats.Replayed++
		}
	}
	return stats
}
