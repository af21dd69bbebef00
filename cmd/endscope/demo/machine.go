package demo

import (
	"log/slog"
	"os"
	"path/filepath"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/agent/host"
	"github.com/endscope/endscope/agent/nvml"
	"github.com/endscope/endscope/scopes"
)

// newMachineAgent returns an agent that reads this machine and its real GPUs, if any.
func newMachineAgent(cfg Config, server, dataDir string, log *slog.Logger) (*agent.Agent, error) {
	log = log.With("instance", machineEndpoint)
	hostCollector, err := host.New(host.DefaultConfig(), host.Settings{Logger: log})
	if err != nil {
		return nil, err
	}
	gpuCollector, err := gpu.New(gpu.DefaultConfig(), gpu.Settings{Logger: log, Source: nvml.New(log)})
	if err != nil {
		return nil, err
	}
	sources := []agent.Source{{Collector: hostCollector}, {Collector: gpuCollector}}
	c := agent.DefaultConfig()
	c.Server, c.Endpoint, c.Deployment, c.Instance = server, machineEndpoint, machineDeployment, machineName()
	c.Interval, c.DataDir, c.Metrics.Listen = cfg.Interval, filepath.Join(dataDir, "agents", machineEndpoint), ""
	c.Send.BackoffMax, c.Send.ShutdownTimeout = longestBackOff, shutdownTimeout
	return agent.New(c, agent.Settings{Logger: log, Sources: sources})
}

// machineName returns the host's name, or "here" when it has none that an instance may have.
func machineName() string {
	name, err := os.Hostname()
	if err != nil || scopes.ValidateName(scopes.LevelInstance, name) != nil {
		return "here"
	}
	return name
}
