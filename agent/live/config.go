package live

import (
	"errors"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator writes under `live`.
type Config struct {
	Enabled    bool          `yaml:"enabled" help:"Whether a stream to the server is kept open, by which it asks for frames of one second while somebody watches."`
	BackoffMin time.Duration `yaml:"backoff_min" help:"Upper bound of the first random wait before the stream is opened again; it doubles with each failure."`
	BackoffMax time.Duration `yaml:"backoff_max" help:"Upper bound that the random wait never exceeds."`
	Ping       time.Duration `yaml:"ping" help:"Time between two signs of life on the stream; what in between closes idle connections must wait longer."`
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{Enabled: true, BackoffMin: time.Second, BackoffMax: time.Minute, Ping: 20 * time.Second}
}

// Validate returns a *config.FieldError for each bad key, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if c.BackoffMin < time.Millisecond {
		bad("backoff_min", c.BackoffMin, "must be at least 1ms")
	}
	if c.BackoffMax < c.BackoffMin {
		bad("backoff_max", c.BackoffMax, "must be at least backoff_min, "+c.BackoffMin.String())
	}
	if c.Ping < time.Second || c.Ping > 10*time.Minute {
		bad("ping", c.Ping, "must be between 1s and 10m")
	}
	return errors.Join(errs...)
}
