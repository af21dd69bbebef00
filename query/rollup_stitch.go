package query

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/endscope/endscope/scopes"
)

// stitch is one window that is put together: raw samples up to from, roll-ups up to to, and raw samples up to its end. All
// in milliseconds since 1970; from and to are multiples of a period.
type stitch struct {
	start, from, to, end int64
}

// labelPiece keeps the pieces of a stitched leaf apart until they are added up.
const labelPiece = "piece"

// stitched returns the expression for a single window that roll-ups answer in its middle, or nil if they do not.
func (p *Planner) stitched(ctx context.Context, win windows, expr func() parser.Expr) *run {
	rollups := p.set.Rollups
	grants, err := scopes.GrantsFrom(ctx)
	if err != nil || win.count != 1 {
		return nil
	}
	s := stitch{start: win.start.UnixMilli(), end: win.end().UnixMilli()}
	s.from = -floorDiv(-s.start, rollupPeriod) * rollupPeriod
	s.to = floorDiv(s.end, rollupPeriod) * rollupPeriod
	w := &rewriting{rollups: rollups, deployments: seesDeployments(grants), stitch: &s}
	if _, ok := w.rewrite(expr(), 0); !ok {
		return nil
	}
	rollups.mu.RLock()
	s.to = min(s.to, rollups.completeUntil(w.used, s.from))
	// A mark may stand for a difference between two pieces.
	clean := s.to-s.from >= 3*rollupPeriod && !rollups.marked(w.used, s.start, s.end)
	rollups.mu.RUnlock()
	if !clean || p.silenceBefore(ctx, w.used, s) {
		return nil
	}
	e, _ := (&rewriting{rollups: rollups, deployments: w.deployments, stitch: &s}).rewrite(expr(), 0)
	return &run{windows: win, expr: e, rollup: model.Duration(w.finest).String()}
}

// completeUntil returns the end of the stretch after from in which everything is complete. The caller holds the lock.
func (r *Rollups) completeUntil(used []rollupUse, from int64) int64 {
	end := int64(1) << 62
	for _, u := range used {
		complete := r.complete[u.key]
		i := complete.find(from)
		if i == len(complete) || complete[i].from > from {
			return from
		}
		end = min(end, complete[i].to)
	}
	return end
}

// silenceBefore says whether a counter may have been silent for longer than the look-back where the last piece begins: the
// difference across that would be in no piece. What is rolled up already would be marked.
func (p *Planner) silenceBefore(ctx context.Context, used []rollupUse, s stitch) bool {
	if s.to == s.end {
		return false
	}
	tail := time.Duration(s.end-s.to) * time.Millisecond
	for _, u := range used {
		if u.key.class != rollupCounter {
			continue
		}
		select1 := func() *parser.VectorSelector { return selector(named(u.key.series, u.matchers)...) }
		before := select1()
		before.OriginalOffset = tail
		lookback := time.Duration(p.set.Rollups.lookback) * time.Millisecond
		e := aggregate(parser.COUNT, binary(call("present_over_time", over(select1(), tail)), parser.LUNLESS, call("present_over_time", over(before, lookback))))
		v, _, err := p.set.Engine.Instant(ctx, e, time.UnixMilli(s.end))
		if err != nil {
			return true // the same error, or none, comes from the raw samples
		}
		if found, ok := v.(promql.Vector); !ok || len(found) > 0 {
			return true
		}
	}
	return false
}

// stitchLeaf returns an aggregation of a leaf, put together from pieces.
func (w *rewriting) stitchLeaf(n *parser.AggregateExpr, leaf rollupLeaf) parser.Expr {
	s := w.stitch
	if leaf.window.Range.Milliseconds() != s.end-s.start || n.Without || !addsUp(n.Op, leaf) {
		w.failed = true
		return n
	}
	var pieces []parser.Expr
	add := func(from, to int64, leaf func(window, offset time.Duration) parser.Expr) {
		if from >= to {
			return
		}
		e := aggregate(n.Op, leaf(time.Duration(to-from)*time.Millisecond, time.Duration(s.end-to)*time.Millisecond), n.Grouping...)
		pieces = append(pieces, call("label_replace", e, text(labelPiece), text(strconv.Itoa(len(pieces)+1)), text(""), text("")))
	}
	raw := func(window, offset time.Duration) parser.Expr {
		vs := selector(named(leaf.series, leaf.matchers)...)
		vs.OriginalOffset = offset
		vs.Anchored = leaf.function == "increase"
		e := call(leaf.function, over(vs, window))
		if leaf.outer != "" {
			e = call(leaf.outer, e)
		}
		return e
	}
	add(s.start, s.from, raw)
	add(s.from, s.to, func(window, offset time.Duration) parser.Expr {
		middle := leaf
		middle.window = over(nil, window)
		e := w.leaf(middle, time.Duration(rollupPeriod)*time.Millisecond, w.deployments && sumsUp(n, leaf))
		if c, ok := e.(*parser.Call); ok && !w.failed {
			c.Args[0].(*parser.MatrixSelector).VectorSelector.(*parser.VectorSelector).OriginalOffset = offset
		}
		return e
	})
	add(s.to, s.end, raw)
	if w.failed {
		return n
	}
	return aggregate(n.Op, either(pieces...), n.Grouping...)
}

// addsUp says whether an aggregation of a leaf over a window follows from those over parts of the window.
func addsUp(op parser.ItemType, leaf rollupLeaf) bool {
	switch op {
	case parser.GROUP:
		return true
	case parser.SUM:
		return leaf.function == "increase" || leaf.function == "sum_over_time" || leaf.function == "count_over_time"
	case parser.MIN:
		return leaf.function == "min_over_time"
	case parser.MAX:
		return leaf.function == "max_over_time"
	}
	return false
}
