package live

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestConfigErrorsNameValueAndBound(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	for want, change := range map[string]func(*Config){
		"max_agents: must be between 0 and 100000 (got -1)":         func(c *Config) { c.MaxAgents = -1 },
		"max_watchers: must be between 0 and 10000 (got 10001)":     func(c *Config) { c.MaxWatchers = 10001 },
		"max_filters: must be between 0 and 15 (got 16)":            func(c *Config) { c.MaxFilters = 16 },
		"max_rows: must be between 1 and 10000 (got 0)":             func(c *Config) { c.MaxRows = 0 },
		"max_frame_bytes: must be between 4KiB and 4MiB (got 1KiB)": func(c *Config) { c.MaxFrameBytes = 1 << 10 },
		"lease: must be between 3s and 1m0s (got 1s)":               func(c *Config) { c.Lease = time.Second },
		"settle: must be between 0s and 1s (got 1.1s)":              func(c *Config) { c.Settle = 1100 * time.Millisecond },
		"late: must be between settle, 500ms, and 2s (got 400ms)":   func(c *Config) { c.Late = 400 * time.Millisecond },
		"ping: must be between 1s and 10m (got 100ms)":              func(c *Config) { c.Ping = 100 * time.Millisecond },
	} {
		c := DefaultConfig()
		change(&c)
		require.ErrorContains(t, c.Validate(), want)
	}
}
