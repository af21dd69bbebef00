package agent

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/agent/push"
	"github.com/endscope/endscope/agent/spool"
	"github.com/endscope/endscope/internal/config"
	"github.com/endscope/endscope/scopes"
)

// Config is what the operator of an agent writes. Its zero value is not valid; begin with DefaultConfig.
type Config struct {
	Server     string            `yaml:"server" help:"URL of the Endscope server, such as http://127.0.0.1:9190."`
	Endpoint   string            `yaml:"endpoint" help:"Name of the endpoint that this instance serves."`
	Deployment string            `yaml:"deployment" help:"Name of the deployment that this instance belongs to."`
	Instance   string            `yaml:"instance" help:"Name of this instance; the host's name when empty."`
	Labels     map[string]string `yaml:"labels" help:"Labels that are added to every series that does not have them."`
	Interval   time.Duration     `yaml:"interval" help:"How often collectors read, unless they have an interval of their own."`
	DataDir    string            `yaml:"data_dir" help:"Folder of the spool; one agent per folder."`
	Spool      spool.Config      `yaml:"spool"`
	Send       SendConfig        `yaml:"send"`
	HTTPClient HTTPClientConfig  `yaml:"http_client"`
	Metrics    MetricsConfig     `yaml:"metrics"`
	Collectors CollectorsConfig  `yaml:"collectors"`
}

// SendConfig says how the spool is sent.
type SendConfig struct {
	Path            string        `yaml:"path" help:"Path of the remote-write receiver below the server's URL."`
	Timeout         time.Duration `yaml:"timeout" help:"How long one request may take."`
	BackoffMin      time.Duration `yaml:"backoff_min" help:"Upper bound of the first random wait after a failure; it doubles with each further one."`
	BackoffMax      time.Duration `yaml:"backoff_max" help:"Upper bound that the random wait after failures never exceeds."`
	ShutdownTimeout time.Duration `yaml:"shutdown_timeout" help:"How long a stopping agent tries to send what waits; the rest stays in the spool."`
}

// MetricsConfig is the agent's own page.
type MetricsConfig struct {
	Listen string `yaml:"listen" help:"Address of the agent's own /metrics and /-/healthy; empty turns them off."`
}

// CollectorsConfig holds one entry per collector of the standard agent.
type CollectorsConfig struct {
	Host HostConfig      `yaml:"host"`
	GPU  CollectorConfig `yaml:"gpu"`
	Self SelfConfig      `yaml:"self"`
}

// CollectorConfig is what every collector can be told.
type CollectorConfig struct {
	Enabled  bool          `yaml:"enabled" help:"Whether the collector runs."`
	Interval time.Duration `yaml:"interval" help:"How often the collector reads; 0 means the agent's interval."`
	Timeout  time.Duration `yaml:"timeout" help:"How long one reading may take; 0 means four fifths of the interval, at most 10s."`
}

// HostConfig is a CollectorConfig and what the host collector alone can be told.
type HostConfig struct {
	Enabled  bool          `yaml:"enabled" help:"Whether the collector runs."`
	Interval time.Duration `yaml:"interval" help:"How often the collector reads; 0 means the agent's interval."`
	Timeout  time.Duration `yaml:"timeout" help:"How long one reading may take; 0 means four fifths of the interval, at most 10s."`
	Cgroup   string        `yaml:"cgroup" help:"Whose CPU and memory are read: auto (the container's limits when in one), machine, own (the agent's cgroup), or a cgroup path such as /kubepods/pod1/model."`
}

// SelfConfig is what the self collector, which always runs, can be told.
type SelfConfig struct {
	Interval time.Duration `yaml:"interval" help:"How often the agent reports about itself; 0 means the agent's interval."`
}

// Source returns c's collector as the agent wants it.
func (c CollectorConfig) Source(col Collector) Source {
	return Source{Collector: col, Interval: c.Interval, Timeout: c.Timeout}
}

// Source returns the host collector as the agent wants it.
func (c HostConfig) Source(col Collector) Source {
	return Source{Collector: col, Interval: c.Interval, Timeout: c.Timeout}
}

// DefaultConfig returns the defaults; Server, Endpoint and Deployment have none.
func DefaultConfig() Config {
	send := SendConfig(push.DefaultConfig())
	send.Path = "/api/v1/write"
	return Config{
		Interval:   15 * time.Second,
		DataDir:    "endscope-agent-data",
		Spool:      spool.DefaultConfig(),
		Send:       send,
		Metrics:    MetricsConfig{Listen: "127.0.0.1:9191"},
		Collectors: CollectorsConfig{Host: HostConfig{Enabled: true, Cgroup: "auto"}, GPU: CollectorConfig{Enabled: true}},
	}
}

// Validate returns a *config.FieldError for each bad key, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if u, err := url.Parse(c.Server); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		bad("server", quoted(c.Server), "must be a URL such as http://127.0.0.1:9190")
	} else if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		bad("server", u.Redacted(), "must have neither user, query nor fragment; see http_client for credentials")
	}
	name := func(key string, level scopes.Level, value string) {
		if err := scopes.ValidateName(level, value); err != nil {
			bad(key, quoted(value), "must be a valid name: "+err.Error())
		}
	}
	name("endpoint", scopes.LevelEndpoint, c.Endpoint)
	name("deployment", scopes.LevelDeployment, c.Deployment)
	if c.Instance != "" {
		name("instance", scopes.LevelInstance, c.Instance)
	}
	for k := range c.Labels {
		if isIdentity(k) || strings.HasPrefix(k, "__") || !model.LegacyValidation.IsValidLabelName(k) {
			bad("labels", k, "must be label names other than endpoint, deployment, instance and those that begin with __")
		}
	}
	if c.Interval < 100*time.Millisecond {
		bad("interval", c.Interval, "must be at least 100ms")
	}
	if c.DataDir == "" {
		bad("data_dir", quoted(c.DataDir), "must name a folder")
	}
	if c.Metrics.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Metrics.Listen); err != nil {
			bad("metrics.listen", c.Metrics.Listen, "must be host:port, such as 127.0.0.1:9191, or empty")
		}
	}
	errs = append(errs, config.Prefix("spool", c.Spool.Validate()), config.Prefix("send", c.Send.validate()), config.Prefix("http_client", c.HTTPClient.Validate()))
	schedule := func(key string, interval, timeout time.Duration) {
		if interval != 0 && interval < 100*time.Millisecond {
			bad("collectors."+key+".interval", interval, "must be 0 or at least 100ms")
		}
		if interval == 0 {
			interval = c.Interval
		}
		if timeout < 0 || timeout > interval {
			bad("collectors."+key+".timeout", timeout, fmt.Sprintf("must be between 0 and the interval, %s", interval))
		}
	}
	schedule("host", c.Collectors.Host.Interval, c.Collectors.Host.Timeout)
	schedule("gpu", c.Collectors.GPU.Interval, c.Collectors.GPU.Timeout)
	schedule("self", c.Collectors.Self.Interval, 0)
	if cg := c.Collectors.Host.Cgroup; cg != "auto" && cg != "machine" && cg != "own" && !strings.HasPrefix(cg, "/") {
		bad("collectors.host.cgroup", quoted(cg), "must be auto, machine, own, or a path that begins with /")
	}
	return errors.Join(errs...)
}

func (c SendConfig) validate() error { return push.Config(c).Validate() }

// writeURL is where requests go.
func (c Config) writeURL() string {
	return strings.TrimSuffix(strings.TrimSuffix(c.Server, c.Send.Path), "/") + c.Send.Path
}

// identity returns endpoint, deployment and instance, with the host's name for an empty instance.
func (c Config) identity() (scopes.Path, error) {
	p := scopes.Path{Endpoint: c.Endpoint, Deployment: c.Deployment, Instance: c.Instance}
	if p.Instance == "" {
		host, err := os.Hostname()
		if err != nil {
			return p, fmt.Errorf("instance is not set and the host has no name: %w", err)
		}
		if err := scopes.ValidateName(scopes.LevelInstance, host); err != nil {
			return p, fmt.Errorf("instance is not set and the host's name cannot stand in for it: %w", err)
		}
		p.Instance = host
	}
	return p, nil
}

func isIdentity(label string) bool {
	return label == scopes.LabelEndpoint || label == scopes.LabelDeployment || label == scopes.LabelInstance
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }
