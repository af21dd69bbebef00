package query

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/storage"

	"github.com/endscope/endscope/internal/config"
	"github.com/endscope/endscope/scopes"
)

// DrillDownConfig is what an operator may say about drill-down and the scope tree.
type DrillDownConfig struct {
	InstanceMissingAfter time.Duration `yaml:"instance_missing_after" help:"An instance without a sample for this long is missing; keep it above two push intervals of the slowest agent."`
	ScopeLookback        time.Duration `yaml:"scope_lookback" help:"How long endpoints, deployments and instances stay in the scope tree after their last sample."`
	MaxPoints            int           `yaml:"max_points" help:"Most points for each series of a drill-down answer."`
	MaxValues            int           `yaml:"max_values" help:"Most values, series times points, of a drill-down answer."`
}

// DefaultDrillDownConfig returns the defaults: missing after one minute, which is four rounds of the agent; remembered for a day.
func DefaultDrillDownConfig() DrillDownConfig {
	return DrillDownConfig{
		InstanceMissingAfter: time.Minute,
		ScopeLookback:        24 * time.Hour,
		MaxPoints:            11_000,
		MaxValues:            500_000,
	}
}

// Validate returns a *config.FieldError for each value that is not allowed, joined.
func (c DrillDownConfig) Validate() error {
	var errs []error
	if c.InstanceMissingAfter < time.Second || c.InstanceMissingAfter > recentWindow {
		// Later than that, instant selectors have stopped to see the sample.
		errs = append(errs, config.Invalid("instance_missing_after", c.InstanceMissingAfter, fmt.Sprintf("must be from 1s to %s", recentWindow)))
	}
	if c.ScopeLookback < time.Hour || c.ScopeLookback > 31*24*time.Hour {
		errs = append(errs, config.Invalid("scope_lookback", c.ScopeLookback, "must be from 1h to 744h"))
	}
	if c.MaxPoints < 1 {
		errs = append(errs, config.Invalid("max_points", c.MaxPoints, "must be at least 1"))
	}
	if c.MaxValues < 1 {
		errs = append(errs, config.Invalid("max_values", c.MaxValues, "must be at least 1"))
	}
	return errors.Join(errs...)
}

// PlannerSettings is what a Planner works with; all fields but Rollups are needed.
type PlannerSettings struct {
	Catalogue *scopes.Catalogue
	Engine    *Engine // evaluates, and gives the guarded storage that is read directly
	Now       func() time.Time
	Rollups   *Rollups // what is rolled up; nil reads raw samples only
}

// Planner answers drill-down questions and lists scopes. It is safe for concurrent use.
type Planner struct {
	cfg       DrillDownConfig
	set       PlannerSettings
	queryable storage.Queryable // guarded by the grants in the context
}

// NewPlanner returns a Planner. It returns the error of cfg.Validate, one that names a setting that is not given, or a
// *config.FieldError if instances would be missing only after instant selectors have stopped to see them.
func NewPlanner(cfg DrillDownConfig, settings PlannerSettings) (*Planner, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if settings.Catalogue == nil || settings.Engine == nil || settings.Now == nil {
		return nil, errors.New("planner: catalogue, engine and now must be given")
	}
	if lookback := settings.Engine.cfg.Lookback; cfg.InstanceMissingAfter > lookback {
		return nil, config.Invalid("instance_missing_after", cfg.InstanceMissingAfter, fmt.Sprintf("must be at most the query look-back of %s", lookback))
	}
	return &Planner{cfg: cfg, set: settings, queryable: settings.Engine.Queryable()}, nil
}

// Definitions returns the catalogue that the planner knows.
func (p *Planner) Definitions() *scopes.Catalogue { return p.set.Catalogue }
