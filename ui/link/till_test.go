package link_test

import (
	"context"
	"sync"

	"balcao/terminal/ident"
	"balcao/terminal/snapshot"
	"balcao/terminal/text"
	"balcao/ui/link"
)

// memoryTill is a till in memory: it counts what it is told and shows a number.
type memoryTill struct {
	mutex   sync.Mutex
	shown   snapshot.Cashier
	changed chan struct{}
	done    map[ident.ID]link.Reply
	told    []link.Command
	silent  int // commands that get no answer, as from a till that stops
}

func newMemoryTill() *memoryTill {
	return &memoryTill{
		shown: snapshot.Cashier{Version: snapshot.Version, Number: 1}, changed: make(chan struct{}),
		done: map[ident.ID]link.Reply{},
	}
}

func (m *memoryTill) show(change func(*snapshot.Cashier)) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	change(&m.shown)
	m.shown.Number++
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *memoryTill) now() (snapshot.Cashier, <-chan struct{}) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.shown, m.changed
}

func (m *memoryTill) commands() []link.Command {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return append([]link.Command(nil), m.told...)
}

func (m *memoryTill) Snapshot(context.Context) (snapshot.Cashier, error) {
	shown, _ := m.now()
	return shown, nil
}

func (m *memoryTill) Watch(ctx context.Context, after uint64) <-chan snapshot.Cashier {
	snapshots := make(chan snapshot.Cashier)
	go func() {
		defer close(snapshots)
		for {
			shown, changed := m.now()
			if shown.Number > after {
				select {
				case snapshots <- shown:
					after = shown.Number
					continue
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return snapshots
}

func (m *memoryTill) Do(_ context.Context, command link.Command) link.Reply {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.silent > 0 {
		m.silent--
		return link.Reply{}
	}
	if before, known := m.done[command.RequestID]; known {
		before.Duplicate = true
		return before
	}
	m.told = append(m.told, command)
	reply := link.Reply{OK: true, Seq: uint64(len(m.told))}
	if command.Verb == link.VerbCancelSale {
		refusal := text.Msg("core.refused.no_sale")
		reply = link.Reply{Error: &refusal, Money: snapshot.NotCharged}
	}
	m.done[command.RequestID] = reply
	return reply
}
