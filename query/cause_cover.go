package query

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

const (
	// longestPush is how long a stretch without data may be that lies between two pushes. Longer ones are gaps.
	longestPush = time.Minute
	// leastCovered is the part of a span that must have data for it to be compared.
	leastCovered = 0.5
	// fewestWhole is how many sub-windows with data a span must have beside those where data begin or end.
	fewestWhole = 3
)

// coverage says for which of their sub-windows the two spans have data at all.
type coverage struct {
	spans [2]windows
	gaps  [2][]bool // which sub-windows lie in a gap
	sums  bool      // the metric adds up over time: only whole sub-windows with data are compared
}

// newCoverage finds the gaps between the sub-windows with data.
func newCoverage(baseline, window windows, seen [2][]bool) coverage {
	c := coverage{spans: [2]windows{baseline, window}}
	for span, w := range c.spans {
		c.gaps[span] = make([]bool, w.count)
		for i := 0; i < w.count; i++ {
			j := i
			for j < w.count && !seen[span][j] {
				j++
			}
			if time.Duration(j-i)*w.length > longestPush {
				for n := i; n < j; n++ {
					c.gaps[span][n] = true
				}
			}
			i = j
		}
	}
	return c
}

// covered is the time that lies in no gap.
func (c coverage) covered(span int) time.Duration {
	n := 0
	for _, gap := range c.gaps[span] {
		if !gap {
			n++
		}
	}
	return time.Duration(n) * c.spans[span].length
}

// partial says whether either span has a gap.
func (c coverage) partial() bool {
	return c.covered(inBaseline) < c.spans[inBaseline].total() || c.covered(inWindow) < c.spans[inWindow].total()
}

// comparable says whether both spans have enough data to be compared.
func (c coverage) comparable() bool {
	for span, w := range c.spans {
		if float64(c.covered(span)) < leastCovered*float64(w.total()) || c.sums && c.wholeTime(span) < fewestWhole*w.length {
			return false
		}
	}
	return true
}

// whole says whether data cover all of a sub-window. In those next to a gap data begin or end at a time that is not known, or a
// counter shows what it has counted in the gap.
func (c coverage) whole(span, i int) bool {
	gaps := c.gaps[span]
	return !gaps[i] && (i == 0 || !gaps[i-1]) && (i == len(gaps)-1 || !gaps[i+1])
}

// wholeTime is the time of the sub-windows that data cover all of.
func (c coverage) wholeTime(span int) time.Duration {
	n := 0
	for i := range c.gaps[span] {
		if c.whole(span, i) {
			n++
		}
	}
	return time.Duration(n) * c.spans[span].length
}

// shortfalls says how much of which span has data, for those that have gaps.
func (c coverage) shortfalls() []string {
	var out []string
	for span, name := range []string{"baseline", "window"} {
		if covered, total := c.covered(span), c.spans[span].total(); covered < total {
			out = append(out, fmt.Sprintf("data cover only %s of the %s of the %s", model.Duration(covered), model.Duration(total), name))
		}
	}
	return out
}

// trim leaves to the cells of a metric that adds up over time only the sub-windows that data cover all of, and returns how long
// they are together in each span. Spans that cannot be compared, and those without gaps, stay as they are.
func (c coverage) trim(cells map[string]*cell) [2]time.Duration {
	if !c.sums || !c.partial() || !c.comparable() {
		return [2]time.Duration{c.spans[inBaseline].total(), c.spans[inWindow].total()}
	}
	for _, cell := range cells {
		for span, slots := range [][]tally{cell.before, cell.after} {
			for i := range slots {
				if !c.whole(span, i) {
					slots[i] = tally{}
				}
			}
		}
	}
	return [2]time.Duration{c.wholeTime(inBaseline), c.wholeTime(inWindow)}
}

// coverageOf is that of the sub-windows in which any cell has data.
func (e *explainer) coverageOf(cells map[string]*cell) coverage {
	seen := [2][]bool{make([]bool, e.baseline.count), make([]bool, e.window.count)}
	for _, c := range cells {
		for span, slots := range [][]tally{c.before, c.after} {
			for i, t := range slots {
				seen[span][i] = seen[span][i] || t.seen
			}
		}
	}
	return newCoverage(e.baseline, e.window, seen)
}

// coverageOfSeries looks up the coverage of what is counted by a histogram, for metrics that have no cells.
func (e *explainer) coverageOfSeries(ctx context.Context) (coverage, error) {
	seen := [2][]bool{make([]bool, e.baseline.count), make([]bool, e.window.count)}
	for span, w := range []windows{e.baseline, e.window} {
		pl := *e.plan
		pl.window = w.length
		src := &pl.def.Source
		for _, r := range e.planner.runs(ctx, w, false, func() parser.Expr { return operand{&pl, src.Series, src.Where, nil}.observations(pl.window) }) {
			result, err := e.session.Range(ctx, r.expr, r.start.Add(r.length), r.end(), r.length)
			if err != nil {
				return coverage{}, fmt.Errorf("read %s: %w", pl.def.Name, err)
			}
			for _, s := range result.Matrix {
				for _, p := range s.Floats {
					if n, ok := r.index(p.T); ok {
						seen[span][r.first+n] = true
					}
				}
			}
		}
	}
	return newCoverage(e.baseline, e.window, seen), nil
}
