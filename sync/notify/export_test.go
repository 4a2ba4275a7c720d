package notify

// Sign exports the signature for the vector of Standard Webhooks.
func (w *Webhook) Sign(id, timestamp string, body []byte) string { return w.sign(id, timestamp, body) }
