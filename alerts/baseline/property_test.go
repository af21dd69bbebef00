package baseline

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// anySeries is one of several sorts, with anomalies, gaps and points that are no numbers.
func anySeries(seed uint64) []Point {
	r := random(seed)
	every := []time.Duration{time.Minute, five, 15 * time.Minute, time.Hour}[r.IntN(4)]
	sort, gap := r.IntN(5), 0
	points := made(8+r.Float64()*30, every, func(d float64) float64 {
		if gap--; gap > 0 {
			return math.NaN()
		}
		if r.Float64() < 0.0005 {
			gap = r.IntN(500)
		}
		switch sort {
		case 0:
			return 50 + 20*sine(d) + r.NormFloat64()
		case 1:
			return math.Floor(3 * r.ExpFloat64())
		case 2:
			return r.NormFloat64() / (0.01 + math.Abs(r.NormFloat64()))
		case 3:
			return 7
		}
		return math.Exp(3*r.NormFloat64()) * (1 + d)
	})
	return points
}

func anyOptions(r *rand.Rand) Options {
	o := Options{Sensitivity: alerts.SensitivityHigh, Every: five}
	if r.IntN(2) == 0 {
		o.Failing = alerts.FailingPeriods{NumberOfEvaluationPeriods: 4, MinFailingPeriodsToAlert: 3}
	}
	return o
}

func TestTrackerFitAndARestartGiveTheSameBounds(t *testing.T) {
	for seed := range uint64(12) {
		points, o := anySeries(seed), anyOptions(random(seed))
		tracker := NewTracker(o)
		checked := 0
		for i, p := range points {
			if i%(len(points)/30|1) == 0 {
				lower, upper, ok := tracker.Bounds(p.At)
				from := 0
				for points[from].At.Before(p.At.Add(-o.History())) {
					from++
				}
				m := Fit(points[from:], p.At, o)
				fitLower, fitUpper, fitOK := m.Bounds(p.At)
				require.Equal(t, ok, fitOK)
				require.Equal(t, lower, fitLower, "series %d at %v", seed, p.At)
				require.Equal(t, upper, fitUpper, "series %d at %v", seed, p.At)
				restarted := NewTracker(o)
				for _, p := range points[from:i] {
					restarted.Add(p)
				}
				again, _, _ := restarted.Bounds(p.At)
				require.Equal(t, lower, again)
				if ok {
					checked++
				}
			}
			tracker.Add(p)
		}
		require.Positive(t, checked, "series %d", seed)
	}
}

func TestBoundsDoNotDependOnTheHourThatRuns(t *testing.T) {
	points := made(6, five, func(d float64) float64 { return 10 + sine(d) })
	at := monday.Add(5*24*time.Hour + 30*time.Minute)
	before := Fit(points, at, medium())
	for i := range points {
		if !points[i].At.Before(at.Truncate(time.Hour).Add(time.Second)) {
			points[i].Value = 1e9
		}
	}
	require.Equal(t, before, Fit(points, at, medium()))
}

func TestBandsContainEachOther(t *testing.T) {
	for seed := range uint64(20) {
		points := anySeries(seed)
		at := points[len(points)-1].At.Add(time.Minute)
		m := Fit(points, at, Options{})
		for h := range 168 {
			at := at.Add(time.Duration(h) * time.Hour)
			lowLower, lowUpper, ok := m.BoundsOf(alerts.SensitivityLow, at)
			if !ok {
				continue
			}
			lower, upper, _ := m.BoundsOf(alerts.SensitivityMedium, at)
			highLower, highUpper, _ := m.BoundsOf(alerts.SensitivityHigh, at)
			require.LessOrEqual(t, lowLower, lower)
			require.LessOrEqual(t, lower, highLower)
			require.LessOrEqual(t, highLower, highUpper)
			require.LessOrEqual(t, highUpper, upper)
			require.LessOrEqual(t, upper, lowUpper)
		}
	}
}

func TestAnotherUnitGivesTheSameBand(t *testing.T) {
	for seed := range uint64(12) {
		points := anySeries(seed)
		at := points[len(points)-1].At.Add(time.Minute)
		lower, upper, ok := Fit(points, at, Options{}).Bounds(at)
		for i := range points {
			points[i].Value *= 1024 // exact
		}
		scaledLower, scaledUpper, scaledOK := Fit(points, at, Options{}).Bounds(at)
		require.Equal(t, ok, scaledOK)
		require.InEpsilon(t, 1+1024*math.Abs(lower), 1+math.Abs(scaledLower), 1e-6)
		require.InEpsilon(t, 1+1024*math.Abs(upper), 1+math.Abs(scaledUpper), 1e-6)
	}
}

func TestAnotherOriginGivesTheSameBand(t *testing.T) {
	for seed := range uint64(6) { // values of both signs, whose noise is above the floor
		series := func(shift float64) []Point {
			r := random(seed)
			return made(12, five, func(d float64) float64 { return shift + 5*sine(d) + 10*r.NormFloat64() })
		}
		at := monday.Add(12*24*time.Hour + five)
		lower, upper, _ := Fit(series(0), at, Options{}).Bounds(at)
		shiftedLower, shiftedUpper, _ := Fit(series(8), at, Options{}).Bounds(at)
		require.InDelta(t, lower+8, shiftedLower, 1e-6)
		require.InDelta(t, upper+8, shiftedUpper, 1e-6)
	}
}

func TestTheExtremesOfNumbersGiveFiniteBounds(t *testing.T) {
	r := random(14)
	for _, size := range []float64{math.MaxFloat64, 1e300, 5e-324, 1e-310} {
		points := made(8, five, func(float64) float64 { return size * (2*r.Float64() - 1) })
		points = append(points, Point{points[len(points)-1].At.Add(five), math.Inf(1)}, Point{points[len(points)-1].At.Add(2 * five), math.NaN()})
		lower, upper, ok := Fit(points, points[len(points)-1].At.Add(time.Hour), Options{}).Bounds(points[len(points)-1].At)
		require.True(t, ok)
		require.False(t, math.IsNaN(lower) || math.IsInf(lower, 0) || math.IsNaN(upper) || math.IsInf(upper, 0))
	}
}

func TestPointsOutOfOrderDoNotCount(t *testing.T) {
	tracker := NewTracker(Options{})
	require.True(t, tracker.Add(Point{monday, 1}))
	require.False(t, tracker.Add(Point{monday, 2}))
	require.False(t, tracker.Add(Point{monday.Add(-time.Hour), 2}))
	require.False(t, tracker.Add(Point{monday.Add(time.Hour), math.NaN()}))
	require.False(t, tracker.Add(Point{time.Unix(-5, 0), 2}))
	require.True(t, tracker.Add(Point{monday.Add(time.Minute), 2}))
}

func TestATrackerStaysSmall(t *testing.T) {
	tracker := NewTracker(Options{})
	for at := monday; at.Before(monday.Add(200 * 24 * time.Hour)); at = at.Add(10 * time.Minute) {
		tracker.Add(Point{at, float64(at.Minute())})
	}
	require.LessOrEqual(t, cap(tracker.slots), 2*historySlots)
	require.LessOrEqual(t, cap(tracker.open.values), maxSlotPoints)
}

func FuzzBounds(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4}, uint8(3), uint8(4))
	f.Add([]byte{0, 0, 0, 0, 255, 255, 255, 255, 128, 7}, uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, k, n uint8) {
		if len(data) == 0 {
			return
		}
		o := Options{Every: 20 * time.Minute, Failing: alerts.FailingPeriods{NumberOfEvaluationPeriods: int(n), MinFailingPeriodsToAlert: int(k)}}
		tracker := NewTracker(o)
		at := monday
		for i := range 1500 { // values and gaps out of the data, again and again
			var b [8]byte
			for j := range b {
				b[j] = data[(i*7+j*3)%len(data)]
			}
			v := float64(int8(b[0]))
			if b[1] > 250 {
				v = math.Float64frombits(binary.LittleEndian.Uint64(b[:]))
			}
			at = at.Add(time.Duration(1+b[2]/16) * 20 * time.Minute)
			if i%50 == 0 {
				lower, upper, ok := tracker.Bounds(at)
				if ok && (!(lower <= upper) || math.IsInf(lower, 0) || math.IsInf(upper, 0)) {
					t.Fatalf("bounds %v, %v", lower, upper)
				}
			}
			tracker.Add(Point{at, v})
		}
	})
}

func BenchmarkFit(b *testing.B) {
	r := random(15)
	points := made(28, time.Minute, func(d float64) float64 { return 100 + 30*sine(d) + 3*r.NormFloat64() })
	at := monday.Add(28*24*time.Hour + time.Minute)
	b.ReportAllocs()
	for b.Loop() {
		Fit(points, at, Options{Every: time.Minute})
	}
	b.ReportMetric(float64(len(points))*float64(b.N)/b.Elapsed().Seconds(), "points/s")
}

func BenchmarkBacktestOfFourWeeks(b *testing.B) {
	r := random(16)
	points := made(28, five, func(d float64) float64 { return 100 + 30*sine(d) + 3*r.NormFloat64() })
	b.ReportAllocs()
	for b.Loop() {
		t := NewTracker(Options{Every: five})
		for _, p := range points {
			t.Bounds(p.At)
			t.Add(p)
		}
	}
}
