package live

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Why a frame is dropped.
const (
	reasonLate      = "late"      // after live.late
	reasonEarly     = "early"     // of a second that is not over
	reasonDuplicate = "duplicate" // of a second that the agent has told of
	reasonUnasked   = "unasked"   // nobody watches
	reasonMalformed = "malformed" // no frame, or one beyond its bounds
	reasonTooLarge  = "too_large" // above live.max_frame_bytes
	reasonRate      = "rate"      // too many at once
)

type metrics struct {
	agents, asked, watchers prometheus.Gauge
	frames                  prometheus.Counter
	dropped                 *prometheus.CounterVec
	delay                   prometheus.Histogram
	events, lost            prometheus.Counter
	refused                 *prometheus.CounterVec
	replaced                prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		agents:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "endscope_live_agents", Help: "Agents that keep a stream for the Live view open."}),
		asked:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "endscope_live_agents_asked", Help: "Agents that are asked for frames, because somebody watches."}),
		watchers: prometheus.NewGauge(prometheus.GaugeOpts{Name: "endscope_live_watchers", Help: "Event streams that are watched."}),
		frames:   prometheus.NewCounter(prometheus.CounterOpts{Name: "endscope_live_frames_total", Help: "Frames that came from agents and were merged."}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "endscope_live_frames_dropped_total",
			Help: "Frames that were not merged, by reason: late, early, duplicate, unasked, malformed, too_large, rate.",
		}, []string{"reason"}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "endscope_live_frame_delay_seconds", Help: "Time from the end of a frame's second until the server had it.",
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
		}),
		events: prometheus.NewCounter(prometheus.CounterOpts{Name: "endscope_live_events_total", Help: "Seconds that were handed to watchers, those that are shown again included."}),
		lost:   prometheus.NewCounter(prometheus.CounterOpts{Name: "endscope_live_events_dropped_total", Help: "Seconds that watchers did not get because they were too slow."}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "endscope_live_refused_total", Help: "Streams that were refused, by who asked (agent, watcher) and the limit that was reached.",
		}, []string{"who", "limit"}),
		replaced: prometheus.NewCounter(prometheus.CounterOpts{Name: "endscope_live_agents_replaced_total", Help: "Streams that were closed because an agent of the same name opened another; two agents that share a name make it rise on and on."}),
	}
	for _, r := range []string{reasonLate, reasonEarly, reasonDuplicate, reasonUnasked, reasonMalformed, reasonTooLarge, reasonRate} {
		m.dropped.WithLabelValues(r)
	}
	for _, r := range [][2]string{{"agent", "max_agents"}, {"watcher", "max_watchers"}, {"watcher", "max_filters"}} {
		m.refused.WithLabelValues(r[0], r[1])
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.agents, m.asked, m.watchers, m.frames, m.dropped, m.delay, m.events, m.lost, m.refused, m.replaced} {
		errs = append(errs, reg.Register(c))
	}
	return m, errors.Join(errs...)
}
