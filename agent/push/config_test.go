package push

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestConfigErrorsNameValueAndBound(t *testing.T) {
	good := DefaultConfig()
	good.Path = "/api/v1/write"
	require.NoError(t, good.Validate())
	for want, change := range map[string]func(*Config){
		`path: must begin with / (got "api")`:                          func(c *Config) { c.Path = "api" },
		"timeout: must be at least 100ms (got 99ms)":                   func(c *Config) { c.Timeout = 99 * time.Millisecond },
		"backoff_min: must be at least 1ms (got 0s)":                   func(c *Config) { c.BackoffMin = 0 },
		"backoff_max: must be at least backoff_min, 500ms (got 499ms)": func(c *Config) { c.BackoffMax = 499 * time.Millisecond },
		"shutdown_timeout: must not be negative (got -1s)":             func(c *Config) { c.ShutdownTimeout = -time.Second },
	} {
		c := good
		change(&c)
		require.EqualError(t, c.Validate(), want)
	}
}
