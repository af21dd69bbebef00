package liveframe

import (
	"fmt"
	"math"
)

// Factor is how much wider each bucket is than the one before: that of schema 3 of Prometheus's native histograms. A percentile is off by less than
// one bucket, 9.1 % of its value.
const Factor = 1.0905077326652577 // 2^(1/8)

const (
	perDoubling = 8
	lowest      = -17 * perDoubling // 7.6 µs; shorter durations count as this
	highest     = 17 * perDoubling  // 36 h; longer ones count as this
	// Buckets is how many buckets a histogram can have.
	Buckets = highest - lowest + 1
)

// Bucket is an index and a count. The bucket with index i holds durations in seconds that are above Factor^(i-1) and at most Factor^i.
type Bucket [2]int64

// Histogram is durations in seconds as it travels: only buckets that hold something, by index.
type Histogram struct {
	Sum     float64  `json:"sum"`
	Max     float64  `json:"max"`
	Buckets []Bucket `json:"buckets,omitempty"`
}

// check refuses what no agent of ours sends. It returns the count.
func (h Histogram) check() (int64, error) {
	if !(h.Sum >= 0 && h.Sum <= maxCount && h.Max >= 0 && h.Max <= maxCount) {
		return 0, fmt.Errorf("sum and max of durations must be between 0 and %g (got %g and %g)", float64(maxCount), h.Sum, h.Max)
	}
	if len(h.Buckets) > Buckets {
		return 0, fmt.Errorf("a histogram must have at most %d buckets (got %d)", Buckets, len(h.Buckets))
	}
	var n int64
	last := int64(lowest) - 1
	for _, b := range h.Buckets {
		if b[0] <= last || b[0] > highest || b[1] < 1 || b[1] > maxCount {
			return 0, fmt.Errorf("bucket %v must have an index above %d, at most %d, and a count between 1 and %d", b, last, highest, maxCount)
		}
		last = b[0]
		n += b[1]
	}
	return n, nil
}

// Counts is a histogram to which durations and other histograms are added. The zero Counts is empty.
type Counts struct {
	n   int64
	sum float64
	max float64
	by  [Buckets]int64
}

// Observe adds one duration in seconds; a negative one counts as 0.
func (c *Counts) Observe(seconds float64) {
	seconds = max(seconds, 0)
	c.n++
	c.sum += seconds
	c.max = max(c.max, seconds)
	c.by[index(seconds)-lowest]++
}

func index(seconds float64) int {
	if seconds <= 0 {
		return lowest
	}
	return int(min(max(math.Ceil(math.Log2(seconds)*perDoubling), lowest), highest))
}

// Add adds a histogram that was checked.
func (c *Counts) Add(h Histogram) {
	c.sum += h.Sum
	c.max = max(c.max, h.Max)
	for _, b := range h.Buckets {
		c.by[b[0]-lowest] += b[1]
		c.n += b[1]
	}
}

// Merge adds another.
func (c *Counts) Merge(o *Counts) {
	if o.n == 0 {
		return
	}
	c.n += o.n
	c.sum += o.sum
	c.max = max(c.max, o.max)
	for i, n := range o.by {
		c.by[i] += n
	}
}

// Count returns how many durations were added.
func (c *Counts) Count() int64 { return c.n }

// Mean returns the mean in seconds; there is none without a duration.
func (c *Counts) Mean() float64 { return c.sum / float64(c.n) }

// Max returns the longest duration in seconds, exactly.
func (c *Counts) Max() float64 { return c.max }

// Histogram returns what was added. The caller owns it.
func (c *Counts) Histogram() Histogram {
	h := Histogram{Sum: c.sum, Max: c.max}
	for i, n := range c.by {
		if n > 0 {
			h.Buckets = append(h.Buckets, Bucket{int64(i + lowest), n})
		}
	}
	return h
}

// Quantile returns the duration in seconds below which the share q of all durations lies, interpolated within its bucket as Prometheus does with
// native histograms. It is not above the longest duration. There is none without a duration.
func (c *Counts) Quantile(q float64) float64 {
	rank := q * float64(c.n)
	var below int64
	for i, n := range c.by {
		if n == 0 || float64(below+n) < rank {
			below += n
			continue
		}
		lower := math.Exp2(float64(i+lowest-1) / perDoubling)
		return min(lower*math.Pow(Factor, (rank-float64(below))/float64(n)), c.max)
	}
	return c.max
}
