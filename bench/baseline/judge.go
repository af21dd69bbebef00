package main

import (
	"math"
	"slices"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/alerts/baseline"
)

// band holds the bounds of each point of a series, NaN where there are none.
type band struct{ lower, upper []float64 }

// dynamic returns the bounds of alerts/baseline at each of sensitivities, each learned from what was before.
func dynamic(s series, c condition) []band {
	every := s.every
	t := baseline.NewTracker(baseline.Options{Every: every, Failing: alerts.FailingPeriods{NumberOfEvaluationPeriods: c.n, MinFailingPeriodsToAlert: c.k}})
	var all []band
	for range sensitivities() {
		all = append(all, newBand(len(s.points)))
	}
	for i, p := range s.points {
		m := t.Model(p.At)
		for j, sensitivity := range sensitivities() {
			if lower, upper, ok := m.BoundsOf(sensitivity, p.At); ok {
				all[j].lower[i], all[j].upper[i] = lower, upper
			}
		}
		t.Add(p)
	}
	return all
}

func newBand(n int) band {
	b := band{make([]float64, n), make([]float64, n)}
	for i := range n {
		b.lower[i], b.upper[i] = math.NaN(), math.NaN()
	}
	return b
}

// judgedFrom is when a series has three days: no rule may alert before.
func judgedFrom(s series) int {
	return slices.IndexFunc(s.points, func(p baseline.Point) bool { return p.At.After(start.Add(73 * time.Hour)) })
}

// sigmas returns mean ± 3σ of the ten days before.
func sigmas(s series) band {
	b := newBand(len(s.points))
	from, sum, squares := 0, 0.0, 0.0
	shift := s.points[0].Value
	for i, p := range s.points {
		for ; s.points[from].At.Before(p.At.Add(-240 * time.Hour)); from++ {
			v := s.points[from].Value - shift
			sum, squares = sum-v, squares-v*v
		}
		if n := float64(i - from); i >= judgedFrom(s) && n > 1 {
			mean := sum / n
			sigma := math.Sqrt(math.Max(0, squares/n-mean*mean))
			b.lower[i], b.upper[i] = shift+mean-3*sigma, shift+mean+3*sigma
		}
		v := p.Value - shift
		sum, squares = sum+v, squares+v*v
	}
	return b
}

// static returns the constant bounds that give the best F1 on this very series: better than anyone could choose beforehand.
func static(s series, c condition) band {
	sorted := make([]float64, len(s.points))
	for i, p := range s.points {
		sorted[i] = p.Value
	}
	slices.Sort(sorted)
	at := func(q float64) float64 { return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))] }
	var best band
	score := -1.0
	tails := []float64{-1, 0, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1}
	for _, low := range tails {
		for _, high := range tails {
			lower, upper := math.Inf(-1), math.Inf(1)
			if low >= 0 {
				lower = at(low)
			}
			if high >= 0 {
				upper = at(1 - high)
			}
			b := newBand(len(s.points))
			for i := judgedFrom(s); i < len(s.points); i++ {
				b.lower[i], b.upper[i] = lower, upper
			}
			if f := judge(s, b, c).f1(); f > score {
				best, score = b, f
			}
		}
	}
	return best
}

// condition is k of n windows.
type condition struct{ k, n int }

// result counts alerts and anomalies.
type result struct {
	alerts, right  int // right are those that fire within an anomaly or half an hour after
	labels, caught int
	weeks          float64
	delay          time.Duration // of those caught, summed
}

func (r result) plus(o result) result {
	return result{r.alerts + o.alerts, r.right + o.right, r.labels + o.labels, r.caught + o.caught, r.weeks + o.weeks, r.delay + o.delay}
}

func ratio(a, b int) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

func (r result) precision() float64 { return ratio(r.right, r.alerts) }
func (r result) recall() float64    { return ratio(r.caught, r.labels) }

func (r result) f1() float64 {
	p, q := r.precision(), r.recall()
	if p+q == 0 || math.IsNaN(p+q) {
		return 0
	}
	return 2 * p * q / (p + q)
}

// judge runs the condition over a series as a stateful rule does: it fires once, and resolves after three checks that are not met.
func judge(s series, b band, c condition) result {
	const slack = 30 * time.Minute
	var r result
	caught := make([]bool, len(s.labels))
	firing, unmet := false, 0
	recent := make([]bool, 0, c.n)
	first := judgedFrom(s)
	for i := first; i < len(s.points); i++ {
		p := s.points[i]
		if len(recent) == c.n {
			recent = append(recent[:0], recent[1:]...)
		}
		recent = append(recent, p.Value > b.upper[i] || p.Value < b.lower[i])
		k := 0
		for _, bad := range recent {
			if bad {
				k++
			}
		}
		met := k >= c.k
		switch {
		case met && !firing:
			firing, unmet = true, 0
			r.alerts++
			right := false
			for j, l := range s.labels {
				if !p.At.Before(l.from) && !p.At.After(l.to.Add(slack)) {
					right = true
					if !caught[j] {
						caught[j] = true
						r.delay += p.At.Sub(l.from)
					}
				}
			}
			if right {
				r.right++
			}
		case met:
			unmet = 0
		case firing:
			if unmet++; unmet == 3 {
				firing = false
			}
		}
	}
	r.labels = len(s.labels)
	for _, c := range caught {
		if c {
			r.caught++
		}
	}
	r.weeks = s.points[len(s.points)-1].At.Sub(s.points[first].At).Hours() / 168
	return r
}

// sensitivities from the widest band on.
func sensitivities() []alerts.Sensitivity {
	return []alerts.Sensitivity{alerts.SensitivityLow, alerts.SensitivityMedium, alerts.SensitivityHigh}
}
