package app

import (
	"errors"
	"fmt"
	"time"

	"github.com/endscope/endscope/alerts/evaluate"
	"github.com/endscope/endscope/alerts/hub"
	"github.com/endscope/endscope/alerts/promrules"
	"github.com/endscope/endscope/alerts/receivers"
	"github.com/endscope/endscope/alerts/route"
	"github.com/endscope/endscope/alerts/state"
	"github.com/endscope/endscope/internal/config"
)

// AlertsConfig is what an operator writes under `alerts`.
type AlertsConfig struct {
	Evaluation evaluate.Config    `yaml:"evaluation" help:"When metric and log rules are checked, and what that may cost."`
	Prometheus promrules.Config   `yaml:"prometheus" help:"Prometheus rule files and groups."`
	Hub        hub.Config         `yaml:"hub" help:"What happens between a rule that fires and the message about it."`
	History    state.Config       `yaml:"history" help:"The alerts that are kept, in alerts.db in the data directory."`
	Routing    route.Config       `yaml:"routing" help:"Grouping, silences and repetition, by Alertmanager's own packages."`
	Receivers  receivers.Config   `yaml:"receivers" help:"What the receivers of action groups have in common."`
	Watchdog   hub.WatchdogConfig `yaml:"watchdog" help:"Whether alerting itself works."`
}

// DefaultAlertsConfig returns the configuration that a server has when nothing is set.
func DefaultAlertsConfig() AlertsConfig {
	return AlertsConfig{
		Evaluation: evaluate.DefaultConfig(), Prometheus: promrules.DefaultConfig(), Hub: hub.DefaultConfig(), History: state.DefaultConfig(),
		Routing: route.DefaultConfig(), Receivers: receivers.DefaultConfig(), Watchdog: hub.DefaultWatchdogConfig(),
	}
}

// stopMargin is what a message takes beyond the time that its delivery may take: writing down that it was sent.
const stopMargin = 2 * time.Second

// Validate returns a config.FieldError for every value that is out of bounds.
func (c AlertsConfig) Validate() error {
	var grace error
	if least := c.Receivers.Timeout + stopMargin; c.Routing.StopGrace < least {
		grace = config.Invalid("routing.stop_grace", c.Routing.StopGrace, fmt.Sprintf("must be at least %s, which is alerts.receivers.timeout and %s more: a message under way would be cut off and sent again", least, stopMargin))
	}
	return errors.Join(
		config.Prefix("evaluation", c.Evaluation.Validate()),
		config.Prefix("prometheus", c.Prometheus.Validate()),
		config.Prefix("hub", c.Hub.Validate()),
		config.Prefix("history", c.History.Validate()),
		config.Prefix("routing", c.Routing.Validate()),
		config.Prefix("receivers", c.Receivers.Validate()),
		config.Prefix("watchdog", c.Watchdog.Validate()),
		grace,
	)
}
