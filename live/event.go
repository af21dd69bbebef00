package live

import (
	"cmp"
	"slices"
	"time"

	"github.com/endscope/endscope/internal/liveframe"
	"github.com/endscope/endscope/scopes"
)

// Event is one second of a scope, as watchers get it. What nobody told of is null or left out, and never 0.
type Event struct {
	Second            time.Time `json:"second"`          // when it began, by the server's clock
	Again             bool      `json:"again,omitempty"` // it takes the place of the one that was shown before, as late frames have come
	Instances         Instances `json:"instances"`
	Total             *Row      `json:"total"` // null where no instance answered
	Children          []Row     `json:"children"`
	ChildrenOmitted   int       `json:"children_omitted,omitempty"`
	ByInstance        []Row     `json:"by_instance,omitempty"` // where children are no instances
	ByInstanceOmitted int       `json:"by_instance_omitted,omitempty"`
	Failing           []Request `json:"failing"` // a sample
	Slowest           []Request `json:"slowest"` // the longest first
}

// Instances says how many of the instances stand behind a second.
type Instances struct {
	Answered      int      `json:"answered"`
	Connected     int      `json:"connected"`
	Known         int      `json:"known"`
	Silent        []Silent `json:"silent"` // known, and gave no frame
	SilentOmitted int      `json:"silent_omitted,omitempty"`
}

// Why an instance gave no frame.
const (
	silentLate     = "late"          // it is connected, and its frame did not come in time
	silentFilter   = "cannot_filter" // it is connected, and its agent cannot count by any filter that is asked for, so it is older than the server
	silentNoStream = "not_connected" // it pushes, and has no stream: its agent is too old, or live is off there, or something in between does not let it through
	silentMissing  = "missing"       // it does not push any more
)

// Silent is an instance that gave no frame.
type Silent struct {
	Scope  scopes.Path `json:"scope"`
	Reason string      `json:"reason"`
}

// Row is what the instances at or below a scope that answered did.
type Row struct {
	Scope     string   `json:"scope"`
	Answered  int      `json:"answered"`
	Traffic   *Traffic `json:"traffic"` // null where no instance has a proxy
	InFlight  *int64   `json:"in_flight"`
	CPU       *Share   `json:"cpu"`
	Memory    *Share   `json:"memory"`
	GPU       *GPU     `json:"gpu"`
	Uncounted int64    `json:"uncounted,omitempty"` // requests that are in no number, because the proxies were too busy to count them

	path scopes.Path
}

// Traffic is the requests that ended in the second.
type Traffic struct {
	Requests      int64            `json:"requests"`
	Failures      int64            `json:"failures"`
	Status        map[string]int64 `json:"status"`   // by class; those without requests are left out
	Duration      *Duration        `json:"duration"` // null without requests
	RequestBytes  int64            `json:"request_bytes"`
	ResponseBytes int64            `json:"response_bytes"`
	InputTokens   *int64           `json:"input_tokens"`
	OutputTokens  *int64           `json:"output_tokens"`
}

// Duration is in seconds. Percentiles are of all requests of all instances, from merged histograms.
type Duration struct {
	Mean      float64            `json:"mean"`
	P50       float64            `json:"p50"`
	P90       float64            `json:"p90"`
	P95       float64            `json:"p95"`
	P99       float64            `json:"p99"`
	Max       float64            `json:"max"`
	Histogram []liveframe.Bucket `json:"histogram,omitempty"` // of the total, and of all rows where the question asks for it
}

// Share is of something that each instance has its own of.
type Share struct {
	Mean float64 `json:"mean"`
	Max  float64 `json:"max"`

	sum float64
	n   int
}

// GPU is the devices of the instances.
type GPU struct {
	Devices     int     `json:"devices"`
	Utilization *Share  `json:"utilization"`
	Memory      *Share  `json:"memory"`
	AgeSeconds  float64 `json:"age_seconds"` // of the oldest reading
}

// Request is one request, and where it was.
type Request struct {
	Scope scopes.Path `json:"scope"`
	liveframe.Request
}

// How many failing requests one event shows, and how many slow ones.
const (
	maxFailing = 50
	maxSlowest = 10
)

// maxSilent is how many silent instances one event names.
const maxSilent = 50

// sum gathers a row.
type sum struct {
	path     scopes.Path
	answered int
	proxies  int
	traffic  liveframe.Traffic
	single   *liveframe.Histogram // of the first frame
	counts   *liveframe.Counts    // of all, once there are several
	inFlight *int64
	dropped  int64
	cpu, mem *Share
	gpu      *GPU
}

func addTo(to **int64, v *int64) {
	if v == nil {
		return
	}
	if *to == nil {
		*to = new(int64)
	}
	**to += *v
}

func share(to **Share, v *float64) {
	if v == nil {
		return
	}
	if *to == nil {
		*to = &Share{}
	}
	s := *to
	s.sum += *v
	s.n++
	s.Mean, s.Max = s.sum/float64(s.n), max(s.Max, *v)
}

// add adds an instance's frame, of which t is the traffic; nil where it has no proxy.
func (s *sum) add(f *liveframe.Frame, t *liveframe.Traffic) {
	s.answered++
	s.dropped += f.Dropped
	addTo(&s.inFlight, f.InFlight)
	share(&s.cpu, f.CPU)
	share(&s.mem, f.Memory)
	for _, d := range f.GPUs {
		if s.gpu == nil {
			s.gpu = &GPU{}
		}
		s.gpu.Devices++
		s.gpu.AgeSeconds = max(s.gpu.AgeSeconds, float64(f.GPUAgeMS)/1000)
		share(&s.gpu.Utilization, d.Utilization)
		share(&s.gpu.Memory, d.Memory)
	}
	if t == nil {
		return
	}
	s.proxies++
	s.traffic.Requests += t.Requests
	s.traffic.Failures += t.Failures
	s.traffic.RequestBytes += t.RequestBytes
	s.traffic.ResponseBytes += t.ResponseBytes
	for i, n := range t.Classes {
		s.traffic.Classes[i] += n
	}
	addTo(&s.traffic.InputTokens, t.InputTokens)
	addTo(&s.traffic.OutputTokens, t.OutputTokens)
	switch {
	case s.counts != nil:
		s.counts.Add(t.Duration)
	case s.single == nil:
		s.single = &t.Duration
	default:
		s.counts = s.durations()
		s.counts.Add(t.Duration)
	}
}

// durations returns what was added. Of one frame it is made when somebody asks, as most instances of a large scope are not shown.
func (s *sum) durations() *liveframe.Counts {
	if s.counts != nil || s.single == nil {
		return s.counts
	}
	c := &liveframe.Counts{}
	c.Add(*s.single)
	return c
}

// row makes the row, with its histogram or without.
func (s *sum) row(scope string, histogram bool) Row {
	r := Row{Scope: scope, path: s.path, Answered: s.answered, InFlight: s.inFlight, CPU: s.cpu, Memory: s.mem, GPU: s.gpu, Uncounted: s.dropped}
	if s.proxies == 0 {
		return r
	}
	t := s.traffic
	r.Traffic = &Traffic{
		Requests: t.Requests, Failures: t.Failures, Status: map[string]int64{}, RequestBytes: t.RequestBytes, ResponseBytes: t.ResponseBytes,
		InputTokens: t.InputTokens, OutputTokens: t.OutputTokens,
	}
	for i, n := range t.Classes {
		if n > 0 {
			r.Traffic.Status[liveframe.ClassName(i)] = n
		}
	}
	if c := s.durations(); c.Count() > 0 {
		r.Traffic.Duration = &Duration{Mean: c.Mean(), P50: c.Quantile(0.5), P90: c.Quantile(0.9), P95: c.Quantile(0.95), P99: c.Quantile(0.99), Max: c.Max()}
		if histogram {
			r.Traffic.Duration.Histogram = c.Histogram().Buckets
		}
	}
	return r
}

// merge makes the event of a second out of the frames that are there.
func (g *group) merge(second int64, again bool) *Event {
	e := &Event{Second: time.Unix(second, 0).UTC(), Again: again, Failing: []Request{}, Slowest: []Request{}}
	total := &sum{}
	children, instances := map[scopes.Path]*sum{}, map[scopes.Path]*sum{}
	into := func(in map[scopes.Path]*sum, p scopes.Path) *sum {
		if in[p] == nil {
			in[p] = &sum{path: p}
		}
		return in[p]
	}
	silent := map[scopes.Path]string{}
	agents := make([]*Agent, 0, len(g.agents))
	for a := range g.agents {
		agents = append(agents, a)
	}
	slices.SortFunc(agents, func(x, y *Agent) int { return comparePaths(x.path, y.path) })
	var samples [][]Request
	for _, a := range agents {
		f, t, why := a.frame(second), (*liveframe.Traffic)(nil), silentLate
		if f != nil && f.InFlight != nil && len(f.Views) == 0 { // it has a proxy
			f, why = nil, silentFilter
		}
		if f != nil && len(f.Views) > 0 {
			if i := slices.IndexFunc(f.Views, func(t liveframe.Traffic) bool { return t.View == g.view.id }); i >= 0 {
				t = &f.Views[i]
			} else {
				f = nil // made before the agent was asked for this view
			}
		}
		if f == nil {
			silent[a.path] = why
			continue
		}
		rows := []*sum{total, into(instances, a.path)}
		if child := g.childOf(a.path); child.Level() != scopes.LevelInstance {
			rows = append(rows, into(children, child))
		}
		for _, s := range rows {
			s.add(f, t)
		}
		if t == nil {
			continue
		}
		if len(t.Failing) > 0 {
			samples = append(samples, requestsOf(a.path, t.Failing))
		}
		e.Slowest = append(e.Slowest, requestsOf(a.path, t.Slowest)...)
	}
	g.countInstances(e, len(agents), silent)
	if total.answered > 0 {
		row := total.row(g.scope.String(), true)
		e.Total = &row
	}
	e.Failing = pick(samples, e.Failing)
	slices.SortStableFunc(e.Slowest, func(x, y Request) int { return cmp.Compare(y.DurationMS, x.DurationMS) })
	e.Slowest = e.Slowest[:min(len(e.Slowest), maxSlowest)]
	byInstance, omitted := g.rows(instances)
	if g.scope.Level() == scopes.LevelEndpoint || g.scope.Level() == "" {
		e.Children, e.ChildrenOmitted = g.rows(children)
		e.ByInstance, e.ByInstanceOmitted = byInstance, omitted
	} else {
		e.Children, e.ChildrenOmitted = byInstance, omitted
	}
	return e
}

// childOf returns the scope one level below the group's that holds an instance. A group of many endpoints has them as its children.
func (g *group) childOf(p scopes.Path) scopes.Path {
	switch {
	case g.scope.Level() != scopes.LevelEndpoint:
		return p
	case g.scope.Endpoint == scopes.Wildcard:
		return scopes.Path{Endpoint: p.Endpoint}
	}
	return scopes.Path{Endpoint: p.Endpoint, Deployment: p.Deployment}
}

// rows writes the rows with the most requests, at most live.max_rows, by name.
func (g *group) rows(of map[scopes.Path]*sum) (rows []Row, omitted int) {
	sums := make([]*sum, 0, len(of))
	for _, s := range of {
		sums = append(sums, s)
	}
	if most := g.hub.cfg.MaxRows; len(sums) > most {
		slices.SortFunc(sums, func(x, y *sum) int {
			return cmp.Or(cmp.Compare(y.traffic.Requests, x.traffic.Requests), comparePaths(x.path, y.path))
		})
		omitted, sums = len(sums)-most, sums[:most]
	}
	slices.SortFunc(sums, func(x, y *sum) int { return comparePaths(x.path, y.path) })
	rows = make([]Row, 0, len(sums))
	for _, s := range sums {
		rows = append(rows, s.row(s.path.String(), g.histograms))
	}
	return rows, omitted
}

// countInstances fills in which instances gave no frame; those of agents that are connected are in silent already.
func (g *group) countInstances(e *Event, connected int, silent map[scopes.Path]string) {
	n := Instances{Answered: connected - len(silent), Connected: connected, Known: connected, Silent: []Silent{}}
	there := map[scopes.Path]bool{}
	for a := range g.agents {
		there[a.path] = true
	}
	for _, k := range g.known {
		if there[k.Path] || !g.covers(k.Path) {
			continue
		}
		n.Known++
		if silent[k.Path] = silentNoStream; k.Missing {
			silent[k.Path] = silentMissing
		}
	}
	for p, why := range silent {
		n.Silent = append(n.Silent, Silent{p, why})
	}
	slices.SortFunc(n.Silent, func(x, y Silent) int { return comparePaths(x.Scope, y.Scope) })
	if len(n.Silent) > maxSilent {
		n.SilentOmitted, n.Silent = len(n.Silent)-maxSilent, n.Silent[:maxSilent]
	}
	e.Instances = n
}

func requestsOf(p scopes.Path, list []liveframe.Request) []Request {
	out := make([]Request, 0, len(list))
	for _, r := range list {
		out = append(out, Request{p, r})
	}
	return out
}

// pick takes failing requests from all instances in turn, and puts them in order of time.
func pick(samples [][]Request, out []Request) []Request {
	for i := 0; i < liveframe.MaxFailing; i++ {
		for _, s := range samples {
			if i < len(s) && len(out) < maxFailing {
				out = append(out, s[i])
			}
		}
	}
	slices.SortStableFunc(out, func(x, y Request) int { return x.Time.Compare(y.Time) })
	return out
}

func comparePaths(x, y scopes.Path) int {
	return cmp.Or(cmp.Compare(x.Endpoint, y.Endpoint), cmp.Compare(x.Deployment, y.Deployment), cmp.Compare(x.Instance, y.Instance))
}
