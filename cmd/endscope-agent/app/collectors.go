package app

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/agent/host"
	"github.com/endscope/endscope/agent/nvml"
)

// sources makes every collector that the configuration turns on. This is the one list of them; the agent adds its own.
// The caller closes them.
func sources(cfg Config, log *slog.Logger) ([]agent.Source, error) {
	var list []agent.Source
	fail := func(name string, err error) ([]agent.Source, error) {
		errs := []error{fmt.Errorf("collector %s: %w", name, err)}
		for _, s := range list {
			errs = append(errs, s.Collector.Close())
		}
		return nil, errors.Join(errs...)
	}
	if c := cfg.Agent.Collectors.Host; c.Enabled {
		col, err := host.New(host.Config{Cgroup: c.Cgroup}, host.Settings{Logger: log.With("collector", "host")})
		if err != nil {
			return fail("host", err)
		}
		list = append(list, c.Source(col))
	}
	if c := cfg.Agent.Collectors.GPU; c.Enabled {
		log := log.With("collector", "gpu")
		col, err := gpu.New(cfg.Collectors.GPU, gpu.Settings{Logger: log, Source: nvml.New(log)})
		if err != nil {
			return fail("gpu", err)
		}
		list = append(list, c.Source(col))
	}
	return list, nil
}
