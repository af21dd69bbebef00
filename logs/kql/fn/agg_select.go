package fn

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// rankOf returns the nearest rank of percentile p in [0, 100] among n > 0 values, from 1 to n: the smallest k with k/n >= p/100.
func rankOf(p, n float64) float64 {
	exact := p * n / 100
	// p is seldom exact in binary: 99.9 percent of 1000 must be 999 although the product may come out above it.
	return min(max(math.Ceil(exact*(1-1e-14)), 1), n)
}

// selectRanks moves, for every 0-based rank, the element that sorting would put there to its place. ranks are sorted. It takes linear time
// for a few ranks. NaN must not be among the values.
func selectRanks[T cmp.Ordered](a []T, ranks []int) {
	selectWithin(a, 0, ranks, 2*bits.Len(uint(len(a))))
}

// selectWithin works on the part of the whole that begins at offset. depth bounds the number of bad pivots.
func selectWithin[T cmp.Ordered](a []T, offset int, ranks []int, depth int) {
	const small = 32
	for len(ranks) > 0 {
		if len(a) <= small || depth == 0 || len(ranks) > len(a)/8 {
			slices.Sort(a)
			return
		}
		depth--
		low, high := partition(a, pivot(a))
		left, _ := slices.BinarySearch(ranks, offset+low)
		right, _ := slices.BinarySearch(ranks, offset+high)
		selectWithin(a[:low], offset, ranks[:left], depth)
		a, offset, ranks = a[high:], offset+high, ranks[right:]
	}
}

// pivot returns the median of nine elements spread over a.
func pivot[T cmp.Ordered](a []T) T {
	n := len(a)
	third := func(i, j, k int) T {
		x, y, z := a[i], a[j], a[k]
		return max(min(x, y), min(max(x, y), z))
	}
	x, y, z := third(0, n/8, n/4), third(3*n/8, n/2, 5*n/8), third(3*n/4, 7*n/8, n-1)
	return max(min(x, y), min(max(x, y), z))
}

// partition orders a into what is below p, equal to it and above it; [low, high) holds the equal ones.
func partition[T cmp.Ordered](a []T, p T) (low, high int) {
	high = len(a)
	for i := 0; i < high; {
		switch x := a[i]; {
		case x < p:
			a[i], a[low] = a[low], x
			low++
			i++
		case x > p:
			high--
			a[i], a[high] = a[high], x
		default:
			i++
		}
	}
	return low, high
}
