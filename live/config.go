package live

import (
	"errors"
	"fmt"
	"time"

	"github.com/endscope/endscope/internal/config"
	"github.com/endscope/endscope/internal/liveframe"
)

// Config is what an operator writes under `live`.
type Config struct {
	MaxAgents     int           `yaml:"max_agents" help:"Agents that keep a stream open; further ones are refused. Each is one of web.max_connections."`
	MaxWatchers   int           `yaml:"max_watchers" help:"Streams of frames that are watched at a time; further ones are refused."`
	MaxFilters    int           `yaml:"max_filters" help:"Different filters at a time, over all watchers; agents count traffic by each of them."`
	MaxFrameBytes config.Bytes  `yaml:"max_frame_bytes" help:"Size of a frame above which an agent's stream is closed."`
	MaxRows       int           `yaml:"max_rows" help:"Children and instances that an event names one by one, those with the most requests first."`
	Lease         time.Duration `yaml:"lease" help:"Time for which agents are asked; it is renewed while somebody watches, and frames stop when it ends."`
	Settle        time.Duration `yaml:"settle" help:"Time after its end that a second waits for frames that are missing before it is shown without them."`
	Late          time.Duration `yaml:"late" help:"Time after its end in which a second still takes frames; it is then shown again. Later ones are dropped."`
	Ping          time.Duration `yaml:"ping" help:"Time between two signs of life on an agent's stream; what in between closes idle connections must wait longer."`
}

// DefaultConfig returns the configuration that a server has when nothing is set.
func DefaultConfig() Config {
	return Config{
		MaxAgents: 2000, MaxWatchers: 100, MaxFilters: 8, MaxFrameBytes: 64 << 10, MaxRows: 200,
		Lease: 10 * time.Second, Settle: 500 * time.Millisecond, Late: 1500 * time.Millisecond, Ping: 20 * time.Second,
	}
}

// Validate returns a config.FieldError for every value that is out of bounds.
func (c Config) Validate() error {
	var errs []error
	bad := func(key string, value any, bound string) { errs = append(errs, config.Invalid(key, value, bound)) }
	for _, n := range []struct {
		key              string
		value, low, high int
	}{
		{"max_agents", c.MaxAgents, 0, 100_000},
		{"max_watchers", c.MaxWatchers, 0, 10_000},
		{"max_filters", c.MaxFilters, 0, liveframe.MaxViews - 1},
		{"max_rows", c.MaxRows, 1, 10_000},
	} {
		if n.value < n.low || n.value > n.high {
			bad(n.key, n.value, fmt.Sprintf("must be between %d and %d", n.low, n.high))
		}
	}
	if c.MaxFrameBytes < 4<<10 || c.MaxFrameBytes > 4<<20 {
		bad("max_frame_bytes", c.MaxFrameBytes, "must be between 4KiB and 4MiB")
	}
	if c.Lease < 3*time.Second || c.Lease > liveframe.MaxLease {
		bad("lease", c.Lease, fmt.Sprintf("must be between 3s and %s", liveframe.MaxLease))
	}
	if c.Settle < 0 || c.Settle > time.Second {
		bad("settle", c.Settle, "must be between 0s and 1s")
	}
	if c.Late < c.Settle || c.Late > 2*time.Second {
		bad("late", c.Late, fmt.Sprintf("must be between settle, %s, and 2s", c.Settle))
	}
	if c.Ping < time.Second || c.Ping > 10*time.Minute {
		bad("ping", c.Ping, "must be between 1s and 10m")
	}
	return errors.Join(errs...)
}

// LimitError says that a limit of the configuration is reached.
type LimitError struct {
	Key   string // of the configuration
	Limit int
	What  string // is at its limit, in the plural
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("there are %d %s already, as many as %s allows", e.Limit, e.What, e.Key)
}

// FilterError says that a filter cannot be applied to live traffic.
type FilterError struct{ Err error }

func (e *FilterError) Error() string { return "filter: " + e.Err.Error() }

func (e *FilterError) Unwrap() error { return e.Err }

// ErrStopped says that the server stops.
var ErrStopped = errors.New("the live view stops with the server")
