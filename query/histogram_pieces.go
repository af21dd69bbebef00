package query

import (
	"context"
	"reflect"
	"slices"

	"github.com/endscope/endscope/scopes"
)

// formPiece is a stretch of windows, from the first on up to before the end, with the forms of the histograms in them.
type formPiece struct {
	first, end int
	forms      map[string]histogramForm
}

// maxFormPieces bounds into how many pieces windows are split. The windows of a piece share what all of its histograms have.
const maxFormPieces = 64

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
func (p *Planner) formPieces(ctx context.Context, pl *plan, a scopes.Aggregation, win windows, all map[string]histogramForm) ([]formPiece, error) {
	pieces := []formPiece{{0, win.count, all}}
	for len(pieces) < maxFormPieces {
		i := mostUncertain(pieces, func(f formPiece) bool { return f.end-f.first > 1 && pl.dependsOnForms(a, f.forms) })
		if i < 0 {
			break
		}
		whole := pieces[i]
		halves := []formPiece{{first: whole.first, end: (whole.first + whole.end) / 2}, {first: (whole.first + whole.end) / 2, end: whole.end}}
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
func mostUncertain(pieces []formPiece, may func(formPiece) bool) int {
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
