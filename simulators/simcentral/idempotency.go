package simcentral

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gowebpki/jcs"

	"balcao/sync/wire"
)

// contentDigest is the header value for a body. Source: RFC 9530, section 2.
func contentDigest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// requestHash names the content of a request whatever the order of its fields (RFC
// 8785). The card's ciphertext and the result are left out: a resend has no
// ciphertext, a record has a result, and both are the same request.
func requestHash(body []byte) (string, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return "", errors.New("hash request: not a JSON object")
	}
	delete(fields, "result")
	if err := dropCiphertext(fields); err != nil {
		return "", err
	}
	if original, ok := fields["original"]; ok {
		hash, err := requestHash(original)
		if err != nil {
			return "", err
		}
		fields["original"] = json.RawMessage(`"` + hash + `"`)
	}
	canonical, err := canonicalJSON(fields)
	if err != nil {
		return "", fmt.Errorf("hash request: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}

func dropCiphertext(fields map[string]json.RawMessage) error {
	text, ok := fields["card"]
	if !ok {
		return nil
	}
	var card map[string]json.RawMessage
	if err := json.Unmarshal(text, &card); err != nil {
		return errors.New("hash request: card is not a JSON object")
	}
	delete(card, "encrypted")
	text, err := json.Marshal(card)
	if err != nil {
		return fmt.Errorf("hash request: %w", err)
	}
	fields["card"] = text
	return nil
}

// canonicalJSON is the one text of a value. Source: RFC 8785.
func canonicalJSON(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return jcs.Transform(text)
}

// once answers a call with an Idempotency-Key: as before when it was answered, by run
// otherwise. Only what changed something is kept; a refusal may be one no more later.
func (s *Server) once(c *call, key string, run func() (answer, *wire.Problem)) (answer, *wire.Problem) {
	hash, err := requestHash(c.body)
	if err != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, err.Error())
	}
	hash = join(c.operation, c.id, hash)
	row := join(c.terminal, key)
	if known, found := s.state.answers.get(row); found {
		if known.Hash != hash && c.recorded == nil {
			return answer{}, wire.NewProblem(wire.CodeIdempotencyKeyReused, "")
		}
		return answer{status: known.Status, body: known.Body, replayed: true}, nil
	}
	result, problem := run()
	if problem != nil || result.passing {
		return result, problem
	}
	text, err := json.Marshal(result.body)
	if err != nil {
		return answer{}, wire.NewProblem(wire.CodeInternalError, "the answer cannot be encoded")
	}
	s.state.answers.put(row, answerRow{Hash: hash, Status: result.status, Body: text})
	return result, nil
}
