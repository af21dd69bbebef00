package proxy

import (
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// What status_codes may be.
const (
	Passthrough = "passthrough" // the client sees what the model answered
	Azure       = "azure"       // the client sees what a managed online endpoint of Azure would answer
)

// The limits of a managed online endpoint on request_timeout. Source: azure-monitor.md §13.2.
const (
	azureTimeout    = 5 * time.Second
	azureTimeoutMax = 180 * time.Second
)

// Config is what an operator may choose about the proxy.
type Config struct {
	Listen string    `yaml:"listen" help:"Address on which clients are served, such as :8080, in place of the model server's own; empty turns the proxy off."`
	TLS    TLSConfig `yaml:"tls"`

	Target            string          `yaml:"target" help:"URL of the model server: http://, https://, h2c:// (HTTP/2 without TLS, such as for gRPC) or unix:///path/to/socket."`
	TargetTLS         TargetTLSConfig `yaml:"target_tls"`
	RewriteHost       bool            `yaml:"rewrite_host" help:"Send the target's own name in the header Host rather than the one that the client asked for."`
	ConnectTimeout    time.Duration   `yaml:"connect_timeout" help:"How long a connection to the target may take to open; the client gets 504 after that."`
	HeaderTimeout     time.Duration   `yaml:"header_timeout" help:"How long the target may take from the end of a request to the header of its answer; the client gets 504 after that. 0 means no limit."`
	TargetIdleTimeout time.Duration   `yaml:"target_idle_timeout" help:"How long an idle connection to the target is kept; it should be less than what the target keeps."`

	StatusCodes    string        `yaml:"status_codes" help:"Which status clients see: passthrough (the model's own) or azure (as a managed online endpoint: 424 when the model does not answer 200, 408 when it takes too long)."`
	RequestTimeout time.Duration `yaml:"request_timeout" help:"How long a request may take in all; 0 means no limit, or 5s with status_codes azure, which allows 180s at most."`
	TrustRequestID bool          `yaml:"trust_request_id" help:"Keep an x-request-id that the client gives (at most 64 letters, digits, - and _) rather than make one."`

	MaxConcurrent  int          `yaml:"max_concurrent" help:"How many requests the target gets at a time; the client gets 429 above that. 0 means no limit."`
	MaxQueue       int          `yaml:"max_queue" help:"How many requests may wait for their turn above max_concurrent."`
	MaxConnections int          `yaml:"max_connections" help:"How many connections clients may have open; requests on further ones get 503. 0 means no limit."`
	BandwidthLimit config.Bytes `yaml:"bandwidth_limit" help:"Bytes of bodies per second and direction above which requests and answers are delayed; 0 means no limit."`
	BandwidthBurst config.Bytes `yaml:"bandwidth_burst" help:"Bytes that may pass at once before the limit delays; 0 means those of one second."`

	ReadHeaderTimeout time.Duration `yaml:"read_header_timeout" help:"How long a client may take to send the header of a request."`
	ClientTimeout     time.Duration `yaml:"client_timeout" help:"How long a client may send nothing of a request that is not complete, or take nothing of an answer, before it is cut off; 0 means no limit."`
	IdleTimeout       time.Duration `yaml:"idle_timeout" help:"How long a client's connection may be idle between requests."`
	MaxHeaderBytes    config.Bytes  `yaml:"max_header_bytes" help:"Size of a request's header above which the client gets 431."`
	DrainTimeout      time.Duration `yaml:"drain_timeout" help:"How long a stopping proxy waits for requests under way."`
}

// TLSConfig is what clients connect to.
type TLSConfig struct {
	CertFile string `yaml:"cert_file" help:"Certificate with which clients are served, as PEM; it is read again when it changes. Empty means without TLS."`
	KeyFile  string `yaml:"key_file" help:"Private key of the certificate, as PEM."`
}

// TargetTLSConfig is how the certificate of an https target is checked.
type TargetTLSConfig struct {
	CAFile             string `yaml:"ca_file" help:"Certificates of the authorities that are trusted, as PEM; empty means those of the system."`
	ServerName         string `yaml:"server_name" help:"Name that the certificate must hold; empty means the host of the URL."`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify" help:"Accept any certificate."`
}

// DefaultConfig returns the values that are used where the operator says nothing. The proxy is off.
func DefaultConfig() Config {
	return Config{
		ConnectTimeout: 5 * time.Second, TargetIdleTimeout: 1500 * time.Millisecond, StatusCodes: Passthrough, MaxConnections: 10_000,
		ReadHeaderTimeout: 10 * time.Second, ClientTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, DrainTimeout: 30 * time.Second,
	}
}

// Enabled tells whether the operator wants a proxy.
func (c Config) Enabled() bool { return c.Listen != "" }

// Validate returns a *config.FieldError for each bad key, joined. Without listen, the target may be empty.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	if c.Listen != "" {
		if _, _, err := net.SplitHostPort(c.Listen); err != nil {
			bad("listen", c.Listen, "must be host:port or :port, such as :8080, or empty")
		}
	}
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		bad("tls", fmt.Sprintf("cert_file %q, key_file %q", c.TLS.CertFile, c.TLS.KeyFile), "must have both files or none")
	}
	if c.Target != "" || c.Listen != "" {
		if _, err := parseTarget(c.Target); err != nil {
			bad("target", err.value, err.bound)
		}
	}
	if c.StatusCodes != Passthrough && c.StatusCodes != Azure {
		bad("status_codes", c.StatusCodes, "must be passthrough or azure")
	}
	switch {
	case c.RequestTimeout < 0 || c.RequestTimeout > 0 && c.RequestTimeout < time.Millisecond:
		bad("request_timeout", c.RequestTimeout, "must be 0 or at least 1ms")
	case c.StatusCodes == Azure && c.RequestTimeout > azureTimeoutMax:
		bad("request_timeout", c.RequestTimeout, "must be at most 180s with status_codes azure")
	}
	within := func(key string, v, low, high time.Duration, zero bool) {
		switch {
		case zero && v == 0:
		case v < low || v > high:
			or := ""
			if zero {
				or = "0 or "
			}
			bad(key, v, fmt.Sprintf("must be %sbetween %s and %s", or, low, high))
		}
	}
	within("connect_timeout", c.ConnectTimeout, time.Millisecond, time.Hour, false)
	within("header_timeout", c.HeaderTimeout, time.Millisecond, 24*time.Hour, true)
	within("target_idle_timeout", c.TargetIdleTimeout, time.Millisecond, time.Hour, false)
	within("read_header_timeout", c.ReadHeaderTimeout, time.Millisecond, time.Hour, false)
	within("client_timeout", c.ClientTimeout, time.Millisecond, 24*time.Hour, true)
	within("idle_timeout", c.IdleTimeout, time.Millisecond, 24*time.Hour, false)
	within("drain_timeout", c.DrainTimeout, 0, 24*time.Hour, true)
	number := func(key string, v, low, high int64) {
		if v < low || v > high {
			bad(key, v, fmt.Sprintf("must be between %d and %d", low, high))
		}
	}
	number("max_concurrent", int64(c.MaxConcurrent), 0, 1_000_000)
	number("max_queue", int64(c.MaxQueue), 0, 1_000_000)
	number("max_connections", int64(c.MaxConnections), 0, 1_000_000)
	if c.MaxQueue > 0 && c.MaxConcurrent == 0 {
		bad("max_queue", c.MaxQueue, "must be 0 without max_concurrent, which nothing waits for")
	}
	size := func(key string, v, low, high config.Bytes, zero bool) {
		if (v < low || v > high) && !(zero && v == 0) {
			or := ""
			if zero {
				or = "0 or "
			}
			bad(key, v, fmt.Sprintf("must be %sbetween %s and %s", or, low, high))
		}
	}
	size("bandwidth_limit", c.BandwidthLimit, 1<<10, 1<<40, true)
	size("bandwidth_burst", c.BandwidthBurst, 1<<10, math.MaxInt32&^1023, true)
	if c.BandwidthBurst > 0 && c.BandwidthLimit == 0 {
		bad("bandwidth_burst", c.BandwidthBurst, "must be 0 without bandwidth_limit")
	}
	size("max_header_bytes", c.MaxHeaderBytes, 1<<10, 16<<20, false)
	return errors.Join(errs...)
}

// requestTimeout returns how long a request may take; 0 means that it may take for ever.
func (c Config) requestTimeout() time.Duration {
	if c.StatusCodes == Azure && c.RequestTimeout == 0 {
		return azureTimeout
	}
	return c.RequestTimeout
}

// burst returns how many bytes may pass at once.
func (c Config) burst() int {
	if c.BandwidthBurst > 0 {
		return int(c.BandwidthBurst)
	}
	return int(min(c.BandwidthLimit, math.MaxInt32))
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }
