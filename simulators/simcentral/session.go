package simcentral

import (
	"encoding/json"

	"balcao/sync/wire"
)

// Versions of what this central would send down; it sends nothing down yet.
const (
	configVersion  = "1"
	catalogVersion = "1"
)

// putSession opens a session, and with closed_at closes it. It answers what central
// expects next of the till's stream: a till that is behind it runs on old data.
func (s *Server) putSession(c *call) (answer, *wire.Problem) {
	var request wire.SessionRequest
	if json.Unmarshal(c.body, &request) != nil {
		return answer{}, wire.NewProblem(wire.CodeMalformedRequest, "the session cannot be read")
	}
	row, known := s.state.sessions.get(c.id)
	if known && row.TerminalID != c.terminal {
		return answer{}, wire.NewProblem(wire.CodeIdempotencyKeyReused, "another terminal has this session")
	}
	replayed := known && request.TerminalSeq <= row.Request.TerminalSeq && request.Epoch == row.Request.Epoch
	if !replayed {
		if problem := s.claimLive(c, request.Epoch, request.TerminalSeq, c.id); problem != nil {
			return answer{}, problem
		}
		row = sessionRow{TerminalID: c.terminal, Request: request, UpdatedAt: s.now().UTC()}
		s.state.sessions.put(c.id, row)
	}
	return answer{status: 200, body: s.sessionBody(c, row), replayed: replayed}, nil
}

func (s *Server) sessionBody(c *call, row sessionRow) wire.Session {
	stream, _ := s.state.streams.get(join(c.terminal, row.Request.Epoch))
	session := wire.Session{
		SessionID: c.id, State: wire.SessionStateOpen, Epoch: row.Request.Epoch, NextSeq: stream.AckedSeq + 1,
		ConfigVersion: configVersion, CatalogVersion: catalogVersion,
	}
	if row.Request.ClosedAt != nil {
		session.State = wire.SessionStateClosed
	}
	if stream.AckedSeq > 0 {
		session.Countersignature = signHead(s.signer, c.terminal, row.Request.Epoch, stream.AckedSeq, stream.LastHash)
	}
	return session
}
