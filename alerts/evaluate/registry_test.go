package evaluate

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

type registry struct{ *prometheus.Registry }

func newRegistry() registry { return registry{prometheus.NewPedanticRegistry()} }

// value returns the counter or gauge of a name that has the given labels; it fails for none.
func (r registry) value(t *testing.T, name string, want ...string) float64 {
	t.Helper()
	total, found := r.collect(t, name, want)
	require.True(t, found, "%s %v", name, want)
	return total
}

func (r registry) sum(t *testing.T, name string) float64 { return r.value(t, name) }

func (r registry) collect(t *testing.T, name string, want []string) (total float64, found bool) {
	t.Helper()
	families, err := r.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			have := map[string]string{}
			for _, l := range m.GetLabel() {
				have[l.GetName()] = l.GetValue()
			}
			fits := true
			for i := 0; i+1 < len(want); i += 2 {
				fits = fits && have[want[i]] == want[i+1]
			}
			if fits {
				found = true
				total += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return total, found
}
