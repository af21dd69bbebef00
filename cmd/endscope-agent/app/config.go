package app

import (
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/console"
	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/agent/identity"
	"github.com/endscope/endscope/agent/kube"
	"github.com/endscope/endscope/agent/lifecycle"
	"github.com/endscope/endscope/agent/live"
	"github.com/endscope/endscope/agent/proxy"
	"github.com/endscope/endscope/agent/records"
	"github.com/endscope/endscope/agent/scrape"
	"github.com/endscope/endscope/agent/supervise"
	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/internal/config"
)

// Config is everything that the operator of an agent writes.
type Config struct {
	Agent      agent.Config     `yaml:",inline"`
	Identity   identity.Config  `yaml:"identity" help:"Where the names of endpoint, deployment and instance come from, when they are not given."`
	Kubernetes kube.Config      `yaml:"kubernetes" help:"What is asked of the cluster, in a pod."`
	Proxy      proxy.Config     `yaml:"proxy" help:"The proxy in front of the model server, which measures every request."`
	Scrape     scrape.Config    `yaml:"scrape" help:"Pages of metrics that the model server and its neighbours have."`
	Console    console.Config   `yaml:"console" help:"What the model server prints."`
	Exec       supervise.Config `yaml:"exec" help:"How exec runs the model server."`
	Lifecycle  lifecycle.Config `yaml:"lifecycle" help:"How the model server's life is watched."`
	Logs       records.Config   `yaml:"logs" help:"The traffic, console and event logs of the instance."`
	Live       live.Config      `yaml:"live" help:"The stream by which the server asks for what happens now, while somebody watches."`
	Collectors CollectorsConfig `yaml:"collectors" help:"What is read, and how often."`
	Log        cli.LogConfig    `yaml:"log" help:"What the agent says on its standard error."`
}

// CollectorsConfig is what single collectors can be told beside their schedule, which agent.Config has under the same keys.
type CollectorsConfig struct {
	GPU          gpu.Config         `yaml:"gpu" help:"NVIDIA GPUs."`
	SimulatedGPU SimulatedGPUConfig `yaml:"simulated_gpu" help:"Invented GPUs in place of the machine's, for demonstrations."`
}

// SimulatedGPUConfig puts invented GPUs in place of real ones.
type SimulatedGPUConfig struct {
	Devices int `yaml:"devices" help:"How many GPUs to invent, whose model name begins with Simulated. Nothing about them is measured; 0 reads those of the machine."`
	Idle    int `yaml:"idle" help:"How many of them are held and never work."`
}

// maxSimulated is more than a machine has.
const maxSimulated = 64

// Validate returns a *config.FieldError for each bad key.
func (c SimulatedGPUConfig) Validate() error {
	var errs []error
	if c.Devices < 0 || c.Devices > maxSimulated {
		errs = append(errs, config.Invalid("devices", c.Devices, fmt.Sprintf("must be between 0 and %d", maxSimulated)))
	}
	if c.Idle < 0 || c.Idle > c.Devices {
		errs = append(errs, config.Invalid("idle", c.Idle, "must be between 0 and devices"))
	}
	return errors.Join(errs...)
}

// DefaultConfig returns the configuration of an agent when nothing is set. It is not valid: the server has no default.
func DefaultConfig() Config {
	return Config{
		Agent:      agent.DefaultConfig(),
		Identity:   identity.DefaultConfig(),
		Kubernetes: kube.DefaultConfig(),
		Proxy:      proxy.DefaultConfig(),
		Scrape:     scrape.DefaultConfig(),
		Console:    console.DefaultConfig(),
		Exec:       supervise.DefaultConfig(),
		Lifecycle:  lifecycle.DefaultConfig(),
		Logs:       records.DefaultConfig(),
		Live:       live.DefaultConfig(),
		Collectors: CollectorsConfig{GPU: gpu.DefaultConfig()},
		Log:        cli.DefaultLogConfig(),
	}
}

// Validate returns a config.FieldError for every value that is out of bounds. Endpoint and deployment may be empty: they are then found out.
func (c Config) Validate() error {
	named := c.Agent
	for _, name := range []*string{&named.Endpoint, &named.Deployment} {
		if *name == "" {
			*name = "found-out"
		}
	}
	return errors.Join(
		named.Validate(),
		config.Prefix("identity", c.Identity.Validate()),
		config.Prefix("kubernetes", c.Kubernetes.Validate()),
		config.Prefix("proxy", c.Proxy.Validate()),
		config.Prefix("scrape", c.Scrape.Validate()),
		config.Prefix("console", c.Console.Validate()),
		config.Prefix("exec", c.Exec.Validate()),
		config.Prefix("lifecycle", c.Lifecycle.Validate()),
		config.Prefix("logs", c.Logs.Validate()),
		config.Prefix("live", c.Live.Validate()),
		config.Prefix("collectors.gpu", c.Collectors.GPU.Validate()),
		config.Prefix("collectors.simulated_gpu", c.Collectors.SimulatedGPU.Validate()),
		config.Prefix("log", c.Log.Validate()),
	)
}

// target is host:port of the model server, as far as the configuration tells it.
func (c Config) target() string {
	for _, text := range append([]string{c.Proxy.Target, c.Lifecycle.Readiness.HTTP, c.Lifecycle.Liveness.HTTP}, c.Scrape.Targets...) {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			continue
		}
		if u.Port() != "" {
			return u.Host
		}
		port := "80"
		if u.Scheme == "https" {
			port = "443"
		}
		return net.JoinHostPort(u.Hostname(), port)
	}
	return ""
}
