package live

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/records"
	"github.com/endscope/endscope/internal/liveframe"
	"github.com/endscope/endscope/scopes"
)

// Use is what the host was read to use. What is not known is nil.
type Use struct{ CPU, Memory *float64 }

// Settings is what code passes to New.
type Settings struct {
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil registers nowhere
	Server     string                // URL of the server
	HTTPClient *http.Client          // speaks HTTP/1.1 only, and has the agent's credentials
	Identity   scopes.Path
	InFlight   func() int64 // requests under way in the proxy; nil without one, and then frames have no traffic
	// Host reads the host's use since the last call; the first call after forget is true begins anew. It is called once a second while somebody watches.
	// Nil: what the collectors read is told.
	Host func(ctx context.Context, forget bool) Use
	Now  func() time.Time // the instance's clock; nil is time.Now
}

// Live is the agent's side of the Live view. Make it with New, and use Run once.
type Live struct {
	cfg Config
	set Settings
	log *slog.Logger
	url string

	tap       atomic.Pointer[tap] // nil while nobody watches
	readings  readings
	connected atomic.Bool

	metrics metrics
}

type metrics struct {
	connected prometheus.GaugeFunc
	frames    prometheus.Counter
	uncounted prometheus.Counter
	leftOut   prometheus.Counter
	failures  prometheus.Counter
}

// New returns the stream; nothing is opened before Run. Errors: those of Config.Validate, a bad URL, and a registerer that has the series already.
func New(cfg Config, set Settings) (*Live, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	if set.Registerer == nil {
		set.Registerer = prometheus.NewRegistry()
	}
	if set.Now == nil {
		set.Now = time.Now
	}
	if set.HTTPClient == nil {
		set.HTTPClient = &http.Client{}
	}
	if _, err := url.Parse(set.Server); err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	l := &Live{cfg: cfg, set: set, log: set.Logger}
	id := set.Identity
	l.url = strings.TrimRight(set.Server, "/") + "/api/v1/live/agent/" + url.PathEscape(id.Endpoint) + "/" + url.PathEscape(id.Deployment) + "/" + url.PathEscape(id.Instance)
	l.metrics = metrics{
		connected: prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "agent_live_connected", Help: "Whether the stream by which the server asks for live frames is open."}, func() float64 {
			if l.connected.Load() {
				return 1
			}
			return 0
		}),
		frames:    prometheus.NewCounter(prometheus.CounterOpts{Name: "agent_live_frames_total", Help: "Live frames that were sent, one a second while somebody watches."}),
		uncounted: prometheus.NewCounter(prometheus.CounterOpts{Name: "agent_live_uncounted_requests_total", Help: "Requests that no live frame counts, because the counters were busy. Metrics and logs have them."}),
		leftOut:   prometheus.NewCounter(prometheus.CounterOpts{Name: "agent_live_samples_left_out_total", Help: "Failing and slow requests that live frames count but do not show, because the frames would be too large."}),
		failures:  prometheus.NewCounter(prometheus.CounterOpts{Name: "agent_live_connection_failures_total", Help: "Times that the stream for live frames could not be opened, or broke."}),
	}
	for _, c := range []prometheus.Collector{l.metrics.connected, l.metrics.frames, l.metrics.uncounted, l.metrics.leftOut, l.metrics.failures} {
		if err := set.Registerer.Register(c); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Request counts a request that has ended, where somebody watches. It does not keep the row, and does not wait.
func (l *Live) Request(row *records.Traffic) {
	if t := l.tap.Load(); t != nil {
		t.count(row)
	}
}

// Readings takes what a collector has read.
func (l *Live) Readings(collector string, list []agent.Reading) {
	l.readings.take(collector, list, l.set.Now())
}

// Connected says whether the stream is open.
func (l *Live) Connected() bool { return l.connected.Load() }

// frame makes the frame of a second that has just ended.
func (l *Live) frame(ctx context.Context, second int64) *liveframe.Frame {
	f := &liveframe.Frame{Second: second}
	l.readings.fill(f, l.set.Now())
	if l.set.Host != nil {
		if use := l.set.Host(ctx, false); use.CPU != nil || use.Memory != nil {
			f.CPU, f.Memory = use.CPU, use.Memory
		}
	}
	if l.set.InFlight == nil {
		return f
	}
	n := max(l.set.InFlight(), 0)
	f.InFlight = &n
	if t := l.tap.Load(); t != nil {
		f.Views, f.Dropped = t.take()
		l.metrics.uncounted.Add(float64(f.Dropped))
	}
	return f
}
