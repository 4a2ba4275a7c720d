package terminal

import (
	"balcao/terminal/ident"
	"balcao/terminal/text"
)

// Reply answers one request of a screen, once its facts are durable.
type Reply struct {
	Request   ident.ID
	Duplicate bool         // it was done before; nothing happened now
	Refusal   text.Message // why nothing was done; empty: it was
	Money     string       // where the money is, of package snapshot; may be empty
	Seq       uint64       // of the last fact it caused, 0 for none; the engine fills it in
}
