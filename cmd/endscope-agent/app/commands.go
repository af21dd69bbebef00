package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/cmd/internal/conf"
)

// Main runs one command line and returns the exit code of the process.
func Main(args []string, stdout, stderr io.Writer) int {
	env := cli.Env{Stdout: stdout, Stderr: stderr}
	root, err := NewRoot(env)
	if err != nil {
		_, _ = io.WriteString(stderr, "endscope-agent: "+err.Error()+"\n")
		return cli.ExitFailure
	}
	return env.Execute(root, args)
}

// NewRoot returns the command `endscope-agent` with every subcommand.
func NewRoot(env cli.Env) (*cobra.Command, error) {
	root := env.NewRoot("endscope-agent", "Reads an instance of an endpoint and pushes to an Endscope server",
		"The agent runs beside one instance of a deployment. It reads the host, its GPUs, the model server and itself, measures every request that\n"+
			"goes through its proxy, follows what the server prints and how it lives, keeps everything on disk until the Endscope server has it, and\npushes.")
	for _, command := range []func(cli.Env) (*cobra.Command, error){newRun, newExec, newCheck, newPrint} {
		cmd, err := command(env)
		if err != nil {
			return nil, err
		}
		root.AddCommand(cmd)
	}
	root.AddCommand(env.NewVersion("endscope-agent"))
	return root, nil
}

// withConfig returns a command whose flags are the agent's configuration.
func withConfig(cmd *cobra.Command, args cobra.PositionalArgs, defaults func() Config, run func(context.Context, Config, []string) error) (*cobra.Command, error) {
	loader, err := conf.New(defaults)
	if err != nil {
		return nil, err
	}
	loader.AddFlags(cmd.Flags())
	cmd.Args = cli.Args(args)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, err := loader.Load()
		if err != nil {
			return err
		}
		return run(cmd.Context(), cfg, args)
	}
	return cmd, nil
}

func newRun(env cli.Env) (*cobra.Command, error) {
	return withConfig(&cobra.Command{
		Use: "run", Short: "Read and push until told to stop",
		Example: "  endscope-agent run --server http://127.0.0.1:9190 --endpoint credit-default --deployment blue\n" +
			"  endscope-agent run --config.file agent.yaml --proxy.listen :8080 --proxy.target http://127.0.0.1:8000 --scrape.targets http://127.0.0.1:8000",
	}, cobra.NoArgs, DefaultConfig, func(ctx context.Context, cfg Config, _ []string) error {
		log, _ := cli.NewLogger(cfg.Log, env.Stderr)
		defer quietLibraries(log)()
		i, err := newInstance(ctx, cfg, child{}, log)
		if err != nil {
			return err
		}
		ctx, stop := context.WithCancel(ctx)
		wait := cli.OnHangup(ctx, func() { log.Info("SIGHUP: the agent reads its configuration only at its start") })
		err = errors.Join(i.run(ctx), i.Close())
		stop()
		wait()
		return err
	})
}

func newExec(env cli.Env) (*cobra.Command, error) {
	return withConfig(&cobra.Command{
		Use: "exec [flags] -- command [argument …]", Short: "Run the model server, and do for it what run does",
		Long: "Run the model server as a child: what it prints goes to the console log, signals are passed on, and it is started again when it ends.\n" +
			"Everything that `run` does is done besides. The exit code is that of the server.",
		Example: "  endscope-agent exec --config.file agent.yaml -- python server.py --port 8000",
	}, cobra.MinimumNArgs(1), DefaultConfig, func(ctx context.Context, cfg Config, command []string) error {
		log, _ := cli.NewLogger(cfg.Log, env.Stderr)
		defer quietLibraries(log)()
		signals, stop := passedOn()
		defer stop()
		i, err := newInstance(ctx, cfg, child{command: command, out: env.Stdout, errOut: env.Stderr, signals: signals}, log)
		if err != nil {
			return err
		}
		return i.runServer(ctx)
	})
}

func newCheck(env cli.Env) (*cobra.Command, error) {
	return withConfig(&cobra.Command{
		Use: "check [flags] [-- command [argument …]]", Short: "Check the configuration, every source, the spool and the way to the server",
		Example: "  endscope-agent check --config.file agent.yaml\n  endscope-agent check --config.file agent.yaml -- python server.py --port 8000",
		Long: "Check the configuration, say what was found (identity, GPUs, the kind of model server and what it gives, sources of logs), and send the\n" +
			"server empty requests. No sample and no row is stored or sent. With the command of exec, the model server need not run yet.",
	}, cobra.ArbitraryArgs, DefaultConfig, func(ctx context.Context, cfg Config, command []string) error {
		log, _ := cli.NewLogger(cfg.Log, env.Stderr)
		findings, err := check(ctx, cfg, command, log)
		if err != nil {
			return err
		}
		failed := 0
		for _, f := range findings {
			sign := "ok  "
			if f.Err != nil {
				sign, failed = "FAIL", failed+1
			}
			fmt.Fprintf(env.Stdout, "%s  %s: %s\n", sign, f.Name, f.Detail)
		}
		if failed > 0 {
			return fmt.Errorf("%d of %d checks failed", failed, len(findings))
		}
		return nil
	})
}

func newPrint(env cli.Env) (*cobra.Command, error) {
	return withConfig(&cobra.Command{
		Use: "print", Short: "Read once and print the readings as text exposition",
		Long: "Run every collector and print what it reads in the Prometheus text format, native histograms as their count and sum.\n" +
			"Nothing is pushed or written. What is a share of time needs two readings, so collectors run twice, a second apart.",
	}, cobra.NoArgs, unnamed, func(ctx context.Context, cfg Config, _ []string) error {
		log, _ := cli.NewLogger(cfg.Log, env.Stderr)
		c, err := newCollectors(cfg, hooks{}, log)
		if err != nil {
			return err
		}
		return errors.Join(agent.Print(ctx, c.sources(cfg), env.Stdout), c.close(cfg))
	})
}

// unnamed is the configuration of a command that pushes nothing: it needs no server.
func unnamed() Config {
	cfg := DefaultConfig()
	cfg.Agent.Server = "http://127.0.0.1:9190"
	return cfg
}

// quietLibraries leads what libraries say through Go's own logger, such as net/http of answers that nobody asked for, which may hold what the model said,
// to the agent's log at its lowest level, until undo is called.
func quietLibraries(log *slog.Logger) (undo func()) {
	out, flags := stdlog.Writer(), stdlog.Flags()
	stdlog.SetOutput(slog.NewLogLogger(log.Handler(), slog.LevelDebug).Writer())
	stdlog.SetFlags(0)
	return func() {
		stdlog.SetOutput(out)
		stdlog.SetFlags(flags)
	}
}
