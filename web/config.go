package web

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator writes under `web`.
type Config struct {
	ConfigFile           string        `yaml:"config_file" help:"Web configuration file in the Prometheus exporter-toolkit format: TLS and basic-auth users."`
	AllowUnauthenticated bool          `yaml:"allow_unauthenticated" help:"Serve on an address that other machines can reach although nobody has to authenticate."`
	RoutePrefix          string        `yaml:"route_prefix" help:"Path under which all routes are served, such as /endscope; empty means /."`
	ExternalURL          string        `yaml:"external_url" help:"URL under which people reach this server, for links; empty means the listen address."`
	GrafanaURL           string        `yaml:"grafana_url" help:"URL under which people reach a Grafana that asks this server; charts then have a link to its Explore."`
	GrafanaDatasource    string        `yaml:"grafana_datasource" help:"UID of the data source that asks this server in that Grafana; empty means its default one."`
	CORSOrigin           string        `yaml:"cors_origin" help:"Regular expression of the origins that browsers may call the API from, matched whole; empty allows none."`
	EnableLifecycle      bool          `yaml:"enable_lifecycle" help:"Allow a reload of the configuration with POST /-/reload."`
	EnableAdminAPI       bool          `yaml:"enable_admin_api" help:"Allow deletion of series and snapshots with POST /api/v1/admin/tsdb/."`
	MaxConnections       int           `yaml:"max_connections" help:"Open connections above which new ones wait."`
	MaxHeaderBytes       config.Bytes  `yaml:"max_header_bytes" help:"Size of a request's headers above which it is refused."`
	ReadHeaderTimeout    time.Duration `yaml:"read_header_timeout" help:"Time in which a client has to send a request's headers."`
	ReadTimeout          time.Duration `yaml:"read_timeout" help:"Time in which a client has to send a whole request; also the longest life of a stream of notifications."`
	IdleTimeout          time.Duration `yaml:"idle_timeout" help:"Time after which an idle connection is closed."`
	ShutdownTimeout      time.Duration `yaml:"shutdown_timeout" help:"Time that requests in progress have to finish when the server stops."`
	RemoteReadSamples    int           `yaml:"remote_read_samples" help:"Samples in one answer to a sampled remote read; 0 means no limit."`
	RemoteReadConcurrent int           `yaml:"remote_read_concurrent" help:"Remote reads at a time; 0 means no limit."`
	MaxSearchResults     int           `yaml:"max_search_results" help:"Results of one search for metric or label names."`
}

// DefaultConfig returns the configuration that a server has when nothing is set.
func DefaultConfig() Config {
	return Config{
		MaxConnections:       4096,
		MaxHeaderBytes:       64 << 10,
		ReadHeaderTimeout:    10 * time.Second,
		ReadTimeout:          5 * time.Minute,
		IdleTimeout:          5 * time.Minute,
		ShutdownTimeout:      10 * time.Second,
		RemoteReadSamples:    50_000_000,
		RemoteReadConcurrent: 10,
		MaxSearchResults:     10_000,
	}
}

// Validate returns a config.FieldError for every value that is out of bounds. It reads no files: New does.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if p := c.RoutePrefix; p != "" && (!strings.HasPrefix(p, "/") || strings.Contains(p, "//") || strings.ContainsAny(p, "?#{}%")) {
		bad("route_prefix", p, "must be a path such as /endscope")
	}
	for _, link := range []struct{ key, value, example string }{
		{"external_url", c.ExternalURL, "https://endscope.example.org/path"},
		{"grafana_url", c.GrafanaURL, "https://grafana.example.org/path"},
	} {
		u, err := url.Parse(link.value)
		if link.value != "" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "") {
			bad(link.key, link.value, "must be a URL such as "+link.example+", without query and fragment")
		}
	}
	if _, err := regexp.Compile(c.CORSOrigin); err != nil {
		bad("cors_origin", c.CORSOrigin, "must be a regular expression")
	}
	if c.MaxConnections < 1 {
		bad("max_connections", c.MaxConnections, "must be at least 1")
	}
	if c.MaxHeaderBytes < 4<<10 || c.MaxHeaderBytes > 16<<20 {
		bad("max_header_bytes", c.MaxHeaderBytes, "must be between 4KiB and 16MiB")
	}
	for _, d := range []struct {
		key   string
		value time.Duration
	}{
		{"read_header_timeout", c.ReadHeaderTimeout},
		{"read_timeout", c.ReadTimeout},
		{"idle_timeout", c.IdleTimeout},
		{"shutdown_timeout", c.ShutdownTimeout},
	} {
		if d.value < 100*time.Millisecond || d.value > time.Hour {
			bad(d.key, d.value, "must be between 100ms and 1h")
		}
	}
	if c.RemoteReadSamples < 0 {
		bad("remote_read_samples", c.RemoteReadSamples, "must not be negative")
	}
	if c.RemoteReadConcurrent < 0 {
		bad("remote_read_concurrent", c.RemoteReadConcurrent, "must not be negative")
	}
	if c.MaxSearchResults < 1 {
		bad("max_search_results", c.MaxSearchResults, "must be at least 1")
	}
	return errors.Join(errs...)
}
