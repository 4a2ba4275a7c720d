package till

import (
	"context"
	"time"

	"balcao/storage"
	"balcao/terminal"
)

const (
	// periodLook is how often the age of the journal's file is looked at: months are
	// long, and a session may stand in the way for hours.
	periodLook = time.Minute
	// periodBytesMax is when a file is followed by a new one in mid-month: a start
	// verifies and folds the whole file, and this is some seconds of that.
	periodBytesMax = 512 << 20
)

// periods asks for a new period file when the present one is due to end; the core
// waits for a time between two sessions.
func (t *Till) periods(ctx context.Context) error {
	look := time.NewTicker(periodLook)
	defer look.Stop()
	for {
		period, err := t.store.Period()
		switch {
		case err != nil:
			t.log.Warn("the journal's period is not known", "cause", err)
		case periodOver(period, t.now()):
			t.report(terminal.PeriodOver{})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// periodOver says whether a file's month, in the store's zone, is over, or the file
// has grown large.
func periodOver(period storage.Period, now time.Time) bool {
	began := period.Began.In(now.Location())
	month := began.Year() != now.Year() || began.Month() != now.Month()
	return period.First > 0 && now.After(began) && month || period.Bytes > periodBytesMax
}
