package kube

import (
	"errors"
	"fmt"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Whether the pod is watched.
const (
	ModeAuto = "auto" // in a pod whose service account has a token
	ModeOff  = "off"
)

// Config is what an operator may choose about the questions to the cluster.
type Config struct {
	Events         string        `yaml:"events" help:"Whether the agent's pod and its events are read from the cluster, where it runs in one: auto or off."`
	Interval       time.Duration `yaml:"interval" help:"How often the pod is read, and its events while it starts or changes."`
	SteadyInterval time.Duration `yaml:"steady_interval" help:"How often the events are read while nothing changes; a list of events costs the cluster more than a pod."`
	Timeout        time.Duration `yaml:"timeout" help:"How long the cluster may take for one answer."`
}

// DefaultConfig returns the values that are used where the operator says nothing.
func DefaultConfig() Config {
	return Config{Events: ModeAuto, Interval: 10 * time.Second, SteadyInterval: 30 * time.Second, Timeout: 5 * time.Second}
}

// Validate returns a *config.FieldError for each bad key, joined.
func (c Config) Validate() error {
	var errs []error
	if c.Events != ModeAuto && c.Events != ModeOff {
		errs = append(errs, config.Invalid("events", fmt.Sprintf("%q", c.Events), "must be auto or off"))
	}
	if c.Interval < time.Second || c.Interval > 10*time.Minute {
		errs = append(errs, config.Invalid("interval", c.Interval, "must be between 1s and 10m"))
	}
	if c.SteadyInterval < c.Interval || c.SteadyInterval > 30*time.Minute { // the cluster forgets events after an hour
		errs = append(errs, config.Invalid("steady_interval", c.SteadyInterval, fmt.Sprintf("must be between the interval, %s, and 30m", c.Interval)))
	}
	if c.Timeout < 100*time.Millisecond || c.Timeout > time.Minute {
		errs = append(errs, config.Invalid("timeout", c.Timeout, "must be between 100ms and 1m"))
	}
	return errors.Join(errs...)
}
