package query

import "slices"

// spans are stretches of time (from, to] in milliseconds, sorted, none of which touch.
type spans []span

type span struct{ from, to int64 }

// add returns the union with one more span. Adding at the end is cheap.
func (s spans) add(from, to int64) spans {
	if from >= to {
		return s
	}
	if n := len(s); n == 0 || s[n-1].to < from {
		return append(s, span{from, to})
	}
	i, _ := slices.BinarySearchFunc(s, from, func(x span, t int64) int { // the first that ends at or after from
		switch {
		case x.to < t:
			return -1
		case x.to > t:
			return 1
		}
		return 0
	})
	j := i
	for j < len(s) && s[j].from <= to {
		from, to = min(from, s[j].from), max(to, s[j].to)
		j++
	}
	return slices.Replace(s, i, j, span{from, to})
}

// find returns the index of the first span that ends after t.
func (s spans) find(t int64) int {
	lo, hi := 0, len(s)
	for lo < hi {
		if mid := (lo + hi) / 2; s[mid].to > t {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// covers says whether all of (from, to] is in a span.
func (s spans) covers(from, to int64) bool {
	i := s.find(from)
	return i < len(s) && s[i].from <= from && to <= s[i].to
}

// overlaps says whether any of (from, to] is in a span.
func (s spans) overlaps(from, to int64) bool {
	i := s.find(from)
	return i < len(s) && s[i].from < to
}
