package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/endscope/endscope/scopes"
)

// RollupStore is where roll-ups are written. *tsdb.Store is one.
type RollupStore interface {
	storage.Queryable
	// Write appends and returns when what was appended is durable and can be read.
	Write(ctx context.Context, append func(storage.AppenderV2)) error
	// Newest returns the time of the newest sample, math.MinInt64 if there is none; StartTime that of the oldest. Both in
	// milliseconds since the epoch. An error that is upstream's tsdb.ErrNotReady means that the store is still being opened.
	Newest() (int64, error)
	StartTime() (int64, error)
}

// RollerSettings are what the code around a Roller hands to it; all fields are needed.
type RollerSettings struct {
	Rollups *Rollups // what the store's Watch is, too
	Store   RollupStore
	// OutOfOrderWindow is how much older than the newest sample one may be that the store takes.
	OutOfOrderWindow time.Duration
	Logger           *slog.Logger
	Now              func() time.Time
}

// Roller computes roll-ups from raw samples and writes them.
type Roller struct {
	cfg    RollupConfig
	set    RollerSettings
	r      *Rollups
	stored storage.Queryable // guarded
	keys   []rollupKey
	busy   time.Duration // work since the last pause
}

// What a step of the roller is made of, as failures are counted.
const (
	stepRead  = "read"
	stepWrite = "write"
)

const (
	longestStretch = 12 * rollupPeriod // that is rolled up at once
	rollupIdle     = 2 * time.Second   // between looks whether there is something to do
	samplesInWrite = 5_000             // so that pushes need not wait long
)

// NewRoller returns a Roller. It returns the error of cfg.Validate.
func NewRoller(cfg RollupConfig, set RollerSettings) (*Roller, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if set.Rollups == nil || set.Store == nil || set.Logger == nil || set.Now == nil {
		return nil, errors.New("roller: rollups, store, logger and now must be given")
	}
	r := &Roller{cfg: cfg, set: set, r: set.Rollups, stored: guardSamples(set.Store)}
	for key := range set.Rollups.keys {
		r.keys = append(r.keys, key)
	}
	slices.SortFunc(r.keys, func(a, b rollupKey) int {
		return cmp.Or(cmp.Compare(a.series, b.series), cmp.Compare(a.class, b.class))
	})
	return r, nil
}

// Run rolls up what becomes due until ctx ends. It returns nil.
func (r *Roller) Run(ctx context.Context) error {
	if !r.cfg.Enabled {
		<-ctx.Done()
		return nil
	}
	if r.set.OutOfOrderWindow <= 0 {
		// A mark may be older than the newest mark of its endpoint.
		r.set.Logger.Info("no roll-ups are written, because storage.out_of_order_window is 0")
		<-ctx.Done()
		return nil
	}
	ctx = scopes.WithGrants(ctx, scopes.AllAccess())
	failing := ""
	for {
		did, err := r.Step(ctx)
		if ctx.Err() != nil {
			return nil
		}
		switch {
		case err == nil || err.Error() == failing:
		case !did && errors.Is(err, tsdb.ErrNotReady): // it opens still, and nothing was begun
			r.set.Logger.Debug("roll-ups wait for the store", "err", err)
		default:
			r.set.Logger.Warn("rolling up failed; what is not rolled up is read raw", "err", err)
		}
		failing = ""
		if err != nil {
			failing = err.Error()
		}
		if did && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(rollupIdle):
		}
	}
}

// Step rolls up the next stretch of time if one is due, and says whether it did. ctx carries the grants of the whole store.
// What fails is left out and is never tried again: some of it may be stored already, and cannot be replaced.
func (r *Roller) Step(ctx context.Context) (bool, error) {
	start, end, err := r.due()
	if err != nil || start >= end {
		return false, err
	}
	began := time.Now()
	// From here on, samples for this stretch are late. The write goes through after every write that did not know that yet, and
	// what began is on disk before anything that it leaves behind.
	before := r.r.Watermark()
	r.r.begin(end)
	if err := r.write(ctx, []rollupSample{{labels: labels.FromStrings(model.MetricNameLabel, scopes.RollupBegun), t: end, v: 1}}); err != nil {
		r.r.begin(before) // nothing of it was written
		r.r.failures.WithLabelValues(stepWrite).Inc()
		return false, fmt.Errorf("begin: %w", err)
	}
	var errs []error
	var paused time.Duration
	for _, key := range r.keys {
		since := time.Now()
		if err := r.rollUp(ctx, key, start, end); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key.series, err))
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		paused += r.pause(ctx, time.Since(since))
	}
	r.r.periods.Add(float64((end - start) / rollupPeriod))
	r.r.stepDuration.Observe((time.Since(began) - paused).Seconds())
	return true, errors.Join(errs...)
}

// due returns the stretch that is next; it is empty if none is due.
func (r *Roller) due() (start, end int64, err error) {
	newest, err := r.set.Store.Newest()
	if err != nil || newest == math.MinInt64 {
		return 0, 0, err
	}
	oldest, err := r.set.Store.StartTime()
	if err != nil {
		return 0, 0, err
	}
	settled := min(newest, r.set.Now().UnixMilli()) - r.cfg.Delay.Milliseconds()
	end = floorDiv(settled, rollupPeriod) * rollupPeriod
	// Older ones the store would refuse.
	back := min(r.cfg.Backfill, r.set.OutOfOrderWindow-r.set.OutOfOrderWindow/10)
	start = max(oldest-1, newest-back.Milliseconds())
	start = floorDiv(start, rollupPeriod) * rollupPeriod
	if newest-back.Milliseconds() > start {
		start += rollupPeriod
	}
	start = max(start, r.r.Watermark())
	return start, min(end, start+longestStretch), nil
}

// begin sets the watermark.
func (r *Rollups) begin(end int64) {
	r.watermark.Store(end)
	r.showProgress(math.MinInt64)
}

// pause rests long enough to keep to the configured share of a CPU, and returns for how long it did.
func (r *Roller) pause(ctx context.Context, worked time.Duration) time.Duration {
	r.busy += worked
	rest := time.Duration(float64(r.busy) * (1/r.cfg.Share - 1))
	if rest < 10*time.Millisecond {
		return 0
	}
	r.busy = 0
	select {
	case <-ctx.Done():
	case <-time.After(rest):
	}
	return rest
}

// rollUp computes and writes the roll-ups of one series name.
func (r *Roller) rollUp(ctx context.Context, key rollupKey, start, end int64) (err error) {
	defer func() {
		if p := recover(); p != nil { // the storage reads what is on disk, and the server must live on
			r.r.failures.WithLabelValues(stepRead).Inc()
			r.set.Logger.Error("rolling up panicked", "series", key.series, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	w := &rollupWork{roller: r, key: key, start: start, end: end, groups: map[string]*rollupGroup{}, marks: map[keptMark]string{}}
	if err := w.read(ctx); err != nil {
		r.r.failures.WithLabelValues(stepRead).Inc()
		return fmt.Errorf("read: %w", err)
	}
	if err := w.write(ctx); err != nil {
		r.r.failures.WithLabelValues(stepWrite).Inc()
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// rollupSample is a sample to be written: a float, or a histogram.
type rollupSample struct {
	labels labels.Labels
	t      int64
	v      float64
	h      *bucket
}

// write appends samples durably. A sample that the store refuses fails the write.
func (r *Roller) write(ctx context.Context, samples []rollupSample) error {
	for chunk := range slices.Chunk(samples, samplesInWrite) {
		var refused error
		err := r.set.Store.Write(ctx, func(app storage.AppenderV2) { refused = appendRollups(app, chunk) })
		if err = errors.Join(err, refused); err != nil {
			return err
		}
	}
	return nil
}

func appendRollups(app storage.AppenderV2, samples []rollupSample) error {
	var (
		ref  storage.SeriesRef
		last labels.Labels
		err  error
	)
	for i := range samples {
		s := &samples[i]
		if i == 0 || !labels.Equal(s.labels, last) {
			ref, last = 0, s.labels
		}
		switch {
		case s.h == nil:
			ref, err = app.Append(ref, s.labels, 0, s.t, s.v, nil, nil, storage.AOptions{})
		default:
			if whole := integral(s.h.h); whole != nil {
				ref, err = app.Append(ref, s.labels, 0, s.t, 0, whole, nil, storage.AOptions{})
			} else {
				ref, err = app.Append(ref, s.labels, 0, s.t, 0, nil, s.h.h, storage.AOptions{})
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.labels, err)
		}
	}
	return nil
}

// guardSamples is Guard for what has no chunks.
func guardSamples(q storage.Queryable) storage.Queryable {
	return storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		inner, err := q.Querier(mint, maxt)
		if err != nil {
			return nil, err
		}
		return &guardedQuerier{guardedLabels{inner}, inner}, nil
	})
}
