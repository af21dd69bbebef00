package state

import (
	"errors"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator writes.
type Config struct {
	Retention   time.Duration `yaml:"retention" help:"How long an alert is kept after it resolved, or was closed after that. An alert that has not resolved is kept however long."`
	MaxAlerts   int           `yaml:"max_alerts" help:"Most alerts that are kept: beyond it those go first that resolved longest ago. Alerts that have not resolved never go."`
	MaxTimeline int           `yaml:"max_timeline" help:"Most entries of one alert's timeline: beyond it the oldest notifications go, and further comments are refused."`
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{Retention: 30 * 24 * time.Hour, MaxAlerts: 500_000, MaxTimeline: 500}
}

// Validate returns a *config.FieldError for each bad key, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if c.Retention < time.Hour || c.Retention > 10*365*24*time.Hour {
		bad("retention", c.Retention, "must be between 1h and 87600h")
	}
	if c.MaxAlerts < 1000 || c.MaxAlerts > 10_000_000 {
		bad("max_alerts", c.MaxAlerts, "must be between 1000 and 10000000")
	}
	if c.MaxTimeline < 20 || c.MaxTimeline > 10_000 {
		bad("max_timeline", c.MaxTimeline, "must be between 20 and 10000")
	}
	return errors.Join(errs...)
}
