package scrape

import (
	"maps"
	"math"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"

	"github.com/endscope/endscope/agent"
)

// output is one canonical series as one rule gives it.
type output struct {
	metric *canonical
	values []string // one for each of the description's labels
	key    string
	round  uint64 // in which a source was last put
	live   bool   // whether a feed still leads to it

	gauge  [2]float64 // also of what is taken off
	n      [2]int
	tally  tally // a counter; also the sum of a sum and count
	minus  tally // what is taken off; also the count
	has    [2]uint64
	shown  []exemplar.Exemplar
	floor  float64 // the least that a difference may be, so that it does not fall while its counters rise
	spread spread
}

// outputKey is the identity of an output's state: rules keep theirs when the plan changes.
type outputKey struct {
	rule *Rule
	key  string
}

// feedKey is the identity of a source's feeds: they too outlive a plan.
type feedKey struct {
	rule   *Rule
	source *Source
}

// mapper makes the canonical readings of one target. Not safe for concurrent use.
type mapper struct {
	engine  *engine
	target  string // value of the label target; "" where the agent has one target
	silent  func(name string) bool
	max     int
	plan    []*planned
	outputs map[outputKey]*output
	feeds   map[feedKey]map[any]*feed
	kins    map[kinKey]*kin
	matched []*kin
	owner   map[string]*Mapping // of each canonical name: the first mapping that gave it since the plan was made
	claimed map[string]uint64   // by key: the round in which it was given
	touched []*output
	key     []byte
	now     time.Time // of the round
	flaps   int       // how often counters fell and came back
	resets  int       // how often counters began anew
}

// replan takes a new plan, with the state of the series that go on.
func (m *mapper) replan(plan []*planned) {
	m.plan = plan
	m.owner = map[string]*Mapping{}
	for _, pl := range plan {
		key := feedKey{pl.rule, pl.source}
		if m.feeds[key] == nil {
			m.feeds[key] = map[any]*feed{}
		}
		pl.feeds = m.feeds[key]
	}
}

// evict forgets what belongs to series that the page has forgotten. What a source of a sum had counted stays in the sum.
func (m *mapper) evict(p *page) {
	for _, o := range m.outputs {
		o.live = false
	}
	for _, k := range m.kins {
		k.live = false
	}
	for _, feeds := range m.feeds {
		maps.DeleteFunc(feeds, func(id any, f *feed) bool {
			gone := false
			switch id := id.(type) {
			case *series:
				gone = id.gone
			case *point:
				gone = id.gone
			case operandID:
				gone = id.series.gone
			}
			f.source.gone, f.dist.gone = gone, gone
			if !gone {
				f.keep()
			}
			return gone
		})
	}
	// An output that a feed leads to must not be made a second time, however long it has been silent.
	maps.DeleteFunc(m.outputs, func(_ outputKey, o *output) bool { return !o.live && o.round+patience < p.round })
	maps.DeleteFunc(m.kins, func(_ kinKey, k *kin) bool { return !k.live })
	for _, o := range m.outputs {
		o.tally.fold()
		o.minus.fold()
		o.spread.fold()
	}
	clear(m.claimed)
}

// keep marks what the feed leads to.
func (f *feed) keep() {
	if f.out != nil {
		f.out.live = true
	}
	if f.whole != nil {
		f.whole.live = true
	}
	if f.match != nil {
		f.match.live = true
		f.match.out.keep()
	}
}

// apply adds the canonical readings of the page's round to readings.
func (m *mapper) apply(p *page, now time.Time, readings []agent.Reading) []agent.Reading {
	given := 0
	m.now = now
	for _, pl := range m.plan {
		name := pl.rule.To
		if m.silent(name) {
			continue
		}
		owner := m.owner[name]
		m.touched = m.touched[:0]
		m.gather(p, pl, now)
		for _, out := range m.touched {
			r, ok := m.finish(p, pl, out)
			if !ok {
				continue
			}
			if owner != nil && owner != pl.mapping || m.claimed[out.key] == p.round {
				p.drop(dropOverlap)
				continue
			}
			if given++; given > m.max {
				if p.drop(dropSeries) {
					p.first = seriesLimit(m.max)
				}
				continue
			}
			m.claimed[out.key] = p.round
			m.owner[name] = pl.mapping
			readings = append(readings, r)
		}
	}
	return readings
}

// gather puts every source of the planned rule into its output.
func (m *mapper) gather(p *page, pl *planned, now time.Time) {
	if len(pl.rule.Leaf) > 0 {
		m.observe(p, pl)
	}
	switch {
	case pl.terms != nil:
		m.compute(p, pl)
	case pl.base != nil && pl.source.Part != "":
		for _, pt := range pl.base.list {
			f := m.feed(pl, pt, pt.first)
			if f.out == nil || f.hidden(p.round) {
				continue
			}
			if v, start, ok := pt.part(p, pl.source.Part, now); ok {
				m.put(p, pl, f, v, start, 0)
			}
		}
	case pl.base != nil:
		for _, pt := range pl.base.list {
			if f := m.feed(pl, pt, pt.first); f.out != nil && !f.hidden(p.round) {
				m.distribute(p, pl, f, pt, now)
			}
		}
	default:
		for i, family := range []*family{pl.value, pl.minus} {
			if family == nil {
				continue
			}
			for _, s := range family.series {
				if s.round != p.round || s.native {
					continue
				}
				f := m.feed(pl, s, s)
				if f.out == nil || f.hidden(p.round) {
					continue
				}
				v := s.value
				if len(pl.source.Product) > 0 {
					v = product(s, pl.source.Product)
				}
				m.put(p, pl, f, v, p.created(s, now), i)
				if i == 0 && len(s.seen) > 0 && pl.source.Sum == "" && f.out.round == p.round {
					f.out.show(s.seen, pl.rule.factor)
				}
			}
		}
	}
}

// show takes exemplars in, of whose values factor makes the output's.
func (o *output) show(seen []exemplar.Exemplar, factor float64) {
	for _, e := range seen {
		e.Value = scaled(e.Value, factor)
		o.shown = append(o.shown, e)
	}
}

// part returns the sum or the count of a histogram or summary.
func (pt *point) part(p *page, part string, now time.Time) (v float64, start time.Time, ok bool) {
	s := pt.sum
	if part == "count" {
		s = pt.count
	}
	if s != nil && s.round == p.round {
		return s.value, p.created(s, now), true
	}
	if n := pt.native; n != nil && n.round == p.round {
		if part == "count" {
			return float64(n.hist.Count), p.created(n, now), true
		}
		return n.hist.Sum, p.created(n, now), true
	}
	return 0, time.Time{}, false
}

// put takes in one number; side is 1 for what is taken off, or for the count.
func (m *mapper) put(p *page, pl *planned, f *feed, v float64, start time.Time, side int) {
	if !says(v, pl.rule.Drop) {
		return
	}
	out := f.out
	if side == 0 || pl.source.Sum == "" {
		v = scaled(v, pl.rule.factor)
	}
	if math.IsInf(v, 0) || pl.rule.metric.Type != model.MetricTypeGauge && v < 0 {
		return
	}
	if out.round != p.round {
		out.round, out.n, out.gauge, out.shown = p.round, [2]int{}, [2]float64{}, nil
		m.touched = append(m.touched, out)
	}
	out.has[side] = p.round
	switch {
	case pl.rule.metric.Type != model.MetricTypeGauge:
		t := &out.tally
		if side == 1 {
			t = &out.minus
		}
		t.put(&f.source, p.round, v, start)
	case pl.rule.combine == combineMax && out.n[side] > 0:
		out.gauge[side] = max(out.gauge[side], v)
		out.n[side]++
	default:
		out.gauge[side] += v
		out.n[side]++
	}
}

// says tells whether v is a reading: neither NaN, nor infinite, nor a number by which a source says that it has none.
func says(v float64, drop []float64) bool {
	const blank = 0x7ffffffffffffff0 // int64 readings of NVIDIA's that mean blank, not supported, not found, …
	if math.IsNaN(v) || math.IsInf(v, 0) || v >= blank {
		return false
	}
	for _, d := range drop {
		if v == d {
			return false
		}
	}
	return true
}

// distribute takes in one histogram.
func (m *mapper) distribute(p *page, pl *planned, f *feed, pt *point, now time.Time) {
	source := &f.dist
	from := pt.native
	native := from != nil && from.round == p.round
	classic := len(pt.buckets) > 0
	if native && pl.rule.factor != 1 && !from.hist.UsesCustomBuckets() {
		if native = false; !classic { // exponential buckets cannot be multiplied
			if p.drop(dropHistogram) {
				p.first = factorError(pt.base.name, pl.rule.factor)
			}
			return
		}
	}
	switch {
	case native:
		source.native = from.hist
		if pl.rule.factor != 1 {
			h := from.hist.Copy()
			h.Sum = scaled(h.Sum, pl.rule.factor)
			bounds := make([]float64, len(h.CustomValues))
			for i, b := range h.CustomValues {
				bounds[i] = scaled(b, pl.rule.factor)
			}
			h.CustomValues = bounds
			source.native = h
		}
	case classic:
		ok, absent := source.now.classic(pt, p.round, pl.rule.factor)
		if absent {
			return
		}
		if !ok {
			if p.drop(dropHistogram) {
				p.first = bucketError(pt.base.name)
			}
			return
		}
		from = pt.buckets[0]
	default:
		return
	}
	out := f.out
	if out.round != p.round {
		out.round, out.shown = p.round, nil
		m.touched = append(m.touched, out)
	}
	out.show(pt.exemplars(p.round, native), pl.rule.factor)
	out.spread.put(source, p.round, p.created(from, now))
}

// exemplars returns those of a histogram in this round.
func (pt *point) exemplars(round uint64, native bool) []exemplar.Exemplar {
	if native {
		return pt.native.seen
	}
	var all []exemplar.Exemplar
	for _, b := range pt.buckets {
		if b.round == round {
			all = append(all, b.seen...)
		}
	}
	return all
}

// finish returns the reading of an output, and false when the round does not hold all that it needs.
func (m *mapper) finish(p *page, pl *planned, out *output) (agent.Reading, bool) {
	r := agent.Reading{Desc: m.desc(pl.rule.metric), LabelValues: out.values}
	both := out.has[0] == p.round && out.has[1] == p.round
	switch {
	case pl.source.Sum != "":
		if !both {
			return r, false
		}
		d := dist{sum: out.tally.total(p.round, pl.rule.combine, m.now), counts: []float64{out.minus.total(p.round, pl.rule.combine, m.now)}}
		r.Hist, r.Start = d.native(), out.tally.begin()
		m.watch(&out.minus)
		return r, r.Hist != nil
	case pl.rule.metric.Type == model.MetricTypeHistogram:
		if r.Hist = out.spread.total(p.round, pl.rule.combine, m.now); r.Hist == nil {
			if p.drop(dropHistogram) {
				p.first = bucketError(pl.base.name)
			}
			return r, false
		}
		r.Start, r.Exemplars = out.spread.begin(), out.shown
		return r, true
	case pl.source.Minus != "" && !both:
		return r, false
	case pl.rule.metric.Type == model.MetricTypeCounter:
		begun := out.tally.begun
		r.Value, r.Start = out.tally.total(p.round, pl.rule.combine, m.now), out.tally.begin()
		if pl.source.Minus != "" {
			v := max(r.Value-out.minus.total(p.round, pl.rule.combine, m.now), 0)
			if out.tally.begun != begun {
				out.floor = 0
			}
			out.floor = max(out.floor, v) // the two counters are not read at one instant
			r.Value = out.floor
		}
		if pl.rule.metric.Type == model.MetricTypeCounter && out.has[0] == p.round {
			r.Exemplars = out.shown
		}
		m.watch(&out.tally)
	default:
		g := out.gauge
		for side, n := range out.n {
			if pl.rule.combine == combineAvg && n > 0 {
				g[side] /= float64(n)
			}
		}
		r.Value = g[0]
		if pl.source.Minus != "" {
			r.Value = max(g[0]-g[1], 0)
		}
	}
	return r, !math.IsInf(r.Value, 0) && !math.IsNaN(r.Value)
}

// watch takes note of what the counter went through.
func (m *mapper) watch(t *tally) {
	m.resets += t.begun
	t.begun = 0
	if t.flaps > 0 {
		m.flaps += t.flaps
		t.flaps = 0
	}
}

func (m *mapper) desc(c *canonical) *agent.Desc {
	if m.target != "" {
		return c.withOf
	}
	return &c.Desc
}
