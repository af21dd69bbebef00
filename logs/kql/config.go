package kql

import (
	"errors"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator writes under `log_query`: what one query may cost, and how many run.
type Config struct {
	MaxRows       int           `yaml:"max_rows" help:"Rows of one answer in JSON; further ones are cut and the answer says so. CSV and NDJSON are streamed and have no such bound."`
	MaxBytes      config.Bytes  `yaml:"max_bytes" help:"Size of one answer in JSON; further rows are cut and the answer says so."`
	MaxMemory     config.Bytes  `yaml:"max_memory" help:"Rows that one query may hold while it computes what DuckDB cannot, such as a join of two tables."`
	Timeout       time.Duration `yaml:"timeout" help:"Time that one query may take, the reading of a streamed answer included."`
	MaxConcurrent int           `yaml:"max_concurrent" help:"Queries that run at a time. Others wait for max_wait."`
	MaxWait       time.Duration `yaml:"max_wait" help:"Time that a query waits for its turn before it is refused with 429."`
	MaxTails      int           `yaml:"max_tails" help:"Streams of new rows that may be open at a time; further ones are refused with 429."`
}

// DefaultConfig returns the configuration that a server has when nothing is set: Azure's limits of one query.
func DefaultConfig() Config {
	return Config{
		MaxRows:       500_000,
		MaxBytes:      64 << 20,
		MaxMemory:     512 << 20,
		Timeout:       3 * time.Minute,
		MaxConcurrent: 8,
		MaxWait:       10 * time.Second,
		MaxTails:      64,
	}
}

// Validate returns a config.FieldError for every value that is out of bounds.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if c.MaxRows < 1 {
		bad("max_rows", c.MaxRows, "must be at least 1")
	}
	if c.MaxBytes < 1<<20 || c.MaxBytes > 4<<30 {
		bad("max_bytes", c.MaxBytes, "must be between 1MiB and 4GiB")
	}
	if c.MaxMemory < 1<<20 {
		bad("max_memory", c.MaxMemory, "must be at least 1MiB")
	}
	if c.Timeout < 100*time.Millisecond || c.Timeout > time.Hour {
		bad("timeout", c.Timeout, "must be between 100ms and 1h")
	}
	if c.MaxConcurrent < 1 || c.MaxConcurrent > 1024 {
		bad("max_concurrent", c.MaxConcurrent, "must be between 1 and 1024")
	}
	if c.MaxWait < 0 || c.MaxWait > time.Hour {
		bad("max_wait", c.MaxWait, "must be between 0 and 1h")
	}
	if c.MaxTails < 1 || c.MaxTails > 4096 {
		bad("max_tails", c.MaxTails, "must be between 1 and 4096")
	}
	return errors.Join(errs...)
}

// Limits returns the limits of a query that asks for none of its own.
func (c Config) Limits() Limits {
	return Limits{Rows: c.MaxRows, Bytes: int64(c.MaxBytes), Memory: int64(c.MaxMemory), Time: c.Timeout}
}
