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

// common counts what two sets have in common.
func (s rowSet) common(o rowSet) int {
	n := 0
	for i, w := range s {
		n += bits.OnesCount64(w & o[i])
	}
	return n
}

// item is one value of a column, with the rows that have it.
type item struct {
	column int
	value  value.Value
	rows   rowSet
}

// pattern is items of different columns, with the rows that have them all.
type pattern struct {
	items []*item
	rows  rowSet
	size  float64 // the rows, or the sum of their weights
}

// miner finds patterns.
type miner struct {
	r       *run
	rows    []Row
	weights []float64 // nil: every row counts 1
	total   float64
	items   []*item // those that are large enough, by column
	most    int     // items of a pattern
	enough  func(rows rowSet, size float64) bool
	found   []*pattern
}

// newMiner reads the items of columns. Missing values are none.
func (r *run) newMiner(rows []Row, columns []int, weights []float64, most int, enough func(m *miner, rows rowSet, size float64) bool) (*miner, error) {
	m := &miner{r: r, rows: rows, weights: weights, most: most, total: float64(len(rows))}
	m.enough = func(rows rowSet, size float64) bool { return enough(m, rows, size) }
	if weights != nil {
		m.total = 0
		for _, w := range weights {
			m.total += w
		}
	}
	words := (len(rows) + 63) / 64
	for _, c := range columns {
		if err := r.ctx.Err(); err != nil {
			return nil, err
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
			set := make(rowSet, words)
			for _, i := range at {
				set[i/64] |= 1 << (i % 64)
			}
			if !m.enough(set, m.size(set)) {
				continue
			}
			if err := r.budget.take(8*words + 64); err != nil {
				return nil, err
			}
			m.items = append(m.items, &item{column: c, value: rows[at[0]][c], rows: set})
		}
	}
	return m, nil
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

// mine finds every pattern of up to most items that is large enough.
func (m *miner) mine() error {
	all := make(rowSet, (len(m.rows)+63)/64)
	for i := range m.rows {
		all[i/64] |= 1 << (i % 64)
	}
	return m.extend(nil, all, 0)
}

func (m *miner) extend(items []*item, rows rowSet, from int) error {
	for i := from; i < len(m.items); i++ {
		it := m.items[i]
		if len(items) > 0 && items[len(items)-1].column == it.column {
			continue
		}
		set := make(rowSet, len(rows))
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
		p := &pattern{items: append(slices.Clone(items), it), rows: set, size: size}
		if err := m.r.budget.take(8*len(set) + 16*len(p.items) + 64); err != nil {
			return err
		}
		m.found = append(m.found, p)
		if len(p.items) < m.most {
			if err := m.extend(p.items, set, i+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// closed keeps of the patterns with the same rows only the longest, which says the most about them.
func (m *miner) closed() []*pattern {
	bySet := map[string]*pattern{}
	var order []string
	for _, p := range m.found {
		key := make([]byte, 0, 8*len(p.rows))
		for _, w := range p.rows {
			for shift := 0; shift < 64; shift += 8 {
				key = append(key, byte(w>>shift))
			}
		}
		k := string(key)
		if have := bySet[k]; have == nil {
			order = append(order, k)
		} else if len(have.items) >= len(p.items) {
			continue
		}
		bySet[k] = p
	}
	out := make([]*pattern, len(order))
	for i, k := range order {
		out[i] = bySet[k]
	}
	return out
}
