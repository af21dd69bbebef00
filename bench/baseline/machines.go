package main

import (
	"math"
	"time"
)

// machineKinds imitate what monitoring of real machines shows: short, spiky, of heavy tails, quantised, without a season, wandering. They
// are made up; no public data set was looked at.
func machineKinds() []kind {
	five := 5 * time.Minute
	return []kind{
		{"idle CPU", true, 14, five, func(m *maker) {
			m.fill(func(int) float64 { return 0.066 * math.Round(2+0.4*m.noise("")+0.3*m.ExpFloat64()) })
			m.bursts(0.7, 0.1, func() float64 { return m.uniform(0.2, 1) })
			m.anomaly(m.uniform(1, 10), add(m.uniform(3, 40)))
			m.anomaly(m.uniform(0.3, 2), add(m.uniform(3, 20)))
		}},
		{"busy CPU", true, 14, five, func(m *maker) {
			level := m.uniform(30, 60)
			m.fill(func(int) float64 { return level + 3*m.noise("t3") + m.ExpFloat64()*3 })
			m.bursts(2.5, 0.3, func() float64 { return m.uniform(5, 20) })
			m.anomaly(m.uniform(2, 12), func(v float64) float64 { return math.Min(100, v+m.uniform(38, 55)) })
			m.anomaly(m.uniform(1, 6), times(m.uniform(0.02, 0.2)))
			m.clamp(0, 100)
		}},
		{"CPU changes level", true, 14, five, func(m *maker) {
			level := m.uniform(5, 40)
			m.fill(func(int) float64 { return level * (1 + 0.04*m.noise("t3")) })
			m.shift(times(m.uniform(1.5, 2.2)))
			m.anomaly(m.uniform(0.4, 2), times(m.uniform(2, 3)))
			m.clamp(0, 100)
		}},
		{"network in", true, 14, five, func(m *maker) {
			m.fill(func(i int) float64 { return 40e3 * math.Exp(0.35*m.noise("")) * (1 + 0.2*m.daily(i)) })
			m.bursts(3, 0.1, func() float64 { return 100e3 * math.Exp(0.7*m.noise("")) })
			m.anomaly(m.uniform(0.5, 6), add(m.uniform(2e6, 9e6)))
			m.anomaly(m.uniform(0.5, 6), add(m.uniform(1.5e6, 4e6)))
		}},
		{"disk writes", true, 14, five, func(m *maker) {
			m.fill(func(int) float64 { return 0 })
			m.bursts(6, 0.15, func() float64 { return 1e6 * math.Exp(0.6*m.noise("")) })
			m.anomaly(m.uniform(0.5, 4), add(m.uniform(15e6, 60e6)))
			m.anomaly(m.uniform(0.5, 4), add(m.uniform(15e6, 60e6)))
		}},
		{"database CPU", true, 14, five, func(m *maker) {
			m.fill(func(i int) float64 { return 6 + 0.8*m.daily(i) + 0.4*m.noise("") })
			m.bursts(1, 0.3, func() float64 { return m.uniform(0.5, 3) })
			m.anomaly(m.uniform(0.5, 8), add(m.uniform(5, 20)))
			m.anomaly(m.uniform(0.5, 8), add(m.uniform(6, 15)))
		}},
		{"requests", true, 14, five, func(m *maker) {
			m.fill(func(i int) float64 {
				mean := math.Exp(3.2 + 1.2*m.daily(i))
				if m.weekend(i) {
					mean *= 0.7
				}
				return m.poisson(mean * math.Exp(0.25*m.noise("")))
			})
			m.anomaly(m.uniform(0.4, 4), func(v float64) float64 { return v + m.poisson(m.uniform(300, 700)) })
			m.anomaly(m.uniform(0.4, 4), func(v float64) float64 { return v + m.poisson(m.uniform(300, 700)) })
		}},
		{"temperature", true, 42, five, func(m *maker) {
			x := 0.0
			m.fill(func(i int) float64 {
				x += -0.004*x + 0.25*m.noise("")
				return 85 + 2*x + 2*m.daily(i) + 0.6*m.noise("")
			})
			m.anomaly(m.uniform(4, 24), add(-m.uniform(30, 60)))
			m.anomaly(m.uniform(2, 12), add(m.sign()*m.uniform(28, 40)))
		}},
		{"hourly traffic", true, 56, time.Hour, func(m *maker) {
			slope := m.uniform(-5, 5)
			m.fill(func(i int) float64 {
				v := 1000 + slope*m.day(i) + 300*m.daily(i)
				if m.weekend(i) {
					v -= 150
				}
				return v + 25*m.noise("t3")
			})
			for range 6 {
				m.anomaly(1, add(m.sign()*m.uniform(350, 800)))
			}
		}},
		{"server, by the minute", true, 10, time.Minute, func(m *maker) {
			m.fill(func(i int) float64 { return 0.2 + 0.05*m.daily(i) + 0.02*m.noise("t3") })
			m.bursts(5, 0.1, func() float64 { return m.uniform(0.05, 0.2) })
			m.anomaly(m.uniform(0.3, 4), add(m.uniform(0.45, 0.6)))
			m.anomaly(m.uniform(0.3, 4), add(m.uniform(0.45, 0.6)))
			m.clamp(0, 1)
		}},
		{"P99 latency", true, 28, five, func(m *maker) {
			m.fill(func(i int) float64 { return (120 + 25*m.daily(i)) * math.Exp(0.15*m.noise("")) })
			m.bursts(1.5, 0.1, func() float64 { return 80 * m.ExpFloat64() })
			for range 4 {
				m.anomaly(m.uniform(0.4, 6), times(m.uniform(3, 6)))
			}
		}},
		{"error count", true, 28, five, func(m *maker) {
			m.fill(func(int) float64 { return m.poisson(0.08) })
			for range 4 {
				m.anomaly(m.uniform(0.4, 4), func(v float64) float64 { return v + m.poisson(m.uniform(6, 20)) })
			}
		}},
	}
}

// clamp keeps values between two.
func (m *maker) clamp(low, high float64) {
	for i, v := range m.v {
		m.v[i] = math.Max(low, math.Min(high, v))
	}
}
