package lifecycle

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/agent/records"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// log keeps the rows.
type log struct {
	mu   sync.Mutex
	rows []records.Event
}

func (l *log) record(e records.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = append(l.rows, e)
}

// named returns the rows with one of the names, all without names.
func (l *log) named(names ...string) []records.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []records.Event
	for _, e := range l.rows {
		if len(names) == 0 || strings.Contains(" "+strings.Join(names, " ")+" ", " "+e.Name+" ") {
			out = append(out, e)
		}
	}
	return out
}

// text returns the rows as lines: seconds since a time, name, message.
func (l *log) text(since time.Time, names ...string) string {
	var b strings.Builder
	for _, e := range l.named(names...) {
		fmt.Fprintf(&b, "%.1f %s: %s\n", e.Time.Sub(since).Seconds(), e.Name, e.Message)
	}
	return b.String()
}

// series reads one series of a registry: name and label values in the order of their names. It returns false when it is absent.
func series(t *testing.T, reg *prometheus.Registry, name string, labels ...string) (*dto.Metric, bool) {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
	metrics:
		for _, m := range f.GetMetric() {
			if len(m.GetLabel()) != len(labels) {
				continue
			}
			for i, l := range m.GetLabel() {
				if l.GetValue() != labels[i] {
					continue metrics
				}
			}
			return m, true
		}
	}
	return nil, false
}

func gauge(t *testing.T, reg *prometheus.Registry, name string, labels ...string) float64 {
	t.Helper()
	m, ok := series(t, reg, name, labels...)
	if !ok {
		return -1
	}
	return m.GetGauge().GetValue()
}

func counter(t *testing.T, reg *prometheus.Registry, name string, labels ...string) float64 {
	t.Helper()
	m, ok := series(t, reg, name, labels...)
	require.True(t, ok, "%s%v is there from the start", name, labels)
	return m.GetCounter().GetValue()
}

// start returns how often a phase was counted, and the seconds in all.
func started(t *testing.T, reg *prometheus.Registry, phase Phase, outcome string) (uint64, float64) {
	t.Helper()
	m, ok := series(t, reg, "instance_start_duration_seconds", outcome, string(phase))
	require.True(t, ok)
	return m.GetHistogram().GetSampleCount(), m.GetHistogram().GetSampleSum()
}

// inState says that the state is that one and no other.
func inState(t *testing.T, reg *prometheus.Registry, want State) bool {
	t.Helper()
	for _, s := range states() {
		v := gauge(t, reg, "instance_state", string(s))
		if (s == want) != (v == 1) {
			return false
		}
	}
	return true
}
