package hub

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/state"
)

// BenchmarkApply is a storm: so many alerts fire at once, as one call and as a call for each from many goroutines.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{200, 5000} {
		b.Run(fmt.Sprintf("together=%d", n), func(b *testing.B) {
			h := benchHub(b)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				all := make([]alerts.Transition, n)
				for j := range all {
					all[j].Alert = fired(i*n+j, time.Unix(int64(i*n+j), 0))
				}
				require.NoError(b, h.Apply(b.Context(), all))
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "alerts/s")
		})
	}
	b.Run("alone=200", func(b *testing.B) {
		h := benchHub(b)
		for i := 0; b.Loop(); i++ {
			done := make(chan error, 200)
			for j := range 200 {
				go func() {
					done <- h.Apply(b.Context(), []alerts.Transition{{Alert: fired(i*200+j, time.Unix(int64(i*200+j), 0))}})
				}()
			}
			for range 200 {
				require.NoError(b, <-done)
			}
		}
		b.ReportMetric(float64(200*b.N)/b.Elapsed().Seconds(), "alerts/s")
	})
}

func benchHub(b *testing.B) *Hub {
	b.Helper()
	store, err := state.Open(b.Context(), state.DefaultConfig(), state.Settings{Path: filepath.Join(b.TempDir(), "alerts.db")})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	h, err := New(DefaultConfig(), Settings{Store: store, Route: (&router{}).route, ExternalURL: "https://endscope.example"})
	require.NoError(b, err)
	return h
}
