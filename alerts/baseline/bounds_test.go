package baseline

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// monday is midnight of 2026-03-02.
var monday = time.Unix(1772409600, 0).UTC()

const five = 5 * time.Minute

// made makes the values of so many days, one for each window.
func made(days float64, every time.Duration, value func(day float64) float64) []Point {
	var points []Point
	for at := every; at <= time.Duration(days*24*float64(time.Hour)); at += every {
		points = append(points, Point{monday.Add(at), value((at - every).Hours() / 24)})
	}
	return points
}

// sine is highest at 18:00.
func sine(day float64) float64 { return -math.Sin(2 * math.Pi * day) }

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// outside returns, in days, when values were out of bounds that were learned from what was before.
func outside(points []Point, o Options) []float64 {
	t := NewTracker(o)
	var found []float64
	for _, p := range points {
		if lower, upper, ok := t.Bounds(p.At); ok && (p.Value < lower || p.Value > upper) {
			found = append(found, p.At.Sub(monday).Hours()/24)
		}
		t.Add(p)
	}
	return found
}

// firing counts the checks at which as many of the last checks as the rule asks for were out of bounds.
func firing(points []Point, o Options) int {
	t, fired := NewTracker(o), 0
	var last []bool
	for _, p := range points {
		lower, upper, ok := t.Bounds(p.At)
		last = append(last, ok && (p.Value < lower || p.Value > upper))
		last = last[max(0, len(last)-o.Failing.NumberOfEvaluationPeriods):]
		n := 0
		for _, bad := range last {
			if bad {
				n++
			}
		}
		if n >= o.Failing.MinFailingPeriodsToAlert {
			fired++
		}
		t.Add(p)
	}
	return fired
}

// between counts those in [from, to) days.
func between(days []float64, from, to float64) int {
	n := 0
	for _, d := range days {
		if d >= from && d < to {
			n++
		}
	}
	return n
}

func medium() Options { return Options{Sensitivity: alerts.SensitivityMedium, Every: five} }

func TestNoBoundsBeforeThreeDaysAndThirtySamples(t *testing.T) {
	first := func(points []Point) (time.Duration, int) {
		tracker := NewTracker(medium())
		for i, p := range points {
			if _, _, ok := tracker.Bounds(p.At); ok {
				return p.At.Sub(monday), i
			}
			tracker.Add(p)
		}
		return 0, 0
	}
	value := func(float64) float64 { return 7 }
	at, _ := first(made(5, five, value))
	require.Equal(t, 72*time.Hour+five, at, "the first window that ends after three days")
	require.Equal(t, monday.Add(72*time.Hour), First(monday.Add(five)).UTC())
	late := made(5, five, value)[5:] // from half past
	at, _ = first(late)
	require.Equal(t, 72*time.Hour+five, at, "the hour of the first point counts as a whole")
	require.Equal(t, monday.Add(72*time.Hour), First(late[0].At).UTC())
	at, samples := first(made(40, 4*time.Hour, value))
	require.GreaterOrEqual(t, samples, 30)
	require.Equal(t, 124*time.Hour, at, "31st window of four hours")
	_, _, ok := Fit(made(0.9, five, value), monday.Add(96*time.Hour), medium()).Bounds(monday.Add(96 * time.Hour))
	require.False(t, ok, "too few hours")
	_, _, ok = NewTracker(medium()).Bounds(monday)
	require.False(t, ok)
	_, _, ok = Fit(nil, monday, Options{}).Bounds(monday)
	require.False(t, ok)
}

func TestASeasonStaysWithinAndIsUsed(t *testing.T) {
	r := random(1)
	points := made(21, five, func(d float64) float64 { return 100 + 30*sine(d) + 3*r.NormFloat64() })
	require.LessOrEqual(t, len(outside(points, medium())), 3)
	m := Fit(points, monday.Add(21*24*time.Hour+five), medium())
	noon := monday.Add(21*24*time.Hour + 18*time.Hour)
	night := noon.Add(12 * time.Hour)
	lower, upper, ok := m.Bounds(noon)
	require.True(t, ok)
	require.InDelta(t, 130, (lower+upper)/2, 8)
	require.Less(t, upper-lower, 50.0, "narrower than the season")
	_, nightly, _ := m.Bounds(night)
	require.Less(t, nightly, lower, "what is usual by day is not at night")
}

func TestASeasonThatIsNotThereIsNotUsed(t *testing.T) {
	r := random(2)
	m := Fit(made(20, five, func(float64) float64 { return 100 + 5*r.NormFloat64() }), monday.Add(20*24*time.Hour+five), medium())
	require.Nil(t, m.season.daily)
	require.Nil(t, m.spread)
}

func TestTheWeekIsLearnedAfterThreeWeeks(t *testing.T) {
	r := random(3)
	points := made(35, five, func(d float64) float64 {
		v := 100 + 30*sine(d)
		if int(d)%7 >= 5 {
			v = 40 + 5*sine(d)
		}
		return v + 3*r.NormFloat64()
	})
	out := outside(points, medium())
	require.Positive(t, between(out, 5, 6), "the first weekend is news")
	require.LessOrEqual(t, between(out, 21, 35), 4)
	m := Fit(points, monday.Add(35*24*time.Hour+five), medium())
	require.NotNil(t, m.season.weekly)
	saturday := monday.Add((35 + 5) * 24 * time.Hour).Add(18 * time.Hour)
	_, upper, _ := m.Bounds(saturday)
	lower, _, _ := m.Bounds(saturday.Add(-24 * time.Hour))
	require.Less(t, upper, lower, "a Friday's values would be wrong on a Saturday")
}

func TestAShiftOfLevelIsAdoptedWithinTwoDays(t *testing.T) {
	for _, to := range []float64{160, 60} {
		r := random(4)
		out := outside(made(24, five, func(d float64) float64 {
			level := 100.0
			if d >= 12 {
				level = to
			}
			return level + 8*sine(d) + 3*r.NormFloat64()
		}), medium())
		require.Greater(t, between(out, 12, 12.5), 100, "it is told at once")
		require.LessOrEqual(t, between(out, 14, 24), 3)
	}
}

func TestAReturnToTheOldLevelIsNoAnomaly(t *testing.T) {
	r := random(5)
	out := outside(made(24, five, func(d float64) float64 {
		level := 100.0
		if d >= 12 && d < 15 {
			level = 40
		}
		return level + 3*r.NormFloat64()
	}), medium())
	require.Greater(t, between(out, 12, 12.5), 100)
	require.LessOrEqual(t, between(out, 15, 24), 3)
}

func TestAnOutageIsLeftOut(t *testing.T) {
	for name, down := range map[string]float64{"zeros": 0, "no data": math.NaN()} {
		t.Run(name, func(t *testing.T) {
			series := func(outage bool) []Point {
				r := random(6)
				return made(16, five, func(d float64) float64 {
					v := 100 + 30*sine(d) + 3*r.NormFloat64()
					if outage && d >= 12 && d < 14.5 {
						return down
					}
					return v
				})
			}
			at := monday.Add(16*24*time.Hour + five)
			lower, upper, ok := Fit(series(true), at, medium()).Bounds(at)
			require.True(t, ok)
			wantLower, wantUpper, _ := Fit(series(false), at, medium()).Bounds(at)
			require.InDelta(t, wantLower, lower, 6)
			require.InDelta(t, wantUpper, upper, 6)
			require.LessOrEqual(t, between(outside(series(true), medium()), 14.5, 16), 3, "nothing after it")
			if down == 0 {
				require.Greater(t, between(outside(series(true), medium()), 12, 14.5), 700, "told as long as it lasts")
			}
		})
	}
}

func TestZeroIsOutOfTheBandOfWhatNeverWasNearIt(t *testing.T) {
	r := random(7)
	points := made(12, five, func(float64) float64 { return 100 * math.Exp(0.3*r.NormFloat64()) })
	at := monday.Add(12*24*time.Hour + five)
	for _, s := range []alerts.Sensitivity{alerts.SensitivityLow, alerts.SensitivityMedium, alerts.SensitivityHigh} {
		lower, _, ok := Fit(points, at, Options{Sensitivity: s}).Bounds(at)
		require.True(t, ok)
		require.Positive(t, lower, s)
	}
	counts := made(12, five, func(float64) float64 { return math.Floor(3 * r.ExpFloat64()) })
	lower, _, ok := Fit(counts, at, medium()).Bounds(at)
	require.True(t, ok)
	require.Zero(t, lower, "never negative where history is not")
}

func TestNearlyConstantSeriesDoNotAlarmAtNoise(t *testing.T) {
	for name, value := range map[string]func(*rand.Rand) float64{
		"constant":  func(*rand.Rand) float64 { return 42 },
		"jitter":    func(r *rand.Rand) float64 { return 42 + 1e-9*r.Float64() },
		"quantised": func(r *rand.Rand) float64 { return 10 + math.Floor(r.Float64()*1.02) },
	} {
		t.Run(name, func(t *testing.T) {
			r := random(8)
			points := made(14, five, func(float64) float64 { return value(r) })
			require.Empty(t, outside(points, medium()))
			at := monday.Add(14*24*time.Hour + five)
			lower, upper, _ := Fit(points, at, medium()).Bounds(at)
			require.Less(t, upper, 60.0)
			require.Greater(t, lower, 5.0)
		})
	}
}

func TestBurstsThatComeAgainAreNormal(t *testing.T) {
	r := random(9)
	left := 0
	points := made(24, five, func(float64) float64 {
		if left--; left <= 0 && r.Float64() < 2.0/288 {
			left = 6
		}
		v := 10 + r.NormFloat64()
		if left > 0 {
			v += 30 + 5*r.NormFloat64()
		}
		return v
	})
	require.LessOrEqual(t, between(outside(points, medium()), 10, 24), 4)
	at := monday.Add(24*24*time.Hour + five)
	_, upper, _ := Fit(points, at, medium()).Bounds(at)
	require.Less(t, upper, 160.0, "and what is far beyond them is not")
}

func TestOneAnomalyDoesNotWidenTheBand(t *testing.T) {
	series := func(anomaly bool) []Point {
		r := random(10)
		return made(12, five, func(d float64) float64 {
			v := 100 + 3*r.NormFloat64()
			if anomaly && d >= 8 && d < 8.4 {
				v += 300
			}
			return v
		})
	}
	at := monday.Add(12*24*time.Hour + five)
	for _, s := range []alerts.Sensitivity{alerts.SensitivityLow, alerts.SensitivityMedium, alerts.SensitivityHigh} {
		_, want, _ := Fit(series(false), at, Options{Sensitivity: s}).Bounds(at)
		_, upper, _ := Fit(series(true), at, Options{Sensitivity: s}).Bounds(at)
		require.Less(t, upper-100, 2*(want-100), s)
	}
}

func TestARuleThatAsksForWhatLastsHasANarrowerBand(t *testing.T) {
	r := random(11)
	points := made(12, five, func(float64) float64 { return 100 + 5*r.ExpFloat64() })
	at := monday.Add(12*24*time.Hour + five)
	_, single, _ := Fit(points, at, medium()).Bounds(at)
	o := medium()
	o.Failing = alerts.FailingPeriods{NumberOfEvaluationPeriods: 4, MinFailingPeriodsToAlert: 3}
	_, lasting, _ := Fit(points, at, o).Bounds(at)
	require.Less(t, lasting-100, 0.7*(single-100))

	fired := firing(points, o)
	require.LessOrEqual(t, fired, 3)
	require.Greater(t, len(outside(points, o)), 10, "single checks are out of it, which fires nothing")
}

func TestAStepOfTheDayDoesNotAlarmRulesOfManyWindows(t *testing.T) {
	for _, every := range []time.Duration{five, 15 * time.Minute, 30 * time.Minute, time.Hour} {
		r := random(12)
		o := Options{Every: every, Failing: alerts.FailingPeriods{NumberOfEvaluationPeriods: 4, MinFailingPeriodsToAlert: 3}}
		points := made(20, every, func(d float64) float64 {
			v := 10 + r.NormFloat64()
			if h := math.Mod(d, 1) * 24; h >= 9 && h < 17 {
				v += 50
			}
			return v
		})
		require.LessOrEqual(t, firing(points, o), 4, every)
	}
}

func TestPointsToIgnoreAreIgnored(t *testing.T) {
	o := medium()
	o.IgnoreBefore = monday.Add(10 * 24 * time.Hour)
	r := random(13)
	points := made(16, five, func(d float64) float64 {
		if d < 9.9 {
			return 1e6 * r.Float64()
		}
		return 50 + r.NormFloat64()
	})
	at := points[len(points)-1].At.Add(five)
	lower, upper, ok := Fit(points, at, o).Bounds(at)
	require.True(t, ok)
	require.Greater(t, lower, 35.0)
	require.Less(t, upper, 65.0)
	_, _, ok = Fit(points, monday.Add(12*24*time.Hour), o).Bounds(monday.Add(12 * 24 * time.Hour))
	require.False(t, ok, "three days count from there")
}
