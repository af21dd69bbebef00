package cli

import (
	"errors"
	"io"
	"log/slog"

	"github.com/endscope/endscope/internal/config"
)

// LogConfig is what an operator writes under `log`.
type LogConfig struct {
	Level  string `yaml:"level" help:"Least severe message that is logged: debug, info, warn or error."`
	Format string `yaml:"format" help:"Shape of a log line: logfmt or json."`
}

// DefaultLogConfig logs from info upwards as logfmt.
func DefaultLogConfig() LogConfig { return LogConfig{Level: "info", Format: "logfmt"} }

// Validate returns a config.FieldError for each bad key.
func (c LogConfig) Validate() error {
	var errs []error
	if _, ok := c.level(); !ok {
		errs = append(errs, config.Invalid("level", c.Level, "must be one of debug, info, warn, error"))
	}
	if c.Format != "logfmt" && c.Format != "json" {
		errs = append(errs, config.Invalid("format", c.Format, "must be one of logfmt, json"))
	}
	return errors.Join(errs...)
}

func (c LogConfig) level() (slog.Level, bool) {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	l, ok := levels[c.Level]
	return l, ok
}

// NewLogger returns a logger that writes to w, and the variable that changes its level later. The configuration must be valid.
func NewLogger(c LogConfig, w io.Writer) (*slog.Logger, *LogLevel) {
	level := &LogLevel{}
	level.Set(c)
	options := &slog.HandlerOptions{Level: &level.v}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options)), level
	}
	return slog.New(slog.NewTextHandler(w, options)), level
}

// LogLevel is the level of a running logger. Safe for concurrent use.
type LogLevel struct{ v slog.LevelVar }

// Set takes the level of a valid configuration.
func (l *LogLevel) Set(c LogConfig) {
	level, _ := c.level()
	l.v.Set(level)
}
