package promrules

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator writes under `alerts.prometheus`.
type Config struct {
	RuleFiles          []string          `yaml:"rule_files" help:"Prometheus rule files, as paths in which * matches; read again on reload."`
	EvaluationInterval time.Duration     `yaml:"evaluation_interval" help:"How often groups are evaluated that do not say it themselves."`
	QueryOffset        time.Duration     `yaml:"query_offset" help:"How far back rules look, so that samples that come late are seen; for groups that do not say it themselves."`
	OutageTolerance    time.Duration     `yaml:"outage_tolerance" help:"Longest stop of the server over which the state of for is restored."`
	ForGracePeriod     time.Duration     `yaml:"for_grace_period" help:"Shortest time between a restored pending alert and its firing; only for rules whose for is at least as long."`
	ResendDelay        time.Duration     `yaml:"resend_delay" help:"How often an alert that still fires is told of inside; receivers notice nothing of it."`
	MaxConcurrent      int               `yaml:"max_concurrent" help:"Rules evaluated at a time beside the one of each group."`
	ExternalLabels     map[string]string `yaml:"external_labels" help:"Labels added to alerts of Prometheus rules, and known to their templates."`
}

// DefaultConfig returns what holds when nothing is set. The values are Prometheus's own but for the query offset: agents push
// every 15 seconds.
func DefaultConfig() Config {
	return Config{
		EvaluationInterval: time.Minute, QueryOffset: 15 * time.Second, OutageTolerance: time.Hour, ForGracePeriod: 10 * time.Minute,
		ResendDelay: time.Minute, MaxConcurrent: 4,
	}
}

// Validate returns a config.FieldError for every value that is out of bounds.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	for _, pattern := range c.RuleFiles {
		if _, err := filepath.Match(pattern, ""); err != nil || pattern == "" {
			bad("rule_files", pattern, "must be a path, in which * and [a-z] match")
		}
	}
	for _, d := range []struct {
		key        string
		value      time.Duration
		least, max time.Duration
	}{
		{"evaluation_interval", c.EvaluationInterval, time.Second, 24 * time.Hour},
		{"query_offset", c.QueryOffset, 0, time.Hour},
		{"outage_tolerance", c.OutageTolerance, 0, 30 * 24 * time.Hour},
		{"for_grace_period", c.ForGracePeriod, 0, 24 * time.Hour},
		{"resend_delay", c.ResendDelay, time.Second, 10 * time.Minute},
	} {
		if d.value < d.least || d.value > d.max {
			bad(d.key, d.value, "must be between "+d.least.String()+" and "+d.max.String())
		}
	}
	if c.MaxConcurrent < 1 || c.MaxConcurrent > 1000 {
		bad("max_concurrent", c.MaxConcurrent, "must be between 1 and 1000")
	}
	for _, name := range slices.Sorted(maps.Keys(c.ExternalLabels)) {
		if !model.LegacyValidation.IsValidLabelName(name) {
			bad("external_labels", name, "must be names of labels, such as cluster")
		}
	}
	return errors.Join(errs...)
}
