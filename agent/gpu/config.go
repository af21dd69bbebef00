package gpu

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator may choose about GPU readings.
type Config struct {
	DeviceTimeout time.Duration `yaml:"device_timeout" help:"How long one GPU may take in one round before it is left out of that round and its series go stale."`
	RetryInterval time.Duration `yaml:"retry_interval" help:"Longest wait between two attempts to find a GPU or to initialise the driver's library again."`
	Events        bool          `yaml:"events" help:"Record XID and other health events of the driver."`
}

// DefaultConfig returns the values that are used where the operator says nothing.
func DefaultConfig() Config {
	return Config{DeviceTimeout: 5 * time.Second, RetryInterval: 5 * time.Minute, Events: true}
}

// Validate returns a *config.FieldError for each key that is out of bounds.
func (c Config) Validate() error {
	var errs []error
	if c.DeviceTimeout < 100*time.Millisecond || c.DeviceTimeout > time.Minute {
		errs = append(errs, config.Invalid("device_timeout", c.DeviceTimeout, "must be between 100ms and 1m"))
	}
	if c.RetryInterval < 10*time.Second || c.RetryInterval > 24*time.Hour {
		errs = append(errs, config.Invalid("retry_interval", c.RetryInterval, "must be between 10s and 24h"))
	}
	return errors.Join(errs...)
}

// Settings is what code passes to New. Both are required.
type Settings struct {
	Logger *slog.Logger
	Source Source // owned by the collector from then on
}

// New returns a collector that reads source. It makes no driver call: the first round does.
func New(cfg Config, settings Settings) (*Collector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("gpu: %w", err)
	}
	if settings.Source == nil || settings.Logger == nil {
		return nil, errors.New("gpu: a source and a logger are required")
	}
	return newCollector(cfg, settings), nil
}
