package app

import (
	"errors"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/internal/config"
)

// Config is everything that the operator of an agent writes.
type Config struct {
	Agent      agent.Config     `yaml:",inline"`
	Collectors CollectorsConfig `yaml:"collectors" help:"What is read, and how often."`
	Log        cli.LogConfig    `yaml:"log" help:"What the agent says on its standard error."`
}

// CollectorsConfig is what single collectors can be told beside their schedule, which agent.Config has under the same keys.
type CollectorsConfig struct {
	GPU gpu.Config `yaml:"gpu" help:"NVIDIA GPUs."`
}

// DefaultConfig returns the configuration of an agent when nothing is set. It is not valid: server, endpoint and deployment have no
// default.
func DefaultConfig() Config {
	return Config{
		Agent:      agent.DefaultConfig(),
		Collectors: CollectorsConfig{GPU: gpu.DefaultConfig()},
		Log:        cli.DefaultLogConfig(),
	}
}

// Validate returns a config.FieldError for every value that is out of bounds.
func (c Config) Validate() error {
	return errors.Join(
		c.Agent.Validate(),
		config.Prefix("collectors.gpu", c.Collectors.GPU.Validate()),
		config.Prefix("log", c.Log.Validate()),
	)
}
