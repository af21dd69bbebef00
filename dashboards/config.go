package dashboards

// Config is what an operator writes under dashboards. Begin with DefaultConfig.
type Config struct {
	Builtin bool `yaml:"builtin" help:"Whether there are the dashboards that come with the server, read-only and renewed by each version; see docs/dashboards.md."`
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config { return Config{Builtin: true} }
