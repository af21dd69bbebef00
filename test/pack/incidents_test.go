package pack_test

import (
	"time"

	"github.com/endscope/endscope/scopes"
)

// incident is one thing that goes wrong in (from, to], and which ready-made rules should say so.
type incident struct {
	name     string
	from, to time.Time
	// play changes what an instance is like at a time, since the incident began.
	play  func(i scopes.Path, at time.Time, since time.Duration, s *state)
	tells []telling
	// lines are printed when it begins.
	lines []line
}

// telling is a rule that should fire.
type telling struct {
	rule   string
	alert  string            // of a Prometheus rule
	dims   map[string]string // that the alert must name, among others
	within time.Duration     // after the incident began
}

// passing is an instance that comes and leaves in good order, as in a rollout.
const passing = "blue-3"

var (
	passingFrom = day(1, "11:00")
	passingTo   = day(1, "11:30")
)

// day is a time of the first (0) or second (1) day.
func day(n int, clock string) time.Time {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err)
	}
	return begin.AddDate(0, 0, n).Add(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute)
}

func dims(pairs ...string) map[string]string {
	out := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// on plays something on one instance, or on all of a deployment, or with "" on all.
func on(name string, f func(s *state, since time.Duration)) func(scopes.Path, time.Time, time.Duration, *state) {
	return func(i scopes.Path, _ time.Time, since time.Duration, s *state) {
		if name == "" || name == i.Deployment || name == i.Instance {
			f(s, since)
		}
	}
}

// instead plays something on one instance, whose requests another takes.
func instead(name, other string, f func(s *state, since time.Duration)) func(scopes.Path, time.Time, time.Duration, *state) {
	return func(i scopes.Path, _ time.Time, since time.Duration, s *state) {
		switch i.Instance {
		case name:
			s.requests = 0
			f(s, since)
		case other:
			s.requests *= 2
		}
	}
}

// once is true in the round that ends at a time since the incident began.
func once(since, when time.Duration) bool { return since > when-step && since <= when }

const m = time.Minute

// incidents returns the two days, in order of time.
func incidents() []incident {
	all := []incident{
		{name: "two fifths of blue's requests fail", from: day(0, "01:00"), to: day(0, "02:00"),
			play: on("blue", func(s *state, _ time.Duration) { s.failing = 0.4 }),
			tells: []telling{
				{rule: "error-ratio", dims: dims("deployment", "blue"), within: 3 * m},
				{rule: "slo-availability-fast", dims: dims("endpoint", "chat"), within: 25 * m},
				{rule: "slo-availability-slow", dims: dims("endpoint", "chat"), within: 60 * m},
			}},
		{name: "a client of green lost its key", from: day(0, "03:00"), to: day(0, "03:30"),
			play:  on("green", func(s *state, _ time.Duration) { s.refused = 0.5 }),
			tells: []telling{{rule: "client-errors", alert: "ClientErrors", dims: dims("deployment", "green"), within: 15 * m}}},
		{name: "blue-2 is four times slower", from: day(0, "05:00"), to: day(0, "06:00"),
			play:  on("blue-2", func(s *state, _ time.Duration) { s.slower = 4 }),
			tells: []telling{{rule: "latency-baseline", dims: dims("deployment", "blue"), within: 25 * m}}},
		{name: "all instances are twelve times slower", from: day(0, "08:00"), to: day(0, "10:10"),
			play: on("", func(s *state, _ time.Duration) { s.slower = 12 }),
			tells: []telling{
				{rule: "slo-latency", alert: "LatencyBudgetBurnsFast", within: 15 * m},
				{rule: "slo-latency", alert: "LatencyBudgetBurns", within: 40 * m},
				{rule: "slo-time-to-first-token", alert: "FirstTokenBudgetBurnsFast", within: 50 * m},
				{rule: "slo-time-to-first-token", alert: "FirstTokenBudgetBurns", within: 120 * m},
				{rule: "latency-baseline", dims: dims("deployment", "blue"), within: 25 * m},
				{rule: "latency-baseline", dims: dims("deployment", "green"), within: 25 * m},
			}},
		{name: "more comes to blue than it can do", from: day(0, "12:00"), to: day(0, "12:40"),
			play: on("blue", func(s *state, since time.Duration) { s.running, s.waiting = 16, 5+since.Minutes() }),
			tells: []telling{
				{rule: "queue-growth", dims: dims("deployment", "blue"), within: 13 * m},
				{rule: "request-headroom", dims: dims("deployment", "blue"), within: 17 * m},
			}},
		{name: "green-1's cache is full", from: day(0, "13:30"), to: day(0, "14:00"),
			play:  on("green-1", func(s *state, _ time.Duration) { s.cache, s.preempted = 0.985, 2 }),
			tells: []telling{{rule: "cache-pressure", dims: dims("instance", "green-1"), within: 7 * m}}},
		{name: "blue-1 breaks streams", from: day(0, "14:30"), to: day(0, "14:45"),
			play:  on("blue-1", func(s *state, _ time.Duration) { s.broken = 3 }),
			tells: []telling{{rule: "stream-errors", dims: dims("deployment", "blue", "reason", "model_reset"), within: 3 * m}}},
		{name: "blue-2's engine rejects requests", from: day(0, "15:00"), to: day(0, "15:15"),
			play:  on("blue-2", func(s *state, _ time.Duration) { s.rejected = 4 }),
			tells: []telling{{rule: "rejected-requests", dims: dims("deployment", "blue"), within: 3 * m}}},
		{name: "blue-1's CPUs are busy", from: day(0, "15:30"), to: day(0, "16:15"),
			play:  on("blue-1", func(s *state, _ time.Duration) { s.cpu = 0.98 }),
			tells: []telling{{rule: "cpu-saturation", dims: dims("instance", "blue-1"), within: 20 * m}}},
		{name: "green-2's disk fills", from: day(0, "16:30"), to: day(0, "17:30"),
			play:  on("green-2", func(s *state, since time.Duration) { s.data = min(0.99, 0.6+since.Minutes()/100) }),
			tells: []telling{{rule: "disk-saturation", dims: dims("instance", "green-2", "disk", "/data"), within: 40 * m}}},
		{name: "blue-1's first GPU has no memory left", from: day(0, "17:45"), to: day(0, "18:15"),
			play:  on("blue-1", func(s *state, _ time.Duration) { s.gpuMemory[0] = 0.996 }),
			tells: []telling{{rule: "gpu-memory-saturation", dims: dims("instance", "blue-1", "gpu", "0"), within: 10 * m}}},
		{name: "green-1's second GPU is too hot", from: day(0, "18:30"), to: day(0, "19:15"),
			play:  on("green-1", func(s *state, _ time.Duration) { s.heat[1] = 0.5 }),
			tells: []telling{{rule: "gpu-thermal", dims: dims("instance", "green-1", "gpu", "1", "reason", "hw_thermal"), within: 10 * m}}},
		{name: "XID 79: blue-2's first GPU falls off the bus", from: day(0, "20:00"), to: day(0, "20:30"),
			play: on("blue-2", func(s *state, since time.Duration) {
				s.noGPU[0] = true
				if once(since, m) {
					s.xids["79"] = 1
				} else {
					s.xids["79"] = 0
				}
				if since < m {
					delete(s.xids, "79")
				}
			}),
			tells: []telling{{rule: "gpu-xid", dims: dims("instance", "blue-2", "gpu", "0", "xid", "79"), within: 3 * m}}},
		{name: "XID 31: a fault of blue-1's model", from: day(0, "20:45"), to: day(0, "20:46"),
			play: on("blue-1", func(s *state, _ time.Duration) { s.xids["31"] = 1 })},
		{name: "XID 63: green-2 notes a bad row of memory", from: day(0, "21:00"), to: day(0, "21:01"),
			play:  on("green-2", func(s *state, _ time.Duration) { s.xids["63"] = 1 }),
			tells: []telling{{rule: "gpu-xid-warning", dims: dims("instance", "green-2", "gpu", "0", "xid", "63"), within: 3 * m}}},
		{name: "the row waits for a reset", from: day(0, "21:05"), to: day(0, "22:00"),
			play:  on("green-2", func(s *state, _ time.Duration) { s.pending[0] = 1 }),
			tells: []telling{{rule: "gpu-row-remap", alert: "GpuRowRemapPending", dims: dims("instance", "green-2", "gpu", "0"), within: 7 * m}}},
		{name: "memory of green-1's first GPU loses data", from: day(0, "22:15"), to: day(0, "22:16"),
			play: on("green-1", func(s *state, since time.Duration) {
				if once(since, step) {
					s.uncorrected[0] = 1
				}
			}),
			tells: []telling{{rule: "gpu-ecc", dims: dims("instance", "green-1", "gpu", "0", "type", "uncorrected"), within: 3 * m}}},
		{name: "blue-2 prints that it is out of memory", from: day(0, "22:45"), to: day(0, "22:46"),
			lines: []line{
				{message: "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"},
				{message: "the memory that is out of the pool is free"},
			},
			tells: []telling{{rule: "console-out-of-memory", dims: dims("InstanceId", "blue-2"), within: 6 * m}}},
		{name: "blue-1's agent drops rows", from: day(0, "23:15"), to: day(0, "23:16"),
			play:  on("blue-1", func(s *state, _ time.Duration) { s.lost = 25 }),
			tells: []telling{{rule: "telemetry-lost", dims: dims("deployment", "blue"), within: 6 * m}}},
		{name: "blue-1 leaks memory until it is killed", from: day(1, "00:30"), to: day(1, "03:00"),
			play: on("blue-1", func(s *state, since time.Duration) {
				s.memory = 0.6 + 0.39*since.Minutes()/145
				if since > 145*m {
					s.memory, s.ready, s.requests = 0.3, false, 0
				}
				if once(since, 146*m) {
					s.restarts["oom"] = 1
				}
				if once(since, 148*m) {
					s.starts["success"] = 2 * m
				}
				if since > 148*m {
					s.ready = true
				}
			}),
			tells: []telling{
				{rule: "memory-saturation", dims: dims("instance", "blue-1"), within: 126 * m},
				{rule: "oom-killed", dims: dims("instance", "blue-1", "reason", "oom"), within: 148 * m},
			}},
		{name: "green-1 crashes at every start", from: day(1, "04:00"), to: day(1, "04:45"),
			play: instead("green-1", "green-2", func(s *state, since time.Duration) {
				s.ready = false
				for n := time.Duration(0); n < 5; n++ {
					if once(since, 8*m*(n+1)) {
						s.restarts["crash"] = 1
						s.starts["failure"] = 3 * m
					}
				}
				if once(since, 45*m) {
					s.starts["success"] = 3 * m
				}
			}),
			tells: []telling{
				{rule: "restarts", dims: dims("instance", "green-1"), within: 26 * m},
				{rule: "cold-start-failed", dims: dims("instance", "green-1", "outcome", "failure"), within: 10 * m},
				{rule: "instance-not-ready", dims: dims("instance", "green-1"), within: 17 * m},
			}},
		{name: "blue-2 is restarted by hand, four times, before it comes up", from: day(1, "06:00"), to: day(1, "06:19"),
			play: instead("blue-2", "blue-1", func(s *state, since time.Duration) {
				s.ready = false
				if once(since, step) {
					s.restarts["manual"] = 4
				}
				if once(since, 19*m) {
					s.starts["success"] = 19 * m
				}
			}),
			tells: []telling{
				{rule: "instance-not-ready", dims: dims("instance", "blue-2"), within: 17 * m},
				{rule: "cold-start-slow", dims: dims("instance", "blue-2", "outcome", "success"), within: 26 * m},
			}},
		{name: "no instance of green is ready", from: day(1, "07:30"), to: day(1, "07:40"),
			play: on("green", func(s *state, _ time.Duration) { s.ready, s.failing = false, 1 }),
			tells: []telling{
				{rule: "not-ready", dims: dims("deployment", "green"), within: 7 * m},
				{rule: "error-ratio", dims: dims("deployment", "green"), within: 3 * m},
			}},
		{name: "the machine of green-2 dies", from: day(1, "09:00"), to: day(1, "10:30"),
			play: instead("green-2", "green-1", func(s *state, _ time.Duration) { s.silent = true }),
			tells: []telling{
				{rule: "agent-silent", dims: dims("instance", "green-2"), within: 4 * m},
				{rule: "instance-missing", alert: "InstanceMissing", dims: dims("instance", "green-2"), within: 8 * m},
			}},
		{name: "blue-3 leaves in good order", from: passingTo, to: passingTo.Add(time.Hour),
			tells: []telling{{rule: "agent-silent", dims: dims("instance", passing), within: 4 * m}}},
		{name: "nobody calls", from: day(1, "14:00"), to: day(1, "15:00"),
			play: on("", func(s *state, _ time.Duration) { s.requests = 0 }),
			tells: []telling{
				{rule: "no-traffic", dims: dims("endpoint", "chat"), within: 17 * m},
				{rule: "traffic-baseline", dims: dims("deployment", "blue"), within: 20 * m},
				{rule: "traffic-baseline", dims: dims("deployment", "green"), within: 20 * m},
			}},
		{name: "four times the usual traffic on green", from: day(1, "18:00"), to: day(1, "19:00"),
			play:  on("green", func(s *state, _ time.Duration) { s.requests *= 4 }),
			tells: []telling{{rule: "traffic-baseline", dims: dims("deployment", "green"), within: 20 * m}}},
	}
	for i := range all {
		for j := range all[i].lines {
			l := &all[i].lines[j]
			l.at, l.of = all[i].from.Add(20*time.Second), scopes.Path{Endpoint: endpoint, Deployment: "blue", Instance: "blue-2"}
		}
	}
	return all
}
