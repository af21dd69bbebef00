package kql

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/endscope/endscope/logs/kql/value"
)

// A pattern is values of some columns that rows have in common, such as Region = "west" and Code = 500. This file finds all that enough rows
// have; op_evaluate_cluster.go chooses among them.

// maxPatterns bounds the patterns that are looked at.
const maxPatterns = 200_000

// rowSet is a set of rows, a bit for each.
type rowSet []uint64

func (s rowSet) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// and writes what a and b have in common to s.
func (s rowSet) and(a, b rowSet) {
	for i := range s {
		s[i] = a[i] & b[i]
	}
}

// item is one value of a column, with the rows that have it.
type item struct {
	column int
	value  value.Value
	rows   rowSet
}

// pattern is items of different columns.
type pattern struct {
	items []*item
	size  float64   // the rows that have them all, or the sum of their weights
	mark  [2]uint64 // of the rows: patterns with the same rows have the same
}

// rows writes the rows that have all items to set.
func (p *pattern) rows(set rowSet) {
	copy(set, p.items[0].rows)
	for _, it := range p.items[1:] {
		set.and(set, it.rows)
	}
}

// mark is a hash of a set in 128 bits, so that two sets with the same one are taken for the same.
func (s rowSet) mark() [2]uint64 {
	m := [2]uint64{14695981039346656037, 0x9e3779b97f4a7c15}
	for _, w := range s {
		m[0] = (m[0] ^ w) * 1099511628211
		m[0] ^= m[0] >> 29
		m[1] = (m[1] + w) * 0xbf58476d1ce4e5b9
		m[1] ^= m[1] >> 31
	}
	return m
}

// miner finds patterns.
type miner struct {
	r        *run
	rows     []Row
	weights  []float64 // nil: every row counts 1
	total    float64
	items    []*item // those that are large enough, by column
	most     int     // items of a pattern
	enough   func(rows rowSet, size float64) bool
	smallest float64 // no pattern is smaller
	found    []*pattern
	sets     []rowSet // by the number of items: the rows of the pattern that is being extended
}

// newMiner makes a miner for patterns of at least a share of the rows.
func (r *run) newMiner(rows []Row, weights []float64, most int, least float64) *miner {
	m := &miner{r: r, rows: rows, weights: weights, most: most, total: float64(len(rows))}
	if weights != nil {
		m.total = 0
		for _, w := range weights {
			m.total += w
		}
	}
	m.smallest = least * m.total
	m.enough = func(_ rowSet, size float64) bool { return size > 0 && size >= m.smallest }
	return m
}

// read reads the items of columns. Missing values are none.
func (m *miner) read(columns []int) error {
	r, rows, weights := m.r, m.rows, m.weights
	words := (len(rows) + 63) / 64
	for _, c := range columns {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		byValue := map[string][]int32{}
		var order []string
		var key []byte
		for i, row := range rows {
			v := row[c]
			if v == nil || v == "" {
				continue
			}
			key = value.AppendKey(key[:0], v)
			if _, ok := byValue[string(key)]; !ok {
				order = append(order, string(key))
			}
			byValue[string(key)] = append(byValue[string(key)], int32(i))
		}
		for _, k := range order {
			at := byValue[k]
			size := float64(len(at))
			if weights != nil {
				size = 0
				for _, i := range at {
					size += weights[i]
				}
			}
			if size < m.smallest {
				continue
			}
			set := make(rowSet, words)
			for _, i := range at {
				set[i/64] |= 1 << (i % 64)
			}
			if !m.enough(set, size) {
				continue
			}
			if err := r.budget.take(8*words + 64); err != nil {
				return err
			}
			m.items = append(m.items, &item{column: c, value: rows[at[0]][c], rows: set})
		}
	}
	return nil
}

// size is the weight of rows.
func (m *miner) size(rows rowSet) float64 {
	if m.weights == nil {
		return float64(rows.count())
	}
	sum := 0.0
	for i, w := range rows {
		for ; w != 0; w &= w - 1 {
			sum += m.weights[64*i+bits.TrailingZeros64(w)]
		}
	}
	return sum
}

// mine finds every pattern of columns, of up to most items, that is large enough.
func (m *miner) mine(columns []int) error {
	if err := m.read(columns); err != nil {
		return err
	}
	all := make(rowSet, (len(m.rows)+63)/64)
	for i := range m.rows {
		all[i/64] |= 1 << (i % 64)
	}
	m.sets = []rowSet{all}
	return m.extend(nil, 0)
}

func (m *miner) extend(items []*item, from int) error {
	depth := len(items)
	if len(m.sets) <= depth+1 {
		m.sets = append(m.sets, make(rowSet, len(m.sets[0])))
	}
	rows, set := m.sets[depth], m.sets[depth+1]
	for i := from; i < len(m.items); i++ {
		it := m.items[i]
		if depth > 0 && items[depth-1].column == it.column {
			continue
		}
		set.and(rows, it.rows)
		size := m.size(set)
		if !m.enough(set, size) {
			continue
		}
		if len(m.found) >= maxPatterns {
			return &LimitError{What: "patterns", Limit: fmt.Sprint(maxPatterns), Hint: "project fewer columns, or ask for larger patterns"}
		}
		if err := m.r.ctx.Err(); err != nil {
			return err
		}
		p := &pattern{items: append(slices.Clone(items), it), size: size, mark: set.mark()}
		if err := m.r.budget.take(8*len(p.items) + 96); err != nil {
			return err
		}
		m.found = append(m.found, p)
		if len(p.items) < m.most {
			if err := m.extend(p.items, i+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// closed keeps of the patterns with the same rows only the longest, which says the most about them.
func (m *miner) closed() []*pattern {
	best := map[[2]uint64]*pattern{}
	var order [][2]uint64
	for _, p := range m.found {
		have := best[p.mark]
		if have == nil {
			order = append(order, p.mark)
		}
		if have == nil || len(have.items) < len(p.items) {
			best[p.mark] = p
		}
	}
	out := make([]*pattern, len(order))
	for i, mark := range order {
		out[i] = best[mark]
	}
	return out
}
