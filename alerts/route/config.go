package route

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator writes under `alerts.routing`.
type Config struct {
	MaxAlerts      int            `yaml:"max_alerts" help:"Active alerts that are routed at the same time; more are refused and counted."`
	MaxSilences    int            `yaml:"max_silences" help:"Silences that are kept, expired ones of the last five days included."`
	MaxSilenceSize config.Bytes   `yaml:"max_silence_size" help:"Size of one silence."`
	ResolveTimeout time.Duration  `yaml:"resolve_timeout" help:"After this time without being posted again, an alert that others posted to /api/v2/alerts without an end resolves."`
	UnhealthyAfter time.Duration  `yaml:"unhealthy_after" help:"Time for which every attempt to tell a receiver has failed before an alert tells of it and, where no other receiver of its action group can be told, the server is unhealthy."`
	StopGrace      time.Duration  `yaml:"stop_grace" help:"Time given to attempts that are under way when the server stops or the policy changes, so that their outcome is known. At least alerts.receivers.timeout and two seconds more."`
	Cluster        ClusterConfig  `yaml:"cluster" help:"Two or more servers with the same rules that notify once."`
	External       ExternalConfig `yaml:"external" help:"An Alertmanager elsewhere that takes the place of ours."`
}

// ClusterConfig connects servers that evaluate the same rules.
type ClusterConfig struct {
	ListenAddress        string        `yaml:"listen_address" help:"Address for gossip over TCP and UDP, such as 10.0.0.5:9194; empty means no cluster."`
	AdvertiseAddress     string        `yaml:"advertise_address" help:"Address at which the others reach this one, if it is not the one it listens on."`
	Peers                []string      `yaml:"peers" help:"Addresses of the others."`
	PeerTimeout          time.Duration `yaml:"peer_timeout" help:"How long a server waits for the one before it to notify, before it does so itself."`
	TLSConfigFile        string        `yaml:"tls_config_file" help:"Certificates for gossip, in the format of Alertmanager's --cluster.tls-config."`
	AllowUnauthenticated bool          `yaml:"allow_unauthenticated" help:"Gossip without certificates on an address other than loopback: whoever reaches it can silence alerts."`
}

// ExternalConfig names Alertmanagers that are used instead of ours.
type ExternalConfig struct {
	URLs           []string      `yaml:"urls" help:"Alertmanagers that get every alert, such as http://alertmanager:9093. Empty means that alerts are routed here."`
	HTTPConfigFile string        `yaml:"http_config_file" help:"How to reach them: TLS, basic authentication, tokens, in the format of Prometheus's http_config."`
	Timeout        time.Duration `yaml:"timeout" help:"Time that one request to them may take."`
}

// DefaultConfig returns the configuration that a server has when nothing is set.
func DefaultConfig() Config {
	return Config{
		MaxAlerts:      50_000,
		MaxSilences:    10_000,
		MaxSilenceSize: 64 << 10,
		ResolveTimeout: 5 * time.Minute,
		UnhealthyAfter: 10 * time.Minute,
		StopGrace:      15 * time.Second,
		Cluster:        ClusterConfig{PeerTimeout: 15 * time.Second},
		External:       ExternalConfig{Timeout: 10 * time.Second},
	}
}

// Validate returns a config.FieldError for every value that is out of bounds.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	between := func(key string, d, low, high time.Duration) {
		if d < low || d > high {
			bad(key, d, "must be between "+low.String()+" and "+high.String())
		}
	}
	if c.MaxAlerts < 1 || c.MaxAlerts > 1_000_000 {
		bad("max_alerts", c.MaxAlerts, "must be between 1 and 1000000")
	}
	if c.MaxSilences < 1 || c.MaxSilences > 100_000 {
		bad("max_silences", c.MaxSilences, "must be between 1 and 100000")
	}
	if c.MaxSilenceSize < 1<<10 || c.MaxSilenceSize > 1<<20 {
		bad("max_silence_size", c.MaxSilenceSize, "must be between 1KiB and 1MiB")
	}
	between("resolve_timeout", c.ResolveTimeout, time.Second, 24*time.Hour)
	between("unhealthy_after", c.UnhealthyAfter, time.Minute, 24*time.Hour)
	between("stop_grace", c.StopGrace, 0, 5*time.Minute)
	errs = append(errs, config.Prefix("cluster", c.Cluster.validate()), config.Prefix("external", c.External.validate()))
	if c.Cluster.ListenAddress != "" && len(c.External.URLs) > 0 {
		bad("cluster.listen_address", c.Cluster.ListenAddress, "must be empty with external.urls: the Alertmanagers there are the cluster")
	}
	return errors.Join(errs...)
}

func (c ClusterConfig) validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if c.PeerTimeout < 10*time.Millisecond || c.PeerTimeout > 10*time.Minute {
		bad("peer_timeout", c.PeerTimeout, "must be between 10ms and 10m")
	}
	if c.ListenAddress == "" {
		if len(c.Peers) > 0 {
			bad("peers", c.Peers[0], "needs listen_address")
		}
		return errors.Join(errs...)
	}
	host, ok := address(c.ListenAddress)
	if !ok {
		bad("listen_address", c.ListenAddress, "must be an address such as 10.0.0.5:9194")
	} else if !loopback(host) && c.TLSConfigFile == "" && !c.AllowUnauthenticated {
		bad("listen_address", c.ListenAddress, "must be on loopback, or have cluster.tls_config_file, or cluster.allow_unauthenticated: true: whoever reaches it can silence alerts")
	}
	if c.AdvertiseAddress != "" {
		if _, ok := address(c.AdvertiseAddress); !ok {
			bad("advertise_address", c.AdvertiseAddress, "must be an address such as 10.0.0.5:9194")
		}
	}
	for _, p := range c.Peers {
		if _, ok := address(p); !ok {
			bad("peers", p, "must be an address such as 10.0.0.6:9194")
		}
	}
	return errors.Join(errs...)
}

func (c ExternalConfig) validate() error {
	var errs []error
	for _, text := range c.URLs {
		// A password in the address would show up in messages; the file for it is read by its owner only.
		if u, err := url.Parse(text); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			shown := "not shown"
			if err == nil {
				shown = u.Redacted()
			}
			errs = append(errs, config.Invalid("urls", shown, "must be an http or https address without user, query and fragment; passwords go into http_config_file"))
		}
	}
	if c.Timeout < 100*time.Millisecond || c.Timeout > 10*time.Minute {
		errs = append(errs, config.Invalid("timeout", c.Timeout, "must be between 100ms and 10m"))
	}
	return errors.Join(errs...)
}

func address(text string) (host string, ok bool) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", false
	}
	n, err := strconv.Atoi(port)
	return host, err == nil && n > 0 && n < 1<<16
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
