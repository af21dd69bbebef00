package fn

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/endscope/endscope/logs/kql/value"
)

// seriesOutlierFunctions score how far elements lie outside of what is usual in their series.
func seriesOutlierFunctions() []Scalar {
	return []Scalar{
		seriesFunction("series_outliers(series: dynamic, [kind: string], [ignore_val: number], [min_percentile: number], [max_percentile: number], [test_points: long]): dynamic",
			"Scores every element by Tukey's fences: above 1.5 it is unusually high, below -1.5 unusually low.", func(a []value.Value) (value.Value, error) {
				in := a[0].(value.Array)
				kind := "ctukey"
				if len(a) > 1 && a[1] != nil && a[1] != "" {
					kind = a[1].(string)
				}
				low, high, err := fences(kind)
				if err != nil {
					return nil, fmt.Errorf("series_outliers(): %w", err)
				}
				if kind == "ctukey" {
					low, high = realOr(a, 3, low), realOr(a, 4, high)
					if !(low >= 2 && low < high && high <= 98) {
						return nil, fmt.Errorf("series_outliers(): the percentiles must be from 2 to 98, the lower one first (got %v and %v)", low, high)
					}
				}
				ignore := placeholder(a, 2)
				xs := make([]float64, len(in))
				for i, v := range in {
					x, ok := number(v)
					if xs[i] = x; !ok || ignore(v) {
						xs[i] = math.NaN()
					}
				}
				points, err := testPoints(a, 5, len(xs))
				if err != nil {
					return nil, fmt.Errorf("series_outliers(): %w", err)
				}
				return series(outlierScores(xs, len(xs)-points, low, high, 0)), nil
			}),
	}
}

// fences returns the percentiles between which the values of a kind of test are usual.
func fences(kind string) (low, high float64, err error) {
	switch kind {
	case "ctukey":
		return 10, 90, nil
	case "tukey":
		return 25, 75, nil
	}
	return 0, 0, fmt.Errorf("the kind of the test must be 'tukey' or 'ctukey' (got '%s')", kind)
}

// testPoints reads argument i, the number of elements at the end of a series of n that are not learned from.
func testPoints(a []value.Value, i, n int) (int, error) {
	points := realOr(a, i, 0)
	if points < 0 {
		return 0, fmt.Errorf("the number of test points must not be negative (got %v)", points)
	}
	return int(min(points, float64(n))), nil
}

// realOr returns argument i, or missing where it is left out or null.
func realOr(a []value.Value, i int, missing float64) float64 {
	if i < len(a) {
		if f, ok := value.ToFloat(a[i]); ok {
			return f
		}
	}
	return missing
}

// outlierScores scores every element by how many widths of the range between two percentiles it lies outside of that range. The percentiles
// are those of the first learn elements. NaN scores 0. scale is the size of values beside which differences below 10^-9 of it mean nothing;
// without it, that of the elements themselves.
func outlierScores(xs []float64, learn int, low, high, scale float64) []float64 {
	var sorted []float64
	for i, x := range xs {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			scale = max(scale, math.Abs(x))
			if i < learn {
				sorted = append(sorted, x)
			}
		}
	}
	scores := make([]float64, len(xs))
	if len(sorted) == 0 {
		return scores
	}
	slices.Sort(sorted)
	bottom, top := quantile(sorted, low/100), quantile(sorted, high/100)
	// A series that never varies would make everything else infinitely unusual, even what is only rounding.
	width := max(top-bottom, 1e-9*scale)
	for i, x := range xs {
		switch {
		case math.IsNaN(x) || width == 0:
		case x > top:
			scores[i] = (x - top) / width
		case x < bottom:
			scores[i] = (x - bottom) / width
		}
	}
	return scores
}

// quantile returns the quantile q in [0, 1] of sorted values, interpolated between neighbours.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-1)
	j := min(i+1, len(sorted)-1)
	return sorted[i] + (sorted[j]-sorted[i])*(at-float64(i))
}

var errNoTrend = errors.New("the trend must be 'avg', 'linefit' or 'none'")
