package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"balcao/terminal/snapshot"
	"balcao/terminal/text"
)

// Limits of the till's end: a peer on the same machine needs no longer, and a
// shop has fewer screens at one till.
const (
	headerTimeout   = 5 * time.Second
	writeTimeout    = 5 * time.Second // a screen that reads nothing is let go
	shutdownTimeout = 2 * time.Second
	headerMaxBytes  = 8 << 10
	streamsMax      = 16
)

// Serve opens the socket at path and serves backend on it until ctx ends. It
// answers nil then, and an error if the socket cannot be opened or breaks.
func Serve(ctx context.Context, path string, backend Backend, log *slog.Logger) error {
	listener, err := Listen(path)
	if err != nil {
		return err
	}
	return ServeOn(ctx, listener, backend, log)
}

// ServeOn serves backend on a listener, of [Listen] or in memory, and closes it.
func ServeOn(ctx context.Context, listener net.Listener, backend Backend, log *slog.Logger) error {
	till := &server{backend: backend, log: log, lifetime: ctx}
	web := &http.Server{
		Handler:           till.routes(),
		ReadHeaderTimeout: headerTimeout,
		MaxHeaderBytes:    headerMaxBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       rememberPeer,
	}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve screens: %w", err)
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := web.Shutdown(closing); err != nil {
		_ = web.Close()
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve screens: %w", err)
	}
	return nil
}

type peerKey struct{}

// rememberPeer asks once for each connection who is at its other end.
func rememberPeer(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, peerKey{}, checkPeer(conn))
}

// server is the till's end.
type server struct {
	backend  Backend
	log      *slog.Logger
	lifetime context.Context
	leases   leases
	streams  atomic.Int32
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/snapshot", s.snapshot)
	mux.HandleFunc("GET /v1/events", s.events)
	mux.HandleFunc("POST /v1/lease", s.lease)
	mux.HandleFunc("POST /v1/commands", s.command)
	mux.HandleFunc("POST /v1/backup", s.backup)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refusal, refused := r.Context().Value(peerKey{}).(error); refused {
			s.log.Warn("peer refused", "reason", refusal)
			answerProblem(w, http.StatusForbidden, refusal)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, bodyMaxBytes)
		mux.ServeHTTP(w, r)
	})
}

// problem is the answer to a request that the contract does not know.
type problem struct {
	Error string `json:"error"`
}

func answerProblem(w http.ResponseWriter, status int, err error) {
	answer(w, status, problem{Error: err.Error()})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The peer may be gone; it asks again under the same id.
	_ = json.NewEncoder(w).Encode(body)
}

func (s *server) snapshot(w http.ResponseWriter, r *http.Request) {
	newest, err := s.backend.Snapshot(r.Context())
	if err != nil {
		answerProblem(w, http.StatusServiceUnavailable, fmt.Errorf("snapshot: %w", err))
		return
	}
	answer(w, http.StatusOK, newest)
}

// read decodes a body strictly: an unknown field is a screen of another version.
func read(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	return nil
}

func (s *server) lease(w http.ResponseWriter, r *http.Request) {
	var request LeaseRequest
	if err := read(r, &request); err != nil {
		answerProblem(w, http.StatusBadRequest, err)
		return
	}
	if request.ScreenID == "" {
		answerProblem(w, http.StatusBadRequest, errors.New("lease: screen_id is missing"))
		return
	}
	lease, taken := s.leases.ask(request)
	if taken {
		s.log.Info("screen in command", "screen", request.ScreenID, "take_over", request.TakeOver)
	}
	answer(w, http.StatusOK, lease)
}

func (s *server) command(w http.ResponseWriter, r *http.Request) {
	var command Command
	err := read(r, &command)
	if err == nil {
		err = command.Check()
	}
	if err != nil {
		answerProblem(w, http.StatusBadRequest, err)
		return
	}
	if !s.leases.holds(command.Lease) {
		refusal := text.Msg(leaseRefusal)
		answer(w, http.StatusForbidden, Reply{Error: &refusal})
		return
	}
	s.log.Debug("command", "command", command)
	// A command that arrived is carried out, even if the screen dies meanwhile.
	reply := s.backend.Do(s.lifetime, command)
	if !reply.OK && !reply.Duplicate && reply.Error == nil {
		answerProblem(w, http.StatusServiceUnavailable, errors.New("the till is stopping"))
		return
	}
	// Without a number the screen goes by the facts alone.
	if newest, err := s.backend.Snapshot(s.lifetime); err == nil {
		reply.Number = newest.Number
	}
	answer(w, http.StatusOK, reply)
}

// events streams snapshots. The end of a screen's stream ends its lease: the
// kernel closes it when the screen dies.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	after := uint64(0)
	if given := r.URL.Query().Get("after"); given != "" {
		parsed, err := strconv.ParseUint(given, 10, 64)
		if err != nil {
			answerProblem(w, http.StatusBadRequest, fmt.Errorf("events: after %q: not a number", given))
			return
		}
		after = parsed
	}
	if s.streams.Add(1) > streamsMax {
		s.streams.Add(-1)
		answerProblem(w, http.StatusServiceUnavailable, fmt.Errorf("events: more than %d screens", streamsMax))
		return
	}
	defer s.streams.Add(-1)
	defer s.leases.release(r.URL.Query().Get("screen"))
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	s.stream(r.Context(), w, after)
}

func (s *server) stream(ctx context.Context, w http.ResponseWriter, after uint64) {
	snapshots := s.backend.Watch(ctx, after)
	heartbeat := time.NewTicker(eventHeartbeat)
	defer heartbeat.Stop()
	if send(w, ": hello\n\n") != nil {
		return
	}
	for {
		event := ": still here\n\n"
		select {
		case <-ctx.Done():
			return
		case <-heartbeat.C:
		case one, open := <-snapshots:
			if !open {
				return
			}
			one = newest(one, snapshots)
			data, err := json.Marshal(one)
			if err != nil {
				s.log.Error("snapshot cannot be sent", "error", err)
				return
			}
			event = fmt.Sprintf("id: %d\ndata: %s\n\n", one.Number, data)
		}
		if send(w, event) != nil {
			return
		}
	}
}

// newest skips what a slow screen has missed: a snapshot is whole.
func newest(one snapshot.Cashier, snapshots <-chan snapshot.Cashier) snapshot.Cashier {
	for {
		select {
		case next, open := <-snapshots:
			if !open {
				return one
			}
			one = next
		default:
			return one
		}
	}
}

func send(w http.ResponseWriter, event string) error {
	controller := http.NewResponseController(w)
	if err := controller.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := w.Write([]byte(event)); err != nil {
		return err
	}
	return controller.Flush()
}
