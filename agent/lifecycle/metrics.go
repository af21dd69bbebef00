package lifecycle

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// State is where the instance is in its life, and the value of the label `state` of instance_state.
type State string

// The states.
const (
	Pending  State = "pending"  // there is no process, and none has failed
	Starting State = "starting" // the process runs and has told nothing
	Loading  State = "loading"  // it fetches or loads the model
	Warming  State = "warming"  // it compiles, captures graphs or warms up
	Ready    State = "ready"
	Draining State = "draining" // it was asked to end
	Failed   State = "failed"   // it ended, or is not ready any more, or failed its liveness probe
)

func states() []State { return []State{Pending, Starting, Loading, Warming, Ready, Draining, Failed} }

// Reasons of instance_restarts_total.
const (
	reasonCrash    = "crash"    // exit code other than 0, or a signal of its own such as SIGSEGV
	reasonOOM      = "oom"      // killed for memory
	reasonLiveness = "liveness" // ended because of its liveness (or startup) probe
	reasonExit     = "exit"     // exit code 0
	reasonSignal   = "signal"   // ended by somebody's SIGTERM, SIGKILL …
	reasonManual   = "manual"   // ended on an operator's word
	reasonUnknown  = "unknown"  // not the agent's child, so nobody told
)

func restartReasons() []string {
	return []string{reasonCrash, reasonOOM, reasonLiveness, reasonExit, reasonSignal, reasonManual, reasonUnknown}
}

const (
	success = "success"
	failure = "failure"
)

// metrics are the series of the life of an instance.
type metrics struct {
	ready    *prometheus.GaugeVec // without labels; absent until known
	state    *prometheus.GaugeVec
	restarts *prometheus.CounterVec
	info     *prometheus.GaugeVec
	starts   *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		ready:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "instance_ready", Help: "1 if the instance's readiness probe succeeds, 0 if not; absent until known."}, nil),
		state:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "instance_state", Help: "1 for the state that the instance is in, 0 for the others; absent until known."}, []string{"state"}),
		restarts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "instance_restarts_total", Help: "Starts of the server's process after an earlier one, by why that one ended."}, []string{"reason"}),
		info:     prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "instance_info", Help: "1; the container, its image, and the name of the program."}, []string{"container", "image", "command"}),
		starts: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "instance_start_duration_seconds", Help: "How long the phases of each start took, also of starts that failed.",
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
		}, []string{"phase", "outcome"}),
	}
	for _, r := range restartReasons() {
		m.restarts.WithLabelValues(r)
	}
	for _, p := range phases() {
		m.starts.WithLabelValues(string(p), success)
		m.starts.WithLabelValues(string(p), failure)
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.ready, m.state, m.restarts, m.info, m.starts} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("lifecycle: register metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) setReady(yes bool) {
	v := 0.0
	if yes {
		v = 1
	}
	m.ready.WithLabelValues().Set(v)
}

func (m *metrics) setState(now State) {
	for _, s := range states() {
		v := 0.0
		if s == now {
			v = 1
		}
		m.state.WithLabelValues(string(s)).Set(v)
	}
}

func (m *metrics) setInfo(container, image, command string) {
	m.info.Reset()
	m.info.WithLabelValues(container, image, command).Set(1)
}

func (m *metrics) observe(p Phase, took time.Duration, failed bool) {
	outcome := success
	if failed {
		outcome = failure
	}
	m.starts.WithLabelValues(string(p), outcome).Observe(took.Seconds())
}
