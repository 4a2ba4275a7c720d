package pinpad

import "sync/atomic"

// Counters say how well the line works, since [New]. Anything but zero beside
// Sessions and Cancels asks for a look at the cable.
type Counters struct {
	Sessions  int64 // times a pinpad was made ready
	BadFrames int64 // answers damaged on the way
	Rejected  int64 // frames that the pinpad could not read
	Stale     int64 // answers that nobody asked for
	Noise     int64 // bytes outside frames
	Cancels   int64 // CAN sent, by will or to get back in step
}

type counters struct {
	sessions, badFrames, rejected, stale, noise, cancels atomic.Int64
}

// Counters may be called at any time, from any goroutine.
func (p *Pinpad) Counters() Counters {
	return Counters{
		Sessions:  p.counters.sessions.Load(),
		BadFrames: p.counters.badFrames.Load(),
		Rejected:  p.counters.rejected.Load(),
		Stale:     p.counters.stale.Load(),
		Noise:     p.counters.noise.Load(),
		Cancels:   p.counters.cancels.Load(),
	}
}
