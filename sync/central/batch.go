package central

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"

	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
)

// A Batch is facts of one epoch in seq order without gaps. Records are the contract's
// Record objects, in the bytes that were hashed: they are sent as they are.
type Batch struct {
	ID       ident.ID // the same in every resend of the same records
	Epoch    string
	FirstSeq uint64
	LastSeq  uint64
	PrevHash string // of the fact before the first
	Hash     string // of the last
	Records  [][]byte
}

// PutBatch sends a batch once and answers central's result for each record; which of
// them are acknowledged is for the caller to compare.
func (c *Client) PutBatch(ctx context.Context, batch Batch) (wire.BatchResult, error) {
	body, err := c.batchBody(batch)
	if err != nil {
		return wire.BatchResult{}, fmt.Errorf("put batch %s: %w", batch.ID, err)
	}
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodPut, Path: "/v1/sync/batches/" + string(batch.ID), Body: body,
		Header: http.Header{"Content-Digest": {contentDigest(body)}}, Timeout: c.config.BatchTimeout,
	})
	var result wire.BatchResult
	if err == nil {
		err = decode(answer, &result)
	}
	if err == nil && (result.Epoch != batch.Epoch || result.AckedSeq < 0 || len(result.Results) == 0) {
		err = nonsense(answer, "epoch %q with %d results", result.Epoch, len(result.Results))
	}
	if err != nil {
		return wire.BatchResult{}, fmt.Errorf("put batch %s of facts %d to %d: %w", batch.ID, batch.FirstSeq, batch.LastSeq, err)
	}
	return result, nil
}

// batchBody writes the batch by hand around its records: an encoder would write them
// anew, and the chain is over their bytes.
func (c *Client) batchBody(batch Batch) ([]byte, error) {
	head, err := json.Marshal(struct {
		TerminalID string `json:"terminal_id"`
		Epoch      string `json:"epoch"`
		FirstSeq   uint64 `json:"first_seq"`
		LastSeq    uint64 `json:"last_seq"`
		PrevHash   string `json:"prev_hash"`
		Hash       string `json:"hash"`
	}{c.config.TerminalID, batch.Epoch, batch.FirstSeq, batch.LastSeq, batch.PrevHash, batch.Hash})
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	body.Write(head[:len(head)-1])
	body.WriteString(`,"records":[`)
	body.Write(bytes.Join(batch.Records, []byte{','}))
	body.WriteString(`]}`)
	return body.Bytes(), nil
}

// contentDigest is the header for a body. Source: RFC 9530, section 2.
func contentDigest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}
