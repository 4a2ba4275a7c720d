package pinpad

import (
	"context"
	"errors"
	"fmt"

	"balcao/reader/abecs"
)

// oldestSpec is the first edition of the standard with the commands used here.
const oldestSpec = "2"

var errTooOld = errors.New("pinpad speaks an edition of the standard before 2.00")

// start makes a pinpad ready: kill what a former process left running, open, get
// to know it, load the tables if they differ, show the idle text.
func (p *Pinpad) start(ctx context.Context, s *session) error {
	if err := s.settle(ctx); err != nil {
		return err
	}
	if err := s.cancel(); err != nil {
		return err
	}
	if _, err := s.askOK(ctx, abecs.Open()); err != nil {
		return fmt.Errorf("open: %w", err)
	}
	info, err := p.identify(ctx, s)
	if err != nil {
		return fmt.Errorf("identify: %w", err)
	}
	s.info = info
	tablesErr := p.loadTables(ctx, s)
	if errors.Is(tablesErr, errLost) || ctx.Err() != nil {
		return tablesErr
	}
	if err := s.rest(ctx, p.config.Texts.Idle); err != nil {
		return fmt.Errorf("show idle text: %w", err)
	}
	p.counters.sessions.Add(1)
	p.reportReady(s.info, tablesErr)
	return nil
}

func (p *Pinpad) identify(ctx context.Context, s *session) (abecs.Info, error) {
	request := abecs.InfoRequest{Acquirer: p.config.Acquirer}
	command, err := request.Command()
	if err != nil {
		return abecs.Info{}, err
	}
	response, err := s.ask(ctx, command)
	if err != nil {
		return abecs.Info{}, err
	}
	if response.ID == abecs.ERR {
		return abecs.Info{}, fmt.Errorf("%w: %w", errTooOld, response.Err())
	}
	if err := response.Err(); err != nil {
		return abecs.Info{}, err
	}
	info, err := request.ParseInfo(response)
	if err == nil && info.SpecVersion != "" && info.SpecVersion < oldestSpec {
		err = fmt.Errorf("%w: %s", errTooOld, info.SpecVersion)
	}
	return info, err
}

// loadTables brings the pinpad's tables to the wanted version and asks whether
// they are there. An interrupted load is begun anew: until TLE the pinpad keeps
// the old ones.
func (p *Pinpad) loadTables(ctx context.Context, s *session) error {
	wanted := p.config.Tables.Version
	if wanted == "" || s.info.TableVersion == wanted {
		return nil
	}
	p.report(p.status(s.info, lightStarting, DetailTables))
	var err error
	for range triesMax {
		if err = p.loadOnce(ctx, s); errors.Is(err, errLost) || ctx.Err() != nil {
			return err
		}
		// Whatever became of the last command, the version tells.
		info, infoErr := p.identify(ctx, s)
		if infoErr != nil {
			return infoErr
		}
		if s.info = info; info.TableVersion == wanted {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("pinpad still reports version %q", info.TableVersion)
		}
		s.log.Warn("pinpad tables not loaded", "version", wanted, "cause", err)
	}
	return fmt.Errorf("load tables %s: %w", wanted, err)
}

func (p *Pinpad) loadOnce(ctx context.Context, s *session) error {
	begin, err := abecs.StartTables(p.config.Acquirer, p.config.Tables.Version)
	if err != nil {
		return err
	}
	response, err := s.ask(ctx, begin)
	if err != nil {
		return err
	}
	if response.Status != abecs.OK && response.Status != abecs.VersionDiffers {
		return response.Err()
	}
	for _, command := range append(abecs.LoadRecords(p.config.Tables.Records), abecs.EndTables()) {
		if _, err := s.askOK(ctx, command); err != nil {
			return err
		}
	}
	return nil
}
