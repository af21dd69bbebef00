package fn

import (
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// seriesReduceFunctions make one number of a series, or of two.
func seriesReduceFunctions() []Scalar {
	reduce := func(name, help string, f func(xs []float64) float64) Scalar {
		return Scalar{Signature: Signature{Text: name + "(series: dynamic): real", Help: help}, Make: simple(func(a []value.Value) value.Value {
			if xs, ok := numbersOnly(a[0]); ok {
				return f(xs)
			}
			return nil
		})}
	}
	const binary = "(series1: dynamic|number, series2: dynamic|number): real"
	return []Scalar{
		reduce("series_sum", "Adds the numbers of a series.", func(xs []float64) float64 {
			sum := 0.0
			for _, x := range xs {
				sum += x
			}
			return sum
		}),
		reduce("series_product", "Multiplies the numbers of a series.", func(xs []float64) float64 {
			product := 1.0
			for _, x := range xs {
				product *= x
			}
			return product
		}),
		reduce("series_magnitude", "Returns the length of a series as a vector.", func(xs []float64) float64 { return math.Sqrt(dot(xs, xs)) }),
		{
			Signature: Signature{Text: "series_dot_product" + binary, Help: "Returns the dot product of two series; the longer one is cut."},
			Make: simple(func(a []value.Value) value.Value {
				if x, y, ok := vectors(a[0], a[1]); ok {
					return dot(x, y)
				}
				return nil
			}),
		},
		{
			Signature: Signature{Text: "series_cosine_similarity(series1: dynamic, series2: dynamic, [magnitude1: number], [magnitude2: number]): real",
				Help: "Returns the cosine of the angle between two series as vectors; the longer one is cut."},
			Make: simple(func(a []value.Value) value.Value {
				x, y, ok := vectors(a[0], a[1])
				if !ok {
					return nil
				}
				length1, length2 := math.Sqrt(dot(x, x)), math.Sqrt(dot(y, y))
				if len(a) > 2 {
					length1, _ = value.ToFloat(a[2])
				}
				if len(a) > 3 {
					length2, _ = value.ToFloat(a[3])
				}
				return dot(x, y) / (length1 * length2)
			}),
		},
		{
			Signature: Signature{Text: "series_pearson_correlation(series1: dynamic, series2: dynamic): real",
				Help: "Returns the correlation of two series of numbers of one length."},
			Make: simple(func(a []value.Value) value.Value {
				x, ok1 := finite(a[0])
				y, ok2 := finite(a[1])
				if !ok1 || !ok2 || len(x) != len(y) {
					return nil
				}
				return correlation(x, y)
			}),
		},
	}
}

func dot(x, y []float64) float64 {
	sum := 0.0
	for i := range min(len(x), len(y)) {
		sum += x[i] * y[i]
	}
	return sum
}

// vectors returns the pairs of numbers of two series up to the end of the shorter one. A number stands for a series of it. False means that
// there is no series, or an empty one.
func vectors(v, w value.Value) (x, y []float64, ok bool) {
	a, isArray1 := v.(value.Array)
	b, isArray2 := w.(value.Array)
	n := min(len(a), len(b))
	switch {
	case !isArray1 && !isArray2:
		return nil, nil, false
	case !isArray1:
		n = len(b)
	case !isArray2:
		n = len(a)
	}
	for i := range n {
		e, f := v, w
		if isArray1 {
			e = a[i]
		}
		if isArray2 {
			f = b[i]
		}
		p, ok1 := number(e)
		q, ok2 := number(f)
		if ok1 && ok2 {
			x, y = append(x, p), append(y, q)
		}
	}
	return x, y, n > 0
}

// correlation is Pearson's; NaN where one of the two series does not vary.
func correlation(x, y []float64) float64 {
	meanX, meanY := mean(x), mean(y)
	var xy, xx, yy float64
	for i := range x {
		dx, dy := x[i]-meanX, y[i]-meanY
		xy, xx, yy = xy+dx*dy, xx+dx*dx, yy+dy*dy
	}
	if both := xx * yy; both > 0 && !math.IsInf(both, 0) {
		return xy / math.Sqrt(both)
	}
	return xy / (math.Sqrt(xx) * math.Sqrt(yy))
}

// mean of no values is NaN.
func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}
