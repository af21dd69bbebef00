package fn

import (
	"cmp"
	"fmt"
	"math"
	"math/cmplx"
	"slices"

	"github.com/endscope/endscope/logs/kql/value"
)

// minPeriod is the shortest period that is looked for, in elements. The longest is half of the series.
const minPeriod = 4

// seriesPeriodFunctions find periods in series. The names of the second columns differ in the reference's answers.
func seriesPeriodFunctions() []Scalar {
	detect := seriesFunction("series_periods_detect(series: dynamic, min_period: real, max_period: real, num_periods: long): dynamic",
		"Finds the most significant periods of a series, in elements, with scores from 0 to 1; the arrays are filled up with 0.", func(a []value.Value) (value.Value, error) {
			xs, _ := floats(a[0])
			low, high, n := realOr(a, 1, 0), realOr(a, 2, float64(len(xs))), int(realOr(a, 3, 1))
			const most = 1000
			if n < 1 || n > most {
				return nil, fmt.Errorf("series_periods_detect(): the number of periods must be from 1 to %d (got %d)", most, n)
			}
			found := detectPeriods(xs, low, high)
			periods, scores := make([]float64, n), make([]float64, n)
			for i, p := range found[:min(n, len(found))] {
				periods[i], scores[i] = p.length, p.score
			}
			return value.Array{series(periods), series(scores)}, nil
		})
	detect.Columns = seriesColumns("series_periods_detect", dynamicColumn("periods"), dynamicColumn("periods_scores"))
	validate := seriesFunction("series_periods_validate(series: dynamic, period: real, ...): dynamic",
		"Scores from 0 to 1 how significant periods are, given in elements; 0 means not more than chance.", func(a []value.Value) (value.Value, error) {
			xs, _ := floats(a[0])
			c := correlogramOf(xs)
			var periods, scores []float64
			for i := range a[1:] {
				p := realOr(a, i+1, 0)
				periods, scores = append(periods, p), append(scores, c.scoreAt(p))
			}
			return value.Array{series(periods), series(scores)}, nil
		})
	validate.Columns = seriesColumns("series_periods_validate", dynamicColumn("periods"), dynamicColumn("scores"))
	return []Scalar{detect, validate}
}

type seasonPeriod struct{ length, score float64 }

// detectPeriods returns the periods in [low, high], the best first. A period is a lag at which the series resembles itself, and stands out
// from the lags half a period before and after, more than any other lag up to there does. Standing out by less than a quarter of the score
// is the shape of a longer period. A multiple of a period is one of its own only where its score is higher.
func detectPeriods(xs []float64, low, high float64) []seasonPeriod {
	c := correlogramOf(xs)
	last := len(c.scores) - 1
	var found []seasonPeriod
	for lag := minPeriod; lag <= last; lag++ {
		best := c.scores[lag] >= c.noise && c.contrast[lag] >= max(c.noise, c.scores[lag]/4)
		// The neighbours first: they rule out nearly all, which keeps long series fast.
		best = best && c.contrast[lag] > c.contrast[lag-1] && (lag == last || c.contrast[lag] > c.contrast[lag+1])
		for other := (lag + 1) / 2; best && other <= min(lag+lag/2, last); other++ {
			best = other == lag || c.contrast[other] < c.contrast[lag]
		}
		for _, p := range found {
			times := math.Round(float64(lag) / p.length)
			if times >= 2 && math.Abs(float64(lag)-times*p.length) <= 1+times/2 && c.scores[lag] <= p.score {
				best = false
			}
		}
		if best {
			found = append(found, seasonPeriod{float64(lag), c.scores[lag]})
		}
	}
	found = slices.DeleteFunc(found, func(p seasonPeriod) bool { return p.length < low || p.length > high })
	slices.SortStableFunc(found, func(a, b seasonPeriod) int { return cmp.Compare(b.score, a.score) })
	return found
}

// correlogram is how much a series resembles itself at every lag up to its half. scores are in [0, 1], and not above what is left without the
// linear trend of the series. contrast, without the trend, is how much more than half a lag before and after. noise is what the
// greatest of so many correlations is likely to be for random values.
type correlogram struct {
	scores, contrast []float64
	noise            float64
}

// scoreAt returns the score of a period, between lags that of both. It is 0 where the period does not stand out, or is too short or too long
// to tell.
func (c correlogram) scoreAt(p float64) float64 {
	if !(p >= minPeriod) || p > float64(len(c.scores)-1) {
		return 0
	}
	i := int(p)
	j, part := min(i+1, len(c.scores)-1), p-float64(i)
	score, contrast := c.scores[i]+(c.scores[j]-c.scores[i])*part, c.contrast[i]+(c.contrast[j]-c.contrast[i])*part
	if score < c.noise || contrast < c.noise {
		return 0
	}
	return score
}

func correlogramOf(xs []float64) correlogram {
	// Missing elements take the mean, so that they weigh neither way.
	known := make([]float64, 0, len(xs))
	for _, x := range xs {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			known = append(known, x)
		}
	}
	if len(known) < 2*minPeriod {
		return correlogram{}
	}
	m, scale := mean(known), 0.0
	flat := make([]float64, len(xs))
	for i, x := range xs {
		if flat[i] = x - m; math.IsNaN(x) || math.IsInf(x, 0) {
			flat[i] = 0
			continue
		}
		scale = max(scale, math.Abs(x))
	}
	level := make([]float64, len(xs))
	for i, v := range fitLine(flat).values {
		level[i] = flat[i] - v
	}
	lags := len(xs) / 2
	wide := min(len(xs)-1, lags+lags/2)
	whole, steady := autocorrelation(flat, wide, scale), autocorrelation(level, wide, scale)
	c := correlogram{make([]float64, lags+1), make([]float64, lags+1), math.Sqrt(2 * math.Log(float64(lags)) / float64(len(xs)))}
	for i := range c.scores {
		c.scores[i] = min(max(min(whole[i], steady[i]), 0), 1)
		c.contrast[i] = steady[i] - (steady[i-i/2]+steady[min(i+i/2, wide)])/2
	}
	return c
}

// autocorrelation returns the correlation of a series around 0 with itself at every lag up to the last. The sum over the overlap is divided
// by the geometric mean of the whole and the overlap, a middle way between overrating and underrating long lags. Where the series is nothing
// but rounding of values of the size scale, the answer is 0.
func autocorrelation(xs []float64, last int, scale float64) []float64 {
	size := 1
	for size < len(xs)+last+1 {
		size *= 2
	}
	c := make([]complex128, size)
	for i, x := range xs {
		c[i] = complex(x, 0)
	}
	fftPower(c, -1)
	for i, v := range c {
		c[i] = complex(real(v*cmplx.Conj(v)), 0)
	}
	fftPower(c, 1)
	out, n := make([]float64, last+1), float64(len(xs))
	whole := real(c[0])
	if math.Sqrt(dot(xs, xs)/n) <= 1e-10*scale {
		return out
	}
	for lag := range out {
		out[lag] = real(c[lag]) / whole * math.Sqrt(n/(n-float64(lag)))
	}
	return out
}
