package query

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// leaf is the lowest part of a plan: a function over the samples in a window of each series, aggregated over series. Such as
//
//	sum by (endpoint) (histogram_count(increase(endpoint_request_duration_seconds{endpoint="fraud"}[5m] anchored)))
//
// Windows of a leaf do not overlap, so one pass over the samples answers all of them. Its values are those that the stock engine
// computes; only the order of additions may differ.
type leaf struct {
	op       parser.ItemType // SUM, MIN, MAX, GROUP or COUNT
	by       []string        // sorted
	stat     leafStat
	fn       leafFunction
	matchers []*labels.Matcher
	name     string // of the series, empty if the matchers do not name exactly one
	window   int64  // ms
	offset   int64  // ms
	lookback int64  // how much older than its window a sample may be that an increase starts from; 0 for other functions
	grid     grid
	// bucketless says that the stock engine would compute the leaf without looking at buckets.
	bucketless bool
	text       string
}

// leafFunction is what is computed from the samples in a window.
type leafFunction string

const (
	leafIncrease leafFunction = "increase" // anchored
	leafSum      leafFunction = "sum_over_time"
	leafCount    leafFunction = "count_over_time"
	leafMin      leafFunction = "min_over_time"
	leafMax      leafFunction = "max_over_time"
)

// leafStat is what of the function's value is aggregated.
type leafStat int

const (
	leafValue          leafStat = iota
	leafHistogramCount          // only of histograms
	leafHistogramSum            // only of histograms
)

// grid is the times at which an expression is evaluated, in ms since 1970.
type grid struct {
	first, step int64
	n           int
}

func (g grid) at(i int) int64 { return g.first + int64(i)*g.step }

// newGrid returns the times at which the stock engine evaluates a range query, and false if there are none.
func newGrid(start, end time.Time, step time.Duration) (grid, bool) {
	g := grid{first: engineMillis(start), step: step.Milliseconds()}
	last := engineMillis(end)
	if g.step <= 0 || last < g.first {
		return grid{}, false
	}
	g.n = int((last-g.first)/g.step) + 1
	return g, true
}

// engineMillis rounds as the stock engine does, towards 1970.
func engineMillis(t time.Time) int64 { return t.UnixNano() / int64(time.Millisecond) }

// within returns the times at which a subquery is evaluated for evaluations at the times of g. As in the stock engine, these are
// all multiples of its step from the start of the first window to the end of the last.
func (g grid) within(sub *parser.SubqueryExpr) (grid, bool) {
	step := sub.Step.Milliseconds()
	if step == 0 {
		step = defaultSubqueryStep.Milliseconds()
	}
	offset, span := sub.OriginalOffset.Milliseconds(), sub.Range.Milliseconds()
	from := g.first - offset - span
	first := step * (from / step)
	if first <= from {
		first += step
	}
	last := g.at(g.n-1) - offset
	if step <= 0 || last < first {
		return grid{}, false
	}
	return grid{first: first, step: step, n: int((last-first)/step) + 1}, true
}

// key tells leaves of a session apart.
func (l *leaf) key() string {
	return fmt.Sprintf("%d %d %d %t %s", l.grid.first, l.grid.step, l.grid.n, l.bucketless, l.text)
}

// sameRead says whether two leaves read the same samples.
func (l *leaf) sameRead(o *leaf) bool {
	return l.from() == o.from() && l.to() == o.to() && slices.EqualFunc(l.matchers, o.matchers, func(a, b *labels.Matcher) bool {
		return a.Name == b.Name && a.Type == b.Type && a.Value == b.Value
	})
}

// samePass says whether two leaves that read the same samples compute the same from the same windows of each series.
func (l *leaf) samePass(o *leaf) bool {
	return l.fn == o.fn && l.window == o.window && l.offset == o.offset && l.grid == o.grid && l.bucketless == o.bucketless
}

// from and to bound the samples that the leaf reads, both inclusive.
func (l *leaf) from() int64 { return l.grid.first - l.offset - l.window - l.lookback + 1 }

func (l *leaf) to() int64 { return l.grid.at(l.grid.n-1) - l.offset }

// asLeaf returns the leaf that an expression is, evaluated at the times of a grid, and nil if it is none: because its shape is another
// one, or because its windows would overlap. whole says that the stock engine would look
// at all of the histograms that it reads.
func asLeaf(e parser.Expr, times grid, whole bool, lookback time.Duration) *leaf {
	agg, ok := e.(*parser.AggregateExpr)
	if !ok || agg.Without || agg.Param != nil {
		return nil
	}
	switch agg.Op {
	case parser.SUM, parser.MIN, parser.MAX, parser.GROUP, parser.COUNT:
	default:
		return nil
	}
	l := &leaf{op: agg.Op, by: slices.Compact(slices.Sorted(slices.Values(agg.Grouping))), grid: times}
	if slices.ContainsFunc(l.by, func(name string) bool { return strings.HasPrefix(name, "__") }) {
		return nil // such as the name, which the function drops late
	}
	call, ok := unparen(agg.Expr).(*parser.Call)
	if !ok || len(call.Args) != 1 {
		return nil
	}
	switch call.Func.Name {
	case "histogram_count":
		l.stat = leafHistogramCount
	case "histogram_sum":
		l.stat = leafHistogramSum
	}
	if l.stat != leafValue {
		if call, ok = unparen(call.Args[0]).(*parser.Call); !ok || len(call.Args) != 1 {
			return nil
		}
	}
	l.fn = leafFunction(call.Func.Name)
	l.bucketless = l.stat != leafValue && !whole
	ms, ok := unparen(call.Args[0]).(*parser.MatrixSelector)
	if !ok || ms.RangeExpr != nil {
		return nil
	}
	vs, ok := ms.VectorSelector.(*parser.VectorSelector)
	if !ok || vs.Smoothed || vs.Timestamp != nil || vs.StartOrEnd != 0 || vs.OriginalOffsetExpr != nil {
		return nil
	}
	switch l.fn {
	case leafIncrease:
		if !vs.Anchored {
			return nil
		}
		l.lookback = lookback.Milliseconds()
	case leafSum, leafCount, leafMin, leafMax:
		if vs.Anchored {
			return nil
		}
	default:
		return nil
	}
	if ms.Range <= 0 || ms.Range%time.Millisecond != 0 || vs.OriginalOffset%time.Millisecond != 0 {
		return nil
	}
	l.window, l.offset, l.matchers, l.name = ms.Range.Milliseconds(), vs.OriginalOffset.Milliseconds(), vs.LabelMatchers, vs.Name
	if times.n > 1 && times.step < l.window {
		return nil
	}
	l.text = e.String()
	return l
}

func unparen(e parser.Expr) parser.Expr {
	for {
		p, ok := e.(*parser.ParenExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}
