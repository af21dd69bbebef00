package query

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"github.com/endscope/endscope/scopes"
)

// histograms returns the operands of a plan that are histograms, each series once.
func (p *plan) histograms() []operand {
	source := &p.def.Source
	switch source.Kind {
	case scopes.KindHistogramCount, scopes.KindHistogramMean, scopes.KindHistogramQuantile, scopes.KindSkew:
		return []operand{{p, source.Series, source.Where, nil}}
	case scopes.KindRatio:
		var out []operand
		for _, t := range []*scopes.Term{source.Num, source.Den} {
			if t.Stat != scopes.StatIncrease && !slices.ContainsFunc(out, func(o operand) bool { return o.name == t.Series }) {
				out = append(out, operand{p, t.Series, nil, t.Without})
			}
		}
		return out
	}
	return nil
}

// histogramForms returns, by the name of the series, in which forms the histograms of a plan are stored in the time of the windows.
func (p *Planner) histogramForms(ctx context.Context, pl *plan, win windows) (map[string]histogramForm, error) {
	out := map[string]histogramForm{}
	for _, o := range pl.histograms() {
		form, err := p.histogramForm(ctx, o, win)
		if err != nil {
			return nil, fmt.Errorf("look up the buckets of %s: %w", o.name, err)
		}
		out[o.name] = form
	}
	return out, nil
}

// histogramForm reads the index, and of every instance with native series one sample. For windows with a step of their own it reads no
// samples where all forms that it could find make the same expression.
func (p *Planner) histogramForm(ctx context.Context, o operand, win windows) (histogramForm, error) {
	var form histogramForm
	from, to := win.start.Add(-recentWindow), win.end()
	q, err := p.open(from, to)
	if err != nil {
		return form, err
	}
	defer q.Close()
	either := o.matchersFor(nameMatcher([]string{o.name, o.name + bucketSuffix}))
	names, _, err := q.LabelValues(ctx, model.MetricNameLabel, nil, either...)
	if err != nil {
		return form, err
	}
	if win.every != 0 && !slices.Contains(names, o.name+bucketSuffix) {
		if o.def.Source.Kind != scopes.KindHistogramQuantile {
			return form, nil
		}
		if form.exp, err = p.onlyExponential(ctx, o, from, to); err != nil || form.exp {
			return form, err
		}
	}
	ladders, leftOut := newLadders(o), o.leavesOut()
	if slices.Contains(names, o.name) {
		if err := form.readNative(ctx, q, o, from, to, ladders, leftOut); err != nil {
			return form, err
		}
	}
	if slices.Contains(names, o.name+bucketSuffix) { // but the index also names what has nothing in this time
		ms := o.matchersFor(labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, o.name+bucketSuffix))
		err := eachSeries(ctx, q, from, to, true, func(s storage.Series) error {
			if ls := s.Labels(); !leftOut(ls) {
				form.classic = true
				ladders.classic(ls)
			}
			return nil
		}, ms...)
		if err != nil {
			return form, err
		}
	}
	form.absent = form.classic && !form.exp && !form.custom
	form.bounds, form.les = ladders.common(form.mixed())
	return form, nil
}

// onlyExponential says whether no native histogram of the operand has custom buckets. It looks at the headers of chunks, also of some
// that have nothing in the time but samples before and after it.
func (p *Planner) onlyExponential(ctx context.Context, o operand, from, to time.Time) (bool, error) {
	q, err := newBudget(p.set.Engine.cfg.MaxSeries).limitChunks(p.set.Engine.guarded, from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return false, fmt.Errorf("open storage: %w", err)
	}
	defer q.Close()
	set := q.Select(ctx, false, &storage.SelectHints{DisableTrimming: true, Start: from.UnixMilli(), End: to.UnixMilli()}, o.selector().LabelMatchers...)
	var (
		it      chunks.Iterator
		decoder histogramDecoder
	)
	for set.Next() {
		for it = set.At().Iterator(it); it.Next(); {
			c := it.At().Chunk
			if c.Encoding() != chunkenc.EncXOR && (c.Encoding() != chunkenc.EncHistogram || !decoder.start(c.Bytes())) {
				return false, nil
			}
		}
		if err := it.Err(); err != nil {
			return false, err
		}
	}
	return true, set.Err()
}

// matchersFor are the operand's matchers with another one for the name.
func (o operand) matchersFor(name *labels.Matcher) []*labels.Matcher {
	return append([]*labels.Matcher{name}, o.selector().LabelMatchers[1:]...)
}

// readNative reads the first sample of the first series of every instance that has one.
func (f *histogramForm) readNative(ctx context.Context, q storage.Querier, o operand, from, to time.Time, ladders *ladders, leftOut func(labels.Labels) bool) error {
	seen := map[scopes.Path]bool{}
	var it chunkenc.Iterator
	return eachSeries(ctx, q, from, to, false, func(s storage.Series) error {
		ls := s.Labels()
		path := scopes.Of(ls)
		if seen[path] || leftOut(ls) {
			return nil
		}
		it = s.Iterator(it)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			if kind != chunkenc.ValHistogram && kind != chunkenc.ValFloatHistogram {
				continue
			}
			seen[path] = true
			_, h := it.AtFloatHistogram(nil)
			if h.UsesCustomBuckets() {
				f.custom = true
				ladders.custom(ls, h)
			} else {
				f.exp, f.growth = true, max(f.growth, growthOf(h))
			}
			return nil
		}
		return it.Err()
	}, o.selector().LabelMatchers...)
}

// ladders collects the bounds of a plan's histograms, by the group that they are merged into.
type ladders struct {
	by     []string // labels of a group
	groups map[string]map[string]ladder
}

// ladder is the bounds of one histogram, with how they are spelled.
type ladder map[float64]map[string]bool

func newLadders(o operand) *ladders {
	l := &ladders{by: o.identity(), groups: map[string]map[string]ladder{}}
	if o.exclude != nil {
		l.by = nil
	}
	for _, dim := range o.split {
		// Of a derived dimension several values may be merged.
		if dim.Derive == nil && !o.lacks(dim) && o.exclude == nil {
			l.by = bothOf(l.by, []string{dim.Label})
		}
	}
	return l
}

func (l *ladders) of(ls labels.Labels) ladder {
	var key []byte
	for _, name := range l.by {
		key = append(append(key, ls.Get(name)...), 0)
	}
	group := l.groups[string(key)]
	if group == nil {
		group = map[string]ladder{}
		l.groups[string(key)] = group
	}
	id := string(ls.BytesWithoutLabels(nil, labelBound, model.MetricNameLabel))
	if group[id] == nil {
		group[id] = ladder{}
	}
	return group[id]
}

func (l *ladders) classic(ls labels.Labels) {
	spelled := strings.Clone(ls.Get(labelBound)) // the index may be unmapped once the querier is closed
	bound, err := strconv.ParseFloat(spelled, 64)
	if err != nil {
		return // the engine leaves it out, too
	}
	of := l.of(ls)
	if of[bound] == nil {
		of[bound] = map[string]bool{}
	}
	of[bound][spelled] = true
}

func (l *ladders) custom(ls labels.Labels, h *histogram.FloatHistogram) {
	of := l.of(ls)
	for _, bound := range append([]float64{math.Inf(1)}, h.CustomValues...) {
		of[bound] = map[string]bool{}
	}
}

// common returns the bounds that all histograms have, rising and without the infinite one, and how they are spelled if the
// series must be chosen by them: because the histograms of one group differ or, where all groups are computed at the same
// bounds, any do.
func (l *ladders) common(across bool) (bounds []float64, les []string) {
	var all []ladder
	differ := false
	for _, group := range l.groups {
		of := slices.Collect(maps.Values(group))
		for _, x := range of {
			differ = differ || !x.equal(of[0])
		}
		all = append(all, of...)
	}
	for _, x := range all {
		differ = differ || across && !x.equal(all[0])
	}
	if len(all) == 0 {
		return nil, nil
	}
	for bound := range all[0] {
		if slices.ContainsFunc(all, func(x ladder) bool { return x[bound] == nil }) {
			continue
		}
		if !math.IsInf(bound, 1) {
			bounds = append(bounds, bound)
		}
		for _, x := range all {
			les = append(les, slices.Collect(maps.Keys(x[bound]))...)
		}
	}
	slices.Sort(bounds)
	slices.Sort(les)
	if !differ {
		return bounds, nil
	}
	return bounds, slices.Compact(les)
}

func (l ladder) equal(other ladder) bool {
	return maps.EqualFunc(l, other, func(_, _ map[string]bool) bool { return true })
}
