package demo

import (
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/endscope/endscope/cmd/endscope/app"
	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/internal/config"
)

// Config is what may be chosen about a demo.
type Config struct {
	Listen      string        `yaml:"listen" help:"Address of the server, as host:port."`
	DataDir     string        `yaml:"data_dir" help:"Directory to keep everything in; a temporary one, which is removed at the end, when empty."`
	Rate        float64       `yaml:"rate" help:"Requests per second that are sent to the sample endpoint."`
	Interval    time.Duration `yaml:"interval" help:"How often every agent reads and pushes."`
	SimulateGPU bool          `yaml:"simulate_gpu" help:"Give every sample instance a simulated GPU, whose model name begins with Simulated. Real GPUs of this machine are read in any case."`
	Duration    time.Duration `yaml:"duration" help:"Stop by itself after this long, but not before the answers are printed; 0 means to run until Ctrl-C."`
	Log         cli.LogConfig `yaml:"log" help:"What server and agents say on standard error."`
}

// DefaultConfig returns what a demo does when nothing is set.
func DefaultConfig() Config {
	return Config{
		Listen: app.DefaultConfig().Listen, Rate: 20, Interval: 2 * time.Second,
		Log: cli.LogConfig{Level: "warn", Format: cli.DefaultLogConfig().Format},
	}
}

// Validate returns a config.FieldError for every value that is out of bounds.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	_, port, err := net.SplitHostPort(c.Listen)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		bad("listen", c.Listen, "must be host:port, such as 127.0.0.1:9190")
	}
	if c.Rate < 1 || c.Rate > 1000 {
		bad("rate", c.Rate, "must be between 1 and 1000 requests per second")
	}
	if c.Interval < 500*time.Millisecond || c.Interval > time.Minute {
		bad("interval", c.Interval, "must be between 500ms and 1m")
	}
	if c.Duration < 0 {
		bad("duration", c.Duration, "must not be negative")
	}
	return errors.Join(append(errs, config.Prefix("log", c.Log.Validate()))...)
}
