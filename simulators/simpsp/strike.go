package simpsp

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
)

// Pages that are no answer of the API, as what stands between a till and its bank
// sends them.
const (
	portalPage  = "<!DOCTYPE html><html><head><title>Wi-Fi</title></head><body>Aceite os termos para navegar.</body></html>\n"
	gatewayPage = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>\n"
)

// strikeFirst does what a call's fault does before the call is looked at, and says
// whether that was the end of it.
func (s *Server) strikeFirst(w http.ResponseWriter, r *http.Request, c *call) (over bool) {
	if c.fault.kind != "" {
		s.log.Info("fault", "operation", c.operation, "kind", string(c.fault.kind))
	}
	switch c.fault.kind {
	case faultSlow:
		s.faults.pause(c.fault.duration)
		return false
	case faultLostRequest:
		s.fallSilent(r)
	case faultError:
		s.writeProblem(w, c, refuse("ErroInternoDoServidor", "switched to fail"))
	case faultUnavailable:
		s.writeProblem(w, c, refuse("ServicoIndisponivel", "switched to unavailable"))
	case faultRateLimited:
		s.writeProblem(w, c, refuse("LimiteDeRequisicoes", "switched to turn away"))
	case faultHTML:
		writePage(w, http.StatusOK, portalPage)
	default:
		return false
	}
	return true
}

// strikeLast does what a call's fault does to its answer, and says whether there is
// one left to write.
func (s *Server) strikeLast(w http.ResponseWriter, r *http.Request, c *call) (over bool) {
	switch c.fault.kind {
	case faultLostAnswer:
		s.fallSilent(r)
	case faultReset:
		resetConnection(w)
	case faultGateway:
		writePage(w, http.StatusBadGateway, gatewayPage)
	default:
		return false
	}
	return true
}

// fallSilent keeps the caller waiting until it gives up.
func (s *Server) fallSilent(r *http.Request) {
	// Only when the body is read does the server notice that the client has gone.
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, bodyMax))
	select {
	case <-r.Context().Done():
	case <-s.faults.stopped:
	}
	panic(http.ErrAbortHandler)
}

func writePage(w http.ResponseWriter, status int, page string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, page)
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
func writeHalf(w http.ResponseWriter, status int, text []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text[:len(text)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
