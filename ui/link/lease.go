package link

import (
	"sync"
	"time"
)

// leases remembers which screen is in command. They need not last: after a
// restart of the till every screen asks again.
type leases struct {
	mutex  sync.Mutex
	screen string
	token  string
	until  time.Time
}

// ask gives the lease to a screen that has it, finds it free or takes it over.
func (l *leases) ask(request LeaseRequest) (lease Lease, taken bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	now := time.Now()
	free := l.screen == "" || now.After(l.until)
	switch {
	case l.screen == request.ScreenID && !free:
	case free || request.TakeOver:
		taken = true
		l.screen, l.token = request.ScreenID, string(NewRequestID())
	default:
		return Lease{}, false
	}
	l.until = now.Add(LeaseLasts)
	return Lease{Holder: true, Token: l.token}, taken
}

// holds says whether a token is the lease's, and the lease still lasts.
func (l *leases) holds(token string) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return token != "" && token == l.token && !time.Now().After(l.until)
}

// release ends the lease of a screen that went away.
func (l *leases) release(screen string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if screen != "" && screen == l.screen {
		l.screen, l.token = "", ""
	}
}
