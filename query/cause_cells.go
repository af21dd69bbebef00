package query

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/endscope/endscope/scopes"
)

// cell is the finest part of the explained data: one set of labels. Whatever is looked at is made up of cells.
type cell struct {
	labels        []string // values of the columns
	before, after []tally  // of each sub-window
	total         [2]tally // of the baseline, brought to the length of the window, and of the window
}

// The two spans.
const (
	inBaseline = 0
	inWindow   = 1
)

// cellOf returns the cell of a series, after making it where there is none yet.
func cellOf(cells map[string]*cell, metric labels.Labels, columns []string, before, after int) *cell {
	values := make([]string, len(columns))
	for i, name := range columns {
		values[i] = metric.Get(name)
	}
	key := strings.Join(values, "\xff")
	c := cells[key]
	if c == nil {
		c = &cell{labels: values, before: make([]tally, before), after: make([]tally, after)}
		cells[key] = c
	}
	return c
}

// slot returns the tally of the sub-window that ends at t, and its length; nil where there is none.
func (c *cell) slot(baseline, window windows, t int64) (*tally, time.Duration) {
	if i, ok := window.index(t); ok {
		return &c.after[i], window.length
	}
	if i, ok := baseline.index(t); ok {
		return &c.before[i], baseline.length
	}
	return nil, 0
}

// path returns the deployment or instance that a cell belongs to.
func (c *cell) path(scope scopes.Path, level scopes.Level) scopes.Path {
	p := scopes.Path{Endpoint: scope.Endpoint, Deployment: c.labels[0]}
	if level == scopes.LevelInstance {
		p.Instance = c.labels[1]
	}
	return p
}

// causes holds the data of one explanation.
type causes struct {
	source     causeSource
	measure    measure
	scope      scopes.Path
	dimensions []dimension
	cells      []*cell
	scale      float64    // length of what is compared of the window over that of the baseline
	slotTime   [2]float64 // length of a sub-window of each span, seconds
	whole      [2]tally
	headline   [2]*float64 // values of the scope, where tallies do not give them
}

// fill takes over the cells, in an order that does not depend on storage, and adds up what is needed of each.
func (d *causes) fill(cells map[string]*cell, columns []string) {
	for _, key := range slices.Sorted(maps.Keys(cells)) {
		d.cells = append(d.cells, cells[key])
	}
	if m := d.source.match; m != nil {
		column := slices.Index(columns, m.Name)
		for _, c := range d.cells {
			if !m.Matches(c.labels[column]) {
				continue
			}
			for _, slots := range [][]tally{c.before, c.after} {
				for i := range slots {
					slots[i].num = slots[i].den
				}
			}
		}
	}
	if d.source.mean {
		d.scale = 1
		present := [2]float64{}
		for span := range present {
			for _, t := range d.slots(d.all(), span) {
				if t.seen {
					present[span]++
				}
			}
		}
		for _, c := range d.cells {
			c.total = [2]tally{d.measure.sum(slices.Values(c.before)), d.measure.sum(slices.Values(c.after))}
			for span := range c.total {
				c.total[span].num /= max(present[span], 1)
			}
		}
	} else {
		for _, c := range d.cells {
			c.total = [2]tally{d.measure.scaled(d.measure.sum(slices.Values(c.before)), d.scale), d.measure.sum(slices.Values(c.after))}
		}
	}
	all := d.all()
	d.whole = [2]tally{d.total(all, inBaseline), d.total(all, inWindow)}
}

// subset is some of the cells, by index in ascending order.
type subset []int

func (d *causes) all() subset {
	out := make(subset, len(d.cells))
	for i := range out {
		out[i] = i
	}
	return out
}

// total adds up the cells of a subset in one span.
func (d *causes) total(s subset, span int) tally {
	return d.measure.sum(func(yield func(tally) bool) {
		for _, i := range s {
			if !yield(d.cells[i].total[span]) {
				return
			}
		}
	})
}

// slots adds up the cells of a subset in each sub-window of one span.
func (d *causes) slots(s subset, span int) []tally {
	if len(d.cells) == 0 {
		return nil
	}
	of := func(c *cell) []tally {
		if span == inBaseline {
			return c.before
		}
		return c.after
	}
	out := make([]tally, len(of(d.cells[0])))
	for n := range out {
		out[n] = d.measure.sum(func(yield func(tally) bool) {
			for _, i := range s {
				if !yield(of(d.cells[i])[n]) {
					return
				}
			}
		})
	}
	return out
}

// replaced is the whole of one span with the data of a part replaced by those that it has in the other span.
func (d *causes) replaced(part subset, span int) tally {
	other := 1 - span
	instead := d.total(part, other)
	if !d.measure.extreme() {
		return d.measure.plus(d.measure.minus(d.whole[span], d.total(part, span)), instead)
	}
	in := make([]bool, len(d.cells))
	for _, i := range part {
		in[i] = true
	}
	rest := d.measure.sum(func(yield func(tally) bool) {
		for i, c := range d.cells {
			if !in[i] && !yield(c.total[span]) {
				return
			}
		}
	})
	return d.measure.plus(rest, instead)
}

// shares returns how much of the whole change disappears without the change of the part, and how much appears with it alone.
func (d *causes) shares(part subset) (share, alone *float64) {
	before, after := d.measure.value(d.whole[inBaseline]), d.measure.value(d.whole[inWindow])
	if before == nil || after == nil || *before == *after {
		return nil, nil
	}
	of := func(span int, from, to float64) *float64 {
		v := d.measure.value(d.replaced(part, span))
		if v == nil {
			return nil
		}
		s := (from - *v) / (from - to)
		return &s
	}
	return of(inWindow, *after, *before), of(inBaseline, *before, *after)
}
