package supervise

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator may choose about the child process.
type Config struct {
	Restart      string        `yaml:"restart" help:"When the server is started again after it ended by itself: always, on-failure (any exit code but 0) or never."`
	StopTimeout  time.Duration `yaml:"stop_timeout" help:"How long the server may take to end after SIGTERM before it is killed."`
	BackoffMin   time.Duration `yaml:"backoff_min" help:"Wait before the second restart; the first is made at once, and the wait doubles with each further one."`
	BackoffMax   time.Duration `yaml:"backoff_max" help:"Longest wait before a restart."`
	BackoffReset time.Duration `yaml:"backoff_reset" help:"How long the server must have run for the waits to begin anew."`
	Passthrough  bool          `yaml:"passthrough" help:"Whether the server's output is also written to the agent's own stdout and stderr."`
	DieWithAgent bool          `yaml:"die_with_agent" help:"Whether the server is killed when the agent is killed (Linux only)."`
}

// The values of Config.Restart.
const (
	RestartAlways    = "always"
	RestartOnFailure = "on-failure"
	RestartNever     = "never"
)

// DefaultConfig restarts as Kubernetes does.
func DefaultConfig() Config {
	return Config{
		Restart: RestartAlways, StopTimeout: 30 * time.Second, BackoffMin: 10 * time.Second, BackoffMax: 5 * time.Minute, BackoffReset: 10 * time.Minute,
		Passthrough: true, DieWithAgent: true,
	}
}

// Validate returns a *config.FieldError for each bad key.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if !slices.Contains([]string{RestartAlways, RestartOnFailure, RestartNever}, c.Restart) {
		bad("restart", fmt.Sprintf("%q", c.Restart), "must be always, on-failure or never")
	}
	if c.StopTimeout < 0 || c.StopTimeout > 24*time.Hour {
		bad("stop_timeout", c.StopTimeout, "must be between 0s and 24h")
	}
	if c.BackoffMin < 0 || c.BackoffMin > c.BackoffMax {
		bad("backoff_min", c.BackoffMin, "must be between 0s and backoff_max")
	}
	if c.BackoffMax > 24*time.Hour {
		bad("backoff_max", c.BackoffMax, "must be at most 24h")
	}
	if c.BackoffReset < 0 || c.BackoffReset > 24*time.Hour {
		bad("backoff_reset", c.BackoffReset, "must be between 0s and 24h")
	}
	return errors.Join(errs...)
}
