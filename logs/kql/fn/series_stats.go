package fn

import (
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// seriesStatsFunctions describe the numbers of a series.
func seriesStatsFunctions() []Scalar {
	stats := seriesFunction("series_stats(series: dynamic, [ignore_nonfinite: bool]): dynamic",
		"Returns the smallest and the greatest element and where they are, the average, the standard deviation and the variance.", func(a []value.Value) (value.Value, error) {
			s, ok := statsOf(a)
			if !ok {
				return nil, nil
			}
			return value.Array{s.min, s.minAt, s.max, s.maxAt, s.avg, s.stdev, s.variance}, nil
		})
	stats.Columns = seriesColumns("series_stats", realColumn("min"), longColumn("min_idx"), realColumn("max"), longColumn("max_idx"),
		realColumn("avg"), realColumn("stdev"), realColumn("variance"))
	return []Scalar{
		stats,
		seriesFunction("series_stats_dynamic(series: dynamic, [ignore_nonfinite: bool]): dynamic",
			"Returns what series_stats does, the sum and the number of elements as a bag.", func(a []value.Value) (value.Value, error) {
				s, ok := statsOf(a)
				if !ok {
					return nil, nil
				}
				b := &value.Bag{}
				setReals(b, "min", s.min)
				b.Set("min_idx", s.minAt)
				setReals(b, "max", s.max)
				b.Set("max_idx", s.maxAt)
				setReals(b, "avg", s.avg, "stdev", s.stdev, "variance", s.variance, "sum", s.sum)
				b.Set("len", s.n)
				return b, nil
			}),
	}
}

type seriesStats struct {
	min, max, avg, stdev, variance, sum float64
	minAt, maxAt, n                     int64
}

// statsOf describes the series a[0]. Elements that are no finite numbers are left out if a[1] is true, and otherwise make it fail.
func statsOf(a []value.Value) (seriesStats, bool) {
	xs, _ := floats(a[0])
	ignore := len(a) > 1 && a[1] == true
	s, of := seriesStats{min: math.Inf(1), max: math.Inf(-1)}, spread{}
	for i, x := range xs {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			if !ignore {
				return s, false
			}
			continue
		}
		if of.add(x); x < s.min {
			s.min, s.minAt = x, int64(i)
		}
		if x > s.max {
			s.max, s.maxAt = x, int64(i)
		}
		s.sum += x
	}
	s.n = of.n
	s.avg, s.variance = s.sum/float64(s.n), perDegree(of.m2, of.n, false)
	s.stdev = math.Sqrt(s.variance)
	return s, s.n > 0
}
