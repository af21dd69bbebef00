package tsdb

import (
	"errors"
	"fmt"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// SyncMode says when a write is acknowledged.
type SyncMode string

const (
	// SyncCommit acknowledges a write when its bytes are on disk: it survives a power cut.
	SyncCommit SyncMode = "commit"
	// SyncInterval acknowledges a write when the kernel has it and syncs every SyncInterval: it survives a crash of the process, and a
	// power cut takes at most the last interval.
	SyncInterval SyncMode = "interval"
	// SyncOff acknowledges a write when the kernel has it and leaves syncing to the kernel.
	SyncOff SyncMode = "off"
)

// Config is what an operator writes under `storage`.
type Config struct {
	Sync             SyncMode      `yaml:"sync" help:"When a push is acknowledged: commit (its bytes are on disk), interval (the kernel has them, synced every sync_interval) or off (synced when the kernel likes)."`
	SyncInterval     time.Duration `yaml:"sync_interval" help:"Time between syncs with sync=interval."`
	Retention        time.Duration `yaml:"retention" help:"How long samples are kept."`
	RetentionSize    config.Bytes  `yaml:"retention_size" help:"Size of all blocks above which the oldest are deleted; 0 means no limit."`
	OutOfOrderWindow time.Duration `yaml:"out_of_order_window" help:"How much older than the newest sample of its series a sample may be; a shorter retention caps it, 0 refuses late samples."`
	WALCompression   string        `yaml:"wal_compression" help:"Compression of the write-ahead log: none, snappy or zstd."`
	WALSegmentSize   config.Bytes  `yaml:"wal_segment_size" help:"Size of one file of the write-ahead log."`
	MaxExemplars     int           `yaml:"max_exemplars" help:"Number of exemplars kept in memory; 0 keeps none."`
	MinFree          config.Bytes  `yaml:"min_free" help:"Free space under which pushes are answered 503 until there is more again, so that the log is never torn by a full disk."`
	CloseTimeout     time.Duration `yaml:"close_timeout" help:"Time given to closing the store on shutdown."`
}

// DefaultConfig returns the configuration that a server has when nothing is set.
func DefaultConfig() Config {
	return Config{
		Sync:             SyncCommit,
		SyncInterval:     time.Second,
		Retention:        93 * 24 * time.Hour,
		OutOfOrderWindow: 24 * time.Hour,
		WALCompression:   "snappy",
		WALSegmentSize:   128 << 20,
		MaxExemplars:     100_000,
		MinFree:          64 << 20,
		CloseTimeout:     30 * time.Second,
	}
}

// Validate returns a config.FieldError for every value that is out of bounds.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	switch c.Sync {
	case SyncCommit, SyncInterval, SyncOff:
	default:
		bad("sync", c.Sync, "must be one of commit, interval, off")
	}
	if c.SyncInterval < 10*time.Millisecond || c.SyncInterval > time.Minute {
		bad("sync_interval", c.SyncInterval, "must be between 10ms and 1m")
	}
	if c.Retention < minBlockDuration {
		bad("retention", c.Retention, fmt.Sprintf("must be at least %s, one block", minBlockDuration))
	}
	if c.OutOfOrderWindow < 0 {
		bad("out_of_order_window", c.OutOfOrderWindow, "must not be negative")
	}
	switch c.WALCompression {
	case "none", "snappy", "zstd":
	default:
		bad("wal_compression", c.WALCompression, "must be one of none, snappy, zstd")
	}
	if c.WALSegmentSize < 1<<20 || c.WALSegmentSize > 256<<20 || c.WALSegmentSize%(32<<10) != 0 {
		bad("wal_segment_size", c.WALSegmentSize, "must be between 1MiB and 256MiB and a multiple of 32KiB")
	}
	if c.RetentionSize < 0 {
		bad("retention_size", c.RetentionSize, "must not be negative")
	}
	if c.MaxExemplars < 0 {
		bad("max_exemplars", c.MaxExemplars, "must not be negative")
	}
	if c.MinFree < 1<<20 {
		bad("min_free", c.MinFree, "must be at least 1MiB")
	}
	if c.CloseTimeout < time.Second {
		bad("close_timeout", c.CloseTimeout, "must be at least 1s")
	}
	return errors.Join(errs...)
}
