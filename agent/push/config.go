package push

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Config is what every sender can be told. Those who send have it as their own type with the same fields, for the words of their help.
type Config struct {
	Path            string        `yaml:"path" help:"Path below the server's URL."`
	Timeout         time.Duration `yaml:"timeout" help:"How long one request may take."`
	BackoffMin      time.Duration `yaml:"backoff_min" help:"Upper bound of the first random wait after a failure; it doubles with each further one."`
	BackoffMax      time.Duration `yaml:"backoff_max" help:"Upper bound that the random wait after failures never exceeds."`
	ShutdownTimeout time.Duration `yaml:"shutdown_timeout" help:"How long a stopping agent tries to push what waits; the rest stays in the spool."`
}

// DefaultConfig returns the defaults; Path has none.
func DefaultConfig() Config {
	return Config{Timeout: 30 * time.Second, BackoffMin: 500 * time.Millisecond, BackoffMax: 30 * time.Second, ShutdownTimeout: 5 * time.Second}
}

// Validate returns a *config.FieldError for each bad key, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if !strings.HasPrefix(c.Path, "/") {
		bad("path", fmt.Sprintf("%q", c.Path), "must begin with /")
	}
	if c.Timeout < 100*time.Millisecond {
		bad("timeout", c.Timeout, "must be at least 100ms")
	}
	if c.BackoffMin < time.Millisecond {
		bad("backoff_min", c.BackoffMin, "must be at least 1ms")
	}
	if c.BackoffMax < c.BackoffMin {
		bad("backoff_max", c.BackoffMax, fmt.Sprintf("must be at least backoff_min, %s", c.BackoffMin))
	}
	if c.ShutdownTimeout < 0 {
		bad("shutdown_timeout", c.ShutdownTimeout, "must not be negative")
	}
	return errors.Join(errs...)
}
