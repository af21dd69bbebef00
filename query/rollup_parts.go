package query

import (
	"context"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/scopes"
)

// What an expression was evaluated from, as answers are counted.
const (
	sourceRaw    = "raw"
	sourceRollup = "rollup"
	sourceBoth   = "both"
)

// mostRuns bounds into how many evaluations the windows of one expression are split.
const mostRuns = 9

// run is a run of windows that one expression answers; first is the index of its first window.
type run struct {
	windows
	expr   parser.Expr
	first  int
	rollup string // the finest resolution of the roll-ups that the expression reads, "" for none
}

// evaluations returns what to evaluate for an aggregation of the windows.
func (p *Planner) evaluations(ctx context.Context, pl *plan, a scopes.Aggregation, win windows) []run {
	var out []run
	for _, part := range p.parts(pl, win) {
		for _, r := range p.runs(ctx, part.windows, pl.raw, func() parser.Expr { return part.plan.expr(a) }) {
			r.first += part.first
			out = append(out, r)
		}
	}
	return out
}

// runs splits windows into those that roll-ups answer exactly and those that are computed from raw samples. expr makes the
// expression anew; all windows are answered by it.
func (p *Planner) runs(ctx context.Context, win windows, raw bool, expr func() parser.Expr) []run {
	rollups := p.set.Rollups
	whole := []run{{windows: win, expr: expr()}}
	if raw || rollups == nil {
		return whole
	}
	good, w := rollups.covered(ctx, win, expr)
	if good == nil {
		if r := p.stitched(ctx, win, expr); r != nil {
			rollups.answered.WithLabelValues(sourceBoth).Inc()
			return []run{*r}
		}
		rollups.answered.WithLabelValues(sourceRaw).Inc()
		return whole
	}
	var out []run
	rawRuns := 0
	for i := 0; i < win.count; {
		j := i + 1
		for j < win.count && good[j] == good[i] {
			j++
		}
		r := run{windows: win.part(i, j), first: i}
		if good[i] {
			r.expr, _ = w.again(expr(), common(win))
			r.rollup = model.Duration(w.finest).String()
		} else {
			r.expr = expr()
			rawRuns++
		}
		out = append(out, r)
		i = j
	}
	if rawRuns == 0 {
		rollups.answered.WithLabelValues(sourceRollup).Inc()
	} else {
		rollups.answered.WithLabelValues(sourceBoth).Inc()
	}
	return out
}

// again rewrites another instance of the expression.
func (w *rewriting) again(e parser.Expr, at time.Duration) (parser.Expr, bool) {
	fresh := rewriting{rollups: w.rollups, deployments: w.deployments}
	return fresh.rewrite(e, at)
}

// covered says of each window whether roll-ups answer it exactly; nil if they answer none.
func (r *Rollups) covered(ctx context.Context, win windows, expr func() parser.Expr) ([]bool, *rewriting) {
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil || common(win)%time.Minute != 0 {
		return nil, nil
	}
	w := &rewriting{rollups: r, deployments: seesDeployments(grants)}
	if _, ok := w.rewrite(expr(), common(win)); !ok {
		return nil, nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	good := make([]bool, win.count)
	for i := range good {
		from := win.begin(i).UnixMilli()
		good[i] = r.exact(w.used, from, from+win.length.Milliseconds())
	}
	if thin(good); !contains(good, true) {
		return nil, nil
	}
	return good, w
}

// common returns the coarsest duration that the start, the length and the step of the windows are multiples of.
func common(win windows) time.Duration {
	a := win.start.UnixMilli()
	for _, b := range []int64{win.length.Milliseconds(), win.step().Milliseconds()} {
		for b != 0 {
			a, b = b, a%b
		}
	}
	return time.Duration(a) * time.Millisecond
}

func contains(values []bool, v bool) bool {
	for _, x := range values {
		if x == v {
			return true
		}
	}
	return false
}

// exact says whether the roll-ups of (from, to] say what the raw samples say. The caller holds the lock.
func (r *Rollups) exact(used []rollupUse, from, to int64) bool {
	for _, u := range used {
		// Periods are complete as a whole, buckets may end within one.
		if !r.complete[u.key].covers(from, to) {
			return false
		}
	}
	return !r.marked(used, from, to)
}

// marked says whether anything in (from, to] is marked that concerns what is read. The caller holds the lock.
func (r *Rollups) marked(used []rollupUse, from, to int64) bool {
	for key, marked := range r.marks {
		if !marked.overlaps(from, to) {
			continue
		}
		for _, u := range used {
			if (key.series == "" || key.series == u.key.series) && (key.endpoint == "" || matches(u, key.endpoint)) {
				return true
			}
		}
	}
	return false
}

func matches(u rollupUse, endpoint string) bool {
	for _, m := range u.matchers {
		if m.Name == scopes.LabelEndpoint && !m.Matches(endpoint) {
			return false
		}
	}
	return true
}

// thin gives up short runs of good windows until there are few runs: each run is an evaluation of its own.
func thin(good []bool) {
	for limit := 1; ; limit++ {
		runs := 0
		for i := range good {
			if i == 0 || good[i] != good[i-1] {
				runs++
			}
		}
		if runs <= mostRuns {
			return
		}
		for i := 0; i < len(good); {
			j := i + 1
			for j < len(good) && good[j] == good[i] {
				j++
			}
			if good[i] && j-i <= limit {
				for k := i; k < j; k++ {
					good[k] = false
				}
			}
			i = j
		}
	}
}
