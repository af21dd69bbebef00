package query

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/endscope/endscope/internal/config"
	"github.com/endscope/endscope/scopes"
)

// RollupConfig is what an operator may say about roll-ups.
type RollupConfig struct {
	Enabled  bool          `yaml:"enabled" help:"Write roll-ups, and answer drill-down questions from them where they say exactly what the raw samples say."`
	Delay    time.Duration `yaml:"delay" help:"Time given to samples to arrive before they are rolled up. What comes later is read raw."`
	Backfill time.Duration `yaml:"backfill" help:"How far back samples are rolled up that were not rolled up in time; storage.out_of_order_window caps it."`
	Share    float64       `yaml:"share" help:"Share of one CPU that rolling up may take while it catches up, above 0 and up to 1."`
}

// DefaultRollupConfig returns the configuration that a server has when nothing is set.
func DefaultRollupConfig() RollupConfig {
	return RollupConfig{Enabled: true, Delay: 90 * time.Second, Backfill: 24 * time.Hour, Share: 0.25}
}

// Validate returns a *config.FieldError for each value that is not allowed, joined.
func (c RollupConfig) Validate() error {
	var errs []error
	if c.Delay < time.Second || c.Delay > time.Hour {
		errs = append(errs, config.Invalid("delay", c.Delay, "must be from 1s to 1h"))
	}
	if c.Backfill < time.Hour {
		errs = append(errs, config.Invalid("backfill", c.Backfill, "must be at least 1h"))
	}
	if !(c.Share > 0 && c.Share <= 1) {
		errs = append(errs, config.Invalid("share", c.Share, "must be above 0 and at most 1"))
	}
	return errors.Join(errs...)
}

// Roll-ups come in periods: all buckets of a period are written together, and are complete or not together.
const (
	rollupMinute = int64(time.Minute / time.Millisecond)
	rollupPeriod = 5 * rollupMinute
)

// rollupSpec is one kind of roll-up: how wide its buckets are, and whether the instances of a deployment are added up.
type rollupSpec struct {
	level      scopes.Level
	name       string // of the resolution
	resolution time.Duration
}

// rollupSpecs are the roll-ups that are written, the cheapest to read first.
func rollupSpecs() []rollupSpec {
	return []rollupSpec{
		{scopes.LevelDeployment, "5m", 5 * time.Minute},
		{scopes.LevelDeployment, "1m", time.Minute},
		{scopes.LevelInstance, "5m", 5 * time.Minute},
	}
}

// rollupDropped are the labels that the roll-ups of a deployment do not have, sorted.
func rollupDropped() []string {
	return []string{"compute_instance", "gpu", "gpu_instance", scopes.LabelInstance, "uuid"}
}

// rollupClass is how a series is rolled up.
type rollupClass string

const (
	rollupCounter rollupClass = "counter" // increase; of histograms also their count and sum, as floats
	rollupGauge   rollupClass = "gauge"   // sum, count, min and max of the samples
)

// rollupKey names what is rolled up.
type rollupKey struct {
	series string
	class  rollupClass
}

// Why the roll-ups of a minute do not say what the raw samples say: the label `reason` of marks.
const (
	reasonLate    = "late"    // a sample came after the roll-up was computed
	reasonGap     = "gap"     // a series was silent for longer than the look-back: the difference across it is in no bucket
	reasonMixed   = "mixed"   // samples that PromQL does not add up, such as floats and histograms
	reasonDeleted = "deleted" // samples were deleted
)

// Rollups knows which roll-ups there are and which of them must not be used. The store tells it of late samples (it is a
// tsdb.Watch), a Roller of progress, and a Planner asks it. It is safe for concurrent use.
type Rollups struct {
	keys      map[rollupKey]bool
	names     map[string]bool // of the series in keys
	lookback  int64           // milliseconds
	watermark atomic.Int64    // what is at or before it has been worked on

	mu       sync.RWMutex
	complete map[rollupKey]spans // whole periods
	marks    map[rollupMark]spans
	kept     map[keptMark]struct{} // marks that are on disk
	deleted  int                   // deletions noted

	begun, done  prometheus.Gauge
	markedBy     *prometheus.CounterVec
	answered     *prometheus.CounterVec
	periods      prometheus.Counter
	failures     *prometheus.CounterVec
	stepDuration prometheus.Histogram
}

// rollupMark says whose roll-ups a mark concerns; "" stands for all.
type rollupMark struct{ endpoint, series string }

type keptMark struct {
	endpoint string
	at       int64
}

// NewRollups returns the knowledge of no roll-ups, of the series that the catalogue's definitions read. Lookback is that
// of queries.
func NewRollups(catalogue *scopes.Catalogue, lookback time.Duration, reg prometheus.Registerer) *Rollups {
	f := promauto.With(reg)
	gauge := func(name, help string) prometheus.Gauge {
		return f.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	r := &Rollups{
		keys: rollupKeys(catalogue), names: map[string]bool{}, lookback: lookback.Milliseconds(),
		begun: gauge("endscope_rollup_watermark_timestamp_seconds", "Unix time up to which samples have been worked on by roll-ups; later ones for the time before it are read raw."),
		done:  gauge("endscope_rollup_complete_timestamp_seconds", "Unix time of the end of the newest period that is completely rolled up."),
		markedBy: f.NewCounterVec(prometheus.CounterOpts{Name: "endscope_rollup_marks_total",
			Help: "Minutes of an endpoint that are read raw although they are rolled up, by reason."}, []string{"reason"}),
		answered: f.NewCounterVec(prometheus.CounterOpts{Name: "endscope_rollup_answers_total",
			Help: "Expressions of drill-down questions, by what they were evaluated from."}, []string{"source"}),
		periods: f.NewCounter(prometheus.CounterOpts{Name: "endscope_rollup_periods_total", Help: "Periods of five minutes that were rolled up."}),
		failures: f.NewCounterVec(prometheus.CounterOpts{Name: "endscope_rollup_failures_total",
			Help: "Times that a roll-up of a series could not be completed, by what failed."}, []string{"step"}),
		stepDuration: f.NewHistogram(prometheus.HistogramOpts{Name: "endscope_rollup_step_duration_seconds",
			Help: "Time that rolling up one stretch took, pauses not counted.", NativeHistogramBucketFactor: 1.1}),
	}
	for key := range r.keys {
		r.names[key.series] = true
	}
	for _, reason := range []string{reasonLate, reasonGap, reasonMixed, reasonDeleted} {
		r.markedBy.WithLabelValues(reason)
	}
	for _, source := range []string{sourceRaw, sourceRollup, sourceBoth} {
		r.answered.WithLabelValues(source)
	}
	for _, step := range []string{stepRead, stepWrite} {
		r.failures.WithLabelValues(step)
	}
	r.reset()
	return r
}
