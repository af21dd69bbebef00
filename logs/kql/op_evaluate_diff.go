package kql

import (
	"cmp"
	"math"
	"slices"

	"github.com/endscope/endscope/logs/kql/value"
)

// diffpatterns is diffpatterns(column, value A, value B, weights, threshold, most columns, wildcards...): patterns that the rows with A have
// much more or less often than those with B. Of patterns with the same rows there is the longest, and none that a shorter one with as large
// a difference contains.
func (p *plugin) diffpatterns() (node, error) {
	if err := p.count(3, -1); err != nil {
		return nil, err
	}
	x, _, err := p.column(p.args[0].Expr)
	if err != nil {
		return nil, err
	}
	split, ok := x.(*column)
	if !ok {
		return nil, p.errorf(p.args[0].At(), "The first argument is a column.")
	}
	var sides [2]value.Value
	for i := range sides {
		if sides[i], err = p.constant(p.args[i+1].Expr, split.t); err != nil {
			return nil, err
		}
	}
	least, err := p.share(4, 0.05)
	if err != nil {
		return nil, err
	}
	most, err := p.whole(5, 1<<20)
	if err != nil {
		return nil, err
	}
	o, err := p.patternOptions(3, 6)
	if err != nil {
		return nil, err
	}
	in := p.in.columns()
	head := []Column{{Name: "SegmentId", Type: value.Long}, {Name: "CountA", Type: value.Long}, {Name: "CountB", Type: value.Long},
		{Name: "PercentA", Type: value.Real}, {Name: "PercentB", Type: value.Real}, {Name: "PercentDiffAB", Type: value.Real}}
	return p.patternTable(head, o, split.i, func(r *run, rows []Row, of []int) ([]Row, error) {
		var both []Row
		for _, row := range rows {
			if v := row[split.i]; sameCell(v, sides[0]) || sameCell(v, sides[1]) {
				both = append(both, row)
			}
		}
		d := &difference{ofA: make(rowSet, (len(both)+63)/64), scratch: make(rowSet, (len(both)+63)/64)}
		for i, row := range both {
			if sameCell(row[split.i], sides[0]) {
				d.ofA[i/64] |= 1 << (i % 64)
			}
		}
		m := r.newMiner(both, o.weights(both), most, least)
		d.totalA = m.size(d.ofA)
		d.totalB = m.total - d.totalA
		if m.smallest = least * min(d.totalA, d.totalB); m.smallest == 0 {
			m.smallest = least * m.total // there is only one side
		}
		m.enough = func(rows rowSet, size float64) bool {
			a, b := d.shares(m, rows, size)
			return max(a, b) >= least
		}
		if err := m.mine(of); err != nil {
			return nil, err
		}
		var out []Row
		for i, f := range d.choose(m, least) {
			a, b := d.of(m, f)
			out = append(out, o.row(Row{int64(i), int64(math.Round(a * d.totalA)), int64(math.Round(b * d.totalB)), 100 * a, 100 * b, 100 * math.Abs(a-b)}, f, in, of))
		}
		return out, nil
	}), nil
}

// difference compares the rows of A with the others, which are those of B.
type difference struct {
	ofA            rowSet
	totalA, totalB float64
	scratch        rowSet
}

// shares are the shares of A and of B that a pattern has.
func (d *difference) shares(m *miner, rows rowSet, size float64) (a, b float64) {
	d.scratch.and(rows, d.ofA)
	inA := m.size(d.scratch)
	if d.totalA > 0 {
		a = inA / d.totalA
	}
	if d.totalB > 0 {
		b = (size - inA) / d.totalB
	}
	return a, b
}

// of are the shares that a pattern has.
func (d *difference) of(m *miner, p *pattern) (a, b float64) {
	p.rows(d.scratch)
	return d.shares(m, d.scratch, p.size)
}

// choose returns the patterns to show, those with the largest difference first.
func (d *difference) choose(m *miner, least float64) []*pattern {
	type rated struct {
		*pattern
		by float64
	}
	var list []rated
	for _, p := range m.closed() {
		if a, b := d.of(m, p); math.Abs(a-b) >= least {
			list = append(list, rated{p, math.Abs(a - b)})
		}
	}
	slices.SortStableFunc(list, func(a, b rated) int {
		return cmp.Or(cmp.Compare(b.by, a.by), cmp.Compare(len(a.items), len(b.items)))
	})
	var out []*pattern
	for _, p := range list {
		if !slices.ContainsFunc(out, func(o *pattern) bool { return contains(p.pattern, o) }) {
			out = append(out, p.pattern)
		}
	}
	return out
}

// contains says whether p has every item of a shorter pattern.
func contains(p, shorter *pattern) bool {
	for _, it := range shorter.items {
		if !slices.Contains(p.items, it) {
			return false
		}
	}
	return true
}
