package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/console"
	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/agent/identity"
	"github.com/endscope/endscope/agent/kube"
	"github.com/endscope/endscope/agent/lifecycle"
	"github.com/endscope/endscope/agent/live"
	"github.com/endscope/endscope/agent/process"
	"github.com/endscope/endscope/agent/proxy"
	"github.com/endscope/endscope/agent/records"
	"github.com/endscope/endscope/agent/supervise"
	"github.com/endscope/endscope/cmd/internal/cli"
)

// instance is everything that runs beside one model server. Parts that are off are nil.
type instance struct {
	cfg     Config
	log     *slog.Logger
	names   identity.Result
	reg     *prometheus.Registry
	cleanup cli.Cleanup

	recorder *records.Recorder
	life     *lifecycle.Lifecycle
	finder   *process.Finder
	console  *console.Pipeline
	server   *supervise.Supervisor
	proxy    *proxy.Proxy
	kube     *kube.Watcher
	live     *live.Live
	agent    *agent.Agent
}

// child is the model server that the agent runs itself. Without a command it runs none.
type child struct {
	command     []string
	out, errOut io.Writer // where its output goes besides
	signals     <-chan os.Signal
}

// newInstance opens and binds everything.
func newInstance(ctx context.Context, cfg Config, server child, log *slog.Logger) (_ *instance, err error) {
	i := &instance{cfg: cfg, log: log, reg: prometheus.NewRegistry()}
	defer func() {
		if err != nil {
			err = errors.Join(err, i.Close())
		}
	}()
	c, err := cluster(cfg)
	if err != nil {
		return nil, err
	}
	if c != nil {
		i.cleanup.Add("client of the cluster", c.Close)
	}
	if i.names, err = names(ctx, &i.cfg, c, log); err != nil {
		return nil, err
	}
	for _, open := range []func() error{
		i.openRecorder,
		func() error { return i.openLife(c, server.command) },
		i.openConsole,
		func() error { return i.openServer(server) },
		i.openProxy,
		func() error { return i.openCluster(c) },
		i.openLive,
		i.openAgent,
	} {
		if err := open(); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// dir is a folder of one part's own.
func (i *instance) dir(part string) string { return filepath.Join(i.cfg.Agent.DataDir, part) }

func (i *instance) openRecorder() error {
	client, err := i.cfg.Agent.HTTPClient.Client()
	if err != nil {
		return err
	}
	i.recorder, err = records.New(i.cfg.Logs, records.Settings{
		DataDir: i.cfg.Agent.DataDir, Server: i.cfg.Agent.Server, HTTPClient: client, Identity: i.names.Path(), Registerer: i.reg, Logger: i.log,
	})
	if err != nil {
		return fmt.Errorf("logs: %w", err)
	}
	i.cleanup.Add("logs", i.recorder.Close)
	return nil
}

// container is the name of what serves the model, in rows.
func (i *instance) container() string {
	if c := i.cfg.Console.Container; c != console.ContainerAuto && c != console.DefaultConfig().Container {
		return c
	}
	if i.names.Container.Value != "" {
		return i.names.Container.Value
	}
	return lifecycle.DefaultContainer
}

func (i *instance) image() string {
	if i.cfg.Console.Image != "" {
		return i.cfg.Console.Image
	}
	return i.names.Image
}

func (i *instance) openLife(c *kube.Client, command []string) error {
	runs := len(command) > 0
	set := lifecycle.Settings{
		Logger: i.log, Registerer: i.reg, Record: i.recordEvent, Container: i.container(), Image: i.image(),
		Dir: i.dir("lifecycle"), Foreign: c != nil && !runs && i.cfg.Kubernetes.Events != kube.ModeOff,
	}
	set.Began = func() {
		if i.proxy != nil {
			i.proxy.ModelStarted()
		}
	}
	found := process.Settings{Logger: i.log, Target: i.cfg.target()}
	if i.cfg.Proxy.Enabled() || runs {
		set.Target = i.cfg.target()
	}
	if runs {
		set.Command, set.Outlives = filepath.Base(command[0]), !i.cfg.Exec.DieWithAgent
		set.Restart = func(reason string) { i.server.Restart(reason) }
		found.PID = func() int {
			if i.server == nil {
				return 0
			}
			return i.server.PID()
		}
	}
	var err error
	if i.finder, err = process.New(i.cfg.Lifecycle.Process, found); err != nil {
		return fmt.Errorf("lifecycle.process: %w", err)
	}
	if !runs && i.finder.Configured() {
		set.Find, set.Wait, set.OOMKills = i.finder.Find, i.finder.Wait, i.finder.OOMKills
	}
	if i.life, err = lifecycle.New(i.cfg.Lifecycle, set); err != nil {
		return fmt.Errorf("lifecycle: %w", err)
	}
	return nil
}

// recordEvent records a row of the event log without secrets: what a server answers a probe, or a command prints, may hold some. What comes before the
// console is open is the agent's own.
func (i *instance) recordEvent(e records.Event) {
	if i.console != nil {
		e.Message = i.console.Redact(e.Message)
	}
	i.recorder.Event(e)
}

func (i *instance) openConsole() error {
	cfg := i.cfg.Console
	if cfg.Container != console.ContainerAuto {
		cfg.Container = i.container()
	}
	cfg.Image = i.image()
	var err error
	i.console, err = console.NewPipeline(cfg, console.Settings{
		Logger: i.log, Registerer: i.reg, Dir: i.dir("console"), Record: i.recorder.Console, Append: i.recorder.AppendConsole,
		Dropped: func(reason string, lines int) { i.recorder.Dropped(records.KindConsole, reason, lines) },
		Line:    func(at time.Time, _, text string) { i.life.Line(at, text) },
	})
	if err != nil {
		return fmt.Errorf("console: %w", err)
	}
	for _, reason := range []string{console.ReasonRateLimit, console.ReasonBacklog} {
		i.recorder.Dropped(records.KindConsole, reason, 0) // so that the first loss is a rise
	}
	return nil
}

func (i *instance) openProxy() error {
	if !i.cfg.Proxy.Enabled() {
		if i.cfg.Proxy.Target != "" {
			i.log.Warn(errNoListen.Error())
		}
		return nil
	}
	var err error
	i.proxy, err = proxy.New(i.cfg.Proxy, proxy.Settings{Logger: i.log, Registerer: i.reg, Record: i.request, FirstRequest: i.life.FirstRequest})
	if err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	i.cleanup.Add("proxy", i.proxy.Close)
	return nil
}

func (i *instance) openCluster(c *kube.Client) error {
	pod := i.names.Pod
	if c == nil || pod.Name == "" || i.cfg.Kubernetes.Events == kube.ModeOff {
		return nil
	}
	var err error
	i.kube, err = kube.NewWatcher(i.cfg.Kubernetes, kube.Settings{
		Logger: i.log, API: c, Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, Container: i.names.Container.Value, Dir: i.dir("kubernetes"),
		Event: i.life.Event,
		Phase: func(p kube.Phase) { i.life.StartPhase(lifecycle.Phase(p.Name), p.Start, p.End, p.Failed) },
		Restart: func(r kube.Restart) {
			e := lifecycle.ProcessEvent{Kind: lifecycle.Exited, Time: r.Time, ExitCode: r.ExitCode, OOMKilled: r.Reason == "OOMKilled"}
			if r.ByProbe {
				e.Reason = "liveness"
			}
			i.life.Restarted(e)
		},
	})
	if err != nil {
		return fmt.Errorf("kubernetes: %w", err)
	}
	return nil
}

func (i *instance) openAgent() error {
	h := hooks{onEvent: i.gpuHealth}
	if i.finder.Configured() || i.server != nil {
		h.pids = i.finder.PIDs
		if h.method = gpu.MethodPIDTree; i.cfg.Lifecycle.Process.Cgroup != "" {
			h.method = gpu.MethodCgroup
		}
	}
	c, err := newCollectors(i.cfg, h, i.log)
	if err != nil {
		return err
	}
	i.agent, err = agent.New(i.cfg.Agent, agent.Settings{Logger: i.log, Registry: i.reg, Sources: i.watched(c.sources(i.cfg))})
	if err != nil {
		return err
	}
	i.cleanup.Add("agent", i.agent.Close)
	return nil
}

// errServerEnded says that the model server has ended for good.
var errServerEnded = errors.New("the model server has ended")

// run runs every part until ctx ends or the model server, if the agent runs it, has ended for good. The order in which parts are added is that in which
// they stop: no request comes any more, the server ends, what it printed is read, and what is left is pushed.
func (i *instance) run(ctx context.Context) error {
	g := cli.NewGroup(ctx, i.log)
	if i.proxy != nil {
		g.Add("proxy", i.proxy.Run)
	}
	if i.server != nil {
		g.Add("model server", func(ctx context.Context) error {
			err := i.server.Run(ctx)
			if err == nil && ctx.Err() == nil {
				err = errServerEnded
			}
			return err
		})
	}
	g.Add("console", i.console.Run)
	if i.kube != nil {
		g.Add("cluster", i.kube.Run)
	}
	g.Add("lifecycle", i.life.Run)
	if i.live != nil {
		g.Add("live stream", i.live.Run)
	}
	g.Add("agent", i.agent.Run)
	g.Add("logs", i.recorder.Run)
	return g.Run()
}

// Close closes what is open, last opened first.
func (i *instance) Close() error { return i.cleanup.Close() }
