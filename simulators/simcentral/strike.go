package simcentral

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"

	"balcao/sync/wire"
)

// Pages that are no answer of the contract, as what stands between a till and central
// sends them.
const (
	portalPage  = "<!DOCTYPE html><html><head><title>Wi-Fi</title></head><body>Aceite os termos para navegar.</body></html>\n"
	gatewayPage = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>\n"
)

// strikeFirst does what a call's fault does before the call is looked at, and says
// whether that was the end of it.
func (s *Server) strikeFirst(w http.ResponseWriter, r *http.Request, c *call) (over bool) {
	switch c.fault.kind {
	case faultSlow:
		s.faults.pause(c.fault.duration)
		return false
	case faultDown:
		s.requests.add(s.now(), c, 0, "down", false)
		s.faults.blink(c.fault.duration)
		panic(http.ErrAbortHandler)
	case faultLostRequest:
		s.fallSilent(r, c, "request lost")
	case faultError:
		s.writeProblem(w, r, c, wire.NewProblem(wire.CodeInternalError, "switched to fail"))
	case faultRateLimited:
		s.writeProblem(w, r, c, wire.NewProblem(wire.CodeRateLimited, "switched to turn away"))
	case faultHTML:
		s.writePage(w, c, http.StatusOK, portalPage)
	case faultRefused:
		s.writeProblem(w, r, c, wire.NewProblem(wire.CodeUnauthorised, "switched to refuse the token"))
	case faultConflict:
		s.writeProblem(w, r, c, wire.NewProblem(wire.CodeIdempotencyKeyInUse, "switched to be busy with it"))
	case faultHalfOpen:
		s.faults.standMute(c.fault.duration)
		s.fallSilent(r, c, "request lost")
	case faultWrongCert:
		s.requests.add(s.now(), c, 0, "wrong certificate", false)
		s.faults.beStranger(c.fault.duration)
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// strikeLast does what a call's fault does to its answer, and says whether there is
// one left to write.
func (s *Server) strikeLast(w http.ResponseWriter, r *http.Request, c *call) (over bool) {
	switch c.fault.kind {
	case faultLate:
		s.faults.pause(c.fault.duration)
		return false
	case faultLostAnswer:
		s.fallSilent(r, c, "answer lost")
	case faultReset:
		s.requests.add(s.now(), c, 0, "connection reset", false)
		resetConnection(w)
	case faultGateway:
		s.writePage(w, c, http.StatusBadGateway, gatewayPage)
	default:
		return false
	}
	return true
}

// fallSilent keeps the caller waiting until it gives up.
func (s *Server) fallSilent(r *http.Request, c *call, why string) {
	s.requests.add(s.now(), c, 0, why, false)
	// Only when the body is read does the server notice that the client has gone.
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, bodyMax))
	select {
	case <-r.Context().Done():
	case <-s.faults.stopped:
	}
	panic(http.ErrAbortHandler)
}

func (s *Server) writePage(w http.ResponseWriter, c *call, status int, page string) {
	s.requests.add(s.now(), c, status, "page", false)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, page)
}

// resetConnection ends the connection so that the client's next read fails with a
// reset, and not with an orderly end.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: the stream is reset
	}
	defer conn.Close()
	if secure, ok := conn.(*tls.Conn); ok {
		if plain, ok := secure.NetConn().(*net.TCPConn); ok {
			// With nothing to linger for, closing sends RST; TLS is not told, or it would say goodbye.
			_ = plain.SetLinger(0)
			_ = plain.Close()
		}
	}
}

// writeHalf promises a whole answer and breaks off in its middle.
func (s *Server) writeHalf(w http.ResponseWriter, c *call, status int, text []byte) {
	s.requests.add(s.now(), c, 0, "half an answer", false)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text[:len(text)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
