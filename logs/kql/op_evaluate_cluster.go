package kql

import (
	"cmp"
	"math"
	"slices"
)

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
