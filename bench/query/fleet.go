package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/endscope/endscope/bench/kit"
)

const (
	// incident is how long before the end of the data one instance becomes slow.
	incident = 62 * time.Minute
	slowness = 6
	// silence is how many rounds an instance is not heard of when it restarts.
	silence = 3
)

// guilty is the instance that is slow.
func (p plan) guilty() (endpoint, deployment, instance string) {
	return names(min(3, p.Endpoints-1), min(1, p.Deployments-1), min(2, p.Instances-1))
}

func names(e, d, i int) (endpoint, deployment, instance string) {
	endpoint, deployment = fmt.Sprintf("endpoint-%02d", e), fmt.Sprintf("deployment-%d", d)
	return endpoint, deployment, fmt.Sprintf("%s-%s-%d", endpoint, deployment, i)
}

// machine is one instance of the fleet and the state of its series. Not safe for concurrent use.
type machine struct {
	random    *rand.Rand
	phase     time.Duration // of its samples within a round
	busy      float64       // requests of a round at the busiest time of day
	restart   int           // the first round without samples, before everything that counts starts again; -1 for never
	slow      int           // the first round of the incident; -1 for never
	series    []*kit.Series
	wire      [][]byte // the labels of each series, encoded
	latencies [len(statuses)]latency
	native    [len(statuses)][]byte
	classic   [len(statuses)][][]byte // a series for each bucket, then those of the sum and the count
}

// fleet makes all instances of p.
func fleet(p plan) []*machine {
	guiltyEndpoint, guiltyDeployment, guiltyInstance := p.guilty()
	var all []*machine
	for e := range p.Endpoints {
		for d := range p.Deployments {
			for i := range p.Instances {
				r := rand.New(rand.NewPCG(p.Seed, uint64(len(all))))
				endpoint, deployment, instance := names(e, d, i)
				m := &machine{random: r, phase: time.Duration(r.IntN(15000)) * time.Millisecond, busy: 10 + 30*r.Float64(), restart: -1, slow: -1}
				if r.IntN(10) == 0 && p.rounds() > 4*silence {
					m.restart = 1 + r.IntN(p.rounds()-2*silence)
				}
				if endpoint == guiltyEndpoint && deployment == guiltyDeployment && instance == guiltyInstance {
					m.slow, m.restart = max(0, p.rounds()-int(min(incident, p.Span/2)/spacing)), -1
				}
				m.name("endpoint", endpoint, "deployment", deployment, "instance", instance)
				all = append(all, m)
			}
		}
	}
	return all
}

func (m *machine) name(identity ...string) {
	pairs := func(name string, more ...string) []string {
		return append(append([]string{model.MetricNameLabel, name}, identity...), more...)
	}
	uuid := fmt.Sprintf("GPU-%08x-%04x", m.random.Uint32(), m.random.Uint32()&0xffff)
	for _, metric := range kit.InstanceMetrics() {
		own := pairs(metric.Name, metric.Pairs...)
		if len(metric.Pairs) > 2 && metric.Pairs[len(metric.Pairs)-2] == "model" {
			own = append(own, "uuid", uuid)
		}
		s := kit.NewSeries(metric.Shape, m.random, own...)
		m.series, m.wire = append(m.series, s), append(m.wire, encodeLabels(s.Labels))
	}
	for i, s := range statuses {
		m.latencies[i].status = s
		status := []string{"status_code", s.code}
		if s.model != "" {
			status = append(status, "model_status_code", s.model)
		}
		wire := func(name string, more ...string) []byte {
			return encodeLabels(labels.FromStrings(pairs(name, append(more, status...)...)...))
		}
		m.native[i] = wire(durations)
		for _, bound := range ladder {
			m.classic[i] = append(m.classic[i], wire(durations+"_bucket", "le", strconv.FormatFloat(bound, 'g', -1, 64)))
		}
		m.classic[i] = append(m.classic[i], wire(durations+"_bucket", "le", "+Inf"), wire(durations+"_sum"), wire(durations+"_count"))
	}
}

// batch writes the samples of the rounds from first to before last into both bodies, and counts them by metric name.
func (m *machine) batch(p plan, first, last int, native, classic *body, expect map[string]int) error {
	silent := func(round int) bool {
		return m.restart >= 0 && round >= m.restart && round < m.restart+silence
	}
	at := func(round int) int64 { return p.start().Add(time.Duration(round)*spacing + m.phase).UnixMilli() }
	restarted := m.restart >= first && m.restart < last
	var own body
	for i, s := range m.series {
		if restarted && (s.Shape == kit.Counter || s.Shape == kit.Seconds) {
			s.Value = 0 // a few rounds early for the batch; what was counted since the last sample is lost anyway
		}
		own.begin(m.wire[i])
		n := 0
		for round := first; round < last; round++ {
			value := s.Next(m.random)
			if m.slow >= 0 && round >= m.slow {
				value = m.ill(s, value)
			}
			if !silent(round) {
				own.float(at(round), value)
				n++
			}
		}
		expect[s.Labels.Get(model.MetricNameLabel)] += n
		native.add(&own, n)
		classic.add(&own, n)
	}
	for i := range m.latencies {
		if restarted {
			m.latencies[i].reset()
		}
		n := 0
		own.begin(m.native[i])
		var points [perBatch]latency
		var times [perBatch]int64
		for round := first; round < last; round++ {
			factor := 1.0
			if m.slow >= 0 && round >= m.slow {
				factor = slowness
			}
			m.latencies[i].observe(m.random, m.busy*p.timeOfDay(at(round)), factor)
			if !silent(round) {
				m.latencies[i].native(&own.histogram, at(round))
				if err := own.native(); err != nil {
					return err
				}
				points[n], times[n] = m.latencies[i], at(round)
				n++
			}
		}
		native.add(&own, n)
		m.classicBatch(i, points[:n], times[:n], &own, classic)
		expect[durations] += n
	}
	return nil
}

func (m *machine) classicBatch(i int, points []latency, times []int64, own, out *body) {
	for k, wire := range m.classic[i] {
		own.begin(wire)
		for j := range points {
			l := &points[j]
			switch {
			case k == len(ladder)+1:
				own.float(times[j], l.sum)
				continue
			case k == len(ladder)+2:
				own.float(times[j], float64(l.count))
				continue
			}
			var below int64
			for _, n := range l.classic[:k+1] {
				below += n
			}
			own.float(times[j], float64(below))
		}
		out.add(own, len(points))
	}
}

// ill changes a value as the incident does: the GPU is hot and throttles.
func (m *machine) ill(s *kit.Series, value float64) float64 {
	switch s.Labels.Get(model.MetricNameLabel) {
	case "gpu_temperature_celsius":
		return value + 25
	case "gpu_clock_hertz":
		return value / 4
	case "gpu_throttle_seconds_total":
		if s.Labels.Get("reason") == "thermal" {
			s.Value += 10
			return s.Value
		}
	case "model_requests_waiting":
		return value + 40
	}
	return value
}

// timeOfDay returns the share of the busiest time's requests, at a time in Unix milliseconds. The fleet's day is such that the data end at its
// busiest time: the same plan makes the same requests whenever it is made, and there are as many around the incident at night as at noon.
func (p plan) timeOfDay(at int64) float64 {
	days := float64(p.End.UnixMilli()-at) / (24 * 3600 * 1000)
	return 0.6 + 0.4*math.Cos(2*math.Pi*days)
}
