package kql

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/config"
)

func TestGateBoundsHowManyQueriesRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		cfg := DefaultConfig()
		cfg.MaxConcurrent, cfg.MaxWait = 2, 10*time.Second
		g := NewGate(cfg, registry)
		first, err := g.Enter(t.Context())
		require.NoError(t, err)
		second, err := g.Enter(t.Context())
		require.NoError(t, err)

		began := time.Now()
		_, err = g.Enter(t.Context())
		var busy *BusyError
		require.ErrorAs(t, err, &busy)
		require.ErrorContains(t, err, "2 are running already (log_query.max_concurrent), and none ended within 10s")
		require.Equal(t, 10*time.Second, time.Since(began))

		ctx, cancel := context.WithCancelCause(t.Context())
		left := errors.New("left")
		time.AfterFunc(time.Second, func() { cancel(left) })
		_, err = g.Enter(ctx)
		require.ErrorIs(t, err, left)

		time.AfterFunc(5*time.Second, func() { first(nil) })
		third, err := g.Enter(t.Context())
		require.NoError(t, err, "it waits for its turn")
		second(&LimitError{What: "rows"})
		third(errors.New("wrong"))

		counts := map[string]uint64{}
		families, err := registry.Gather()
		require.NoError(t, err)
		for _, f := range families {
			for _, m := range f.Metric {
				if len(m.Label) == 1 {
					counts[m.Label[0].GetValue()] = m.Histogram.GetSampleCount()
				} else {
					require.Zero(t, m.Gauge.GetValue(), f.GetName())
				}
			}
		}
		require.Equal(t, map[string]uint64{"ok": 1, "partial": 1, "error": 1, "busy": 2}, counts)
	})
}

func TestConfigNamesWhatIsWrong(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	for key, change := range map[string]func(*Config){
		"max_rows":       func(c *Config) { c.MaxRows = 0 },
		"max_bytes":      func(c *Config) { c.MaxBytes = 1 },
		"max_memory":     func(c *Config) { c.MaxMemory = 1 },
		"timeout":        func(c *Config) { c.Timeout = 2 * time.Hour },
		"max_concurrent": func(c *Config) { c.MaxConcurrent = 0 },
		"max_wait":       func(c *Config) { c.MaxWait = -1 },
		"max_tails":      func(c *Config) { c.MaxTails = 0 },
	} {
		cfg := DefaultConfig()
		change(&cfg)
		fields := config.Fields(cfg.Validate())
		require.Len(t, fields, 1, key)
		require.Equal(t, key, fields[0].Key)
	}
}
