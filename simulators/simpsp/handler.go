package simpsp

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"
)

const mediaJSON = "application/json"

// bodyMax is the largest body taken; a charge with all it may have is far below.
const bodyMax = 256 << 10

// An operation is one method and path of the API, and what a token for it must allow.
type operation struct {
	name    string // as the control socket knows it
	pattern string
	scope   string
	run     func(*Server, *call) (answer, *problem)
}

// operations are all of the API that this bank offers.
var operations = []operation{
	{"cob-put", "PUT " + Prefix + "/cob/{txid}", "cob.write", (*Server).putCharge},
	{"cob-patch", "PATCH " + Prefix + "/cob/{txid}", "cob.write", (*Server).patchCharge},
	{"cob-get", "GET " + Prefix + "/cob/{txid}", "cob.read", (*Server).getCharge},
	{"cob-list", "GET " + Prefix + "/cob", "cob.read", (*Server).listCharges},
	{"pix-get", "GET " + Prefix + "/pix/{e2eid}", "pix.read", (*Server).getPayment},
	{"pix-list", "GET " + Prefix + "/pix", "pix.read", (*Server).listPayments},
	{"refund-put", "PUT " + Prefix + "/pix/{e2eid}/devolucao/{id}", "pix.write", (*Server).putRefund},
	{"refund-get", "GET " + Prefix + "/pix/{e2eid}/devolucao/{id}", "pix.read", (*Server).getRefund},
}

// tokenOperation and payloadOperation need no token, but can fail like the others.
const (
	tokenOperation   = "token"
	payloadOperation = "payload"
)

// A call is one request on its way.
type call struct {
	operation       string
	txid, e2eid, id string // in the path
	query           url.Values
	host            string
	body            []byte
	fault           fault
}

// An answer is what an operation found; body is encoded as JSON.
type answer struct {
	status int
	body   any
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, op := range operations {
		mux.HandleFunc(op.pattern, func(w http.ResponseWriter, r *http.Request) {
			s.serve(w, r, op.name, func(w http.ResponseWriter, c *call) {
				if s.admit(w, r, c, op.scope) {
					s.answer(w, r, c, op)
				}
			})
		})
	}
	mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, tokenOperation, func(w http.ResponseWriter, c *call) { s.giveToken(w, r, c) })
	})
	mux.HandleFunc("GET "+payloadPath+"{token}", func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, payloadOperation, func(w http.ResponseWriter, c *call) { s.servePayload(w, r.PathValue("token"), c) })
	})
	mux.HandleFunc("GET "+keysPath, func(w http.ResponseWriter, r *http.Request) { s.serveKeys(w) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.writeProblem(w, &call{operation: "other"}, refuse("NaoEncontrado", "no such path"))
	})
	return mux
}

// serve takes one request from the wire, past what goes wrong before it is looked at.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, name string, handle func(http.ResponseWriter, *call)) {
	c := &call{
		operation: name, txid: r.PathValue("txid"), e2eid: r.PathValue("e2eid"), id: r.PathValue("id"),
		query: r.URL.Query(), host: r.Host,
	}
	c.fault = s.faults.draw(name)
	if s.strikeFirst(w, r, c) {
		return
	}
	var err error
	if c.body, err = io.ReadAll(io.LimitReader(r.Body, bodyMax+1)); err != nil || len(c.body) > bodyMax {
		s.writeProblem(w, c, refuse("RequisicaoInvalida", "the body cannot be read"))
		return
	}
	handle(w, c)
}

// answer runs an operation and makes what it changed last, before anybody hears of it.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, c *call, op operation) {
	s.faults.pass(op.name, before)
	result, refusal := s.process(c, op)
	if c.fault.kind == faultTwice {
		result, refusal = s.process(c, op)
	}
	s.faults.pass(op.name, after)
	if s.strikeLast(w, r, c) {
		return
	}
	if refusal != nil {
		s.writeProblem(w, c, refusal)
		return
	}
	s.send(w, c, result.status, mediaJSON, result.body)
}

func (s *Server) process(c *call, op operation) (answer, *problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.fault.kind == faultPayFirst {
		s.payWaiting(c.txid)
	}
	result, refusal := op.run(s, c)
	if c.fault.kind == faultPayAfter {
		s.payAnyway(c.txid)
	}
	if err := s.state.journal.commit(); err != nil {
		s.log.Error("state is not stored", "operation", op.name, "error", err)
		return answer{}, refuse("ErroInternoDoServidor", "the state could not be stored")
	}
	return result, refusal
}

// send is where every answer leaves, whole or half.
func (s *Server) send(w http.ResponseWriter, c *call, status int, media string, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		s.log.Error("answer is not encoded", "operation", c.operation, "error", err)
		panic(http.ErrAbortHandler)
	}
	s.log.Info("answered", "operation", c.operation, "status", status)
	w.Header().Set("Content-Type", media)
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	if c.fault.kind == faultHalf {
		writeHalf(w, status, text)
	}
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// queryTime reads a moment of a query. Source: RFC 3339.
func queryTime(query url.Values, name string) (time.Time, *violation) {
	at, err := time.Parse(time.RFC3339, query.Get(name))
	if err != nil {
		return time.Time{}, &violation{"não respeita o schema", name, query.Get(name)}
	}
	return at, nil
}
