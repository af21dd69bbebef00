package lifecycle

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/endscope/endscope/agent/process"
	"github.com/endscope/endscope/internal/config"
)

// Config is what the operator says about the life of the model server.
type Config struct {
	Process     process.Config `yaml:"process"`
	Liveness    ProbeConfig    `yaml:"liveness"`
	Readiness   ProbeConfig    `yaml:"readiness"`
	Startup     ProbeConfig    `yaml:"startup"`
	StartPeriod time.Duration  `yaml:"start_period" help:"How often readiness (http and tcp) is looked at while the server starts, so that the time at which it is ready is exact; failures of these looks give no row and do not count. 0 turns them off."`
}

// ProbeConfig is one probe. At most one of http, tcp and exec may be set.
type ProbeConfig struct {
	HTTP             string            `yaml:"http" help:"URL that must answer with a status from 200 to 399."`
	Headers          map[string]string `yaml:"headers" help:"Headers of the HTTP probe."`
	TCP              string            `yaml:"tcp" help:"host:port that must accept a connection."`
	Exec             []string          `yaml:"exec" help:"Command and arguments; the probe succeeds when it exits with 0."`
	InitialDelay     time.Duration     `yaml:"initial_delay" help:"How long after the start of the process the first probe waits."`
	Period           time.Duration     `yaml:"period" help:"How often the probe runs."`
	Timeout          time.Duration     `yaml:"timeout" help:"How long one probe may take before it has failed."`
	SuccessThreshold int               `yaml:"success_threshold" help:"How many successes in a row make a failing probe good."`
	FailureThreshold int               `yaml:"failure_threshold" help:"How many failures in a row make a good probe failing."`
}

// DefaultConfig returns a managed endpoint's own defaults for the three probes, none of which has a target.
func DefaultConfig() Config {
	p := ProbeConfig{InitialDelay: 10 * time.Second, Period: 10 * time.Second, Timeout: 2 * time.Second, SuccessThreshold: 1, FailureThreshold: 30}
	return Config{Process: process.DefaultConfig(), Liveness: p, Readiness: p, Startup: p, StartPeriod: time.Second}
}

// set says whether the probe has a target.
func (c ProbeConfig) set() bool { return c.HTTP != "" || c.TCP != "" || len(c.Exec) > 0 }

// Validate returns a *config.FieldError for each bad key.
func (c Config) Validate() error {
	errs := []error{
		config.Prefix("process", c.Process.Validate()), config.Prefix("liveness", c.Liveness.validate()),
		config.Prefix("readiness", c.Readiness.validate()), config.Prefix("startup", c.Startup.validate()),
	}
	if c.StartPeriod != 0 && (c.StartPeriod < 100*time.Millisecond || c.StartPeriod > time.Minute) {
		errs = append(errs, config.Invalid("start_period", c.StartPeriod, "must be 0, or between 100ms and 1m"))
	}
	return errors.Join(errs...)
}

func (c ProbeConfig) validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	var set []string
	for _, k := range []struct {
		key string
		set bool
	}{{"http", c.HTTP != ""}, {"tcp", c.TCP != ""}, {"exec", len(c.Exec) > 0}} {
		if k.set {
			set = append(set, k.key)
		}
	}
	if len(set) > 1 {
		bad(set[1], strings.Join(set, " and "), "must not be set together with "+set[0])
	}
	if c.HTTP != "" {
		if u, err := url.Parse(c.HTTP); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			bad("http", fmt.Sprintf("%q", c.HTTP), "must be a URL such as http://127.0.0.1:8000/health")
		}
	}
	for name, value := range c.Headers {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			bad("headers", fmt.Sprintf("%q", http.CanonicalHeaderKey(name)), "must be names and values of HTTP headers")
		}
	}
	if c.TCP != "" && !isAddress(c.TCP) {
		bad("tcp", fmt.Sprintf("%q", c.TCP), "must be host:port, such as 127.0.0.1:8000")
	}
	if len(c.Exec) > 0 && c.Exec[0] == "" {
		bad("exec", fmt.Sprintf("%q", c.Exec), "must begin with a command")
	}
	if c.InitialDelay < 0 || c.InitialDelay > 24*time.Hour {
		bad("initial_delay", c.InitialDelay, "must be between 0 and 24h")
	}
	if c.Period < 100*time.Millisecond || c.Period > time.Hour {
		bad("period", c.Period, "must be between 100ms and 1h")
	}
	if c.Timeout < 10*time.Millisecond || c.Timeout > 10*time.Minute {
		bad("timeout", c.Timeout, "must be between 10ms and 10m")
	}
	if c.SuccessThreshold < 1 || c.SuccessThreshold > 1000 {
		bad("success_threshold", c.SuccessThreshold, "must be between 1 and 1000")
	}
	if c.FailureThreshold < 1 || c.FailureThreshold > 100_000 {
		bad("failure_threshold", c.FailureThreshold, "must be between 1 and 100000")
	}
	return errors.Join(errs...)
}

func isAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || strings.ContainsAny(host, " /") {
		return false
	}
	n, err := strconv.Atoi(port)
	return err == nil && n >= 1 && n <= 65535
}
