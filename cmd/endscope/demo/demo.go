package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/cmd/endscope/app"
	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/cmd/internal/conf"
)

// New returns the command `demo`.
func New(env cli.Env) (*cobra.Command, error) {
	loader, err := conf.New(DefaultConfig)
	if err != nil {
		return nil, err
	}
	cmd := &cobra.Command{
		Use: "demo", Short: "Run a server, an agent on this machine and a sample endpoint under load",
		Long: "Run a server, an agent that reads this machine, and the sample endpoint " + sampleEndpoint + " with two deployments of two instances each: real\n" +
			"scoring servers under real requests, each run and read by a real agent. Prints what to open, and three questions with their answers.\n" +
			"Everything listens on loopback. Ctrl-C stops all of it.",
		Example: "  endscope demo\n  endscope demo --listen 127.0.0.1:9290 --data-dir data/demo --simulate-gpu",
		Args:    cli.Args(cobra.NoArgs),
	}
	loader.AddFlags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := loader.Load()
		if err != nil {
			return err
		}
		return Run(cmd.Context(), cfg, env)
	}
	return cmd, nil
}

// Run runs a demo until ctx ends or its duration is over. It starts the program that is running again for the instances: a test
// binary must hand the arguments of hidden commands on to the command line.
func Run(ctx context.Context, cfg Config, env cli.Env) (err error) {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program, to start its instances: %w", err)
	}
	log, _ := cli.NewLogger(cfg.Log, env.Stderr)
	dir, done, err := dataDir(cfg.DataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()

	server, err := newServer(cfg, dir, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	machine, err := newMachineAgent(cfg, server.URL(), dir, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, machine.Close()) }()

	f := &fleet{
		program: program, dir: dir, server: server.URL(), interval: cfg.Interval, simulateGPU: cfg.SimulateGPU, roles: cast(), log: log, started: make(chan []*target, 1),
	}
	story := &story{cfg: cfg, out: env.Stdout, url: server.URL(), dataDir: dir, program: os.Args[0]}
	story.welcome()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err = run(ctx, cancel, server, machine.Run, f, &load{rate: cfg.Rate, log: log}, story, log)
	if err == nil {
		story.goodbye()
	}
	return err
}

// run runs all parts. The order in which they are added is the order in which they stop: agents push until the last, and find the
// server there.
func run(ctx context.Context, end context.CancelFunc, server *app.App, machine func(context.Context) error, f *fleet, l *load, s *story, log *slog.Logger) error {
	loaded := make(chan struct{}) // closed when requests are sent
	g := cli.NewGroup(ctx, log)
	g.Add("answers", func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return nil
		case <-loaded:
		}
		if s.tell(ctx) {
			end()
			<-ctx.Done()
		}
		return nil
	})
	g.Add("load", func(ctx context.Context) error {
		select {
		case <-ctx.Done():
		case targets := <-f.started:
			close(loaded)
			l.run(ctx, targets)
		}
		return nil
	})
	g.Add("sample instances", func(ctx context.Context) error {
		if !ready(ctx, server) {
			return nil
		}
		return f.run(ctx)
	})
	g.Add("alert rules", func(ctx context.Context) error {
		if !ready(ctx, server) {
			return nil
		}
		if err := turnOnAlerts(ctx, s.url); err != nil && ctx.Err() == nil {
			return err
		}
		<-ctx.Done()
		return nil
	})
	g.Add("agent of this machine", func(ctx context.Context) error {
		if !ready(ctx, server) {
			return nil
		}
		return machine(ctx)
	})
	g.Add("server", server.Run)
	return g.Run()
}

// ready waits until the server takes pushes, so that no agent has a failure to tell of. It returns false when ctx ends first.
func ready(ctx context.Context, server *app.App) bool {
	for server.Ready() != nil {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	return ctx.Err() == nil
}

// newServer opens the real server, with every default but that alert rules are checked sooner.
func newServer(cfg Config, dir string, log *slog.Logger) (*app.App, error) {
	c := app.DefaultConfig()
	c.Listen, c.DataDir, c.Log = cfg.Listen, filepath.Join(dir, "server"), cfg.Log
	hasten(&c.Alerts)
	a, err := app.New(c, app.Settings{Logger: log})
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%w; something else listens there: stop it, or give another address such as --listen 127.0.0.1:9290", err)
	}
	return a, err
}

// dataDir makes the directory to keep everything in. done removes a temporary one.
func dataDir(given string) (dir string, done func() error, err error) {
	if given == "" {
		dir, err = os.MkdirTemp("", "endscope-demo-")
		return dir, func() error { return os.RemoveAll(dir) }, err
	}
	if dir, err = filepath.Abs(given); err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return "", nil, fmt.Errorf("data_dir: %w", err)
	}
	return dir, func() error { return nil }, nil
}
