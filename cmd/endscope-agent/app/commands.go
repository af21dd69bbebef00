package app

import (
	"context"
	"errors"
	"fmt"
	"io"
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
		"The agent runs beside one instance of a deployment. It reads the host, its GPUs and itself, keeps every round on disk until the\nserver has it, and pushes.")
	for _, command := range []func(cli.Env) (*cobra.Command, error){newRun, newCheck, newPrint} {
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
func withConfig(cmd *cobra.Command, defaults func() Config, run func(context.Context, Config) error) (*cobra.Command, error) {
	loader, err := conf.New(defaults)
	if err != nil {
		return nil, err
	}
	loader.AddFlags(cmd.Flags())
	cmd.Args = cli.Args(cobra.NoArgs)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := loader.Load()
		if err != nil {
			return err
		}
		return run(cmd.Context(), cfg)
	}
	return cmd, nil
}

func newRun(env cli.Env) (*cobra.Command, error) {
	return withConfig(&cobra.Command{
		Use: "run", Short: "Read and push until told to stop",
		Example: "  endscope-agent run --server http://127.0.0.1:9190 --endpoint credit-default --deployment blue",
	}, DefaultConfig, func(ctx context.Context, cfg Config) error {
		log, _ := cli.NewLogger(cfg.Log, env.Stderr)
		sources, err := sources(cfg, log)
		if err != nil {
			return err
		}
		a, err := agent.New(cfg.Agent, agent.Settings{Logger: log, Sources: sources})
		if err != nil {
			return err
		}
		ctx, stop := context.WithCancel(ctx)
		wait := cli.OnHangup(ctx, func() { log.Info("SIGHUP: the agent reads its configuration only at its start") })
		err = errors.Join(a.Run(ctx), a.Close())
		stop()
		wait()
		return err
	})
}

func newCheck(env cli.Env) (*cobra.Command, error) {
	return withConfig(&cobra.Command{
		Use: "check", Short: "Check the configuration, every collector, the spool and the way to the server",
		Long: "Check the configuration, run every collector once, and send the server an empty request. No sample is stored or sent.",
	}, DefaultConfig, func(ctx context.Context, cfg Config) error {
		log, _ := cli.NewLogger(cfg.Log, env.Stderr)
		return withSources(cfg, log, func(list []agent.Source) error {
			findings, err := agent.Check(ctx, cfg.Agent, agent.Settings{Logger: log, Sources: list})
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
	})
}

func newPrint(env cli.Env) (*cobra.Command, error) {
	return withConfig(&cobra.Command{
		Use: "print", Short: "Read once and print the readings as text exposition",
		Long: "Run every collector and print what it reads in the Prometheus text format, native histograms as their count and sum.\n" +
			"Nothing is pushed or written. What is a share of time needs two readings, so collectors run twice, a second apart.",
	}, unnamed, func(ctx context.Context, cfg Config) error {
		log, _ := cli.NewLogger(cfg.Log, env.Stderr)
		return withSources(cfg, log, func(list []agent.Source) error { return agent.Print(ctx, list, env.Stdout) })
	})
}

// withSources makes the collectors for f and closes them after it.
func withSources(cfg Config, log *slog.Logger, f func([]agent.Source) error) error {
	list, err := sources(cfg, log)
	if err != nil {
		return err
	}
	errs := []error{f(list)}
	for _, s := range list {
		errs = append(errs, s.Collector.Close())
	}
	return errors.Join(errs...)
}

// unnamed is the configuration of a command that pushes nothing: it needs neither a server nor a name.
func unnamed() Config {
	cfg := DefaultConfig()
	cfg.Agent.Server, cfg.Agent.Endpoint, cfg.Agent.Deployment = "http://127.0.0.1:9190", "unnamed", "unnamed"
	return cfg
}
