package hub

import (
	"errors"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator writes.
type Config struct {
	Explain           ExplainConfig `yaml:"explain" help:"The first finding of explain, which goes with the notification of a metric rule."`
	ResolveHold       time.Duration `yaml:"resolve_hold" help:"How long routing has had an alert of a metric or log rule before it hears that the alert resolved. Longer than group_wait, so that also a short alert, such as one that began and ended while the server was down, is told of."`
	RecheckSuppressed bool          `yaml:"recheck_suppressed" help:"Whether an alert that fired while a processing rule suppressed it is told of once no rule does any more, if it still lasts. Azure Monitor never tells."`
}

// ExplainConfig bounds the questions to explain.
type ExplainConfig struct {
	Enabled     bool          `yaml:"enabled" help:"Whether explain is asked."`
	Timeout     time.Duration `yaml:"timeout" help:"How long an alert waits for its finding; then it goes without."`
	Concurrency int           `yaml:"concurrency" help:"Most questions at a time."`
	Queue       int           `yaml:"queue" help:"Most alerts that wait for their finding; further ones go without."`
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		Explain:     ExplainConfig{Enabled: true, Timeout: 5 * time.Second, Concurrency: 2, Queue: 50},
		ResolveHold: time.Minute, RecheckSuppressed: true,
	}
}

// Validate returns a *config.FieldError for each bad key, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if c.Explain.Timeout < 100*time.Millisecond || c.Explain.Timeout > time.Minute {
		bad("explain.timeout", c.Explain.Timeout, "must be between 100ms and 1m")
	}
	if c.Explain.Concurrency < 1 || c.Explain.Concurrency > 64 {
		bad("explain.concurrency", c.Explain.Concurrency, "must be between 1 and 64")
	}
	if c.Explain.Queue < 1 || c.Explain.Queue > 10_000 {
		bad("explain.queue", c.Explain.Queue, "must be between 1 and 10000")
	}
	if c.ResolveHold < 0 || c.ResolveHold > time.Hour {
		bad("resolve_hold", c.ResolveHold, "must be between 0s and 1h")
	}
	return errors.Join(errs...)
}
