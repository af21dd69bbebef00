package resources

import (
	"errors"
	"path/filepath"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator writes under resources. Begin with DefaultConfig.
type Config struct {
	ProvisioningFiles []string      `yaml:"files" help:"Files, folders or patterns such as /etc/endscope/alerts/*.yaml whose documents are provisioned at start and at each reload; the API shows them as read-only."`
	MaxSpec           config.Bytes  `yaml:"max_spec" help:"Largest rule, group or other document that is accepted, as JSON without white space."`
	KeepVersions      int           `yaml:"keep_versions" help:"Number of old versions that are kept of each document, to be looked at and restored."`
	AuditRetention    time.Duration `yaml:"audit_retention" help:"How long the trail of who changed what is kept, and the versions of deleted documents; 0 for ever."`
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{MaxSpec: 64 << 10, KeepVersions: 100, AuditRetention: 400 * 24 * time.Hour}
}

// Validate returns a *config.FieldError for each bad key, joined.
func (c Config) Validate() error {
	var errs []error
	for _, p := range c.ProvisioningFiles {
		if _, err := filepath.Match(p, ""); err != nil || p == "" {
			errs = append(errs, config.Invalid("files", p, "must be paths or patterns such as alerts/*.yaml"))
		}
	}
	if c.MaxSpec < 1<<10 || c.MaxSpec > maxDocument {
		errs = append(errs, config.Invalid("max_spec", c.MaxSpec, "must be between 1KiB and "+config.Bytes(maxDocument).String()))
	}
	if c.KeepVersions < 1 || c.KeepVersions > 10_000 {
		errs = append(errs, config.Invalid("keep_versions", c.KeepVersions, "must be between 1 and 10000"))
	}
	if c.AuditRetention != 0 && c.AuditRetention < 24*time.Hour {
		errs = append(errs, config.Invalid("audit_retention", c.AuditRetention, "must be 0 or at least 1d"))
	}
	return errors.Join(errs...)
}
