package simcentral

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"balcao/sync/wire"
	"balcao/sync/wire/contract"
)

// bodyMax is the largest body taken, packed or unpacked: the contract's 1 MiB of a
// batch with room for its head.
const bodyMax = 1<<20 + 64<<10

// retryAfterSeconds is what a till is asked to wait after 503 and after a request
// that is still running: short, because tests wait with it.
const retryAfterSeconds = 1

// An access says what a caller must show.
type access int

const (
	open        access = iota
	certificate        // mutual TLS
	bearer             // mutual TLS and a token bound to its certificate
)

// An operation is one method and path of the contract, and who may call it.
type operation struct {
	name    string // as the control socket knows it
	pattern string
	access  access
	changes bool // changes state: guarded against the same call running twice
	keyed   bool // a POST that needs Idempotency-Key
	run     func(*Server, *call) (answer, *wire.Problem)
}

// operations are all that this central offers.
var operations = []operation{
	{"status", "GET /v1/status", open, false, false, (*Server).getStatus},
	{"enrol", "POST /v1/enrolments", open, true, true, (*Server).createEnrolment},
	{"renew", "POST /v1/enrolments/renewals", certificate, true, true, (*Server).renewEnrolment},
	{"token", "POST /v1/oauth/token", certificate, false, false, (*Server).createToken},
	{"session", "PUT /v1/sessions/{id}", bearer, true, false, (*Server).putSession},
	{"quote", "POST /v1/orders/quotes", bearer, false, false, (*Server).quoteOrder},
	{"order", "PUT /v1/orders/{id}", bearer, true, false, (*Server).putOrder},
	{"order-get", "GET /v1/orders/{id}", bearer, false, false, (*Server).getOrder},
	{"transition", "POST /v1/orders/{id}/transitions", bearer, true, true, (*Server).transitionOrder},
	{"payment-put", "PUT /v1/payments/{id}", bearer, true, false, (*Server).putPayment},
	{"payment-get", "GET /v1/payments/{id}", bearer, false, false, (*Server).getPayment},
	{"confirm", "POST /v1/payments/{id}/confirmations", bearer, true, true, (*Server).confirmPayment},
	{"reverse", "POST /v1/payments/{id}/reversals", bearer, true, true, (*Server).reversePayment},
	{"capture", "POST /v1/payments/{id}/captures", bearer, true, true, (*Server).capturePayment},
	{"refund-put", "PUT /v1/payments/{id}/refunds/{part}", bearer, true, false, (*Server).putRefund},
	{"refund-get", "GET /v1/payments/{id}/refunds/{part}", bearer, false, false, (*Server).getRefund},
	{"reconcile", "PUT /v1/reconciliations/{id}", bearer, true, false, (*Server).putReconciliation},
	{"reconcile-commit", "POST /v1/reconciliations/{id}/commit", bearer, true, true, (*Server).commitReconciliation},
	{"batch", "PUT /v1/sync/batches/{id}", bearer, true, false, (*Server).putBatch},
	{"watermark", "GET /v1/sync/watermark", bearer, false, false, (*Server).getWatermark},
	{"report", "PUT /v1/reports/{id}", bearer, true, false, (*Server).putReport},
	{"report-get", "GET /v1/reports/{id}", bearer, false, false, (*Server).getReport},
}

// A call is one request on its way, or one record of the stream that is applied as one.
type call struct {
	operation   string
	id          string // in the path
	part        string // second id in the path, of a part of the first
	key         string // Idempotency-Key
	body        []byte
	header      http.Header
	epoch       string // of the query
	terminal    string
	store       string
	certificate thumbprint
	fault       fault
	recorded    *recorded // nil for a live call
}

// An answer is what a handler found; body is encoded as JSON, unless it is verbatim.
type answer struct {
	status   int
	body     any
	replayed bool
	passing  bool // not to be kept for a replay
}

// verbatim is a body that goes out byte for byte.
type verbatim []byte

func ok(body any) answer      { return answer{status: http.StatusOK, body: body} }
func created(body any) answer { return answer{status: http.StatusCreated, body: body} }

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, op := range operations {
		mux.HandleFunc(op.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(op, w, r) })
	}
	mux.HandleFunc("/", s.serveOther)
	return mux
}

// serve takes one request from the wire to its answer.
func (s *Server) serve(op operation, w http.ResponseWriter, r *http.Request) {
	c := &call{operation: op.name, id: r.PathValue("id"), part: r.PathValue("part"), key: r.Header.Get("Idempotency-Key"), header: r.Header, epoch: r.URL.Query().Get("epoch")}
	c.fault = s.faults.draw(c.operation, c.id, s.now())
	if standing := s.faults.ofEveryCall(); standing != "" {
		c.fault = fault{kind: standing}
	}
	s.skewDate(w, c)
	if s.strikeFirst(w, r, c) {
		return
	}
	result, problem := s.answerTo(op, c, r)
	s.faults.pass(op.name, after)
	if problem == nil && s.faults.losesAnswer(op.name, c.id, s.now()) {
		s.fallSilent(r, c, "answer lost")
	}
	if s.strikeLast(w, r, c) {
		return
	}
	if problem != nil {
		s.writeProblem(w, r, c, problem)
		return
	}
	s.write(w, r, c, result)
}

func (s *Server) answerTo(op operation, c *call, r *http.Request) (answer, *wire.Problem) {
	if problem := s.admit(op, c, r); problem != nil {
		return answer{}, problem
	}
	if op.changes {
		if !s.enter(c) {
			return answer{}, wire.NewProblem(wire.CodeIdempotencyKeyInUse, "the same request is being processed")
		}
		defer s.leave(c)
	}
	s.faults.dawdle()
	s.faults.pass(op.name, before)
	result, problem := s.process(op, c)
	if c.fault.kind == faultTwice {
		return s.process(op, c)
	}
	return result, problem
}

// process runs a call and makes what it changed last.
func (s *Server) process(op operation, c *call) (answer, *wire.Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	result, problem := op.run(s, c)
	if err := s.state.journal.commit(); err != nil {
		s.log.Error("state is not stored", "operation", op.name, "error", err)
		return answer{}, wire.NewProblem(wire.CodeInternalError, "the state could not be stored")
	}
	return result, problem
}

// admit checks all that needs no state of orders and payments.
func (s *Server) admit(op operation, c *call, r *http.Request) *wire.Problem {
	if s.faults.isUnavailable() {
		return wire.NewProblem(wire.CodeServiceUnavailable, "switched to unavailable")
	}
	if op.access >= certificate {
		if problem := s.identify(c, r); problem != nil {
			return problem
		}
	}
	if op.access >= bearer {
		if problem := s.authorise(c, r); problem != nil {
			return problem
		}
	}
	if op.keyed && c.key == "" {
		return wire.NewProblem(wire.CodeIdempotencyKeyMissing, "")
	}
	if problem := readBody(c, r); problem != nil {
		return problem
	}
	if problem := problemOf(s.validator.ValidateRequest(r)); problem != nil {
		return problem
	}
	if op.name == "batch" {
		return nil // record by record, so that one bad text blocks nothing else
	}
	return sensitiveText(c.body)
}

// readBody reads the body whole, checks its digest where there is one, unpacks it and
// gives it back to the request for the contract's check.
func readBody(c *call, r *http.Request) *wire.Problem {
	raw, err := io.ReadAll(io.LimitReader(r.Body, bodyMax+1))
	if err != nil || len(raw) > bodyMax {
		return wire.NewProblem(wire.CodeMalformedRequest, fmt.Sprintf("the body cannot be read, or is more than %d bytes", bodyMax))
	}
	if want := r.Header.Get("Content-Digest"); want != "" && want != contentDigest(raw) {
		return wire.NewProblem(wire.CodeHashMismatch, "Content-Digest is not that of the body")
	}
	switch r.Header.Get("Content-Encoding") {
	case "", "identity":
		c.body = raw
	case "gzip":
		if c.body, err = unpack(raw); err != nil {
			return wire.NewProblem(wire.CodeMalformedRequest, "the body is not gzip, or too large")
		}
	default:
		return wire.NewProblem(wire.CodeMalformedRequest, "unknown Content-Encoding")
	}
	r.Body = io.NopCloser(bytes.NewReader(c.body))
	r.ContentLength = int64(len(c.body))
	return nil
}

func unpack(packed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(reader, bodyMax+1))
	if err != nil {
		return nil, err
	}
	if len(body) > bodyMax {
		return nil, errors.New("too large")
	}
	return body, reader.Close()
}

// problemOf turns what the contract's check found into a problem.
func problemOf(err error) *wire.Problem {
	var wrong *contract.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return wire.NewProblem(wire.CodeRequiredField, "the request does not fit the contract", wrong.Violations...)
	default:
		return wire.NewProblem(wire.CodeMalformedRequest, err.Error())
	}
}

// enter marks a changing call as running; a second one like it is turned away.
func (s *Server) enter(c *call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inFlight[c.flight()] {
		return false
	}
	s.inFlight[c.flight()] = true
	return true
}

func (s *Server) leave(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.inFlight, c.flight())
}

func (c *call) flight() string { return join(c.terminal, c.operation, c.id, c.part, c.key) }

// serveOther answers what no operation of this central matches.
func (s *Server) serveOther(w http.ResponseWriter, r *http.Request) {
	problem := wire.NewProblem(wire.CodeNotFound, "no such path")
	if err := s.validator.ValidateRequest(r); !errors.Is(err, contract.ErrNoOperation) {
		problem = wire.NewProblem(wire.CodeVersionUnsupported, "this central does not offer the operation")
	}
	s.writeProblem(w, r, &call{operation: "other"}, problem)
}

func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, c *call, problem *wire.Problem) {
	problem.Instance = new(r.URL.Path)
	if problem.Retryable != nil && *problem.Retryable {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfterSeconds))
	}
	if problem.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	s.send(w, r, c, problem.Status, wire.ContentTypeProblem, problem, problem.Code, false)
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, c *call, result answer) {
	if result.replayed {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	s.send(w, r, c, result.status, "application/json", result.body, "", result.replayed)
}

// send checks an answer against the contract before it leaves. One that does not fit
// is a bug of this simulator: it is counted, and the caller gets a 500.
func (s *Server) send(w http.ResponseWriter, r *http.Request, c *call, status int, contentType string, body any, code string, replayed bool) {
	w.Header().Set("Content-Type", contentType)
	text, err := encode(body)
	if err == nil {
		err = s.validator.ValidateResponse(r, status, w.Header(), text)
	}
	if err != nil && !errors.Is(err, contract.ErrNoOperation) {
		s.requests.violated()
		s.log.Error("answer does not fit the contract", "operation", c.operation, "error", err)
		problem := wire.NewProblem(wire.CodeInternalError, "the answer does not fit the contract: "+err.Error())
		status, code = problem.Status, problem.Code
		text, _ = json.Marshal(problem) // a problem always encodes
		w.Header().Set("Content-Type", wire.ContentTypeProblem)
	}
	if c.fault.kind == faultHalf {
		s.writeHalf(w, c, status, text)
	}
	s.requests.add(s.now(), c, status, code, replayed)
	if c.fault.kind == faultDuplicate && status < http.StatusMultipleChoices && s.writeTwice(w, status, text) {
		return
	}
	w.WriteHeader(status)
	w.Write(text)
}

func encode(body any) ([]byte, error) {
	if text, whole := body.(verbatim); whole {
		return text, nil
	}
	return json.Marshal(body)
}

// getStatus says that all is well: when it is not, nothing answers at all.
func (s *Server) getStatus(c *call) (answer, *wire.Problem) {
	return ok(wire.Status{
		State:               wire.StatusStateOperational,
		ServerTime:          s.toldTime(c),
		APIVersions:         []string{"v1"},
		IdempotencyTTLHours: new(720),
		Services:            s.services(),
	}), nil
}
