package query_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

// A world is what a few endpoints would push for an hour: everything that the catalogue is computed from, with what goes wrong in
// practice. It is kept as plain samples beside the store, for the brute force to count by hand.

// lookback is how far back a sample is still looked for.
const lookback = int64(5 * time.Minute / time.Millisecond)

// valueKind is what the values of a family are.
type valueKind int

const (
	aCounter valueKind = iota
	aGauge
	aHistogram
)

// family is a canonical series and how its values come about.
type family struct {
	name  string
	kind  valueKind
	sets  [][]string // the extra labels of each series, name and value in turn
	scale float64    // of what is observed or counted, or the top of a gauge
	whole bool       // whole numbers only
	part  part       // of a member that has it
}

// part is what a member may be made of. What it is not made of, it does not push.
type part int

const (
	partProxy part = iota
	partConnections
	partStreams
	partEngine
	partLimits
	partHost
	partGPU
	partActivity
	partHeartbeat
	parts
)

var (
	none     = [][]string{{}}
	statuses = [][]string{
		{"status_code", "200", "model_status_code", "200"}, {"status_code", "404"}, {"status_code", "424", "model_status_code", "500"},
		{"status_code", "429"}, {"status_code", "503"}, {"status_code", "weird"},
	}
	directions = [][]string{{"direction", "receive"}, {"direction", "transmit"}}
	tokens     = [][]string{{"direction", "input"}, {"direction", "output"}}
)

func one(label string, values ...string) (sets [][]string) {
	for _, v := range values {
		sets = append(sets, []string{label, v})
	}
	return sets
}

// families are all canonical series that the catalogue is about.
func families() []family {
	fs := []family{
		{"endpoint_request_duration_seconds", aHistogram, statuses, 0.05, false, partProxy},
		{"endpoint_upload_duration_seconds", aHistogram, none, 0.002, false, partProxy},
		{"endpoint_model_duration_seconds", aHistogram, statuses[:2], 0.04, false, partProxy},
		{"endpoint_download_duration_seconds", aHistogram, none, 0.003, false, partProxy},
		{"endpoint_request_size_bytes", aHistogram, none, 900, true, partProxy},
		{"endpoint_response_size_bytes", aHistogram, none, 4000, true, partProxy},
		{"endpoint_queue_duration_seconds", aHistogram, none, 0.01, false, partStreams},
		{"endpoint_time_to_first_token_seconds", aHistogram, none, 0.2, false, partStreams},
		{"endpoint_inter_token_latency_seconds", aHistogram, none, 0.02, false, partStreams},
		{"endpoint_stream_errors_total", aCounter, one("reason", "model_reset", "timeout", "client_abort"), 3, true, partStreams},
		{"endpoint_requests_in_flight", aGauge, none, 20, true, partProxy},
		{"endpoint_connections_active", aGauge, none, 60, true, partConnections},
		{"endpoint_connections_opened_total", aCounter, none, 9, true, partConnections},
		{"endpoint_network_bytes_total", aCounter, directions, 5000, true, partConnections},
		{"endpoint_data_collection_events_total", aCounter, one("type", "traffic", "console", "event", "payload"), 12, true, partProxy},
		{"endpoint_data_collection_errors_total", aCounter, [][]string{{"type", "traffic", "reason", "full"}, {"type", "console", "reason", "full"}, {"type", "payload", "reason", "size"}}, 2, true, partProxy},

		{"model_tokens_total", aCounter, tokens, 900, true, partEngine},
		{"model_requests_running", aGauge, none, 8, true, partEngine},
		{"model_requests_waiting", aGauge, none, 30, true, partEngine},
		{"model_requests_max", aGauge, none, 16, true, partLimits},
		{"model_cache_utilization_ratio", aGauge, none, 1, false, partEngine},
		{"model_prefix_cache_tokens_total", aCounter, [][]string{{"result", "hit", "tier", "gpu"}, {"result", "miss", "tier", "gpu"}, {"result", "hit", "tier", "host"}}, 700, true, partEngine},
		{"model_preemptions_total", aCounter, one("kind", "recompute", "swap"), 1, true, partEngine},
		{"model_requests_finished_total", aCounter, one("reason", "stop", "length", "abort"), 6, true, partEngine},
		{"model_requests_rejected_total", aCounter, one("reason", "queue_full"), 2, true, partEngine},

		{"instance_cpu_utilization_ratio", aGauge, none, 1, false, partHost},
		{"instance_memory_utilization_ratio", aGauge, none, 1, false, partHost},
		{"instance_disk_utilization_ratio", aGauge, one("disk", "/", "/data"), 1, false, partHost},
		{"instance_restarts_total", aCounter, one("reason", "oom", "error"), 1, true, partHost},
		{"instance_start_duration_seconds", aHistogram, [][]string{{"phase", "total", "outcome", "success"}, {"phase", "total", "outcome", "failure"}, {"phase", "weights_load", "outcome", "success"},
			{"phase", "compile", "outcome", "success"}}, 60, false, partHost},
		{"agent_build_info", aGauge, one("version", "1"), 0, false, partHeartbeat},
		{"instance_ready", aGauge, none, 1, true, partHeartbeat},

		{"gpu_time_seconds_total", aCounter, one("state", "unbound", "bound_idle", "active", "effective"), 4, false, partGPU},
		{"gpu_energy_joules_total", aCounter, none, 7000, false, partGPU},
		{"instance_gpu_utilization_ratio", aGauge, none, 1, false, partGPU},
		{"instance_gpu_memory_bytes", aGauge, none, 8e10, true, partGPU},
		{"gpu_utilization_ratio", aGauge, none, 1, false, partGPU},
		{"gpu_memory_utilization_ratio", aGauge, none, 1, false, partGPU},
		{"gpu_power_watts", aGauge, none, 700, false, partGPU},
		{"gpu_temperature_celsius", aGauge, none, 90, true, partGPU},
		{"gpu_memory_temperature_celsius", aGauge, none, 95, true, partActivity},
		{"gpu_clock_hertz", aGauge, one("clock", "graphics", "sm", "memory"), 2e9, true, partGPU},
		{"gpu_throttle_seconds_total", aCounter, one("reason", "sw_power_cap", "sw_thermal", "hw_thermal"), 3, false, partGPU},
		{"gpu_xid_errors_total", aCounter, one("xid", "31", "79"), 1, true, partGPU},
		{"gpu_ecc_errors_total", aCounter, one("type", "corrected", "uncorrected"), 2, true, partGPU},
		{"gpu_sm_activity_ratio", aGauge, none, 1, false, partActivity},
		{"gpu_sm_occupancy_ratio", aGauge, none, 1, false, partActivity},
		{"gpu_tensor_activity_ratio", aGauge, none, 1, false, partActivity},
		{"gpu_dram_activity_ratio", aGauge, none, 1, false, partActivity},
	}
	for _, name := range []string{"request_duration", "queue_duration", "prefill_duration", "decode_duration", "time_to_first_token", "inter_token_latency", "time_per_output_token"} {
		fs = append(fs, family{"model_" + name + "_seconds", aHistogram, none, 0.1, false, partEngine})
	}
	return fs
}

// layout says in which buckets a histogram counts.
type layout struct {
	schema int32
	bounds []float64 // of classic and custom ones
	custom bool      // a native histogram with bounds
}

// rawSample is one sample as it was pushed, or the zero at which a counter says that it began.
type rawSample struct {
	at      int64
	value   float64
	obs     []float64 // of a histogram: all that its process has observed so far
	process int
	layout  layout
	stale   bool
}

// rawSeries is all samples of one series, by time. A classic histogram is one series here.
type rawSeries struct {
	name string
	path scopes.Path
	ls   map[string]string
	all  []rawSample
	live []rawSample // without stale markers
}

// member is an instance and what happens to it.
type member struct {
	path     scopes.Path
	has      [parts]bool
	gpus     int
	starts   bool // its counters say when they began
	phase    time.Duration
	interval time.Duration
	native   layout // of endpoint_*
	engine   layout // of model_*
}

// world is a store and what was written to it.
type world struct {
	store      *tsdb.Store
	rollups    *query.Rollups
	now        time.Time
	rng        *rand.Rand
	calm       bool      // little comes late and few fall silent for long, so that much of it can be rolled up
	start, end time.Time // of the samples
	members    []*member
	series     map[string][]*rawSeries // by name
	newest     map[*rawSeries]int64    // pushed so far
	known      []known
	samples    int
	pushes     []delivery
}

// delivery is one push: what an instance measured at one time, delivered then or later.
type delivery struct {
	when time.Time
	at   int64
	list []measured
}

type measured struct {
	s      *rawSeries
	sample rawSample
	start  int64 // 0 where the sender does not say
	kind   valueKind
}

// newWorld makes up a world.
func newWorld(t testing.TB, seed uint64) *world {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 3))
	w := &world{rng: rng, calm: seed%2 == 1, series: map[string][]*rawSeries{}, newest: map[*rawSeries]int64{}}
	w.start = time.Date(2026, 3, 2, rng.IntN(24), rng.IntN(60), rng.IntN(60), 0, time.UTC)
	w.end = w.start.Add(70 * time.Minute)
	for i, name := range []string{
		"credit/blue/i-0", "credit/blue/i-1", "credit/green/i-0", "credit/green/i-1", "fraud/blue/i-0", "fraud/canary/i-0", "chat.v2/m/llm-0", "chat.v2/m/llm-1", "chat.v2/n/llm:0",
	} {
		w.members = append(w.members, w.newMember(t, i, name))
	}
	for _, m := range w.members {
		w.live(m)
	}
	slices.SortStableFunc(w.pushes, func(a, b delivery) int { return a.when.Compare(b.when) })
	for _, list := range w.series {
		for _, s := range list {
			s.all = nil
		}
	}
	roll := w.open(t)
	w.now = w.start
	for _, d := range w.pushes {
		if d.when.After(w.now.Add(time.Minute)) {
			w.now = d.when
			roll() // what comes late finds that it is too late for a roll-up
		}
		w.push(t, d)
	}
	if w.now = w.end; seed%2 == 0 {
		w.now = w.end.Add(10 * time.Minute) // all is over
	}
	roll()
	for _, list := range w.series {
		for _, s := range list {
			slices.SortFunc(s.all, func(a, b rawSample) int { return int(a.at - b.at) })
			for _, x := range s.all {
				if !x.stale {
					s.live = append(s.live, x)
				}
			}
		}
	}
	w.known = w.instances()
	return w
}

// open makes a store with roll-ups, and returns what rolls up all that is due.
func (w *world) open(t testing.TB) (roll func()) {
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	w.rollups = query.NewRollups(catalogue, query.DefaultConfig().Lookback, prometheus.NewRegistry())
	cfg := tsdb.DefaultConfig()
	cfg.Sync = tsdb.SyncOff
	cfg.Retention = 100 * 365 * 24 * time.Hour
	log := slog.New(slog.DiscardHandler)
	w.store, err = tsdb.Open(cfg, tsdb.Settings{Dir: t.TempDir(), Logger: log, Registerer: prometheus.NewRegistry(), Watch: w.rollups})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- w.store.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-stopped)
		require.NoError(t, w.store.Close())
	})
	require.Eventually(t, func() bool { return w.store.Ready() == nil }, 30*time.Second, time.Millisecond)
	rollup := query.DefaultRollupConfig()
	rollup.Share = 1
	roller, err := query.NewRoller(rollup, query.RollerSettings{Rollups: w.rollups, Store: w.store, OutOfOrderWindow: cfg.OutOfOrderWindow, Logger: log, Now: func() time.Time { return w.now }})
	require.NoError(t, err)
	return func() {
		for {
			did, err := roller.Step(scopes.WithGrants(context.Background(), scopes.AllAccess()))
			require.NoError(t, err)
			if !did {
				return
			}
		}
	}
}

func (w *world) newMember(t testing.TB, n int, name string) *member {
	p, err := scopes.ParsePath(name)
	require.NoError(t, err)
	m := &member{path: p, starts: n%3 != 1, interval: 15 * time.Second, phase: time.Duration(w.rng.IntN(15_000)) * time.Millisecond}
	for i := range m.has {
		m.has[i] = true
	}
	llm := p.Endpoint == "chat.v2"
	m.has[partEngine], m.has[partLimits], m.has[partStreams] = llm, llm && n != 7, llm
	m.has[partGPU] = llm || n == 0 || n == 4
	m.has[partActivity] = n == 0 || n == 6
	m.has[partConnections] = n != 2
	if n == 3 { // curl: no agent, no machine
		m.has = [parts]bool{partProxy: true}
	}
	m.gpus = 1 + n%2
	m.native = layout{schema: []int32{3, 3, 2, 4, 0, 3, 5, 3, 3}[n]}
	m.engine = m.native
	bounds := []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}
	switch n {
	case 1:
		m.phase = w.start.Add(time.Minute).Truncate(time.Minute).Sub(w.start) // at every minute's end
	case 5:
		m.interval = 10 * time.Second
		m.native = layout{bounds: bounds} // another Prometheus pushes it
	case 7:
		m.engine = layout{bounds: bounds} // a scraped model server
	case 8:
		m.interval = 30 * time.Second
		m.engine = layout{bounds: bounds, custom: true}
	}
	return m
}

// process is a run of a member's program.
type process struct {
	number  int
	series  map[*rawSeries]*running
	started time.Time
}

// running is what one series of a process has counted.
type running struct {
	value float64
	obs   []float64
	start int64
}

// live writes down what a member measures and when it delivers it.
func (w *world) live(m *member) {
	rng := w.rng
	type slot struct {
		family
		s     *rawSeries
		first bool // there from the start of a process
	}
	var slots []slot
	for _, f := range families() {
		if !m.has[f.part] {
			continue
		}
		devices := [][]string{{}}
		if strings.HasPrefix(f.name, "gpu_") {
			devices = nil
			for g := range m.gpus {
				devices = append(devices, []string{"gpu", strconv.Itoa(g), "uuid", fmt.Sprintf("GPU-%s-%d", m.path.Instance, g),
					"model", []string{"H100", "L4"}[g%2], "node", "node-" + m.path.Deployment})
			}
		}
		for _, device := range devices {
			for i, set := range f.sets {
				extra := slices.Concat(device, set)
				s := &rawSeries{name: f.name, path: m.path, ls: map[string]string{scopes.LabelEndpoint: m.path.Endpoint, scopes.LabelDeployment: m.path.Deployment, scopes.LabelInstance: m.path.Instance}}
				for j := 0; j < len(extra); j += 2 {
					s.ls[extra[j]] = extra[j+1]
				}
				w.series[f.name] = append(w.series[f.name], s)
				slots = append(slots, slot{f, s, i == 0 || rng.IntN(3) > 0})
			}
		}
	}
	// What happens, by round.
	total := int(w.end.Sub(w.start.Add(m.phase)) / m.interval)
	rounds := func(d time.Duration) int { return int(d / m.interval) }
	silent, late, gone := make([]bool, total), make([]time.Duration, total), make([]bool, total)
	restart := map[int]bool{0: true}
	stretch := func(from, length int, f func(i int)) {
		for i := from; i < min(total, from+length); i++ {
			f(i)
		}
	}
	if rng.IntN(2) == 0 {
		stretch(0, rng.IntN(rounds(20*time.Minute)), func(i int) { gone[i] = true }) // comes later
	}
	if !w.calm && rng.IntN(2) == 0 {
		stretch(total*2/3, rounds(time.Duration(2+rng.IntN(15))*time.Minute), func(i int) { gone[i] = true }) // leaves and comes back, or not
	}
	for range 3 {
		stretch(rng.IntN(total), 1+rng.IntN(rounds(4*time.Minute)), func(i int) { silent[i] = true })
		restart[rng.IntN(total)] = true
	}
	if !w.calm || rng.IntN(4) == 0 {
		stretch(rng.IntN(total), rounds(time.Duration(6+rng.IntN(6))*time.Minute), func(i int) { silent[i] = true })
	}
	closings, overtakes := 2, total/20
	if w.calm {
		closings, overtakes = rng.IntN(2), rng.IntN(2)
	}
	for range closings { // the way to the server is closed, and then all comes in order
		from, length := rng.IntN(total), 1+rng.IntN(rounds(3*time.Minute))
		stretch(from, length, func(i int) { late[i] = time.Duration(from+length-i) * m.interval })
	}
	for range overtakes { // a push overtakes others
		late[rng.IntN(total)] = time.Duration(1+rng.IntN(20))*m.interval + time.Second
	}
	var p *process
	was := map[*rawSeries]bool{} // pushed in the round before
	ever := map[*rawSeries]bool{}
	number, rare := 0, 40
	if w.calm {
		rare = 5
	}
	again := true // the next round that is pushed begins a process
	previous := w.start
	for i := range total {
		at := w.start.Add(m.phase + time.Duration(i)*m.interval)
		d := delivery{when: at.Add(late[i]), at: at.UnixMilli()}
		if gone[i] {
			if i > 0 && !gone[i-1] && !silent[i] {
				for _, sl := range slots {
					if was[sl.s] {
						d.list = append(d.list, measured{s: sl.s, sample: rawSample{at: d.at, stale: true}, kind: sl.kind})
					}
				}
				w.pushes = append(w.pushes, d)
				clear(was)
			}
			again = true
			previous = at
			continue
		}
		again = again || restart[i]
		if silent[i] && (again || p == nil) {
			previous = at
			continue // begins when it is heard again
		}
		fresh := again
		if again {
			number++
			p = &process{number: number, series: map[*rawSeries]*running{}, started: previous.Add(at.Sub(previous) * 2 / 3)}
			again = false
		}
		for _, sl := range slots {
			r := p.series[sl.s]
			quiet := false
			if r == nil {
				if !sl.first && rng.IntN(rare) > 0 {
					if was[sl.s] && !silent[i] {
						d.list = append(d.list, measured{s: sl.s, sample: rawSample{at: d.at, stale: true}, kind: sl.kind})
						delete(was, sl.s)
					}
					continue
				}
				r = &running{start: at.Add(-time.Duration(1+rng.IntN(4000)) * time.Millisecond).UnixMilli()}
				if fresh {
					r.start = p.started.UnixMilli()
				}
				if !m.starts {
					// Without a start only a fall shows that a counter began anew.
					if quiet = ever[sl.s]; !quiet {
						r.value = math.Floor(rng.Float64() * 1000)
					}
				}
				p.series[sl.s] = r
			}
			if !quiet {
				sl.measure(rng, r)
			}
			if silent[i] {
				continue
			}
			x := rawSample{at: d.at, value: r.value, process: p.number}
			start := int64(0)
			if sl.kind != aGauge && m.starts {
				start = r.start
			}
			if sl.kind == aHistogram {
				x.obs, x.layout = r.obs, m.native
				if sl.part == partEngine {
					x.layout = m.engine
				}
				if x.layout.bounds == nil && x.layout.schema > 2 && len(r.obs) > 150 {
					x.layout.schema-- // too many buckets: the client makes them wider
				}
			}
			d.list = append(d.list, measured{sl.s, x, start, sl.kind})
			was[sl.s], ever[sl.s] = true, true
		}
		if !silent[i] {
			w.pushes = append(w.pushes, d)
		}
		previous = at
	}
}

// measure lets one round go by.
func (f *family) measure(rng *rand.Rand, r *running) {
	round := func(v float64) float64 {
		if f.whole {
			return math.Floor(v)
		}
		return v
	}
	switch f.kind {
	case aGauge:
		r.value = round(rng.Float64() * f.scale)
		switch f.name {
		case "agent_build_info":
			r.value = 1
		case "model_requests_max":
			r.value = 8
		}
	case aCounter:
		if rng.IntN(4) > 0 {
			r.value += round(rng.Float64() * (f.scale + 1))
		}
	case aHistogram:
		for range max(0, rng.IntN(8)-2) {
			v := round(math.Exp(rng.NormFloat64()) * f.scale)
			if rng.IntN(50) == 0 {
				v = 0
			}
			r.obs = append(r.obs[:len(r.obs):len(r.obs)], v)
		}
	}
}

// push writes a delivery to the store, and to the list.
func (w *world) push(t testing.TB, d delivery) {
	type appended struct {
		ls    labels.Labels
		start int64
		at    int64
		v     float64
		h     *histogram.Histogram
	}
	var all []appended
	add := func(name string, m measured, v float64, h *histogram.Histogram, extra ...string) {
		ls := labels.NewBuilder(labels.FromMap(m.s.ls)).Set(model.MetricNameLabel, name)
		for i := 0; i < len(extra); i += 2 {
			ls.Set(extra[i], extra[i+1])
		}
		all = append(all, appended{ls.Labels(), m.start, m.sample.at, v, h})
		w.samples++
	}
	for _, m := range d.list {
		s, x := m.s, m.sample
		newest, known := w.newest[s]
		if m.start != 0 && m.start < x.at && (!known || m.start > newest) {
			s.all = append(s.all, rawSample{at: m.start, process: x.process, layout: x.layout})
		}
		s.all = append(s.all, x)
		w.newest[s] = max(newest, x.at)
		switch {
		case m.kind != aHistogram:
			v := x.value
			if x.stale {
				v = math.Float64frombits(value.StaleNaN)
			}
			add(s.name, m, v, nil)
		case x.stale:
			w.stale(m, add)
		case x.layout.bounds != nil && !x.layout.custom:
			sum := 0.0
			counts := make([]float64, len(x.layout.bounds)+1)
			for _, v := range x.obs {
				sum += v
				i, _ := slices.BinarySearch(x.layout.bounds, v)
				counts[i]++
			}
			total := 0.0
			for i, n := range counts {
				total += n
				le := "+Inf"
				if i < len(x.layout.bounds) {
					if le = strconv.FormatFloat(x.layout.bounds[i], 'f', -1, 64); !strings.Contains(le, ".") {
						le += ".0"
					}
				}
				add(s.name+"_bucket", m, total, nil, "le", le)
			}
			add(s.name+"_sum", m, sum, nil)
			add(s.name+"_count", m, total, nil)
		default:
			add(s.name, m, 0, x.layout.histogram(x.obs))
		}
	}
	var refused []error
	require.NoError(t, w.store.Write(t.Context(), func(app storage.AppenderV2) {
		for _, s := range all {
			if _, err := app.Append(0, s.ls, s.start, s.at, s.v, s.h, nil, storage.AppendV2Options{}); err != nil {
				refused = append(refused, err)
			}
		}
	}))
	require.Empty(t, refused)
}

// stale marks all parts of a histogram.
func (w *world) stale(m measured, add func(string, measured, float64, *histogram.Histogram, ...string)) {
	gone := math.Float64frombits(value.StaleNaN)
	last := layout{}
	for _, x := range m.s.all {
		if !x.stale {
			last = x.layout
		}
	}
	if last.bounds == nil || last.custom {
		add(m.s.name, m, 0, &histogram.Histogram{Sum: gone})
		return
	}
	for i := range len(last.bounds) + 1 {
		le := "+Inf"
		if i < len(last.bounds) {
			if le = strconv.FormatFloat(last.bounds[i], 'f', -1, 64); !strings.Contains(le, ".") {
				le += ".0"
			}
		}
		add(m.s.name+"_bucket", m, gone, nil, "le", le)
	}
	add(m.s.name+"_sum", m, gone, nil)
	add(m.s.name+"_count", m, gone, nil)
}

// zeroThreshold is below what anything but 0 is.
const zeroThreshold = 1e-12

// histogram counts observations into a native histogram.
func (l layout) histogram(obs []float64) *histogram.Histogram {
	h := &histogram.Histogram{Schema: l.schema, ZeroThreshold: zeroThreshold, Count: uint64(len(obs))}
	if l.custom {
		h.Schema, h.CustomValues, h.ZeroThreshold = histogram.CustomBucketsSchema, l.bounds, 0
	}
	counts := map[int32]int64{}
	for _, v := range obs {
		h.Sum += v
		switch {
		case l.custom:
			i, _ := slices.BinarySearch(l.bounds, v)
			counts[int32(i)]++
		case v <= zeroThreshold:
			h.ZeroCount++
		default:
			counts[int32(math.Ceil(math.Log2(v)*math.Pow(2, float64(l.schema))))]++
		}
	}
	var indexes []int32
	for i := range counts {
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
		h.PositiveBuckets = append(h.PositiveBuckets, counts[i]-previous)
		previous = counts[i]
	}
	return h
}
