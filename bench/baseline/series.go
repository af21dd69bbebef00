package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/endscope/endscope/alerts/baseline"
)

// label is an anomaly: windows that end within it are wrong, and an alert that fires in it is right.
type label struct{ from, to time.Time }

// series is a labelled series.
type series struct {
	kind   string
	every  time.Duration
	points []baseline.Point
	labels []label
}

// kind makes series of one sort.
type kind struct {
	name  string
	real  bool // imitates what real machines show, rather than a textbook
	days  int
	every time.Duration
	make  func(*maker)
}

// start is a Monday, 2026-03-02.
var start = time.Unix(1772409600, 0).UTC()

// maker makes one series. Anomalies are put in after the normal part, none within the first four days.
type maker struct {
	*rand.Rand
	every  time.Duration
	v      []float64 // NaN is missing
	labels []label
	taken  []bool
}

func (k kind) series(seed uint64) series {
	n := int(time.Duration(k.days) * 24 * time.Hour / k.every)
	var id uint64
	for _, c := range k.name {
		id = id*31 + uint64(c)
	}
	m := &maker{Rand: rand.New(rand.NewPCG(seed, id)), every: k.every, v: make([]float64, n), taken: make([]bool, n)}
	k.make(m)
	s := series{kind: k.name, every: k.every, labels: m.labels}
	for i, v := range m.v {
		if !math.IsNaN(v) {
			s.points = append(s.points, baseline.Point{At: m.at(i), Value: v})
		}
	}
	return s
}

func (m *maker) at(i int) time.Time { return start.Add(time.Duration(i+1) * m.every) }

// hours converts a number of hours to points, at least one.
func (m *maker) hours(h float64) int { return max(1, int(h*float64(time.Hour)/float64(m.every))) }

// day is the time of a point in days since Monday, 00:00.
func (m *maker) day(i int) float64 { return float64(i) * m.every.Hours() / 24 }

// daily is a curve between -1 and 1 that is highest in the afternoon.
func (m *maker) daily(i int) float64 {
	x := 2 * math.Pi * (m.day(i) - 0.3)
	return (math.Sin(x) + 0.3*math.Sin(2*x)) / 1.2
}

func (m *maker) weekend(i int) bool { return int(m.day(i))%7 >= 5 }

// noise is one of several noises of scale 1.
func (m *maker) noise(tail string) float64 {
	switch tail {
	case "t3": // Student's t with three degrees of freedom
		c := 0.0
		for range 3 {
			g := m.NormFloat64()
			c += g * g
		}
		return m.NormFloat64() / math.Sqrt(c/3)
	case "lognormal":
		return math.Exp(0.8*m.NormFloat64()) - 1
	case "exponential":
		return m.ExpFloat64() - 1
	}
	return m.NormFloat64()
}

// poisson draws a count; large ones by a normal distribution.
func (m *maker) poisson(mean float64) float64 {
	if mean > 50 {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*m.NormFloat64()))
	}
	k, p, l := -1.0, 1.0, math.Exp(-mean)
	for ; p > l; k++ {
		p *= m.Float64()
	}
	return math.Max(k, 0)
}

// uniform draws between two numbers.
func (m *maker) uniform(a, b float64) float64 { return a + (b-a)*m.Float64() }

// fill sets all values.
func (m *maker) fill(f func(i int) float64) {
	for i := range m.v {
		m.v[i] = f(i)
	}
}

// place finds a free stretch of n points, after the fourth day and before the last half day, a day away from others.
func (m *maker) place(n int) int {
	margin := m.hours(20)
	for range 200 {
		i := m.hours(96) + m.IntN(len(m.v)-m.hours(96)-n-m.hours(12))
		free := true
		for j := max(0, i-margin); j < min(len(m.v), i+n+margin); j++ {
			free = free && !m.taken[j]
		}
		if free {
			for j := i; j < i+n; j++ {
				m.taken[j] = true
			}
			return i
		}
	}
	return -1
}

// anomaly changes a stretch of so many hours and labels it.
func (m *maker) anomaly(hours float64, change func(v float64) float64) {
	n := m.hours(hours)
	i := m.place(n)
	if i < 0 {
		return
	}
	for j := i; j < i+n; j++ {
		m.v[j] = change(m.v[j])
	}
	m.labels = append(m.labels, label{m.at(i), m.at(i + n - 1)})
}

// shift changes all from somewhere on, and labels the first day of it.
func (m *maker) shift(change func(v float64) float64) {
	i := m.place(m.hours(48))
	if i < 0 {
		return
	}
	for j := i; j < len(m.v); j++ {
		m.v[j] = change(m.v[j])
	}
	m.labels = append(m.labels, label{m.at(i), m.at(i + m.hours(24) - 1)})
}

// add returns a change by an amount.
func add(d float64) func(float64) float64 { return func(v float64) float64 { return v + d } }

// times returns a change by a factor.
func times(f float64) func(float64) float64 { return func(v float64) float64 { return v * f } }

// sign is 1 or -1.
func (m *maker) sign() float64 { return float64(2*m.IntN(2) - 1) }
