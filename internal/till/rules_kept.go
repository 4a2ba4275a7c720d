//go:build !without_r1 && !without_r5

package till

import (
	"balcao/storage"
	"balcao/sync/central"
	"balcao/terminal/engine"
)

// journalOf is the journal that the engine writes to. Builds with the tags
// without_r1 or without_r5 break one rule each at this seam; the crash harness
// must notice.
func journalOf(store *storage.Store, _ *central.Client) engine.Journal { return facts{store} }
