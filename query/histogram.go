package query

import (
	"math"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// A histogram is stored in one of three forms: as one native series, whose buckets are exponential; as one native series
// whose buckets have custom bounds; or as classic series, NAME_bucket with the label le, NAME_count and NAME_sum. A scope may
// hold several, since its instances may be measured by different programs. Numbers and sums of observations add up over
// all forms. A quantile is taken of the merged histograms where there is one form, and otherwise of the numbers of observations up to
// each of the bounds that all have.

// histogramForm says in which forms the series of a histogram are stored within a plan. The zero histogramForm is native.
type histogramForm struct {
	classic bool    // there are classic series
	absent  bool    // there are only those
	custom  bool    // there are native series with custom bounds
	exp     bool    // there are native series with exponential buckets
	growth  float64 // of the coarsest of those
	// bounds are those that all classic and custom buckets have, rising, without the infinite one.
	bounds []float64
	// les are the spellings of the bounds in the label le, where some series have other bounds, too; otherwise nil.
	les []string
}

// mixed says whether quantiles must be computed of bounds.
func (f histogramForm) mixed() bool { return !f.absent && (f.classic || f.custom && f.exp) }

// kind returns what an answer calls the form.
func (f histogramForm) kind() HistogramKind {
	switch {
	case f.mixed():
		return HistogramMixed
	case f.classic:
		return HistogramClassic
	case f.custom:
		return HistogramCustom
	}
	return HistogramNative
}

const (
	bucketSuffix = "_bucket"
	countSuffix  = "_count"
	sumSuffix    = "_sum"
	labelBound   = "le"
)

// observations is the number of observations in the window. The engine sees that only counts are needed and does not decode
// the buckets.
func (o operand) observations(window time.Duration) parser.Expr {
	return o.added(window, countSuffix, "histogram_count")
}

// total is the sum of what was observed in the window.
func (o operand) total(window time.Duration) parser.Expr {
	return o.added(window, sumSuffix, "histogram_sum")
}

// added adds up over all forms what function takes of a native histogram and a classic one has in the series with the suffix.
func (o operand) added(window time.Duration, suffix, function string) parser.Expr {
	form := o.forms[o.name]
	var parts []parser.Expr
	if !form.absent {
		parts = append(parts, o.grouped(parser.SUM, call(function, call("increase", anchored(o.selector(), window)))))
	}
	if form.classic {
		parts = append(parts, o.grouped(parser.SUM, call("increase", anchored(o.named(o.name+suffix), window))))
	}
	return o.together(parts)
}

// together adds up vectors that are grouped alike, each of which may lack what another has.
func (o operand) together(parts []parser.Expr, more ...string) parser.Expr {
	if len(parts) == 1 {
		return parts[0]
	}
	for i := range parts {
		parts[i] = call("label_replace", parts[i], text("form"), text(strconv.Itoa(i)), text(""), text(""))
	}
	by := o.labels()
	if o.exclude != nil {
		by = nil
	}
	return aggregate(parser.SUM, either(parts...), append(by, more...)...)
}

// merged is one histogram of all observations in the window: a native one, or the buckets of a classic one.
func (o operand) merged(window time.Duration) parser.Expr {
	form := o.forms[o.name]
	switch {
	case form.mixed():
		return o.mixed(window, form)
	case form.classic:
		return o.buckets(window, form)
	}
	return o.grouped(parser.SUM, call("increase", anchored(o.selector(), window)))
}

// buckets are the merged buckets of the classic series.
func (o operand) buckets(window time.Duration, form histogramForm) parser.Expr {
	var extra []*labels.Matcher
	if form.les != nil {
		extra = append(extra, oneOf(labelBound, form.les, labels.MatchEqual, labels.MatchRegexp))
	}
	return o.grouped(parser.SUM, call("increase", anchored(o.named(o.name+bucketSuffix, extra...), window)), labelBound)
}

// mixed are the buckets of all forms at the bounds that all have. How many observations of an exponential bucket lie below a bound inside
// it is estimated; none is left out.
func (o operand) mixed(window time.Duration, form histogramForm) parser.Expr {
	var parts []parser.Expr
	if form.classic {
		parts = append(parts, o.buckets(window, form))
	}
	// Exponential and custom buckets cannot be merged, but those of one instance are of one kind.
	stored := instanceLabels()
	for _, dim := range o.split {
		if !o.lacks(dim) {
			stored = bothOf(stored, []string{storedLabel(dim)})
		}
	}
	histograms := func() parser.Expr {
		return aggregate(parser.SUM, call("increase", anchored(o.selector(), window)), stored...)
	}
	for _, bound := range append([]float64{math.Inf(1)}, form.bounds...) {
		below := parser.Expr(call("histogram_count", histograms()))
		if !math.IsInf(bound, 1) {
			share := call("histogram_fraction", number(math.Inf(-1)), number(bound), histograms())
			below = binary(share, parser.MUL, binary(below, parser.GTR, number(0))) // the share of nothing is not a number
		}
		grouped := o.grouped(parser.SUM, below)
		parts = append(parts, call("label_replace", grouped, text(labelBound), text(formatBound(bound)), text(""), text("")))
	}
	return o.together(parts, labelBound)
}

func formatBound(b float64) string { return strconv.FormatFloat(b, 'g', -1, 64) }
