package outbox

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"balcao/terminal/ident"
)

// batchOf is the delivery of a page.
func batchOf(epoch string, page Page) Batch {
	first, last := page.Records[0], page.Records[len(page.Records)-1]
	batch := Batch{
		ID: batchID(epoch, first.Seq, last.Seq, last.Hash), Epoch: epoch,
		FirstSeq: first.Seq, LastSeq: last.Seq, PrevHash: page.PrevHash, Hash: last.Hash,
	}
	for _, record := range page.Records {
		batch.Records = append(batch.Records, record.JSON)
	}
	return batch
}

// batchID names a delivery by what it holds: the hash of its last fact stands for all
// before it, so the same facts have the same id and others have another, without
// anything to store. The time in it means nothing.
func batchID(epoch string, first, last uint64, hash string) ident.ID {
	const timeBytes, entropyBytes = 6, 8 // of a ULID, as package ident fills them
	sum := sha256.Sum256(fmt.Appendf(nil, "batch %s %d %d %s", epoch, first, last, hash))
	moment := binary.BigEndian.Uint64(append([]byte{0, 0}, sum[:timeBytes]...))
	return ident.Make(time.UnixMilli(int64(moment)), [entropyBytes]byte(sum[timeBytes:timeBytes+entropyBytes]))
}
