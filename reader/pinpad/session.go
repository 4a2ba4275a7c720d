package pinpad

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"balcao/reader/abecs"
	"balcao/terminal/ident"
)

// A session is one open cable with a pinpad in step at its other end. It ends with
// the first error that is [errLost].
type session struct {
	*line
	log      *slog.Logger
	info     abecs.Info
	onNotice func(abecs.Notice)

	// finishing names the attempt whose chip, inserted or tapped, waits for the issuer's
	// answer, empty if none does: between GOX and FCX.
	finishing ident.ID
}

// repeatable are the commands that may be sent again after the line was in
// trouble: they start over what they do. GTK answers once only; GOX, FCX and TLE
// may have had their effect, and records of a table load would be sent twice.
var repeatable = map[abecs.CommandID]bool{
	abecs.OPN: true, abecs.GIX: true, abecs.CLX: true, abecs.GCX: true, abecs.GPN: true, abecs.RMC: true, abecs.TLI: true,
}

// ask sends a command and answers the pinpad's answer, which may be a refusal.
//
// After trouble of the line, and when ctx ends, CAN brings both ends in step
// before anything else. If that fails, if a command that may be repeated meets
// trouble [triesMax] times, or if the cable is gone, the error is [errLost] and the
// session over. Any other error leaves it usable.
func (s *session) ask(ctx context.Context, command abecs.Command) (abecs.Response, error) {
	payload, err := command.Encode()
	if err != nil {
		return abecs.Response{}, err
	}
	for try := 1; ctx.Err() == nil; try++ {
		response, err := s.askOnce(ctx, command.ID, payload)
		if err == nil || errors.Is(err, errLost) {
			return response, err
		}
		if cancelErr := s.cancel(); cancelErr != nil {
			return abecs.Response{}, fmt.Errorf("%w (after: %w)", cancelErr, err)
		}
		if !isTrouble(err) || !repeatable[command.ID] {
			return abecs.Response{}, err
		}
		if try == triesMax {
			return abecs.Response{}, fmt.Errorf("%w: %d times in trouble: %w", errLost, try, err)
		}
		s.log.Warn("pinpad out of step, asking again", "command", string(command.ID), "cause", err)
	}
	return abecs.Response{}, ctx.Err()
}

// askOK is ask for commands of which any status but [abecs.OK] is an error.
func (s *session) askOK(ctx context.Context, command abecs.Command) (abecs.Response, error) {
	response, err := s.ask(ctx, command)
	if err != nil {
		return abecs.Response{}, err
	}
	return response, response.Err()
}

func (s *session) askOnce(ctx context.Context, id abecs.CommandID, payload []byte) (abecs.Response, error) {
	s.trace(abecs.Till, payload)
	if err := s.send(ctx, payload); err != nil {
		return abecs.Response{}, fmt.Errorf("send %s: %w", string(id), err)
	}
	var until time.Time
	if !id.Blocking() {
		until = time.Now().Add(s.timeouts.Response)
	}
	response, err := s.answer(ctx, id, until)
	if err != nil {
		return abecs.Response{}, fmt.Errorf("answer to %s: %w", string(id), err)
	}
	return response, nil
}

// answer waits for the answer to a command, and passes notifications on. Answers
// to other commands are left over from a trouble and thrown away.
func (s *session) answer(ctx context.Context, id abecs.CommandID, until time.Time) (abecs.Response, error) {
	for {
		payload, err := s.receive(ctx, until)
		if err != nil {
			return abecs.Response{}, err
		}
		s.trace(abecs.Pinpad, payload)
		response, err := abecs.ParseResponse(payload)
		switch {
		case err != nil:
			return abecs.Response{}, err
		case response.ID == id || response.ID == abecs.ERR:
			return response, nil
		case response.ID == abecs.NTM && s.onNotice != nil:
			s.onNotice(abecs.ParseNotice(response))
		case response.ID != abecs.NTM:
			s.counters.stale.Add(1)
		}
	}
}

func (s *session) trace(from abecs.Sender, payload []byte) {
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.log.Debug("pinpad frame", "frame", abecs.Trace(from, payload))
	}
}

// rest puts the pinpad at ease: card powered off and forgotten, idle text shown.
func (s *session) rest(ctx context.Context, text string) error {
	s.finishing = ""
	command, err := abecs.Close(text)
	if err != nil {
		return err
	}
	_, err = s.askOK(ctx, command)
	return err
}
