package kql

import (
	"cmp"
	"math"
	"slices"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// patternOptions are the arguments that autocluster, basket and diffpatterns share. The text ~ stands for the default.
type patternOptions struct {
	weight    int // column; -1: every row counts 1
	wildcards map[value.Type]value.Value
}

// isDefault says whether an argument is left out.
func (p *plugin) isDefault(i int) bool {
	if i >= len(p.args) {
		return true
	}
	l, ok := unparen(p.args[i].Expr).(*syntax.Literal)
	return ok && l.Value == "~"
}

// share is a number between 0 and 1.
func (p *plugin) share(i int, missing float64) (float64, error) {
	if p.isDefault(i) {
		return missing, nil
	}
	v, err := p.constant(p.args[i].Expr, value.Real)
	if err != nil {
		return 0, err
	}
	f, ok := v.(float64)
	if !ok || f <= 0 || f > 1 {
		return 0, p.errorf(p.args[i].At(), "A number above 0 and up to 1 is expected, and this is %s.", value.Text(v))
	}
	return f, nil
}

func (p *plugin) whole(i, missing int) (int, error) {
	if p.isDefault(i) {
		return missing, nil
	}
	v, err := p.constant(p.args[i].Expr, value.Long)
	if err != nil {
		return 0, err
	}
	n, _ := value.ToLong(v)
	if n < 1 {
		return 0, p.errorf(p.args[i].At(), "A number above 0 is expected, and this is %s.", value.Text(v))
	}
	return int(min(n, 1<<20)), nil
}

// patternOptions binds the column of weights and, from an argument on, what stands in columns that a pattern says nothing of.
func (p *plugin) patternOptions(weight, wildcards int) (*patternOptions, error) {
	o := &patternOptions{weight: -1, wildcards: map[value.Type]value.Value{}}
	if !p.isDefault(weight) {
		x, _, err := p.column(p.args[weight].Expr)
		if err != nil {
			return nil, err
		}
		c, ok := x.(*column)
		if !ok || !value.Numeric(c.t) {
			return nil, p.errorf(p.args[weight].At(), "The weights are a column of numbers.")
		}
		o.weight = c.i
	}
	for i := wildcards; i < len(p.args); i++ {
		if p.isDefault(i) {
			continue
		}
		x, err := p.b.expr(p.args[i].Expr, &scope{env: p.env, op: "evaluate " + p.name})
		if err != nil {
			return nil, err
		}
		c, ok := x.(*constant)
		if !ok {
			return nil, p.errorf(p.args[i].At(), "A constant is expected here.")
		}
		o.wildcards[c.t] = c.v
	}
	return o, nil
}

// columns returns the columns that patterns are of.
func (o *patternOptions) columns(cols []Column, except int) []int {
	var out []int
	for i := range cols {
		if i != o.weight && i != except {
			out = append(out, i)
		}
	}
	return out
}

func (o *patternOptions) weights(rows []Row) []float64 {
	if o.weight < 0 {
		return nil
	}
	out := make([]float64, len(rows))
	for i, row := range rows {
		out[i], _ = value.ToFloat(row[o.weight])
	}
	return out
}

// row makes the columns of a pattern behind others.
func (o *patternOptions) row(head Row, p *pattern, cols []Column, of []int) Row {
	for _, c := range of {
		v, ok := o.wildcards[cols[c].Type]
		if !ok {
			v = value.Zero(cols[c].Type)
		}
		for _, it := range p.items {
			if it.column == c {
				v = it.value
			}
		}
		head = append(head, v)
	}
	return head
}

// patternTable is a plugin whose rows are patterns: columns of numbers, then those of the input.
func (p *plugin) patternTable(head []Column, o *patternOptions, except int, find func(r *run, rows []Row, of []int) ([]Row, error)) node {
	in := p.in.columns()
	of := o.columns(in, except)
	cols := head
	for _, c := range of {
		cols = append(cols, Column{Name: freeName(cols, in[c].Name), Type: in[c].Type})
	}
	return &table{in: p.in, all: true, cols: cols, make: func(r *run, rows []Row) ([]Row, error) {
		if len(rows) == 0 {
			return nil, nil
		}
		return find(r, rows, of)
	}}
}

func countColumns() []Column {
	return []Column{{Name: "SegmentId", Type: value.Long}, {Name: "Count", Type: value.Long}, {Name: "Percent", Type: value.Real}}
}

// basket is basket(threshold, weights, most columns, wildcards...): every pattern that at least that share of the rows has.
func (p *plugin) basket() (node, error) {
	least, err := p.share(0, 0.05)
	if err != nil {
		return nil, err
	}
	most, err := p.whole(2, 5)
	if err != nil {
		return nil, err
	}
	o, err := p.patternOptions(1, 3)
	if err != nil {
		return nil, err
	}
	in := p.in.columns()
	return p.patternTable(countColumns(), o, -1, func(r *run, rows []Row, of []int) ([]Row, error) {
		m := r.newMiner(rows, o.weights(rows), most, least)
		if err := m.mine(of); err != nil {
			return nil, err
		}
		slices.SortStableFunc(m.found, func(a, b *pattern) int { return cmp.Compare(b.size, a.size) })
		var out []Row
		for i, f := range m.found {
			out = append(out, o.row(Row{int64(i), int64(math.Round(f.size)), 100 * f.size / m.total}, f, in, of))
		}
		return out, nil
	}), nil
}

// smallestCluster is the share of the rows that a pattern of autocluster has at least.
const smallestCluster = 0.02

// autocluster is autocluster(weight of size, weights, seeds, wildcards...): a few patterns that together have most of the rows. The next
// pattern is the one that has the most rows that none has yet, weighed against how many columns it tells of.
func (p *plugin) autocluster() (node, error) {
	weight, err := p.share(0, 0.5)
	if err != nil {
		return nil, err
	}
	if _, err := p.whole(2, 1); err != nil { // the number of seeds of a search that is not needed here
		return nil, err
	}
	o, err := p.patternOptions(1, 3)
	if err != nil {
		return nil, err
	}
	in := p.in.columns()
	return p.patternTable(countColumns(), o, -1, func(r *run, rows []Row, of []int) ([]Row, error) {
		m := r.newMiner(rows, o.weights(rows), len(of), smallestCluster)
		if err := m.mine(of); err != nil {
			return nil, err
		}
		chosen := m.cover(weight, len(of))
		slices.SortStableFunc(chosen, func(a, b *pattern) int { return cmp.Compare(b.size, a.size) })
		var out []Row
		for i, f := range chosen {
			out = append(out, o.row(Row{int64(i), int64(math.Round(f.size)), 100 * f.size / m.total}, f, in, of))
		}
		return out, nil
	}), nil
}

// cover chooses patterns until what is left is small.
func (m *miner) cover(weight float64, columns int) []*pattern {
	left := make(rowSet, (len(m.rows)+63)/64)
	for i := range m.rows {
		left[i/64] |= 1 << (i % 64)
	}
	candidates := m.closed()
	fresh := make(rowSet, len(left))
	var chosen []*pattern
	for {
		var best *pattern
		most := 0.0
		for _, c := range candidates {
			score := func(size float64) float64 {
				return math.Pow(size/m.total, weight) * math.Pow(float64(len(c.items))/float64(columns), 1-weight)
			}
			if score(c.size) <= most {
				continue // even if all of its rows were left
			}
			c.rows(fresh)
			fresh.and(fresh, left)
			if size := m.size(fresh); size >= smallestCluster*m.total && score(size) > most {
				best, most = c, score(size)
			}
		}
		if best == nil || m.r.ctx.Err() != nil {
			return chosen
		}
		chosen = append(chosen, best)
		best.rows(fresh)
		for i, w := range fresh {
			left[i] &^= w
		}
	}
}

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
