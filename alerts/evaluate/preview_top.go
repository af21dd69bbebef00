package evaluate

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
)

// KeepTop leaves the n series that say most, and in SeriesTotal how many there were if that is fewer than all: those that fired most often,
// then those of the greatest values. A series keeps what all of its criteria saw. Events are all kept. An n below 1 keeps everything.
func (p *Preview) KeepTop(n int) {
	groups := map[string]*previewGroup{}
	for i := range p.Series {
		s := &p.Series[i]
		key := previewKey(s.Scope.String(), s.Dimensions)
		g := groups[key]
		if g == nil {
			g = &previewGroup{first: i, greatest: math.Inf(-1)}
			groups[key] = g
		}
		for _, v := range s.Values {
			if v != nil && i == g.first { // of the first criterion, as in events
				g.greatest = max(g.greatest, *v)
			}
		}
	}
	if n < 1 || len(groups) <= n {
		return
	}
	for _, e := range p.Events {
		if g := groups[previewKey(e.Scope.String(), e.Dimensions)]; g != nil && e.State == "fired" {
			g.fired++
		}
	}
	order := slices.SortedFunc(maps.Values(groups), func(a, b *previewGroup) int {
		return cmp.Or(cmp.Compare(b.fired, a.fired), cmp.Compare(b.greatest, a.greatest), cmp.Compare(a.first, b.first))
	})
	for _, g := range order[:n] {
		g.kept = true
	}
	p.SeriesTotal = len(groups)
	p.Series = slices.DeleteFunc(p.Series, func(s PreviewSeries) bool { return !groups[previewKey(s.Scope.String(), s.Dimensions)].kept })
}

// previewGroup is one series of a rule with all of its criteria.
type previewGroup struct {
	first    int // its place among the series
	greatest float64
	fired    int
	kept     bool
}

func previewKey(scope string, dims map[string]string) string {
	var b strings.Builder
	b.WriteString(scope)
	for _, name := range slices.Sorted(maps.Keys(dims)) {
		b.WriteString("\x00" + name + "\x00" + dims[name])
	}
	return b.String()
}
