package spool

import (
	"errors"
	"log/slog"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// The values of Config.Sync.
const (
	SyncCommit = "commit" // an entry survives a power cut once it is appended
	SyncOff    = "off"    // an entry survives the death of the process only
)

// Config bounds the spool.
type Config struct {
	MaxBytes config.Bytes  `yaml:"max_bytes" help:"Size of what may wait for the server; beyond it the oldest is dropped and counted."`
	MaxAge   time.Duration `yaml:"max_age" help:"Age up to which it waits for the server, counted while the agent runs; what is older is dropped and counted."`
	Sync     string        `yaml:"sync" help:"When it is flushed to the disk: commit (survives a power cut) or off (survives the end of the process)."`
}

// DefaultConfig returns 512 MiB, 24 hours, and a flush per entry.
func DefaultConfig() Config {
	return Config{MaxBytes: 512 << 20, MaxAge: 24 * time.Hour, Sync: SyncCommit}
}

// Validate returns a *config.FieldError for each bad key.
func (c Config) Validate() error {
	var errs []error
	if c.MaxBytes < 1<<20 {
		errs = append(errs, config.Invalid("max_bytes", c.MaxBytes, "must be at least 1MiB"))
	}
	if c.MaxAge < time.Minute {
		errs = append(errs, config.Invalid("max_age", c.MaxAge, "must be at least 1m"))
	}
	if c.Sync != SyncCommit && c.Sync != SyncOff {
		errs = append(errs, config.Invalid("sync", c.Sync, "must be one of commit, off"))
	}
	return errors.Join(errs...)
}

// Reason says why an entry left the spool without being acknowledged.
type Reason string

const (
	ReasonAge     Reason = "age"     // older than Config.MaxAge
	ReasonBytes   Reason = "bytes"   // pushed out by newer entries: Config.MaxBytes
	ReasonCorrupt Reason = "corrupt" // it is damaged, or its file is gone
)

// Settings is what the owner passes in.
type Settings struct {
	Dir    string       // holds the spool's files; made when it does not exist
	Logger *slog.Logger // nil discards
	// OnDrop is told of entries that leave without an Ack, with the samples that they held. It must not call the spool. Nil is allowed.
	OnDrop func(reason Reason, samples int)
}
