package fn

import (
	"fmt"
	"math"
	"slices"

	"github.com/endscope/endscope/logs/kql/value"
)

// seriesDecomposeFunctions split a series into what repeats (the season), what drifts (the trend) and the rest. Elements that are no finite
// numbers are not learned from and have no rest.
func seriesDecomposeFunctions() []Scalar {
	decompose := seriesFunction("series_decompose(series: dynamic, [seasonality: long], [trend: string], [test_points: long], [seasonality_threshold: real]): dynamic",
		"Splits a series into baseline (seasonal + trend), seasonal, trend and residual. seasonality is a period, 0 for none or -1 to find it; trend is avg, linefit or none.",
		func(a []value.Value) (value.Value, error) {
			d, err := decomposeArgs("series_decompose", a, 1, 2, 3, 4, "avg")
			if err != nil {
				return nil, err
			}
			return value.Array{series(d.baseline), series(d.seasonal), series(d.trend), series(d.residual)}, nil
		})
	decompose.Columns = seriesColumns("series_decompose", dynamicColumn("baseline"), dynamicColumn("seasonal"), dynamicColumn("trend"), dynamicColumn("residual"))

	anomalies := seriesFunction("series_decompose_anomalies(series: dynamic, [threshold: real], [seasonality: long], [trend: string], [test_points: long], [ad_method: string], [seasonality_threshold: real]): dynamic",
		"Finds anomalies in a series: flags 1, -1 and 0, the scores (series_outliers of the residual) that a threshold, 1.5, makes flags, and the baseline.",
		decomposeAnomalies)
	anomalies.Columns = seriesColumns("series_decompose_anomalies", dynamicColumn("ad_flag"), dynamicColumn("ad_score"), dynamicColumn("baseline"))

	return []Scalar{
		decompose, anomalies,
		seriesFunction("series_decompose_forecast(series: dynamic, points: long, [seasonality: long], [trend: string], [seasonality_threshold: real]): dynamic",
			"Forecasts the last points of a series from those before; the trend is linefit if left out.", func(a []value.Value) (value.Value, error) {
				d, err := decomposeArgs("series_decompose_forecast", a, 2, 3, 1, 4, "linefit")
				if err != nil {
					return nil, err
				}
				return series(d.baseline), nil
			}),
		seriesFunction("series_seasonal(series: dynamic, [period: long], [test_points: long]): dynamic",
			"Returns the seasonal part of a series: for every phase of the period, which is found if it is left out or -1, the median.", func(a []value.Value) (value.Value, error) {
				xs, _ := floats(a[0])
				points, err := testPoints(a, 2, len(xs))
				if err != nil {
					return nil, fmt.Errorf("series_seasonal(): %w", err)
				}
				return series(seasonal(xs, len(xs)-points, realOr(a, 1, -1), 0)), nil
			}),
	}
}

type decomposition struct{ baseline, seasonal, trend, residual []float64 }

// decomposeArgs decomposes the series a[0]. The numbers tell which arguments say what.
func decomposeArgs(name string, a []value.Value, seasonalityAt, trendAt, pointsAt, thresholdAt int, trend string) (*decomposition, error) {
	xs, _ := floats(a[0])
	points, err := testPoints(a, pointsAt, len(xs))
	if err == nil {
		if trendAt < len(a) && a[trendAt] != nil && a[trendAt] != "" {
			trend = a[trendAt].(string)
		}
		var d *decomposition
		if d, err = decomposeSeries(xs, len(xs)-points, realOr(a, seasonalityAt, -1), trend, realOr(a, thresholdAt, 0.6)); err == nil {
			return d, nil
		}
	}
	return nil, fmt.Errorf("%s(): %w", name, err)
}

// decomposeSeries learns from the first learn elements. The season is taken first, the trend from what it leaves.
func decomposeSeries(xs []float64, learn int, seasonality float64, trend string, threshold float64) (*decomposition, error) {
	d := &decomposition{seasonal: seasonal(xs, learn, seasonality, threshold), baseline: make([]float64, len(xs)), residual: make([]float64, len(xs))}
	rest := make([]float64, len(xs))
	for i, x := range xs {
		if rest[i] = x - d.seasonal[i]; math.IsInf(x, 0) {
			rest[i] = math.NaN()
		}
	}
	var err error
	if d.trend, err = trendOf(rest, learn, trend); err != nil {
		return nil, err
	}
	for i := range xs {
		d.baseline[i] = d.seasonal[i] + d.trend[i]
		d.residual[i] = rest[i] - d.trend[i]
	}
	return d, nil
}

// seasonal returns the season at every element: for a positive period the median of the learned elements in one phase, for -1 that of the
// best period whose score is at least threshold, and otherwise 0.
func seasonal(xs []float64, learn int, seasonality, threshold float64) []float64 {
	out := make([]float64, len(xs))
	p := int(seasonality)
	if seasonality < 0 {
		p = 0
		if found := detectPeriods(xs[:learn], 0, float64(learn)); len(found) > 0 && found[0].score >= threshold {
			p = int(found[0].length)
		}
	}
	if p < 1 || p > learn {
		return out
	}
	for phase := range min(p, len(xs)) {
		var same []float64
		for i := phase; i < learn; i += p {
			if !math.IsNaN(xs[i]) && !math.IsInf(xs[i], 0) {
				same = append(same, xs[i])
			}
		}
		if len(same) == 0 {
			continue
		}
		slices.Sort(same)
		m := (same[(len(same)-1)/2] + same[len(same)/2]) / 2
		for i := phase; i < len(xs); i += p {
			out[i] = m
		}
	}
	return out
}

// trendOf returns the trend at every element, learned from the first ones. NaN is not learned from.
func trendOf(xs []float64, learn int, kind string) ([]float64, error) {
	out := make([]float64, len(xs))
	var n, meanX, meanY, xx, xy float64
	for i, y := range xs[:learn] {
		if math.IsNaN(y) {
			continue
		}
		n++
		dx := float64(i) - meanX
		meanX += dx / n
		meanY += (y - meanY) / n
		xx += dx * (float64(i) - meanX)
		xy += dx * (y - meanY)
	}
	slope := 0.0
	switch kind {
	case "none":
		return out, nil
	case "avg":
	case "linefit":
		if xx > 0 {
			slope = xy / xx
		}
	default:
		return nil, fmt.Errorf("%w (got '%s')", errNoTrend, kind)
	}
	for i := range out {
		out[i] = meanY + slope*(float64(i)-meanX)
	}
	return out, nil
}

func decomposeAnomalies(a []value.Value) (value.Value, error) {
	const name = "series_decompose_anomalies"
	threshold := realOr(a, 1, 1.5)
	method := "ctukey"
	if len(a) > 5 && a[5] != nil && a[5] != "" {
		method = a[5].(string)
	}
	low, high, err := fences(method)
	if err != nil {
		return nil, fmt.Errorf("%s(): %w", name, err)
	}
	d, err := decomposeArgs(name, a, 2, 3, 4, 6, "avg")
	if err != nil {
		return nil, err
	}
	xs, _ := floats(a[0])
	points, err := testPoints(a, 4, len(xs))
	if err != nil {
		return nil, fmt.Errorf("%s(): %w", name, err)
	}
	scale := 0.0
	for _, x := range xs {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			scale = max(scale, math.Abs(x))
		}
	}
	scores := outlierScores(d.residual, len(xs)-points, low, high, scale)
	flags := make(value.Array, len(scores))
	for i, s := range scores {
		switch {
		case s > threshold:
			flags[i] = int64(1)
		case s < -threshold:
			flags[i] = int64(-1)
		default:
			flags[i] = int64(0)
		}
	}
	return value.Array{flags, series(scores), series(d.baseline)}, nil
}
