package main

import (
	"math"
	"time"
)

// textbookKinds are made of one difficulty each. Anomalies last from half an hour to six, in units of the noise's scale.
func textbookKinds() []kind {
	five := 5 * time.Minute
	return []kind{
		{"daily season", false, 28, five, func(m *maker) {
			m.fill(func(i int) float64 { return 100 + 30*m.daily(i) + 4*m.noise("") })
			m.spikes(6, 4, 8, 14)
		}},
		{"weekly season", false, 42, five, func(m *maker) {
			m.fill(func(i int) float64 {
				a := 100 + 30*m.daily(i)
				if m.weekend(i) {
					a = 60 + 8*m.daily(i)
				}
				return a + 4*m.noise("")
			})
			m.spikes(6, 4, 8, 14)
		}},
		{"trend", false, 28, five, func(m *maker) {
			slope := m.uniform(-4, 4)
			m.fill(func(i int) float64 { return 300 + slope*m.day(i) + 15*m.daily(i) + 4*m.noise("") })
			m.spikes(6, 4, 8, 14)
		}},
		{"level shift", false, 28, five, func(m *maker) {
			m.fill(func(i int) float64 { return 200 + 10*m.daily(i) + 4*m.noise("") })
			m.shift(add(m.sign() * m.uniform(32, 80)))
			m.spikes(3, 4, 8, 14)
		}},
		{"single spikes", false, 28, five, func(m *maker) {
			m.fill(func(i int) float64 { return 100 + 20*m.daily(i) + 4*m.noise("") })
			for range 8 {
				m.anomaly(0.08, add(m.sign()*4*m.uniform(8, 16)))
			}
		}},
		{"dropouts", false, 28, five, func(m *maker) {
			m.fill(func(i int) float64 { return m.poisson(200 + 120*m.daily(i)) })
			for range 5 {
				m.anomaly(m.uniform(0.4, 3), times(m.uniform(0, 0.1)))
			}
		}},
		{"heavy tail (t3)", false, 28, five, func(m *maker) {
			m.fill(func(i int) float64 { return 100 + 15*m.daily(i) + 3*m.noise("t3") })
			m.spikes(6, 3, 12, 25)
		}},
		{"skewed tail (log-normal)", false, 28, five, func(m *maker) {
			m.fill(func(i int) float64 { return 50 + 10*m.daily(i) + 5*(m.noise("lognormal")+1) })
			for range 5 {
				m.anomaly(m.uniform(0.5, 5), add(5*m.uniform(12, 25)))
			}
		}},
		{"flat", false, 28, five, func(m *maker) {
			m.fill(func(int) float64 { return 42 })
			for range 3 {
				m.anomaly(m.uniform(0.5, 5), add(m.sign()*m.uniform(10, 30)))
			}
		}},
		{"quantised", false, 28, five, func(m *maker) {
			m.fill(func(i int) float64 { return math.Round(8 + 2*m.daily(i) + 0.5*m.noise("")) })
			for range 5 {
				m.anomaly(m.uniform(0.5, 5), add(m.sign()*math.Round(m.uniform(5, 9))))
			}
		}},
		{"bursts are normal", false, 28, five, func(m *maker) {
			m.fill(func(int) float64 { return 10 + m.noise("") })
			m.bursts(1.2, 0.5, func() float64 { return m.uniform(20, 40) })
			for range 4 {
				m.anomaly(m.uniform(1, 5), add(m.uniform(110, 200)))
			}
		}},
		{"nightly job", false, 28, five, func(m *maker) {
			m.fill(func(i int) float64 {
				v := 20 + 2*m.noise("")
				if h := math.Mod(m.day(i), 1) * 24; h >= 2 && h < 2.6 {
					v += 60 + 5*m.noise("")
				}
				return v
			})
			m.spikes(5, 2, 12, 22)
		}},
		{"outages", false, 42, five, func(m *maker) {
			m.fill(func(i int) float64 { return 100 + 30*m.daily(i) + 4*m.noise("") })
			m.anomaly(m.uniform(20, 60), times(0))
			m.spikes(6, 4, 8, 14)
		}},
		{"missing data", false, 28, five, func(m *maker) {
			m.fill(func(i int) float64 { return 100 + 30*m.daily(i) + 4*m.noise("") })
			m.spikes(6, 4, 8, 14)
			for range 8 {
				n := m.hours(m.uniform(0.5, 20))
				if i := m.place(n); i >= 0 {
					for j := i; j < i+n; j++ {
						m.v[j] = math.NaN()
					}
				}
			}
			for i := range m.v {
				if m.Float64() < 0.05 {
					m.v[i] = math.NaN()
				}
			}
		}},
		{"nothing happens", false, 28, five, func(m *maker) {
			tail := []string{"", "t3", "exponential", "lognormal"}[m.IntN(4)]
			size := m.uniform(0, 30)
			m.fill(func(i int) float64 { return 100 + size*m.daily(i) + 5*m.noise(tail) })
		}},
	}
}

// spikes puts in n anomalies of low to high times a scale, up or down.
func (m *maker) spikes(n int, scale, low, high float64) {
	for range n {
		m.anomaly(m.uniform(0.5, 6), add(m.sign()*scale*m.uniform(low, high)))
	}
}

// bursts adds what belongs to the series: so many a day, of so many hours on average.
func (m *maker) bursts(perDay, hours float64, size func() float64) {
	for i := range m.v {
		if m.Float64() < perDay*m.every.Hours()/24 {
			n, s := m.hours(hours*m.ExpFloat64()), size()
			for j := i; j < min(i+n, len(m.v)); j++ {
				m.v[j] += s * m.uniform(0.7, 1)
			}
		}
	}
}
