package query

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/endscope/endscope/scopes"
)

// mergedBuckets stands for the merged histograms of a quantile in place of an aggregation of them.
const mergedBuckets scopes.Aggregation = "merged buckets"

// needsBuckets says whether how exact a value is depends on the buckets that it was computed from.
func (p *plan) needsBuckets(a scopes.Aggregation) bool {
	return p.def.Source.Kind == scopes.KindHistogramQuantile && a == scopes.Average
}

// source says of a line from which histograms it was computed, and returns a warning where a value is only the least that it can
// be. It returns nil for what is not computed from histograms, and for windows with a step of their own.
func (e *evaluation) source(l line) (*HistogramSource, string) {
	if e.windows.every != 0 {
		return nil, ""
	}
	switch e.plan.def.Source.Kind {
	case scopes.KindHistogramCount, scopes.KindHistogramMean, scopes.KindHistogramQuantile:
	default:
		return nil, ""
	}
	exact := 0.0
	form := e.plan.forms[e.plan.def.Source.Series]
	if e.buckets == nil {
		return &HistogramSource{Kind: form.kind(), RelativeError: &exact}, ""
	}
	w := worst{blur: 1}
	if form.mixed() && form.exp {
		w.blur = form.growth
	}
	for i, buckets := range e.buckets.of(l.labels) {
		if v := l.values[i]; v != nil && buckets != nil {
			w.see(*v/e.plan.def.Source.Factor, buckets)
		}
	}
	source := &HistogramSource{Kind: form.kind(), RelativeError: &w.relative}
	switch {
	case form.mixed() || form.classic: // told by the series' names
	case w.exponential && w.bounded:
		source.Kind = HistogramMixed
	case w.bounded:
		source.Kind = HistogramCustom
	case w.exponential:
		source.Kind = HistogramNative
	}
	if w.beyond == nil {
		return source, ""
	}
	source.RelativeError = nil
	return source, fmt.Sprintf("%s: values of %v or more are at least that: it is the highest bound of the buckets", e.plan.def.Name, *w.beyond*e.plan.def.Source.Factor)
}

// and returns what holds for the values of both; either may be nil.
func (h *HistogramSource) and(other *HistogramSource) *HistogramSource {
	if h == nil || other == nil {
		return cmp.Or(h, other)
	}
	both := *h
	if h.Kind != other.Kind {
		both.Kind = HistogramMixed
	}
	switch {
	case h.RelativeError == nil || other.RelativeError == nil:
		both.RelativeError = nil
	case *other.RelativeError > *h.RelativeError:
		both.RelativeError = other.RelativeError
	}
	return &both
}

// worst is how far the values of a line may lie from the true ones.
type worst struct {
	blur                 float64 // factor by which a bound may be missed, since exponential buckets were cut at it
	relative             float64
	beyond               *float64 // the bound that a value has reached
	exponential, bounded bool
}

// see takes a value into account.
func (w *worst) see(v float64, b *bucketing) {
	if b.growth > 0 {
		w.exponential = true
		w.relative = max(w.relative, b.growth-1)
		return
	}
	w.bounded = true
	n := len(b.bounds)
	if n == 0 {
		return
	}
	if v >= b.bounds[n-1] {
		w.beyond = &b.bounds[n-1]
		return
	}
	i, _ := slices.BinarySearch(b.bounds, v)
	lower := math.Min(0, b.bounds[0])
	if i > 0 {
		lower = b.bounds[i-1]
	}
	if width := b.bounds[i]*w.blur - lower/w.blur; width > 0 && v != 0 {
		w.relative = max(w.relative, width/math.Abs(v))
	}
}

// bucketing is how the observations of one window were counted: in exponential buckets that grow by a factor, or between bounds.
type bucketing struct {
	growth float64 // 0 for bounds
	bounds []float64
}

// mergedIn are the bucketings of the lines of an evaluation, for each window.
type mergedIn struct {
	byLine map[string][]*bucketing
}

func (m *mergedIn) of(ls labels.Labels) []*bucketing { return m.byLine[string(ls.Bytes(nil))] }

// readBuckets takes the merged histograms that were evaluated for the same windows.
func (e *evaluation) readBuckets(from *evaluation) {
	e.buckets = &mergedIn{byLine: map[string][]*bucketing{}}
	for i, part := range from.runs {
		for _, s := range from.results[i].Matrix {
			bound := s.Metric.Get(labelBound)
			key := string(s.Metric.BytesWithoutLabels(nil, labelBound))
			line := e.buckets.byLine[key]
			if line == nil {
				line = make([]*bucketing, e.windows.count)
				e.buckets.byLine[key] = line
			}
			for _, p := range s.Histograms {
				if at, ok := part.index(p.T); ok && p.H != nil {
					line[part.first+at] = bucketingOf(p.H)
				}
			}
			b, err := strconv.ParseFloat(bound, 64)
			if err != nil {
				continue
			}
			for _, p := range s.Floats {
				if at, ok := part.index(p.T); ok {
					line[part.first+at] = line[part.first+at].with(b)
				}
			}
		}
	}
}

func bucketingOf(h *histogram.FloatHistogram) *bucketing {
	if h.UsesCustomBuckets() {
		return &bucketing{bounds: h.CustomValues}
	}
	return &bucketing{growth: growthOf(h)}
}

// growthOf returns the factor between the bounds of exponential buckets.
func growthOf(h *histogram.FloatHistogram) float64 {
	return math.Pow(2, math.Pow(2, -float64(h.Schema)))
}

// with adds a bound.
func (b *bucketing) with(bound float64) *bucketing {
	if b == nil {
		b = &bucketing{}
	}
	if i, ok := slices.BinarySearch(b.bounds, bound); !ok && !math.IsInf(bound, 1) {
		b.bounds = slices.Insert(b.bounds, i, bound)
	}
	return b
}
