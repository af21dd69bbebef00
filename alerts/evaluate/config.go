package evaluate

import (
	"errors"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator writes under `alerts.evaluation`.
type Config struct {
	Grace         time.Duration `yaml:"grace" help:"How long after its end a window is judged, so that its samples are in. A rule may set its own gracePeriod."`
	Spread        time.Duration `yaml:"spread" help:"Evaluations of one instant are spread over this much time, or over the rule's frequency if that is shorter."`
	MaxConcurrent int           `yaml:"max_concurrent" help:"Evaluations that run at the same time, slow rules aside."`
	MaxSlow       int           `yaml:"max_slow" help:"Evaluations of slow rules that run at the same time, beside the others."`
	SlowAfter     time.Duration `yaml:"slow_after" help:"A rule whose evaluation takes longer is slow: it waits only for other slow ones."`
	Timeout       time.Duration `yaml:"timeout" help:"Time that one evaluation may take, and never more than the rule's frequency."`
	CatchUp       time.Duration `yaml:"catch_up" help:"Missed checks that are younger are made up for; older ones are counted in alerts_missed_evaluations_total."`
	StartupDelay  time.Duration `yaml:"startup_delay" help:"Time between start and the first evaluation, in which agents deliver what they kept."`
	MaxSeries     int           `yaml:"max_series" help:"Series of one rule. A rule that has more is not evaluated, and says so."`
	MaxBaselines  int           `yaml:"max_baselines" help:"Series whose history is kept in memory for dynamic thresholds, about 20 KiB each. Others are learned anew for every evaluation."`
	SaveInterval  time.Duration `yaml:"save_interval" help:"How often the states of rules are written."`
}

// DefaultConfig returns the configuration that a server has when nothing is set.
func DefaultConfig() Config {
	return Config{
		Grace:         15 * time.Second,
		Spread:        15 * time.Second,
		MaxConcurrent: 8,
		MaxSlow:       2,
		SlowAfter:     2 * time.Second,
		Timeout:       30 * time.Second,
		CatchUp:       15 * time.Minute,
		StartupDelay:  30 * time.Second,
		MaxSeries:     10_000,
		MaxBaselines:  5_000,
		SaveInterval:  time.Second,
	}
}

// Validate returns a config.FieldError for every value that is out of bounds.
func (c Config) Validate() error {
	var errs []error
	between := func(key string, d, least, most time.Duration, bound string) {
		if d < least || d > most {
			errs = append(errs, config.Invalid(key, d, bound))
		}
	}
	number := func(key string, n, least, most int, bound string) {
		if n < least || n > most {
			errs = append(errs, config.Invalid(key, n, bound))
		}
	}
	between("grace", c.Grace, 0, time.Hour, "must be between 0 and 1h")
	between("spread", c.Spread, 0, time.Hour, "must be between 0 and 1h")
	number("max_concurrent", c.MaxConcurrent, 1, 1024, "must be between 1 and 1024")
	number("max_slow", c.MaxSlow, 1, 1024, "must be between 1 and 1024")
	between("slow_after", c.SlowAfter, 10*time.Millisecond, time.Hour, "must be between 10ms and 1h")
	between("timeout", c.Timeout, 100*time.Millisecond, time.Hour, "must be between 100ms and 1h")
	between("catch_up", c.CatchUp, 0, 24*time.Hour, "must be between 0 and 24h")
	between("startup_delay", c.StartupDelay, 0, time.Hour, "must be between 0 and 1h")
	number("max_series", c.MaxSeries, 1, 1_000_000, "must be between 1 and 1000000")
	number("max_baselines", c.MaxBaselines, 0, 1_000_000, "must be between 0 and 1000000")
	between("save_interval", c.SaveInterval, 10*time.Millisecond, time.Minute, "must be between 10ms and 1m")
	return errors.Join(errs...)
}
