package transport

import "time"

// AgeToken lets the token in hand grow older at once.
func (c *Client) AgeToken(by time.Duration) {
	<-c.tokens.turn
	c.tokens.renewAt = c.tokens.renewAt.Add(-by)
	c.tokens.turn <- struct{}{}
}
