package records

import (
	"errors"
	"fmt"
	"time"

	"github.com/endscope/endscope/agent/push"
	"github.com/endscope/endscope/agent/spool"
	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator writes under logs. Its zero value records nothing; begin with DefaultConfig.
type Config struct {
	Enabled       bool              `yaml:"enabled" help:"Whether rows of the traffic, console and event logs are kept and pushed."`
	FlushInterval time.Duration     `yaml:"flush_interval" help:"Longest time that a row waits in memory before it is written to the spool; those in memory are lost when the agent is killed."`
	MaxQueue      int               `yaml:"max_queue" help:"Most rows of one log that wait in memory; further ones are dropped and counted."`
	MaxQueueBytes config.Bytes      `yaml:"max_queue_bytes" help:"Most memory that the waiting rows of one log may take; further ones are dropped and counted."`
	BatchRows     int               `yaml:"batch_rows" help:"Most rows of one push."`
	BatchBytes    config.Bytes      `yaml:"batch_bytes" help:"Size of one push before it is compressed."`
	MaxMessage    config.Bytes      `yaml:"max_message" help:"Longest message of a console or event row; longer ones are cut and marked. No more than the server's ingest.logs.max_field."`
	Columns       map[string]string `yaml:"columns" help:"Columns that every row gets, such as Location, SubscriptionId, AzureMLWorkspaceId and AzureMLWorkspaceName."`
	Spool         SpoolConfig       `yaml:"spool" help:"What waits on disk, for each log alone, so that one cannot push out another."`
	Send          SendConfig        `yaml:"send"`
}

// SpoolConfig bounds the spool of each log.
type SpoolConfig struct {
	Traffic spool.Config `yaml:"traffic"`
	Console spool.Config `yaml:"console"`
	Event   spool.Config `yaml:"event"`
}

// SendConfig says how rows are pushed.
type SendConfig struct {
	Path            string        `yaml:"path" help:"Path below the server's URL to which the name of the table is added."`
	Timeout         time.Duration `yaml:"timeout" help:"How long one request may take."`
	BackoffMin      time.Duration `yaml:"backoff_min" help:"Upper bound of the first random wait after a failure; it doubles with each further one."`
	BackoffMax      time.Duration `yaml:"backoff_max" help:"Upper bound that the random wait after failures never exceeds."`
	ShutdownTimeout time.Duration `yaml:"shutdown_timeout" help:"How long a stopping agent tries to push what waits; the rest stays in the spool."`
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	bounded := func(size config.Bytes) spool.Config {
		c := spool.DefaultConfig()
		c.MaxBytes = size
		return c
	}
	send := SendConfig(push.DefaultConfig())
	send.Path = "/api/v1/logs"
	return Config{
		Enabled: true, FlushInterval: 500 * time.Millisecond, MaxQueue: 20_000, MaxQueueBytes: 16 << 20,
		BatchRows: 5000, BatchBytes: 1 << 20, MaxMessage: 160 << 10,
		Spool: SpoolConfig{Traffic: bounded(256 << 20), Console: bounded(256 << 20), Event: bounded(16 << 20)},
		Send:  send,
	}
}

// Validate returns a *config.FieldError for each bad key, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if c.FlushInterval < 10*time.Millisecond || c.FlushInterval > time.Minute {
		bad("flush_interval", c.FlushInterval, "must be between 10ms and 1m")
	}
	if c.MaxQueue < 100 || c.MaxQueue > 10_000_000 {
		bad("max_queue", c.MaxQueue, "must be between 100 and 10000000")
	}
	if c.MaxQueueBytes < 1<<20 {
		bad("max_queue_bytes", c.MaxQueueBytes, "must be at least 1MiB")
	}
	if c.BatchRows < 1 || c.BatchRows > 100_000 {
		bad("batch_rows", c.BatchRows, "must be between 1 and 100000")
	}
	if c.BatchBytes < 64<<10 || c.BatchBytes > 16<<20 {
		bad("batch_bytes", c.BatchBytes, "must be between 64KiB and 16MiB")
	}
	if c.MaxMessage < 1<<10 || c.MaxMessage > 256<<10 {
		bad("max_message", c.MaxMessage, "must be between 1KiB and 256KiB")
	}
	errs = append(errs, validateColumns(c.Columns))
	for _, s := range []struct {
		name string
		cfg  spool.Config
	}{{"traffic", c.Spool.Traffic}, {"console", c.Spool.Console}, {"event", c.Spool.Event}} {
		errs = append(errs, config.Prefix("spool."+s.name, s.cfg.Validate()))
		if s.cfg.MaxBytes >= 1<<20 && s.cfg.MaxBytes < 2*c.BatchBytes {
			bad("spool."+s.name+".max_bytes", s.cfg.MaxBytes, fmt.Sprintf("must be at least twice batch_bytes, %s", 2*c.BatchBytes))
		}
	}
	return errors.Join(append(errs, config.Prefix("send", c.Send.validate()))...)
}

func (c SendConfig) validate() error { return push.Config(c).Validate() }
