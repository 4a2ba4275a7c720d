package central

import (
	"context"
	"fmt"
	"net/http"

	"balcao/sync/transport"
	"balcao/sync/wire"
	"balcao/terminal/ident"
)

// PutReport sends a report of the till in the bytes that the till keeps: central's copy
// is the same, and its receipt names the copy's digest. Of an incomplete one central
// has not all facts yet; it may be sent again. A rejected one does not agree with
// central's books, and the receipt says where.
func (c *Client) PutReport(ctx context.Context, id ident.ID, body []byte) (wire.ReportReceipt, error) {
	var receipt wire.ReportReceipt
	answer, err := c.config.Transport.Do(ctx, transport.Request{
		Method: http.MethodPut, Path: "/v1/reports/" + string(id), Body: body,
		Header: http.Header{"Content-Digest": {contentDigest(body)}}, Timeout: c.config.ReportTimeout,
	})
	if err == nil {
		err = decode(answer, &receipt)
	}
	if err == nil && (receipt.ReportID != string(id) || !receipt.Status.Valid()) {
		err = nonsense(answer, "report %q with status %q", receipt.ReportID, receipt.Status)
	}
	if err != nil {
		return wire.ReportReceipt{}, fmt.Errorf("put report %s: %w", id, err)
	}
	return receipt, nil
}
