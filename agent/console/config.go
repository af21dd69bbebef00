package console

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/endscope/endscope/agent/redact"
	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator may choose about the console log.
type Config struct {
	Files         []string        `yaml:"files" help:"Paths of log files to follow; * and ? stand for parts of names."`
	Format        string          `yaml:"format" help:"Format of the files: auto (told by their first line), plain, docker (json-file) or cri (Kubernetes)."`
	Journald      []string        `yaml:"journald" help:"systemd units whose output is read from the journal, or matches such as CONTAINER_NAME=model."`
	JournalDir    string          `yaml:"journal_dir" help:"Folder of the journal's files, where it is not the machine's own."`
	Container     string          `yaml:"container" help:"ContainerName of the rows; auto takes it from the paths of Kubernetes' log files."`
	Image         string          `yaml:"image" help:"ContainerImageName of the rows; empty where it is not known."`
	From          string          `yaml:"from" help:"Where files and journals that were not read before begin: beginning or end. A file that appears later is read from its beginning."`
	PollInterval  time.Duration   `yaml:"poll_interval" help:"How often files are looked at."`
	MaxFiles      int             `yaml:"max_files" help:"Most files that are followed at once; of more, those that changed last."`
	MaxLine       config.Bytes    `yaml:"max_line" help:"Longest line that is kept whole; the rest of a longer one is cut off and counted."`
	PartialWait   time.Duration   `yaml:"partial_wait" help:"How long a line without an end may stand still before it becomes a row."`
	RateLimit     config.Bytes    `yaml:"rate_limit" help:"Most bytes each second from one source, in the long run. A child's lines above it are dropped and counted; files and journals are read more slowly. 0 sets no limit."`
	RateBurst     config.Bytes    `yaml:"rate_burst" help:"Bytes that one source may print at once before rate_limit holds."`
	Multiline     MultilineConfig `yaml:"multiline"`
	Redact        []string        `yaml:"redact" help:"RE2 patterns of secrets; what a group of parentheses in one matches, or all that it matches where it has none, becomes [REDACTED]."`
	RedactSecrets bool            `yaml:"redact_secrets" help:"Whether common kinds of secrets are redacted too: bearer tokens, API keys, passwords, cloud and model hub keys, private keys."`
}

// MultilineConfig says how lines that belong together become one row.
type MultilineConfig struct {
	Enabled  bool          `yaml:"enabled" help:"Whether tracebacks and indented lines are joined with the line that they belong to."`
	Start    string        `yaml:"start" help:"RE2 pattern of the first line of a row; all lines that do not match belong to the row before. Empty knows Python, Java, Go and C++."`
	MaxLines int           `yaml:"max_lines" help:"Most lines of one row; further ones begin another row."`
	MaxBytes config.Bytes  `yaml:"max_bytes" help:"Most bytes of one row of several lines; further ones begin another row."`
	Wait     time.Duration `yaml:"wait" help:"How long a row waits for further lines."`
}

// The values of Config.Format.
const (
	FormatAuto   = "auto"
	FormatPlain  = "plain"
	FormatDocker = "docker"
	FormatCRI    = "cri"
)

// The values of Config.From.
const (
	FromBeginning = "beginning"
	FromEnd       = "end"
)

// ContainerAuto is the value of Config.Container that takes names from paths, and DefaultContainer is what is used where a path has none.
const (
	ContainerAuto    = "auto"
	DefaultContainer = "inference-server"
)

// DefaultConfig follows nothing, and sets the limits for what a child process prints.
func DefaultConfig() Config {
	return Config{
		Files: []string{}, Format: FormatAuto, Journald: []string{}, Container: DefaultContainer, From: FromEnd,
		PollInterval: 250 * time.Millisecond, MaxFiles: 100, MaxLine: 64 << 10, PartialWait: 5 * time.Second,
		RateLimit: 4 << 20, RateBurst: 16 << 20,
		Multiline: MultilineConfig{Enabled: true, MaxLines: 500, MaxBytes: 128 << 10, Wait: time.Second},
		Redact:    []string{}, RedactSecrets: true,
	}
}

// Validate returns a *config.FieldError for each bad key.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	for i, f := range c.Files {
		if _, err := filepath.Match(f, ""); err != nil {
			bad(fmt.Sprintf("files[%d]", i), quote(f), "must be a path or a pattern with *, ? and [a-z]")
		} else if !filepath.IsAbs(f) {
			bad(fmt.Sprintf("files[%d]", i), quote(f), "must be an absolute path")
		}
	}
	if !slices.Contains([]string{FormatAuto, FormatPlain, FormatDocker, FormatCRI}, c.Format) {
		bad("format", quote(c.Format), "must be auto, plain, docker or cri")
	}
	for i, u := range c.Journald {
		if _, err := journalMatch(u); err != nil {
			bad(fmt.Sprintf("journald[%d]", i), quote(u), err.Error())
		}
	}
	if c.JournalDir != "" && !filepath.IsAbs(c.JournalDir) {
		bad("journal_dir", quote(c.JournalDir), "must be an absolute path")
	}
	if c.Container == "" || len(c.Container) > 253 {
		bad("container", quote(c.Container), "must have 1 to 253 characters")
	}
	if c.From != FromBeginning && c.From != FromEnd {
		bad("from", quote(c.From), "must be beginning or end")
	}
	if c.PollInterval < 10*time.Millisecond || c.PollInterval > time.Minute {
		bad("poll_interval", c.PollInterval, "must be between 10ms and 1m")
	}
	if c.MaxFiles < 1 || c.MaxFiles > 1000 {
		bad("max_files", c.MaxFiles, "must be between 1 and 1000")
	}
	if c.MaxLine < 1<<10 || c.MaxLine > 256<<10 {
		bad("max_line", c.MaxLine, "must be between 1KiB and 256KiB")
	}
	if c.PartialWait < 100*time.Millisecond || c.PartialWait > 10*time.Minute {
		bad("partial_wait", c.PartialWait, "must be between 100ms and 10m")
	}
	if c.RateLimit != 0 && c.RateLimit < 1<<10 {
		bad("rate_limit", c.RateLimit, "must be 0 or at least 1KiB")
	}
	if c.RateLimit != 0 && (c.RateBurst < c.MaxLine || c.RateBurst > 1<<30) {
		bad("rate_burst", c.RateBurst, "must be at least max_line, so that every line can pass, and at most 1GiB")
	}
	errs = append(errs, config.Prefix("multiline", c.Multiline.validate()))
	_, err := redact.New(c.RedactSecrets, c.Redact)
	return errors.Join(append(errs, err)...)
}

func (c MultilineConfig) validate() error {
	var errs []error
	if _, err := regexp.Compile(c.Start); err != nil {
		errs = append(errs, config.Invalid("start", quote(c.Start), "must be an RE2 pattern: "+config.PatternError(err)))
	}
	if c.MaxLines < 2 || c.MaxLines > 10_000 {
		errs = append(errs, config.Invalid("max_lines", c.MaxLines, "must be between 2 and 10000"))
	}
	if c.MaxBytes < 1<<10 || c.MaxBytes > 256<<10 {
		errs = append(errs, config.Invalid("max_bytes", c.MaxBytes, "must be between 1KiB and 256KiB"))
	}
	if c.Wait < 10*time.Millisecond || c.Wait > time.Minute {
		errs = append(errs, config.Invalid("wait", c.Wait, "must be between 10ms and 1m"))
	}
	return errors.Join(errs...)
}

func quote(s string) string { return fmt.Sprintf("%q", s) }
