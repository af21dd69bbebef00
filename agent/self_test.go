package agent

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/spool"
)

func TestSelfEmitsWhatItDescribesAndAllOfIt(t *testing.T) {
	reg := prometheus.NewRegistry()
	m, err := newMetrics(reg, func() spool.Stats { return spool.Stats{Bytes: 5, Entries: 1, Oldest: time.Now().Add(-time.Minute)} })
	require.NoError(t, err)
	m.pushed("204", time.Second)
	m.panics.WithLabelValues("x").Inc()
	newRunner(Source{Collector: ticking("x", nil)}, DefaultConfig(), m, quiet).report(errors.New("x"), time.Second)
	s := newSelf(reg)
	var r Round
	require.NoError(t, s.Collect(t.Context(), &r))
	described, emitted := map[string]*Desc{}, map[string]*Desc{}
	for _, d := range s.Describe() {
		require.Nil(t, described[d.Name], "described once")
		described[d.Name] = d
	}
	for _, reading := range r.Readings {
		d := reading.Desc
		emitted[d.Name] = d
		want := described[d.Name]
		require.NotNil(t, want, d.Name)
		require.Equal(t, want.Type, d.Type, d.Name)
		require.Equal(t, want.Unit, d.Unit, d.Name)
		require.True(t, slices.Equal(want.Labels, d.Labels), "%s: %v", d.Name, d.Labels)
		if d.Name == "agent_spool_oldest_age_seconds" {
			require.InDelta(t, 60, reading.Value, 5)
		}
		if d.Name == "agent_process_resident_memory_bytes" {
			require.Greater(t, reading.Value, 1e6)
		}
	}
	require.Len(t, emitted, len(described))
}
