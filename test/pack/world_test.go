package pack_test

import (
	"context"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// The two days of incidents, and the days before, in which dynamic thresholds learn and of which there are requests only.
var (
	begin   = time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)
	end     = begin.AddDate(0, 0, 2)
	learned = begin.AddDate(0, 0, -10)
)

const (
	endpoint    = "chat"
	step        = 30 * time.Second  // between rounds of the agents
	requestStep = time.Minute       // between samples of requests, so that six hours of them are read in a bearable time
	coarseStep  = 150 * time.Second // in the days before
)

// state is what an instance is like in one round. Incidents change it.
type state struct {
	requests    float64 // per minute
	failing     float64 // share of them answered with 500
	refused     float64 // share of them answered with 401
	slower      float64 // factor on all durations
	silent      bool    // the agent delivers nothing
	ready       bool
	running     float64 // of 16
	waiting     float64
	cache       float64
	preempted   float64 // requests in this round
	broken      float64 // streams in this round
	rejected    float64 // requests in this round
	cpu, memory float64
	data        float64 // used share of the disk /data
	gpuMemory   [2]float64
	heat        [2]float64 // share of the time
	noGPU       [2]bool    // a GPU that fell off the bus answers nothing
	pending     [2]float64
	uncorrected [2]float64 // in this round
	xids        map[string]float64
	restarts    map[string]float64
	starts      map[string]time.Duration // by outcome, that end in this round
	lost        float64                  // rows in this round
}

// instance is one that the world plays.
type instance struct {
	path   scopes.Path
	share  float64 // requests per minute at noon
	only   [2]time.Time
	series map[string]*series
}

// series is one series as it was written so far.
type series struct {
	ref    storage.SeriesRef
	ls     labels.Labels
	total  float64
	counts map[int32]int64 // of a histogram
	sum    float64
	start  int64
}

// world writes what instances send.
type world struct {
	t         testing.TB
	db        *promtsdb.DB
	app       storage.AppenderV2
	rng       *rand.Rand
	instances []*instance
	samples   int
}

// openDB opens an empty store.
func openDB(t testing.TB) *promtsdb.DB {
	t.Helper()
	opts := promtsdb.DefaultOptions()
	opts.MinBlockDuration = (60 * 24 * time.Hour).Milliseconds() // everything stays in the head
	opts.MaxBlockDuration = opts.MinBlockDuration
	opts.RetentionDuration = (1000 * 24 * time.Hour).Milliseconds()
	opts.WALSegmentSize = -1
	opts.EnableSTAsZeroSample = true
	db, err := promtsdb.Open(t.TempDir(), slog.New(slog.DiscardHandler), nil, opts, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// newWorld plays all incidents.
func newWorld(t testing.TB, incidents []incident) *world {
	t.Helper()
	db := openDB(t)
	w := &world{t: t, db: db, rng: rand.New(rand.NewPCG(6, 1))}
	for _, i := range []struct {
		deployment, name string
		share            float64
	}{{"blue", "blue-1", 40}, {"blue", "blue-2", 40}, {"green", "green-1", 20}, {"green", "green-2", 20}} {
		w.instances = append(w.instances, &instance{path: scopes.Path{Endpoint: endpoint, Deployment: i.deployment, Instance: i.name}, share: i.share, series: map[string]*series{}})
	}
	w.instances = append(w.instances, &instance{path: scopes.Path{Endpoint: endpoint, Deployment: "blue", Instance: passing}, only: [2]time.Time{passingFrom, passingTo}, series: map[string]*series{}})
	w.app = db.AppenderV2(context.Background())
	for at := learned.Add(coarseStep); !at.After(begin); at = at.Add(coarseStep) {
		for _, i := range w.instances {
			if i.share > 0 {
				s := w.usual(i, at)
				w.traffic(i, &s, at, coarseStep)
			}
		}
		w.commit(at, 24*time.Hour)
	}
	for at := begin.Add(step); !at.After(end); at = at.Add(step) {
		for _, i := range w.instances {
			w.round(i, at, incidents)
		}
		w.commit(at, time.Hour)
	}
	w.commit(end, time.Nanosecond)
	return w
}

func (w *world) commit(at time.Time, every time.Duration) {
	if at.Truncate(every).Equal(at) {
		require.NoError(w.t, w.app.Commit())
		w.app = w.db.AppenderV2(context.Background())
	}
}

// season is 1 at noon and less at night.
func season(at time.Time) float64 {
	hour := float64(at.Hour()) + float64(at.Minute())/60
	return 0.8 + 0.2*math.Cos((hour-14)/12*math.Pi)
}

// usual is an instance with which nothing is wrong.
func (w *world) usual(i *instance, at time.Time) state {
	r := w.rng
	return state{
		requests: i.share * season(at), failing: 0.001, refused: 0.01, slower: 1, ready: true,
		running: 4 + 4*season(at) + 2*r.Float64(), waiting: float64(r.IntN(3)), cache: 0.4 + 0.2*r.Float64(),
		cpu: 0.3 + 0.2*r.Float64(), memory: 0.6 + 0.02*r.Float64(), data: 0.6,
		gpuMemory: [2]float64{0.91, 0.9}, heat: [2]float64{0.003, 0.002},
		xids: map[string]float64{}, restarts: map[string]float64{}, starts: map[string]time.Duration{},
	}
}

// round writes what an instance sends at a time.
func (w *world) round(i *instance, at time.Time, incidents []incident) {
	if !i.only[0].IsZero() && (at.Before(i.only[0]) || at.After(i.only[1])) {
		return
	}
	s := w.usual(i, at)
	for _, c := range incidents {
		if at.After(c.from) && !at.After(c.to) && c.play != nil {
			c.play(i.path, at, at.Sub(c.from), &s)
		}
	}
	if s.silent {
		return
	}
	if at.Equal(i.only[1]) {
		w.leave(i, at)
		return
	}
	if at.Truncate(requestStep).Equal(at) {
		w.traffic(i, &s, at, requestStep)
	}
	w.machine(i, &s, at)
	w.gpus(i, &s, at)
}

// traffic writes the requests of a round.
func (w *world) traffic(i *instance, s *state, at time.Time, round time.Duration) {
	if i.share == 0 {
		return
	}
	n := s.requests * round.Minutes()
	if n > 0 {
		n = math.Round(n + math.Sqrt(n)*0.5*w.rng.NormFloat64())
	}
	failed, refused := w.part(n, s.failing), w.part(n, s.refused)
	rest := max(0, n-failed-refused)
	streams := math.Round(rest / 2)
	const name = "endpoint_request_duration_seconds"
	w.observe(i, at, name, rest-streams, 0.15*s.slower, 0.5, "status_code", "200", "streaming", "false")
	w.observe(i, at, name, streams, 4*s.slower, 0.5, "status_code", "200", "streaming", "true")
	w.observe(i, at, name, failed, 0.05, 0.5, "status_code", "500", "streaming", "false")
	w.observe(i, at, name, refused, 0.002, 0.5, "status_code", "401", "streaming", "false")
	w.observe(i, at, "endpoint_time_to_first_token_seconds", streams, 0.2*s.slower, 0.4)
}

// part is how many of n are of a share.
func (w *world) part(n, share float64) float64 {
	x := n * share
	whole := math.Floor(x)
	if w.rng.Float64() < x-whole {
		whole++
	}
	return whole
}

// machine writes the host, the engine and the life cycle.
func (w *world) machine(i *instance, s *state, at time.Time) {
	w.gauge(i, at, "agent_build_info", 1, "version", "1.0")
	ready := 0.0
	if s.ready {
		ready = 1
	}
	w.gauge(i, at, "instance_ready", ready)
	w.gauge(i, at, "instance_cpu_utilization_ratio", s.cpu)
	w.gauge(i, at, "instance_memory_utilization_ratio", s.memory)
	w.gauge(i, at, "instance_disk_utilization_ratio", 0.4, "disk", "/")
	w.gauge(i, at, "instance_disk_utilization_ratio", s.data, "disk", "/data")
	for _, reason := range []string{"crash", "oom", "liveness", "manual"} {
		w.count(i, at, "instance_restarts_total", s.restarts[reason], "reason", reason)
	}
	for _, outcome := range []string{"failure", "success"} {
		if d := s.starts[outcome]; d > 0 {
			w.observe(i, at, "instance_start_duration_seconds", 1, d.Seconds(), 0, "phase", "total", "outcome", outcome)
		} else if i.series[key("instance_start_duration_seconds", "phase", "total", "outcome", outcome)] != nil {
			w.observe(i, at, "instance_start_duration_seconds", 0, 0, 0, "phase", "total", "outcome", outcome)
		}
	}
	w.gauge(i, at, "model_requests_running", s.running)
	w.gauge(i, at, "model_requests_max", 16)
	w.gauge(i, at, "model_requests_waiting", s.waiting)
	w.gauge(i, at, "model_cache_utilization_ratio", s.cache)
	w.count(i, at, "model_preemptions_total", s.preempted, "kind", "recompute")
	w.count(i, at, "model_requests_rejected_total", s.rejected+w.part(1, 0.02), "reason", "queue_full")
	w.count(i, at, "endpoint_stream_errors_total", s.broken+w.part(1, 0.02), "reason", "model_reset")
	w.count(i, at, "endpoint_stream_errors_total", float64(w.rng.IntN(3)), "reason", "client_abort")
	w.count(i, at, "endpoint_data_collection_errors_total", s.lost, "type", "traffic", "reason", "queue_full")
}

// gpus writes two GPUs.
func (w *world) gpus(i *instance, s *state, at time.Time) {
	if i.share == 0 {
		return
	}
	for g := range 2 {
		id := []string{"gpu", strconv.Itoa(g), "uuid", "GPU-" + i.path.Instance + "-" + strconv.Itoa(g)}
		with := func(more ...string) []string { return append(slices.Clone(id), more...) }
		for xid, n := range s.xids { // first counted when it comes, with the time at which the agent began to count
			if g == 0 {
				w.count(i, at, "gpu_xid_errors_total", n, with("xid", xid)...)
			}
		}
		if s.noGPU[g] {
			continue
		}
		w.gauge(i, at, "gpu_memory_utilization_ratio", s.gpuMemory[g], id...)
		w.gauge(i, at, "gpu_remapped_rows", s.pending[g], with("kind", "pending")...)
		w.gauge(i, at, "gpu_remapped_rows", 0, with("kind", "failure")...)
		w.count(i, at, "gpu_throttle_seconds_total", 0.4*step.Seconds()*w.rng.Float64(), with("reason", "sw_power_cap")...)
		w.count(i, at, "gpu_throttle_seconds_total", s.heat[g]*step.Seconds(), with("reason", "hw_thermal")...)
		w.count(i, at, "gpu_ecc_errors_total", w.part(1, 0.01), with("type", "corrected")...)
		w.count(i, at, "gpu_ecc_errors_total", s.uncorrected[g], with("type", "uncorrected")...)
	}
}

// leave ends all series of an instance in good order.
func (w *world) leave(i *instance, at time.Time) {
	for _, s := range i.series {
		if s.counts == nil {
			w.append(i, s, at, math.Float64frombits(value.StaleNaN), nil)
		}
	}
}

func key(name string, extra ...string) string {
	for _, e := range extra {
		name += "\x00" + e
	}
	return name
}

func (w *world) find(i *instance, at time.Time, name string, extra []string) *series {
	k := key(name, extra...)
	s := i.series[k]
	if s == nil {
		s = &series{start: at.Add(-time.Second).UnixMilli(), ls: labels.FromStrings(append([]string{
			model.MetricNameLabel, name, scopes.LabelEndpoint, i.path.Endpoint, scopes.LabelDeployment, i.path.Deployment, scopes.LabelInstance, i.path.Instance,
		}, extra...)...)}
		i.series[k] = s
	}
	return s
}

func (w *world) gauge(i *instance, at time.Time, name string, v float64, extra ...string) {
	s := w.find(i, at, name, extra)
	s.start = 0
	w.append(i, s, at, v, nil)
}

// count adds to a counter.
func (w *world) count(i *instance, at time.Time, name string, n float64, extra ...string) {
	s := w.find(i, at, name, extra)
	s.total += n
	w.append(i, s, at, s.total, nil)
}

// schema is coarser than that of the agent, for the sake of time.
const schema = 2

// observe adds observations to a histogram, spread log-normally around a median.
func (w *world) observe(i *instance, at time.Time, name string, n, median, sigma float64, extra ...string) {
	s := w.find(i, at, name, extra)
	if s.counts == nil {
		s.counts = map[int32]int64{}
	}
	for range int(n) {
		v := median * math.Exp(sigma*w.rng.NormFloat64())
		s.sum += v
		s.total++
		s.counts[int32(math.Ceil(math.Log2(v)*(1<<schema)))]++
	}
	w.append(i, s, at, 0, s.histogram())
}

func (s *series) histogram() *histogram.Histogram {
	h := &histogram.Histogram{Schema: schema, ZeroThreshold: 1e-12, Count: uint64(s.total), Sum: s.sum}
	indexes := make([]int32, 0, len(s.counts))
	for i := range s.counts {
		indexes = append(indexes, i)
	}
	slices.Sort(indexes)
	var previous int64
	for n, i := range indexes {
		switch {
		case n == 0:
			h.PositiveSpans = append(h.PositiveSpans, histogram.Span{Offset: i, Length: 1})
		case i == indexes[n-1]+1:
			h.PositiveSpans[len(h.PositiveSpans)-1].Length++
		default:
			h.PositiveSpans = append(h.PositiveSpans, histogram.Span{Offset: i - indexes[n-1] - 1, Length: 1})
		}
		h.PositiveBuckets = append(h.PositiveBuckets, s.counts[i]-previous)
		previous = s.counts[i]
	}
	return h
}

func (w *world) append(_ *instance, s *series, at time.Time, v float64, h *histogram.Histogram) {
	var err error
	s.ref, err = w.app.Append(s.ref, s.ls, s.start, at.UnixMilli(), v, h, nil, storage.AppendV2Options{})
	require.NoError(w.t, err)
	w.samples++
	s.start = 0 // said once, as long as the sender is the same
}
