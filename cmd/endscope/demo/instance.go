package demo

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/agent/host"
	"github.com/endscope/endscope/cmd/endscope/demo/scoring"
	"github.com/endscope/endscope/cmd/internal/cli"
)

// instanceCommand is the hidden command by which a demo starts its own program again.
const instanceCommand = "demo-instance"

// announce begins the line in which an instance says where it listens.
const announce = "listening on "

// instance is what one instance process is told.
type instance struct {
	role
	server      string
	interval    time.Duration
	dataDir     string
	simulateGPU bool
	log         cli.LogConfig
	container   string // which of the instance's containers the process is
}

func (i *instance) args() []string {
	args := []string{
		instanceCommand, "--server=" + i.server, "--deployment=" + i.deployment, "--instance=" + i.role.instance, "--model=" + i.model,
		fmt.Sprintf("--lookup=%s", i.behaviour.Lookup), fmt.Sprintf("--lookup-fails=%g", i.behaviour.LookupFails),
		fmt.Sprintf("--interval=%s", i.interval), "--data-dir=" + i.dataDir, fmt.Sprintf("--simulate-gpu=%t", i.simulateGPU), fmt.Sprintf("--spare-gpus=%d", i.spareGPUs),
		"--log.level=" + i.log.Level, "--log.format=" + i.log.Format, "--container=" + i.container,
	}
	return args
}

// NewInstance returns the hidden command of one sample instance. It ends when its standard input does, so that it never outlives the
// demo.
func NewInstance(env cli.Env) *cobra.Command {
	i := instance{log: DefaultConfig().Log, container: serverContainer}
	cmd := &cobra.Command{
		Use: instanceCommand, Short: "One instance of the sample endpoint, as `endscope demo` starts it", Hidden: true, Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if i.container == mountContainer {
				return mountModels(cmd.Context(), env.Stdout)
			}
			return i.run(cmd.Context(), os.Stdin, env)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&i.server, "server", "", "URL of the server.")
	fs.StringVar(&i.deployment, "deployment", "", "Deployment that the instance belongs to.")
	fs.StringVar(&i.role.instance, "instance", "", "Name of the instance.")
	fs.StringVar(&i.model, "model", "logistic", "Model that scores: logistic or boosted.")
	fs.DurationVar(&i.behaviour.Lookup, "lookup", 0, "Median wait for the feature store.")
	fs.Float64Var(&i.behaviour.LookupFails, "lookup-fails", 0, "Share of waits that end in a failure.")
	fs.DurationVar(&i.interval, "interval", DefaultConfig().Interval, "How often the agent reads and pushes.")
	fs.StringVar(&i.dataDir, "data-dir", "", "Folder of the agent's spool.")
	fs.BoolVar(&i.simulateGPU, "simulate-gpu", false, "Read a simulated GPU.")
	fs.IntVar(&i.spareGPUs, "spare-gpus", 0, "Simulated GPUs that are held and never work.")
	fs.StringVar(&i.log.Level, "log.level", i.log.Level, "Least severe message that is logged.")
	fs.StringVar(&i.log.Format, "log.format", i.log.Format, "Shape of a log line.")
	fs.StringVar(&i.container, "container", i.container, "Which of the instance's containers to be: "+serverContainer+" or "+mountContainer+".")
	return cmd
}

// run serves and pushes until ctx or in ends, on which the fleet tells what happens. It prints where it listens on standard output.
func (i *instance) run(ctx context.Context, in io.Reader, env cli.Env) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	log, _ := cli.NewLogger(i.log, env.Stderr)
	log = log.With("instance", i.role.instance)
	model, err := newModel(i.model)
	if err != nil {
		return cli.Usage(err)
	}
	registry := prometheus.NewRegistry()
	counts, err := scoring.NewCollection(registry)
	if err != nil {
		return err
	}
	logs := &journal{role: i.role, counts: counts, sender: newLogSender(i.server, i.interval, counts, log)}
	server, err := scoring.NewServer(model, i.behaviour, scoring.Settings{Registerer: registry, Collection: counts, Traffic: logs.traffic, Console: logs})
	if err != nil {
		return err
	}
	sources, err := i.sources(registry, log)
	if err != nil {
		return err
	}
	a, err := newAgent(i.server, sampleEndpoint, i.deployment, i.role.instance, i.interval, i.dataDir, sources, log)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(fmt.Errorf("find a port: %w", err), a.Close())
	}
	fmt.Fprintf(env.Stdout, "%s%s\n", announce, l.Addr())
	heard := make(chan struct{})
	go func() { // ends with the process at the latest
		defer cancel()
		defer close(heard)
		logs.hear(in)
	}()
	g := cli.NewGroup(ctx, log)
	g.Add("scoring server", func(ctx context.Context) error { return server.Serve(ctx, l) })
	g.Add("logs", func(ctx context.Context) error { return logs.sender.run(ctx, heard) })
	g.Add("agent", a.Run)
	return errors.Join(g.Run(), a.Close())
}

func (i *instance) sources(registry *prometheus.Registry, log *slog.Logger) ([]agent.Source, error) {
	list := []agent.Source{{Collector: agent.NewGatherer("endpoint", registry)}}
	col, err := host.New(host.DefaultConfig(), host.Settings{Logger: log})
	if err != nil {
		return nil, err
	}
	list = append(list, agent.Source{Collector: col})
	if i.simulateGPU {
		seed := fnv.New64a()
		_, _ = io.WriteString(seed, i.role.instance)
		col, err := gpu.New(gpu.DefaultConfig(), gpu.Settings{Logger: log, Source: gpu.NewSimulated(gpu.SimulateConfig{Devices: 1 + i.spareGPUs, Idle: i.spareGPUs, Seed: seed.Sum64()})})
		if err != nil {
			return nil, err
		}
		list = append(list, agent.Source{Collector: col})
	}
	return list, nil
}

// newAgent makes the real agent, without a page of its own.
func newAgent(server, endpoint, deployment, name string, interval time.Duration, dataDir string, sources []agent.Source, log *slog.Logger) (*agent.Agent, error) {
	cfg := agent.DefaultConfig()
	cfg.Server, cfg.Endpoint, cfg.Deployment, cfg.Instance = server, endpoint, deployment, name
	cfg.Interval, cfg.DataDir, cfg.Metrics.Listen = interval, dataDir, ""
	cfg.Send.BackoffMax = 2 * time.Second
	cfg.Send.ShutdownTimeout = 2 * time.Second
	return agent.New(cfg, agent.Settings{Logger: log, Sources: sources})
}
