package logs

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// SyncMode says when rows are acknowledged. It is the metric store's setting, which the log store follows.
type SyncMode string

const (
	SyncCommit   SyncMode = "commit"   // when they are on disk
	SyncInterval SyncMode = "interval" // when the kernel has them; synced every Settings.SyncInterval
	SyncOff      SyncMode = "off"      // when the kernel has them
)

// Config is what an operator writes under `logs`.
type Config struct {
	Retention     time.Duration          `yaml:"retention" help:"How long rows are kept. Whole days (UTC) are deleted, so rows go up to a day later."`
	RetentionSize config.Bytes           `yaml:"retention_size" help:"Size of the files of one table above which its oldest days are deleted; 0 means no limit."`
	Tables        map[string]TableConfig `yaml:"tables" help:"Other retention and retention_size for single tables, by name."`
	MaxAhead      time.Duration          `yaml:"max_ahead" help:"How far in the future a row's TimeGenerated may be by this machine's clock. Pushes are bounded by ingest.max_ahead before that: raise both to take rows that are further ahead."`
	MaxQueue      config.Bytes           `yaml:"max_queue" help:"Rows in memory and in the journal on their way into the tables. Pushes wait while there are more."`
	ApplyInterval time.Duration          `yaml:"apply_interval" help:"Longest time that acknowledged rows stay in the journal before they go into the tables, if no query asks earlier."`
	MemoryLimit   config.Bytes           `yaml:"memory_limit" help:"Memory that DuckDB may use for queries, caches and writing together."`
	MaxTemp       config.Bytes           `yaml:"max_temp" help:"Disk that queries may use for what does not fit into memory; 0 means none."`
	Threads       int                    `yaml:"threads" help:"Threads of DuckDB; 0 means one for each CPU."`
	MaxQueries    int                    `yaml:"max_queries" help:"Queries that read tables at the same time. Others wait, up to their time limit."`
	QueryTimeout  time.Duration          `yaml:"query_timeout" help:"Time that one statement of a query may take, waiting included."`
	MinFree       config.Bytes           `yaml:"min_free" help:"Free space under which rows are refused until there is more again; room for the rows that wait to go into the tables."`
	CloseTimeout  time.Duration          `yaml:"close_timeout" help:"Time given to closing the store on shutdown."`
	Workspace     string                 `yaml:"workspace" help:"Id of the log workspace: the value of the column TenantId."`
	Subscription  string                 `yaml:"subscription" help:"Subscription in resource ids of rows that name none: the value of the column _SubscriptionId."`
}

// TableConfig is the retention of one table where it is not that of all.
type TableConfig struct {
	Retention     time.Duration `yaml:"retention" help:"How long rows of the table are kept; 0 means as logs.retention says."`
	RetentionSize config.Bytes  `yaml:"retention_size" help:"Size of the table's files above which its oldest days are deleted; 0 means as logs.retention_size says."`
}

const noID = "00000000-0000-0000-0000-000000000000"

// DefaultConfig returns the configuration that a server has when nothing is set.
func DefaultConfig() Config {
	return Config{
		Retention:     30 * 24 * time.Hour,
		MaxAhead:      time.Hour,
		MaxQueue:      256 << 20,
		ApplyInterval: time.Second,
		MemoryLimit:   1 << 30,
		MaxTemp:       4 << 30,
		MaxQueries:    4,
		QueryTimeout:  3 * time.Minute,
		MinFree:       256 << 20,
		CloseTimeout:  30 * time.Second,
		Workspace:     noID,
		Subscription:  noID,
	}
}

// longest is the longest retention: every day of every table is an open file.
const longest = 2 * 366 * 24 * time.Hour

// Validate returns a config.FieldError for every value that is out of bounds.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	retention := func(key string, d time.Duration) {
		if d < 24*time.Hour || d > longest {
			bad(key, d, "must be between 24h (one file holds a day) and 732d")
		}
	}
	size := func(key string, b config.Bytes) {
		if b != 0 && b < 16<<20 {
			bad(key, b, "must be 0 or at least 16MiB")
		}
	}
	retention("retention", c.Retention)
	size("retention_size", c.RetentionSize)
	var known []string
	for _, s := range Schemas() {
		known = append(known, s.Name)
	}
	for name, t := range c.Tables {
		if !slices.Contains(known, name) {
			bad("tables", name, fmt.Sprintf("must name tables out of %v", known))
		}
		if t.Retention != 0 {
			retention("tables."+name+".retention", t.Retention)
		}
		size("tables."+name+".retention_size", t.RetentionSize)
	}
	if c.MaxAhead < 0 || c.MaxAhead > 24*time.Hour {
		bad("max_ahead", c.MaxAhead, "must be between 0 and 24h")
	}
	if c.MaxQueue < 8<<20 {
		bad("max_queue", c.MaxQueue, "must be at least 8MiB")
	}
	if c.ApplyInterval < 10*time.Millisecond || c.ApplyInterval > time.Minute {
		bad("apply_interval", c.ApplyInterval, "must be between 10ms and 1m")
	}
	if c.MemoryLimit < 128<<20 {
		bad("memory_limit", c.MemoryLimit, "must be at least 128MiB")
	}
	if c.MaxTemp != 0 && c.MaxTemp < 1<<20 {
		bad("max_temp", c.MaxTemp, "must be 0 or at least 1MiB")
	}
	if c.Threads < 0 || c.Threads > 1024 {
		bad("threads", c.Threads, "must be between 0 and 1024")
	}
	if c.MaxQueries < 1 || c.MaxQueries > 1024 {
		bad("max_queries", c.MaxQueries, "must be between 1 and 1024")
	}
	if c.QueryTimeout < time.Millisecond {
		bad("query_timeout", c.QueryTimeout, "must be at least 1ms")
	}
	if c.MinFree < 1<<20 {
		bad("min_free", c.MinFree, "must be at least 1MiB")
	}
	if c.CloseTimeout < time.Second {
		bad("close_timeout", c.CloseTimeout, "must be at least 1s")
	}
	return errors.Join(errs...)
}

// table returns the retention of one table.
func (c Config) table(name string) TableConfig {
	t := c.Tables[name]
	if t.Retention == 0 {
		t.Retention = c.Retention
	}
	if t.RetentionSize == 0 {
		t.RetentionSize = c.RetentionSize
	}
	return t
}
