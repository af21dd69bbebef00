package fn

import (
	"errors"
	"fmt"
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// seriesFitFunctions fit lines and polynomials to series by least squares. The element number i stands at x = i+1 unless x is given. A series
// with an element that is no finite number has no fit: all results are null.
func seriesFitFunctions() []Scalar {
	line := seriesFunction("series_fit_line(series: dynamic): dynamic", "Fits a line to a series.", func(a []value.Value) (value.Value, error) {
		y, ok := finite(a[0])
		if !ok {
			return nil, nil
		}
		f := fitLine(y)
		return value.Array{f.rsquare, f.slope, f.variance, f.rvariance, f.interception, series(f.values)}, nil
	})
	line.Columns = seriesColumns("series_fit_line", realColumn("rsquare"), realColumn("slope"), realColumn("variance"), realColumn("rvariance"),
		realColumn("interception"), dynamicColumn("line_fit"))
	lines := seriesFunction("series_fit_2lines(series: dynamic): dynamic", "Fits two lines to a series, split where they fit best.", func(a []value.Value) (value.Value, error) {
		y, ok := finite(a[0])
		if !ok {
			return nil, nil
		}
		whole, split, left, right := fitTwoLines(y)
		return value.Array{whole.rsquare, int64(split), whole.variance, whole.rvariance, series(whole.values),
			right.rsquare, right.slope, right.interception, right.variance, right.rvariance,
			left.rsquare, left.slope, left.interception, left.variance, left.rvariance}, nil
	})
	lines.Columns = seriesColumns("series_fit_2lines", realColumn("rsquare"), longColumn("split_idx"), realColumn("variance"), realColumn("rvariance"),
		dynamicColumn("line_fit"), realColumn("right_rsquare"), realColumn("right_slope"), realColumn("right_interception"),
		realColumn("right_variance"), realColumn("right_rvariance"), realColumn("left_rsquare"), realColumn("left_slope"),
		realColumn("left_interception"), realColumn("left_variance"), realColumn("left_rvariance"))
	poly := seriesFunction("series_fit_poly(y_series: dynamic, [x_series: dynamic], [degree: long]): dynamic",
		"Fits a polynomial to a series of y, given the x (1, 2, 3 and so on if left out) and the degree (1 if left out).", fitPoly)
	poly.Columns = seriesColumns("series_fit_poly", realColumn("rsquare"), dynamicColumn("coefficients"), realColumn("variance"),
		realColumn("rvariance"), dynamicColumn("poly_fit"))
	return []Scalar{
		line, lines, poly,
		seriesFunction("series_fit_line_dynamic(series: dynamic): dynamic", "Fits a line to a series and returns a bag.", func(a []value.Value) (value.Value, error) {
			y, ok := finite(a[0])
			if !ok {
				return nil, nil
			}
			f := fitLine(y)
			b := &value.Bag{}
			setReals(b, "rsquare", f.rsquare, "slope", f.slope, "variance", f.variance, "rvariance", f.rvariance, "interception", f.interception)
			b.Set("line_fit", series(f.values))
			return b, nil
		}),
		seriesFunction("series_fit_2lines_dynamic(series: dynamic): dynamic", "Fits two lines to a series and returns a bag.", func(a []value.Value) (value.Value, error) {
			y, ok := finite(a[0])
			if !ok {
				return nil, nil
			}
			whole, split, left, right := fitTwoLines(y)
			b := &value.Bag{}
			setReals(b, "rsquare", whole.rsquare)
			b.Set("split_idx", int64(split))
			setReals(b, "variance", whole.variance, "rvariance", whole.rvariance)
			b.Set("line_fit", series(whole.values))
			b.Set("right", sideBag(right))
			b.Set("left", sideBag(left))
			return b, nil
		}),
	}
}

func sideBag(f fit) *value.Bag {
	b := &value.Bag{}
	setReals(b, "rsquare", f.rsquare, "slope", f.slope, "interception", f.interception, "variance", f.variance, "rvariance", f.rvariance)
	return b
}

// setReals sets pairs of a key and a float64.
func setReals(b *value.Bag, pairs ...any) {
	for i := 0; i < len(pairs); i += 2 {
		b.Set(pairs[i].(string), pairs[i+1])
	}
}

// fit is a line y = slope*x + interception and how well it fits.
type fit struct {
	slope, interception float64
	values              []float64 // the line at every x
	quality
}

// quality compares a fit with the values: their variance, that of what the fit leaves, and the share that the fit explains.
type quality struct{ rsquare, variance, rvariance float64 }

func fitLine(y []float64) fit {
	n := float64(len(y))
	meanX, meanY := (n+1)/2, mean(y)
	var xy, xx float64
	for i, v := range y {
		dx := float64(i+1) - meanX
		xy, xx = xy+dx*(v-meanY), xx+dx*dx
	}
	f := fit{values: make([]float64, len(y))}
	if xx > 0 {
		f.slope = xy / xx
	}
	f.interception = meanY - f.slope*meanX
	for i := range y {
		f.values[i] = f.slope*float64(i+1) + f.interception
	}
	f.quality = qualityOf(y, f.values)
	return f
}

func qualityOf(y, fitted []float64) quality {
	of, rest := spread{}, spread{}
	for i, v := range y {
		of.add(v)
		rest.add(v - fitted[i])
	}
	q := quality{variance: perDegree(of.m2, of.n, false), rvariance: perDegree(rest.m2, rest.n, false)}
	if q.rsquare = 1; of.m2 > 0 {
		q.rsquare = 1 - rest.m2/of.m2
	}
	return q
}

// fitTwoLines fits a line to each of two parts of a series; split is the index of the first element of the right one. A series of fewer than
// four elements is all left. whole has the values and quality of both, and no slope.
func fitTwoLines(y []float64) (whole fit, split int, left, right fit) {
	n := len(y)
	split = n
	if n >= 4 {
		// The sums from either end give the rest of every split in one pass.
		before, after := restsOfLines(y, false), restsOfLines(y, true)
		best := math.Inf(1)
		for k := 2; k <= n-2; k++ {
			if rest := before[k] + after[n-k]; rest < best {
				best, split = rest, k
			}
		}
	}
	left = fitLine(y[:split])
	if split < n {
		right = fitLine(y[split:])
	}
	whole.values = append(append([]float64{}, left.values...), right.values...)
	whole.quality = qualityOf(y, whole.values)
	return whole, split, left, right
}

// restsOfLines returns, for every k, the sum of squares that a line leaves of the first k elements (or of the last k, reversed).
func restsOfLines(y []float64, reversed bool) []float64 {
	rests := make([]float64, len(y)+1)
	var n, meanX, meanY, xx, xy, yy float64
	for k := range y {
		v := y[k]
		if reversed {
			v = y[len(y)-1-k]
		}
		n++
		dx, dy := float64(k)-meanX, v-meanY
		meanX += dx / n
		meanY += dy / n
		xx += dx * (float64(k) - meanX)
		xy += dx * (v - meanY)
		yy += dy * (v - meanY)
		rests[k+1] = yy
		if xx > 0 {
			rests[k+1] = max(yy-xy*xy/xx, 0)
		}
	}
	return rests
}

// polyMaxDegree bounds the degree of a polynomial: beyond, doubles carry no information.
const polyMaxDegree = 32

func fitPoly(a []value.Value) (value.Value, error) {
	y, ok := finite(a[0])
	if !ok {
		return nil, nil
	}
	degree := int64(1)
	if len(a) > 2 && a[2] != nil {
		degree = a[2].(int64)
	}
	if degree < 1 || degree > polyMaxDegree {
		return nil, fmt.Errorf("series_fit_poly(): the degree must be from 1 to %d (got %d)", polyMaxDegree, degree)
	}
	x := make([]float64, len(y))
	for i := range x {
		x[i] = float64(i + 1)
	}
	if len(a) > 1 && a[1] != nil {
		if x, ok = finite(a[1]); !ok {
			return nil, nil
		}
		if len(x) != len(y) {
			return nil, errors.New("series_fit_poly(): the series of x and of y must have one length")
		}
	}
	coefficients, fitted, ok := polynomial(x, y, int(degree))
	if !ok {
		return nil, nil
	}
	q := qualityOf(y, fitted)
	return value.Array{q.rsquare, series(coefficients), q.variance, q.rvariance, series(fitted)}, nil
}
