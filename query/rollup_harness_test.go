package query

import (
	"context"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

// rollupBench is our own store with a roller over it, and a planner that may use what the roller wrote.
type rollupBench struct {
	t         testing.TB
	dir       string
	catalogue *scopes.Catalogue
	store     *tsdb.Store
	stop      context.CancelFunc
	stopped   chan error
	rollups   *Rollups
	roller    *Roller
	planner   *Planner
	now       time.Time
}

func newRollupBench(t testing.TB) *rollupBench {
	t.Helper()
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	b := &rollupBench{t: t, dir: t.TempDir(), catalogue: catalogue, now: testTime}
	b.open()
	t.Cleanup(func() { b.close() })
	return b
}

func (b *rollupBench) open() {
	b.t.Helper()
	cfg := tsdb.DefaultConfig()
	cfg.Sync = tsdb.SyncOff
	cfg.Retention = 10 * 365 * 24 * time.Hour
	b.rollups = NewRollups(b.catalogue, DefaultConfig().Lookback, prometheus.NewRegistry())
	var err error
	b.store, err = tsdb.Open(cfg, tsdb.Settings{Dir: b.dir, Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Watch: b.rollups})
	require.NoError(b.t, err)
	var ctx context.Context
	ctx, b.stop = context.WithCancel(context.Background())
	b.stopped = make(chan error, 1)
	go func() { b.stopped <- b.store.Run(ctx) }()
	require.Eventually(b.t, func() bool { return b.store.Ready() == nil }, 2*time.Minute, time.Millisecond)
	engine, err := NewEngine(DefaultConfig(), Settings{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Queryable: b.store})
	require.NoError(b.t, err)
	now := func() time.Time { return b.now }
	b.planner, err = NewPlanner(DefaultDrillDownConfig(), PlannerSettings{Catalogue: b.catalogue, Engine: engine, Now: now, Rollups: b.rollups})
	require.NoError(b.t, err)
	rollup := DefaultRollupConfig()
	rollup.Share = 1
	b.roller, err = NewRoller(rollup, RollerSettings{Rollups: b.rollups, Store: b.store, OutOfOrderWindow: cfg.OutOfOrderWindow, Logger: slog.New(slog.DiscardHandler), Now: now})
	require.NoError(b.t, err)
}

func (b *rollupBench) close() {
	b.t.Helper()
	b.stop()
	require.NoError(b.t, <-b.stopped)
	require.NoError(b.t, b.store.Close())
}

func (b *rollupBench) reopen() {
	b.t.Helper()
	b.close()
	b.open()
}

func (b *rollupBench) ctx() context.Context {
	return scopes.WithGrants(b.t.Context(), scopes.AllAccess())
}

// write appends in one group; what the store refuses is dropped, as ingest does.
func (b *rollupBench) write(samples ...pushed) {
	b.t.Helper()
	require.NoError(b.t, b.store.Write(b.t.Context(), func(app storage.AppenderV2) {
		for _, s := range samples {
			if s.h != nil {
				_, _ = app.Append(0, s.labels, s.st, s.t, 0, s.h.Copy(), nil, storage.AOptions{})
			} else {
				_, _ = app.Append(0, s.labels, s.st, s.t, s.v, nil, nil, storage.AOptions{})
			}
		}
	}))
}

// roll rolls up everything that is due.
func (b *rollupBench) roll() {
	b.t.Helper()
	for {
		did, err := b.roller.Step(b.ctx())
		require.NoError(b.t, err)
		if !did {
			return
		}
	}
}

type pushed struct {
	labels labels.Labels
	st, t  int64
	v      float64
	h      *histogram.Histogram
}

// fleetStory makes the samples of a small fleet that has every trouble that fleets have.
type fleetStory struct {
	b         *rollupBench
	rnd       *rand.Rand
	instances []*fleetInstance
	start     time.Time
}

type fleetInstance struct {
	path     scopes.Path
	start    int64 // of the process
	silent   int   // rounds left in which nothing is sent
	spooling bool  // what is measured in a silence is sent after it
	late     bool  // and long after it
	gone     bool
	spool    []pushed
	hold     int

	gauges, counters, histograms []*fleetSeries
}

// fleetSeries is a series and what the process at hand has counted in it.
type fleetSeries struct {
	labels  labels.Labels
	rare    bool // it is not in every push
	value   float64
	running running
}

func newFleetStory(b *rollupBench, seed uint64) *fleetStory {
	s := &fleetStory{b: b, rnd: rand.New(rand.NewPCG(seed, 7)), start: b.now}
	for _, name := range []string{"fraud/blue/i0", "fraud/blue/i1", "fraud/green/i0", "credit/blue/i1", "credit/green/i0"} {
		s.instances = append(s.instances, &fleetInstance{path: path(b.t, name)})
	}
	gauges, counters, histograms := s.names()
	for _, in := range s.instances {
		for _, name := range gauges {
			for _, gpu := range []string{"0", "1"} {
				in.gauges = append(in.gauges, &fleetSeries{labels: seriesOf(name, in.path, "disk", "sda", "gpu", gpu, "uuid", "u"+gpu+in.path.Instance)})
			}
		}
		for _, name := range counters {
			for _, kind := range []string{"a", "b"} {
				ls := seriesOf(name, in.path, "type", kind, "direction", kind, "result", kind, "reason", kind, "state", kind, "kind", kind)
				in.counters = append(in.counters, &fleetSeries{labels: ls, rare: kind == "b"})
			}
		}
		for _, name := range histograms {
			for _, code := range []string{"200", "424"} {
				ls := seriesOf(name, in.path, "status_code", code, "model_status_code", code)
				in.histograms = append(in.histograms, &fleetSeries{labels: ls, rare: code == "424"})
			}
		}
		s.boot(in)
	}
	return s
}

func (s *fleetStory) boot(in *fleetInstance) {
	in.start = s.b.now.Add(-time.Duration(s.rnd.IntN(10_000)) * time.Millisecond).UnixMilli()
	for _, fs := range slices.Concat(in.counters, in.histograms) {
		fs.value, fs.running = 0, running{}
	}
}

// seriesNames of the story: some of each class that the catalogue has.
func (s *fleetStory) names() (gauges, counters, histograms []string) {
	for key := range s.b.rollups.keys {
		switch {
		case key.class == rollupGauge:
			gauges = append(gauges, key.series)
		case strings.HasSuffix(key.series, "_total"):
			counters = append(counters, key.series)
		default:
			histograms = append(histograms, key.series)
		}
	}
	for _, names := range [][]string{gauges, counters, histograms} {
		slices.Sort(names)
	}
	return slices.Compact(gauges), slices.Compact(counters), slices.Compact(histograms)
}

func (s *fleetStory) round(in *fleetInstance) []pushed {
	t := s.b.now.Add(time.Duration(s.rnd.IntN(900)) * time.Millisecond).UnixMilli()
	var out []pushed
	for _, g := range in.gauges {
		out = append(out, pushed{labels: g.labels, t: t, v: s.rnd.Float64()})
	}
	st := int64(0)
	if s.rnd.IntN(2) == 0 {
		st = in.start
	}
	for _, c := range in.counters {
		if c.rare && s.rnd.IntN(3) == 0 {
			continue
		}
		c.value += float64(s.rnd.IntN(50)) / 4
		out = append(out, pushed{labels: c.labels, st: st, t: t, v: c.value})
	}
	for _, h := range in.histograms {
		if h.rare && s.rnd.IntN(4) > 0 && h.running.count == 0 {
			continue
		}
		for range s.rnd.IntN(4) {
			h.running.observe(math.Exp(s.rnd.Float64()*3 - 1.5))
		}
		out = append(out, pushed{labels: h.labels, st: st, t: t, h: h.running.histogram()})
	}
	return out
}

// play lets time pass, a round every 15 s, rolling up as it goes.
func (s *fleetStory) play(d time.Duration, trouble bool) {
	for end := s.b.now.Add(d); s.b.now.Before(end); s.b.now = s.b.now.Add(15 * time.Second) {
		for _, in := range s.instances {
			if in.gone && s.rnd.IntN(60) == 0 {
				in.gone = false
				s.boot(in)
			}
			if in.gone {
				continue
			}
			if trouble && in.silent == 0 && len(in.spool) == 0 {
				switch s.rnd.IntN(300) {
				case 0, 1, 2, 3: // a restart
					s.boot(in)
				case 4, 5: // a silence, after which what was measured comes or not
					in.silent, in.spooling, in.late = 1+s.rnd.IntN(60), s.rnd.IntN(2) == 0, s.rnd.IntN(2) == 0
				case 6:
					in.gone = true
					if s.rnd.IntN(2) == 0 {
						var stale []pushed
						for _, p := range s.round(in) {
							stale = append(stale, pushed{labels: p.labels, t: p.t, v: math.Float64frombits(value.StaleNaN)})
						}
						s.b.write(stale...)
					}
					continue
				}
			}
			samples := s.round(in)
			switch {
			case in.silent > 0:
				in.silent--
				if in.spooling {
					in.spool = append(in.spool, samples...)
				}
				if in.silent == 0 && in.late {
					in.hold = 1 + s.rnd.IntN(60)
				}
			default:
				s.b.write(samples...)
				if in.hold > 0 {
					in.hold--
				}
				if in.hold == 0 && len(in.spool) > 0 {
					s.b.write(in.spool...)
					in.spool = nil
				}
			}
		}
		if s.rnd.IntN(8) == 0 {
			s.b.roll()
		}
	}
	s.b.roll()
}

func counterValue(c prometheus.Counter) float64 {
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		panic(err)
	}
	return m.GetCounter().GetValue()
}
