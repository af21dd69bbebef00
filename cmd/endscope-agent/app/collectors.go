package app

import (
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"path/filepath"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/agent/host"
	"github.com/endscope/endscope/agent/nvml"
	"github.com/endscope/endscope/agent/scrape"
)

// collectors is every collector that the configuration turns on. Those that are off are nil.
type collectors struct {
	host   *host.Collector
	gpu    *gpu.Collector
	scrape *scrape.Collector
}

// hooks are what collectors are told of the instance; the zero value is for reading without one.
type hooks struct {
	pids    func() []int          // the instance's processes
	method  string                // how they were found
	onEvent func(gpu.HealthEvent) // gets the health events of GPUs
}

// newCollectors makes every collector. This is the one list of them; the agent adds its own.
func newCollectors(cfg Config, h hooks, log *slog.Logger) (_ *collectors, err error) {
	c := &collectors{}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close(cfg))
		}
	}()
	if cfg.Agent.Collectors.Host.Enabled {
		if c.host, err = host.New(host.Config{Cgroup: cfg.Agent.Collectors.Host.Cgroup}, host.Settings{Logger: log.With("collector", "host")}); err != nil {
			return c, fmt.Errorf("collector host: %w", err)
		}
	}
	if cfg.Agent.Collectors.GPU.Enabled {
		log := log.With("collector", "gpu")
		set := gpu.Settings{Logger: log, Source: nvml.New(log), Pids: h.pids, PidMethod: h.method, OnEvent: h.onEvent}
		if h.onEvent != nil {
			set.KernelLog, set.Dir = gpu.OpenKernelLog, filepath.Join(cfg.Agent.DataDir, "gpu")
		}
		if cfg.Collectors.SimulatedGPU.Devices > 0 {
			simulate(&set, cfg)
		}
		if c.gpu, err = gpu.New(cfg.Collectors.GPU, set); err != nil {
			return c, fmt.Errorf("collector gpu: %w", err)
		}
	}
	if len(cfg.Scrape.Targets) > 0 {
		set := scrape.Settings{Logger: log.With("collector", "scrape"), Proxy: cfg.Proxy.Enabled()}
		if c.gpu != nil {
			set.GPU = c.gpu.Present
		}
		if c.scrape, err = scrape.New(cfg.Scrape, set); err != nil {
			return c, fmt.Errorf("collector scrape: %w", err)
		}
	}
	return c, nil
}

// sources returns the collectors with their schedules. Whoever gets them closes them.
func (c *collectors) sources(cfg Config) []agent.Source {
	var list []agent.Source
	if c.host != nil {
		list = append(list, cfg.Agent.Collectors.Host.Source(c.host))
	}
	if c.gpu != nil {
		list = append(list, cfg.Agent.Collectors.GPU.Source(c.gpu))
	}
	if c.scrape != nil {
		list = append(list, cfg.Scrape.Source(c.scrape))
	}
	return list
}

func (c *collectors) close(cfg Config) error {
	var errs []error
	for _, s := range c.sources(cfg) {
		errs = append(errs, s.Collector.Close())
	}
	return errors.Join(errs...)
}

// simulate puts invented GPUs in the place of the machine's. They differ from instance to instance, and the instance holds them.
func simulate(set *gpu.Settings, cfg Config) {
	seed := fnv.New64a()
	_, _ = seed.Write([]byte(cfg.Agent.Endpoint + "/" + cfg.Agent.Deployment + "/" + cfg.Agent.Instance))
	c := cfg.Collectors.SimulatedGPU
	set.Source = gpu.NewSimulated(gpu.SimulateConfig{Devices: c.Devices, Idle: c.Idle, Seed: seed.Sum64()})
	set.Pids, set.PidMethod, set.KernelLog = gpu.SimulatedPids, "", nil
	set.Logger.Warn("GPUs are simulated: nothing about them is measured", "devices", c.Devices)
}
