package console

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/agent/records"
	"github.com/endscope/endscope/agent/redact"
)

// The reasons that Settings.Dropped gets.
const (
	ReasonRateLimit = "rate_limit" // a child printed more than Config.RateLimit
	ReasonBacklog   = "backlog"    // a child printed faster than lines can be made into rows
)

// Settings is what code passes to NewPipeline. Functions may be called from several goroutines at once.
type Settings struct {
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil registers nothing
	// Dir is the folder of the file that keeps positions. Required where files or the journal are read.
	Dir string
	// Record takes a row of a Stream, and returns false where it has no room for it; that row it counts as lost. It must not block. Required for Stream.
	Record func(records.Console) (taken bool)
	// Append takes rows of files and the journal and returns when they are on disk. Required where files or the journal are read. The rows are
	// the callee's. After an error the same rows are given again.
	Append func(context.Context, []records.Console) error
	// Dropped is told how many lines of a Stream were lost, and why. It must not block. May be nil.
	Dropped func(reason string, lines int)
	// Line gets every line by itself, before tracebacks are joined and after secrets are redacted, with its time and its source (stdout and stderr
	// of a child, the path of a file, or journal). Of a progress bar it gets the first state, when that is replaced, and the last. It must not block. May be nil.
	Line func(at time.Time, source, text string)
}

// Pipeline makes rows of lines, wherever they come from. Make it with NewPipeline.
type Pipeline struct {
	cfg     Config
	set     Settings
	log     *slog.Logger
	redact  *redact.Redactor // nil redacts nothing
	start   *regexp.Regexp   // nil knows languages
	metrics *metrics
}

// NewPipeline returns a pipeline that reads nothing yet: Run does, and Stream gives ways in.
func NewPipeline(cfg Config, set Settings) (*Pipeline, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	if set.Registerer == nil {
		set.Registerer = prometheus.NewRegistry()
	}
	if cfg.Follows() && (set.Append == nil || set.Dir == "") {
		return nil, fmt.Errorf("console: reading files and the journal needs Append and Dir")
	}
	p := &Pipeline{cfg: cfg, set: set, log: set.Logger}
	var err error
	if p.redact, err = redact.New(cfg.RedactSecrets, cfg.Redact); err != nil {
		return nil, err
	}
	if cfg.Multiline.Start != "" {
		if p.start, err = regexp.Compile(cfg.Multiline.Start); err != nil {
			return nil, err
		}
	}
	if p.metrics, err = newMetrics(set.Registerer); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	return p, nil
}

// Follows reports whether there is anything for Run to read.
func (c Config) Follows() bool { return len(c.Files)+len(c.Journald) > 0 }

// Redact returns text with secrets replaced as in the lines of the console, so that other parts hide what this one hides. Nothing is counted. It is safe for
// concurrent use.
func (p *Pipeline) Redact(text string) string { return p.redact.Text(text) }
