package query

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/endscope/endscope/scopes"
)

// windowPiece is a stretch of windows, from the first on up to before the end, with what a plan must know of them.
type windowPiece struct {
	first, end int
	forms      map[string]histogramForm // of the histograms in them
	states     stateRule                // of the instances in them
}

// maxPieces bounds into how many pieces windows are split. The windows of a piece share what is known of all of it.
const maxPieces = 64

// dependsOnForms says whether other forms of histograms beside those of a window change what an aggregation of it is. Numbers and sums
// of observations add up, whatever they are of.
func (p *plan) dependsOnForms(a scopes.Aggregation, forms map[string]histogramForm) bool {
	if p.def.Source.Kind != scopes.KindHistogramQuantile || a == scopes.Count {
		return false
	}
	for _, form := range forms {
		if form.mixed() || form.classic && form.les != nil {
			return true
		}
	}
	return false
}

// formPieces splits windows until each piece has one form, or one window, or there are too many: where histograms of another form came
// or went, a quantile of each window is to be that of the histograms in it, as if it were the only one. The first that are split are
// those beside which another form was seen.
func (p *Planner) formPieces(ctx context.Context, pl *plan, a scopes.Aggregation, win windows, all map[string]histogramForm) ([]windowPiece, error) {
	pieces := []windowPiece{{first: 0, end: win.count, forms: all}}
	for len(pieces) < maxPieces {
		i := mostUncertain(pieces, func(f windowPiece) bool { return f.end-f.first > 1 && pl.dependsOnForms(a, f.forms) })
		if i < 0 {
			break
		}
		whole := pieces[i]
		halves := []windowPiece{{first: whole.first, end: (whole.first + whole.end) / 2}, {first: (whole.first + whole.end) / 2, end: whole.end}}
		for k := range halves {
			var err error
			if halves[k].forms, err = p.histogramForms(ctx, pl, win.part(halves[k].first, halves[k].end)); err != nil {
				return nil, err
			}
		}
		pieces = slices.Replace(pieces, i, i+1, halves...)
	}
	out := pieces[:1]
	for _, f := range pieces[1:] {
		if last := &out[len(out)-1]; reflect.DeepEqual(last.forms, f.forms) {
			last.end = f.end
		} else {
			out = append(out, f)
		}
	}
	return out, nil
}

// mostUncertain returns the piece that is to be split next of those that may be, and -1 where there is none.
func mostUncertain(pieces []windowPiece, may func(windowPiece) bool) int {
	best, bestSize := -1, 0
	for i, f := range pieces {
		if !may(f) {
			continue
		}
		size := f.end - f.first
		differs := func(k int) bool { return k >= 0 && k < len(pieces) && !reflect.DeepEqual(pieces[k].forms, f.forms) }
		if differs(i-1) || differs(i+1) {
			size <<= 32
		}
		if size > bestSize {
			best, bestSize = i, size
		}
	}
	return best
}

// statePieces splits windows until the same instances have a heartbeat for each window of a piece, or there are too many pieces: an instance
// whose heartbeat begins later is looked at through its other series until then.
func (p *Planner) statePieces(ctx context.Context, scope scopes.Pattern, win windows, whole stateRule) ([]windowPiece, error) {
	var out []windowPiece
	left := maxPieces - 1
	var split func(first, end int, rule stateRule) error
	split = func(first, end int, rule stateRule) error {
		same := true
		if end-first > 1 && left > 0 {
			var err error
			if same, err = p.beatThroughout(ctx, scope, win.part(first, end), rule); err != nil {
				return err
			}
		}
		if same {
			if n := len(out); n > 0 && slices.Equal(out[n-1].states.silent, rule.silent) {
				out[n-1].end = end
			} else {
				out = append(out, windowPiece{first: first, end: end, states: rule})
			}
			return nil
		}
		left--
		middle := (first + end) / 2
		for _, half := range [][2]int{{first, middle}, {middle, end}} {
			rule, err := p.stateRule(ctx, scope, win.part(half[0], half[1]))
			if err != nil {
				return err
			}
			if err := split(half[0], half[1], rule); err != nil {
				return err
			}
		}
		return nil
	}
	err := split(0, win.count, whole)
	return out, err
}

// beatThroughout says whether the instances that have a heartbeat for any of the windows have one in the time that belongs to all of them.
func (p *Planner) beatThroughout(ctx context.Context, scope scopes.Pattern, win windows, rule stateRule) (bool, error) {
	from, to := win.begin(win.count-1).Add(-p.cfg.ScopeLookback), win.begin(0).Add(win.length)
	if !from.Before(to) {
		return false, nil
	}
	q, err := p.open(from, to)
	if err != nil {
		return false, err
	}
	defer q.Close()
	beating, err := pathsWith(ctx, q, from, to, heartbeats, above(scope))
	if err != nil {
		return false, fmt.Errorf("list heartbeats: %w", err)
	}
	for path := range rule.beating {
		if !beating[path] {
			return false, nil
		}
	}
	return true, nil
}
