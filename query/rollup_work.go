package query

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/endscope/endscope/scopes"
)

// rollupWork is the roll-ups of one series name over a stretch of time.
type rollupWork struct {
	roller     *Roller
	key        rollupKey
	start, end int64
	instances  []rollupSample
	groups     map[string]*rollupGroup // by the labels of a deployment
	marks      map[keptMark]string     // reasons
	candidates []candidate
}

// candidate is a series that began in the stretch, or was silent before it.
type candidate struct {
	labels labels.Labels
	at     int64 // end of the minute of its first sample
}

func (w *rollupWork) read(ctx context.Context) error {
	from := w.start - w.roller.r.lookback + 1
	q, err := w.roller.stored.Querier(from, w.end)
	if err != nil {
		return err
	}
	defer q.Close()
	set := q.Select(ctx, false, &storage.SelectHints{Start: from, End: w.end, Func: "increase", DisableTrimming: true}, w.selects()...)
	s := newStretch(w.start, w.end, w.roller.r.lookback, w.key.class)
	var it chunkenc.Iterator
	var key []byte
	dropped := rollupDropped()
	for set.Next() {
		series := set.At()
		it = series.Iterator(it)
		any, err := s.read(it)
		if err != nil {
			return err
		}
		if !any {
			continue
		}
		ls := series.Labels()
		w.note(ls, s)
		w.addInstance(ls, s.minutes)
		key = ls.BytesWithoutLabels(key, dropped...)
		g := w.groups[string(key)]
		if g == nil {
			g = &rollupGroup{labels: labels.NewBuilder(ls).Del(dropped...).Labels().Copy(), minutes: make([]bucket, len(s.minutes))}
			w.groups[string(key)] = g
		}
		for i := range s.minutes {
			g.minutes[i].add(&s.minutes[i])
		}
	}
	if err := set.Err(); err != nil {
		return err
	}
	return w.returned(ctx)
}

func (w *rollupWork) selects(more ...*labels.Matcher) []*labels.Matcher {
	return append([]*labels.Matcher{
		labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, w.key.series),
		labels.MustNewMatcher(labels.MatchNotEqual, scopes.LabelEndpoint, ""),
	}, more...)
}

// note takes over what the computation found out about a series.
func (w *rollupWork) note(ls labels.Labels, s *stretch) {
	if w.key.class == rollupCounter && s.first >= 0 {
		w.candidates = append(w.candidates, candidate{ls.Copy(), s.minuteStart(s.first + 1)})
	}
	for i := range s.minutes {
		if s.minutes[i].broken {
			w.mark(ls, s.minuteStart(i+1), reasonMixed)
		}
		if s.gaps[i] {
			w.mark(ls, s.minuteStart(i+1), reasonGap)
		}
	}
}

func (w *rollupWork) mark(ls labels.Labels, at int64, reason string) {
	w.marks[keptMark{strings.Clone(ls.Get(scopes.LabelEndpoint)), at}] = reason
}

// returned marks the series that had samples before the look-back: the difference since then is in no bucket.
func (w *rollupWork) returned(ctx context.Context) error {
	if len(w.candidates) == 0 {
		return nil
	}
	before := w.start - w.roller.r.lookback
	q, err := w.roller.stored.Querier(math.MinInt64, before)
	if err != nil {
		return err
	}
	defer q.Close()
	byEndpoint := map[string][]candidate{}
	for _, c := range w.candidates {
		endpoint := c.labels.Get(scopes.LabelEndpoint)
		byEndpoint[endpoint] = append(byEndpoint[endpoint], c)
	}
	for endpoint, list := range byEndpoint {
		matchers := w.selects(labels.MustNewMatcher(labels.MatchEqual, scopes.LabelEndpoint, endpoint))
		names := map[string]bool{}
		for _, c := range list {
			names[regexp.QuoteMeta(c.labels.Get(scopes.LabelInstance))] = true
		}
		if len(names) <= namesPerSelect {
			var alternatives []string
			for name := range names {
				alternatives = append(alternatives, name)
			}
			slices.Sort(alternatives)
			matchers = append(matchers, labels.MustNewMatcher(labels.MatchRegexp, scopes.LabelInstance, strings.Join(alternatives, "|")))
		}
		at := map[uint64][]candidate{}
		for _, c := range list {
			at[c.labels.Hash()] = append(at[c.labels.Hash()], c)
		}
		set := q.Select(ctx, false, &storage.SelectHints{Start: math.MinInt64, End: before, Func: "series"}, matchers...)
		for set.Next() {
			ls := set.At().Labels()
			for _, c := range at[ls.Hash()] {
				if labels.Equal(c.labels, ls) {
					w.mark(ls, c.at, reasonGap)
				}
			}
		}
		if err := set.Err(); err != nil {
			return err
		}
	}
	return nil
}

// addInstance keeps the wide buckets of one series.
func (w *rollupWork) addInstance(ls labels.Labels, minutes []bucket) {
	w.instances = w.samples(w.instances, scopes.LevelInstance, ls, minutes, "5m")
}

// samples appends the samples of one roll-up of a series or a group.
func (w *rollupWork) samples(out []rollupSample, level scopes.Level, ls labels.Labels, minutes []bucket, resolution string) []rollupSample {
	width := 1
	if resolution == "5m" {
		width = int(rollupPeriod / rollupMinute)
	}
	buckets := make([]bucket, len(minutes)/width)
	histograms := false
	for i := range buckets {
		for j := range width {
			buckets[i].add(&minutes[i*width+j])
		}
		histograms = histograms || buckets[i].h != nil
	}
	b := labels.NewBuilder(ls)
	each := func(op string, sample func(*bucket) (rollupSample, bool)) {
		named := b.Set(model.MetricNameLabel, scopes.RollupName(level, w.key.series, op, resolution)).Labels()
		for i := range buckets {
			if buckets[i].n == 0 {
				continue
			}
			s, ok := sample(&buckets[i])
			if !ok {
				continue
			}
			s.labels, s.t = named, w.start+int64(i+1)*int64(width)*rollupMinute
			out = append(out, s)
		}
	}
	float := func(value func(*bucket) float64) func(*bucket) (rollupSample, bool) {
		return func(b *bucket) (rollupSample, bool) { return rollupSample{v: value(b)}, true }
	}
	ofHistogram := func(value func(*bucket) float64) func(*bucket) (rollupSample, bool) {
		return func(b *bucket) (rollupSample, bool) {
			if b.h == nil {
				return rollupSample{}, false
			}
			return rollupSample{v: value(b)}, true
		}
	}
	if w.key.class == rollupGauge {
		each("sum", float(func(b *bucket) float64 { return b.sum }))
		each("count", float(func(b *bucket) float64 { return b.n }))
		each("min", float(func(b *bucket) float64 { return b.min }))
		each("max", float(func(b *bucket) float64 { return b.max }))
		return out
	}
	each("increase", func(b *bucket) (rollupSample, bool) {
		if b.h != nil {
			return rollupSample{h: b}, true
		}
		return rollupSample{v: b.sum}, !b.broken
	})
	if histograms {
		each("observations", ofHistogram(func(b *bucket) float64 { return b.h.Count }))
		each("total", ofHistogram(func(b *bucket) float64 { return b.h.Sum }))
	}
	return out
}

// write writes the roll-ups, then the marks, and when all of them are on disk, that the periods are complete.
func (w *rollupWork) write(ctx context.Context) error {
	samples := w.instances
	for _, g := range w.groups {
		for i := range g.minutes {
			if g.minutes[i].broken {
				w.mark(g.labels, w.start+int64(i+1)*rollupMinute, reasonMixed)
			}
		}
		samples = w.samples(samples, scopes.LevelDeployment, g.labels, g.minutes, "1m")
		samples = w.samples(samples, scopes.LevelDeployment, g.labels, g.minutes, "5m")
	}
	for mark, reason := range w.marks {
		samples = append(samples, rollupSample{labels: markLabels(reason, mark.endpoint), t: mark.at, v: 1})
	}
	if err := w.roller.write(ctx, samples); err != nil {
		return err
	}
	r := w.roller.r
	r.mu.Lock()
	for mark, reason := range w.marks {
		r.mark(markLabels(reason, mark.endpoint), mark.at)
		r.markedBy.WithLabelValues(reason).Inc()
	}
	r.mu.Unlock()
	name := labels.FromStrings(model.MetricNameLabel, scopes.RollupComplete, labelSeries, w.key.series, labelClass, string(w.key.class), labelVersion, r.version())
	var complete []rollupSample
	for t := w.start + rollupPeriod; t <= w.end; t += rollupPeriod {
		complete = append(complete, rollupSample{labels: name, t: t, v: 1})
	}
	if err := w.roller.write(ctx, complete); err != nil {
		return fmt.Errorf("complete: %w", err)
	}
	r.mu.Lock()
	for t := w.start + rollupPeriod; t <= w.end; t += rollupPeriod {
		r.addComplete(w.key, t)
	}
	r.mu.Unlock()
	r.showProgress(w.end)
	return nil
}
