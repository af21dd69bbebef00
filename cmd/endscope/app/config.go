package app

import (
	"errors"
	"net"
	"strconv"

	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/dashboards"
	"github.com/endscope/endscope/ingest"
	"github.com/endscope/endscope/internal/config"
	"github.com/endscope/endscope/live"
	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/tsdb"
	"github.com/endscope/endscope/web"
)

// Config is everything that the operator of a server writes.
type Config struct {
	DataDir string        `yaml:"data_dir" help:"Directory of everything that the server stores; one server per directory."`
	Listen  string        `yaml:"listen" help:"Address of the one port that serves everything, as host:port; see web.allow_unauthenticated for addresses that other machines can reach."`
	Log     cli.LogConfig `yaml:"log" help:"What the server says on its standard error."`
	Storage tsdb.Config   `yaml:"storage" help:"The embedded metric store."`
	Ingest  ingest.Config `yaml:"ingest" help:"What pushes may bring. Refusals are counted by reason in /metrics and told to the sender."`
	Query   query.Config  `yaml:"query" help:"What a PromQL query may cost."`

	DrillDown query.DrillDownConfig `yaml:"drill_down" help:"The scope tree, and what a drill-down answer may hold."`

	Logs     logs.Config `yaml:"logs" help:"The log tables, which DuckDB keeps in the data directory's folder logs. When a push of logs is acknowledged is what storage.sync says."`
	LogQuery kql.Config  `yaml:"log_query" help:"What a KQL query of the logs may cost."`

	Rollup query.RollupConfig `yaml:"rollup" help:"Roll-ups, which make drill-down over long ranges fast; see docs/rollups.md."`

	Resources resources.Config `yaml:"resources" help:"What operators create, in resources.db in the data directory: alert rules, action groups, processing rules, the notification policy, dashboards, saved queries."`
	Alerts    AlertsConfig     `yaml:"alerts" help:"Alert rules, and who is told when one fires."`

	Dashboards dashboards.Config `yaml:"dashboards" help:"Dashboards; those that operators create are among the resources."`

	Live live.Config `yaml:"live" help:"The Live view: what agents say of each second while somebody watches."`

	Web web.Config `yaml:"web" help:"The listener and the HTTP surface."`
}

// DefaultConfig returns the configuration that a server has when nothing is set.
func DefaultConfig() Config {
	return Config{
		DataDir: "endscope-data",
		Listen:  "127.0.0.1:9190",
		Log:     cli.DefaultLogConfig(),
		Storage: tsdb.DefaultConfig(),
		Ingest:  ingest.DefaultConfig(),
		Query:   query.DefaultConfig(),

		DrillDown: query.DefaultDrillDownConfig(),

		Logs:     logs.DefaultConfig(),
		LogQuery: kql.DefaultConfig(),

		Rollup: query.DefaultRollupConfig(),

		Resources: resources.DefaultConfig(),
		Alerts:    DefaultAlertsConfig(),

		Dashboards: dashboards.DefaultConfig(),

		Live: live.DefaultConfig(),

		Web: web.DefaultConfig(),
	}
}

// Validate returns a config.FieldError for every value that is out of bounds.
func (c Config) Validate() error {
	var errs []error
	if c.DataDir == "" {
		errs = append(errs, config.Invalid("data_dir", "", "must name a directory"))
	}
	errs = append(errs, c.validateListen(),
		config.Prefix("log", c.Log.Validate()),
		config.Prefix("storage", c.Storage.Validate()),
		config.Prefix("ingest", c.Ingest.Validate()),
		config.Prefix("query", c.Query.Validate()),
		config.Prefix("drill_down", c.DrillDown.Validate()),
		config.Prefix("logs", c.Logs.Validate()),
		config.Prefix("log_query", c.LogQuery.Validate()),
		config.Prefix("rollup", c.Rollup.Validate()),
		config.Prefix("resources", c.Resources.Validate()),
		config.Prefix("alerts", c.Alerts.Validate()),
		config.Prefix("live", c.Live.Validate()),
		config.Prefix("web", c.Web.Validate()),
	)
	if c.DrillDown.InstanceMissingAfter > c.Query.Lookback {
		errs = append(errs, config.Invalid("drill_down.instance_missing_after", c.DrillDown.InstanceMissingAfter, "must be at most query.lookback, "+c.Query.Lookback.String()))
	}
	return errors.Join(errs...)
}

func (c Config) validateListen() error {
	_, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return config.Invalid("listen", c.Listen, "must be host:port, such as 127.0.0.1:9190")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return config.Invalid("listen", c.Listen, "must end in a port between 0 and 65535")
	}
	return nil
}
