package main

import (
	"context"
	"log/slog"
	"os"

	"balcao/internal/config"
	"balcao/internal/till"
)

// serveCommand runs the daemon.
type serveCommand struct {
	Config string `required:"" placeholder:"FILE" help:"The till's balcao.toml."`
	Check  bool   `help:"Check the configuration, print it as it takes effect (no secrets), and exit."`
	Debug  bool   `help:"Log more."`
}

// Run starts the till, or only checks its configuration.
func (c *serveCommand) Run(ctx context.Context) error {
	loaded, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	if c.Check {
		if _, err := config.Operators(loaded.Till.Operators); err != nil {
			return err
		}
		if _, err := config.Catalog(loaded.Till.Catalog, loaded.Till.Layouts()...); err != nil {
			return err
		}
		return loaded.Effective(os.Stdout)
	}
	level := slog.LevelInfo
	if c.Debug {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	running, err := till.New(loaded, version, log)
	if err != nil {
		return err
	}
	return running.Run(ctx)
}
