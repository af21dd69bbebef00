package query

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// tally is what is known of some data in some time, such that the tallies of parts make up that of the whole.
type tally struct {
	num, den float64
	hist     *histogram.FloatHistogram // for quantiles; shared, never changed
	seen     bool                      // whether there are data at all
	// upTo is how many observations lie up to a bucket's bound, as long as it has not become hist.
	upTo map[float64]float64
}

// settle makes a histogram of the numbers of observations up to the bounds, of which +Inf is the last.
func (t *tally) settle(bounds []float64) {
	if t.upTo == nil {
		return
	}
	h := &histogram.FloatHistogram{Schema: histogram.CustomBucketsSchema, CustomValues: bounds, PositiveSpans: []histogram.Span{{Length: uint32(len(bounds) + 1)}}}
	for _, bound := range append(slices.Clip(slices.Clone(bounds)), math.Inf(1)) {
		n := math.Max(0, t.upTo[bound]-h.Count) // what was estimated may fall short of rising
		h.PositiveBuckets = append(h.PositiveBuckets, n)
		h.Count += n
	}
	t.hist, t.upTo = h, nil
}

// measureKind says how a tally becomes a value.
type measureKind int

const (
	measureSum      measureKind = iota // num, over a time that follows from scale
	measureRatio                       // num / den
	measureQuantile                    // a quantile of hist
	measureMin                         // num, of which the whole has the least
	measureMax                         // num, of which the whole has the greatest
)

// measure is how a metric's value follows from tallies.
type measure struct {
	kind       measureKind
	factor     float64
	quantile   float64
	complement bool // 1 minus the value of a ratio or an extreme, before the factor
	counts     bool // num and den count independent events, such as requests: chance makes them vary by at least so much
}

func (m measure) extreme() bool { return m.kind == measureMin || m.kind == measureMax }

// value returns nil where the tally has none: without data, and for a ratio of nothing.
func (m measure) value(t tally) *float64 {
	if !t.seen {
		return nil
	}
	v := t.num
	switch m.kind {
	case measureRatio:
		v = t.num / t.den
	case measureQuantile:
		if t.hist == nil {
			return nil
		}
		v, _ = promql.HistogramQuantile(m.quantile, t.hist, "", posrange.PositionRange{})
	}
	if m.complement {
		v = 1 - v
	}
	v *= m.factor
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// weight is how much of the data a tally stands for.
func (m measure) weight(t tally) float64 {
	switch m.kind {
	case measureSum:
		return math.Abs(t.num)
	case measureQuantile:
		if t.hist == nil {
			return 0
		}
		return t.hist.Count
	}
	return t.den
}

// plus adds up two tallies.
func (m measure) plus(a, b tally) tally {
	switch {
	case !b.seen:
		return a
	case !a.seen:
		return b
	case m.kind == measureMin:
		a.num = math.Min(a.num, b.num)
	case m.kind == measureMax:
		a.num = math.Max(a.num, b.num)
	default:
		a.num += b.num
	}
	a.den += b.den
	switch {
	case a.hist == nil:
		a.hist = b.hist
	case b.hist != nil:
		a.hist = added(a.hist.Copy(), b.hist)
	}
	return a
}

// sum adds up tallies with fewer copies than plus.
func (m measure) sum(ts func(yield func(tally) bool)) tally {
	var out tally
	owned := false
	for t := range ts {
		hist := out.hist
		if hist == nil || t.hist == nil {
			out = m.plus(out, t)
			owned = owned && out.hist == hist
			continue
		}
		if !owned {
			hist = hist.Copy()
			owned = true
		}
		out.hist, hist = nil, added(hist, t.hist)
		t.hist = nil
		out = m.plus(out, t)
		out.hist = hist
	}
	return out
}

// added adds b to a, which it changes. Histograms of different kinds cannot be added up: the one that has counted more stays.
func added(a, b *histogram.FloatHistogram) *histogram.FloatHistogram {
	sum, _, _, err := a.Add(b)
	if err != nil {
		if b.Count > a.Count {
			return b.Copy()
		}
		return a
	}
	return sum
}

// minus takes part out of whole, where the measure can do that: not for extremes.
func (m measure) minus(whole, part tally) tally {
	if !part.seen {
		return whole
	}
	whole.num -= part.num
	whole.den -= part.den
	if whole.hist != nil && part.hist != nil {
		if rest, _, _, err := whole.hist.Copy().Sub(part.hist); err == nil {
			whole.hist = rest
		}
	}
	return whole
}

// scaled is the tally of f times the time.
func (m measure) scaled(t tally, f float64) tally {
	if f == 1 || !t.seen {
		return t
	}
	if !m.extreme() {
		t.num *= f
	}
	t.den *= f
	if t.hist != nil {
		t.hist = t.hist.Copy().Mul(f)
	}
	return t
}

// exceeding returns how many of the observations lie above a threshold.
func (t tally) exceeding(threshold float64) (above, all float64) {
	if t.hist == nil || t.hist.Count <= 0 {
		return 0, 0
	}
	share, _ := promql.HistogramFraction(threshold, math.Inf(1), t.hist, "", posrange.PositionRange{})
	return share * t.hist.Count, t.hist.Count
}

// bucketGrowth returns the ratio of neighbouring bucket bounds at v, less 1: how much of a value the buckets cannot tell apart.
func (t tally) bucketWidth(v float64) float64 {
	if t.hist == nil {
		return 0
	}
	if !t.hist.UsesCustomBuckets() {
		return math.Pow(2, math.Pow(2, -float64(t.hist.Schema))) - 1
	}
	lower := 0.0
	for _, upper := range t.hist.CustomValues {
		if v <= upper {
			return (upper - lower) / math.Max(v, lower)
		}
		lower = upper
	}
	return 0
}
