package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"time"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/agent/identity"
	"github.com/endscope/endscope/agent/lifecycle"
	"github.com/endscope/endscope/agent/process"
	"github.com/endscope/endscope/agent/records"
)

// dialTimeout is how long check waits for the model server to take a connection.
const dialTimeout = 2 * time.Second

// findings gathers what check found.
type findings []agent.Finding

func (f *findings) add(name, detail string, err error) {
	if err != nil {
		detail = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	*f = append(*f, agent.Finding{Name: name, Detail: detail, Err: err})
}

// check looks at everything that run would use, without storing or sending a sample or a row. With a command it looks at what exec would use: then the
// model server does not run yet, and that nothing answers is no failure.
func check(ctx context.Context, cfg Config, command []string, log *slog.Logger) (findings, error) {
	var f findings
	if len(command) > 0 {
		path, err := exec.LookPath(command[0])
		f.add("command", path, err)
	}
	c, err := cluster(cfg)
	if err != nil {
		f.add("cluster", "", err)
	}
	if c != nil {
		f.add("cluster", "in Kubernetes, API at "+c.Server(), nil)
		defer c.Close()
	}
	found, err := names(ctx, &cfg, c, log)
	named := err == nil
	if err != nil {
		f.add("identity", "", err)
		cfg.Agent.Endpoint, cfg.Agent.Deployment, cfg.Agent.Instance = "unnamed", "unnamed", "unnamed"
	}
	if named {
		f.sources(found)
	}
	finder, err := process.New(cfg.Lifecycle.Process, process.Settings{Logger: log, Target: cfg.target()})
	if err != nil {
		return nil, err
	}
	h := hooks{}
	if finder.Configured() {
		h.pids = finder.PIDs
	}
	cols, err := newCollectors(cfg, h, log)
	if err != nil {
		return nil, err
	}
	list, err := agent.Check(ctx, cfg.Agent, agent.Settings{Logger: log, Sources: cols.sources(cfg)})
	if err != nil {
		return nil, errors.Join(err, cols.close(cfg))
	}
	reached, running := true, false
	for _, one := range list {
		if one.Name == "collector scrape" {
			continue // each target is told of below
		}
		running = running || one.InUse
		if one.Name != "identity" || named {
			f = append(f, one)
		}
		reached = reached && (one.Name != "server" && one.Name != "credentials" || one.Err == nil)
	}
	if reached && cfg.Logs.Enabled {
		f.logs(ctx, cfg)
	}
	f.gpus(cols.gpu)
	if !running { // else they are taken by the agent that runs
		f.address(ctx, "proxy.listen", cfg.Proxy.Listen)
		f.address(ctx, "metrics.listen", cfg.Agent.Metrics.Listen)
	}
	if cfg.Proxy.Target != "" && !cfg.Proxy.Enabled() {
		f.add("proxy", "", errNoListen)
	}
	before := len(f)
	f.targets(cols)
	f.server(ctx, cfg, finder)
	f.probes(ctx, cfg)
	for n := range f[before:] {
		if one := &f[before+n]; len(command) > 0 && one.Err != nil {
			one.Err, one.Detail = nil, "not yet, before exec starts it: "+one.Detail
		}
	}
	f.console(cfg)
	return f, cols.close(cfg)
}

// errNoListen is what is wrong with a proxy.target alone.
var errNoListen = errors.New("proxy.target is set and proxy.listen is not, so no proxy runs and no request is measured")

// address says whether an address can be listened on.
func (f *findings) address(ctx context.Context, key, address string) {
	if address == "" {
		return
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err == nil {
		err = l.Close()
	}
	f.add(key, address+" is free", err)
}

// probes does each probe once.
func (f *findings) probes(ctx context.Context, cfg Config) {
	for _, p := range []struct {
		name  string
		probe lifecycle.ProbeConfig
	}{{"liveness", cfg.Lifecycle.Liveness}, {"readiness", cfg.Lifecycle.Readiness}, {"startup", cfg.Lifecycle.Startup}} {
		if asked, err := p.probe.Once(ctx); asked || err != nil {
			f.add("probe "+p.name, "succeeds", err)
		}
	}
}

// sources says where each name comes from.
func (f *findings) sources(r identity.Result) {
	for _, p := range []struct {
		part  string
		value identity.Value
	}{{"endpoint", r.Endpoint}, {"deployment", r.Deployment}, {"instance", r.Instance}, {"container", r.Container}} {
		if p.value.Value != "" {
			f.add(p.part, fmt.Sprintf("%s (from %s)", p.value.Value, p.value.Source), nil)
		}
	}
}

// logs says whether the server takes rows.
func (f *findings) logs(ctx context.Context, cfg Config) {
	client, err := cfg.Agent.HTTPClient.Client()
	if err == nil {
		defer client.CloseIdleConnections()
		err = records.Check(ctx, cfg.Logs.Send, cfg.Agent.Server, client)
	}
	f.add("logs", "the server takes rows of all three logs", err)
}

// gpus lists the GPUs, what they cannot tell, and how the instance's share of them is told.
func (f *findings) gpus(c *gpu.Collector) {
	if c == nil {
		return
	}
	devices := c.Devices()
	if len(devices) == 0 {
		f.add("gpus", "none is seen", nil)
	}
	for _, d := range devices {
		text := []string{fmt.Sprintf("%s, %s, driver %s", d.Model, d.UUID, d.Driver.Version)}
		if d.MIG {
			var slices []string
			for _, s := range d.Slices {
				slices = append(slices, s.Profile)
			}
			text = append(text, "MIG: "+strings.Join(slices, ", "))
		}
		for _, list := range []struct {
			what     string
			readings []string
		}{{"not told by it", d.Unsupported}, {"denied", d.Denied}, {"failed", d.Failed}} {
			if len(list.readings) > 0 {
				text = append(text, list.what+": "+strings.Join(list.readings, ", "))
			}
		}
		for _, s := range d.Shares {
			text = append(text, fmt.Sprintf("share of this instance by %s (%s)", s.Method, gpu.MethodError(s.Method)))
		}
		f.add(fmt.Sprintf("gpu %d", d.Index), strings.Join(text, "; "), nil)
	}
}

// targets says what kind of server each page of metrics is, and what it gives.
func (f *findings) targets(c *collectors) {
	if c.scrape == nil {
		return
	}
	for _, t := range c.scrape.Targets() {
		kind := strings.Join(t.Kinds, ", ")
		if kind == "" {
			kind = "of no kind that a mapping knows"
		}
		if t.Version != "" {
			kind += " " + t.Version
		}
		f.add("scrape "+t.URL, fmt.Sprintf("%s; %d series, %d canonical ones of %d metrics: %s", kind, t.Series, t.Mapped, len(t.Metrics), strings.Join(t.Metrics, ", ")), t.Err)
	}
}

// server says whether the model server takes connections, and which process it is.
func (f *findings) server(ctx context.Context, cfg Config, finder *process.Finder) {
	if target := cfg.target(); target != "" {
		d := net.Dialer{Timeout: dialTimeout}
		conn, err := d.DialContext(ctx, "tcp", target)
		if err == nil {
			err = conn.Close()
		}
		f.add("model server", target+" takes connections", err)
	}
	if finder.Configured() {
		m, err := finder.Find()
		f.add("process", fmt.Sprintf("%d (%s), since %s", m.PID, m.Name(), m.Start.UTC().Format(time.RFC3339)), err)
	}
}

// console says which files and units of the journal are there, and in which format.
func (f *findings) console(cfg Config) {
	for _, s := range cfg.Console.Look() {
		detail := "is followed"
		if s.Kind == "file" {
			detail = fmt.Sprintf("%d bytes", s.Size)
			if s.Format != "" {
				detail += ", format " + s.Format
			}
		}
		f.add("console "+s.Name, detail, s.Err)
	}
}
