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
	if problem := checkSession(c, row, known, request); problem != nil {
		return answer{}, problem
	}
	replayed := known && request.TerminalSeq <= row.Request.TerminalSeq && request.Epoch == row.Request.Epoch
	if !replayed {
		if problem := goesOn(row, known, request); problem != nil {
			return answer{}, problem
		}
		if problem := s.claimLive(c, request.Epoch, request.TerminalSeq, c.id); problem != nil {
			return answer{}, problem
		}
		row = sessionRow{TerminalID: c.terminal, StoreID: c.store, Request: request, UpdatedAt: s.now().UTC()}
		s.state.sessions.put(c.id, row)
	}
	if c.recorded != nil && request.ClosedAt != nil && !row.Settled {
		if err := s.settle(c, row); err != nil {
			s.log.Error("close is not booked", "session", c.id, "error", err)
			return answer{}, wire.NewProblem(wire.CodeInternalError, "the close could not be booked")
		}
		row.Settled = true
		s.state.sessions.put(c.id, row)
	}
	return answer{status: 200, body: s.sessionBody(c, row), replayed: replayed}, nil
}

// checkSession refuses a session that is another's, or not that of its path.
func checkSession(c *call, row sessionRow, known bool, request wire.SessionRequest) *wire.Problem {
	if known && row.TerminalID != c.terminal {
		return wire.NewProblem(wire.CodeIdempotencyKeyReused, "another terminal has this session")
	}
	if request.SessionID != nil && *request.SessionID != c.id {
		return wire.NewProblem(wire.CodeMalformedRequest, "path and body name two sessions",
			wire.Violation{Pointer: "/session_id", Code: wire.CodeMalformedRequest, Expected: c.id, Actual: *request.SessionID})
	}
	if request.CountedCash != nil && request.ClosedAt == nil {
		return wire.NewProblem(wire.CodeRequiredField, "what was counted at the end comes with the end",
			wire.Violation{Pointer: "/closed_at", Code: wire.CodeRequiredField})
	}
	return nil
}

// goesOn refuses what would open a closed session again, or tell its opening anew.
func goesOn(row sessionRow, known bool, request wire.SessionRequest) *wire.Problem {
	switch {
	case !known:
		return nil
	case row.Request.ClosedAt != nil:
		return wire.NewProblem(wire.CodeIdempotencyKeyReused, "the session is closed")
	case !request.OpenedAt.Equal(row.Request.OpenedAt):
		return wire.NewProblem(wire.CodeIdempotencyKeyReused, "the session was opened at another time",
			wire.Violation{Pointer: "/opened_at", Code: wire.CodeIdempotencyKeyReused})
	case !request.BusinessDate.Equal(row.Request.BusinessDate.Time):
		return wire.NewProblem(wire.CodeIdempotencyKeyReused, "the session was opened on another business date",
			wire.Violation{Pointer: "/business_date", Code: wire.CodeIdempotencyKeyReused})
	}
	return nil
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
