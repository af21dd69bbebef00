package query_test

import (
	"maps"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/endscope/endscope/scopes"
)

// What follows computes answers by hand, from the samples as they were pushed and from what docs/drill-down.md says about them. It
// shares nothing with the planner: no expressions, no catalogue but for names.

// span is one window, (from, to] in milliseconds since 1970.
type span struct{ from, to int64 }

// asked is a question as the brute force understands it.
type asked struct {
	world  *world
	level  scopes.Level
	scopes []scopes.Pattern
	split  []string
	filter []condition
	not    map[group]bool // groups, as split tells them, that are left out
	folded bool           // what is left is one series for each of scopes
	// blind are dimensions that the series at hand do not have: neither split nor filter see them.
	blind []string
	spans []span
	now   int64
}

// condition is what a filter says of a dimension's value.
type condition struct {
	dimension string
	takes     func(value string) bool
}

// group names one series of an answer: a scope and the values of the split, in its order.
type group struct {
	scope  scopes.Path
	values string
}

// bound is what a value must lie in. Both ends are equal for what is exact.
type bound struct {
	low, high float64
	ranked    *[2]float64 // of a quantile: the observations at its rank
}

func exactly(v float64) bound { return bound{low: v, high: v} }

// truth is the values of each group, by window; nil where there is no data.
type truth map[group][]*bound

func (t truth) set(q *asked, g group, window int, b bound) {
	if math.IsNaN(b.low) || math.IsInf(b.low, 0) {
		return
	}
	if t[g] == nil {
		t[g] = make([]*bound, len(q.spans))
	}
	t[g][window] = &b
}

// dimensionOf returns the value of a dimension, by the label that it stands for.
func dimensionOf(name string, ls map[string]string) string {
	switch name {
	case "deployment", "direction", "reason", "type", "kind", "tier", "disk", "gpu", "xid", "phase", "outcome", "node":
		return ls[name]
	case "instanceId":
		return ls["instance"]
	case "statusCode", "envoy_response_code":
		return ls["status_code"]
	case "modelStatusCode":
		return ls["model_status_code"]
	case "State":
		return ls["state"]
	case "gpuUuid":
		return ls["uuid"]
	case "gpuModel":
		return ls["model"]
	case "statusCodeClass":
		code := ls["status_code"]
		if len(code) == 3 && code[0] >= '1' && code[0] <= '5' {
			return code[:1] + "xx"
		}
		return ""
	}
	panic("no brute force for the dimension " + name)
}

// pathOf cuts a path to what an answer's scope tells: the level asked for, or deeper where the split names it.
func (q *asked) pathOf(p scopes.Path) scopes.Path {
	depth := map[scopes.Level]int{scopes.LevelEndpoint: 1, scopes.LevelDeployment: 2, scopes.LevelInstance: 3}[q.level]
	if slices.Contains(q.split, "deployment") {
		depth = max(depth, 2)
	}
	if slices.Contains(q.split, "instanceId") {
		depth = 3
	}
	if depth < 3 {
		p.Instance = ""
	}
	if depth < 2 {
		p.Deployment = ""
	}
	return p
}

// groupOf returns the group that labels fall into, and false where they are not asked for.
func (q *asked) groupOf(p scopes.Path, ls map[string]string) (group, bool) {
	if !slices.ContainsFunc(q.scopes, func(s scopes.Pattern) bool { return s.Covers(p) }) {
		return group{}, false
	}
	for _, c := range q.filter {
		if !slices.Contains(q.blind, c.dimension) && !c.takes(dimensionOf(c.dimension, ls)) {
			return group{}, false
		}
	}
	var values []string
	for _, name := range q.split {
		value := ""
		if !slices.Contains(q.blind, name) {
			value = dimensionOf(name, ls)
		}
		values = append(values, value)
	}
	g := group{q.pathOf(p), strings.Join(values, "\x00")}
	if q.not[g] {
		return group{}, false
	}
	if q.folded {
		g = group{scope: q.patternOf(p)}
	}
	return g, true
}

// patternOf returns which of the scopes that are asked for a path belongs to, as it was written.
func (q *asked) patternOf(p scopes.Path) scopes.Path {
	return scopes.Path(q.scopes[slices.IndexFunc(q.scopes, func(s scopes.Pattern) bool { return s.Covers(p) })])
}

// which picks series by a label; nil takes all.
type which func(ls map[string]string) bool

func where(label string, values ...string) which {
	return func(ls map[string]string) bool { return slices.Contains(values, ls[label]) }
}

// of returns the series of a name by the groups that they fall into.
func (q *asked) of(name string, c which) map[group][]*rawSeries {
	out := map[group][]*rawSeries{}
	for _, s := range q.world.series[name] {
		if g, ok := q.groupOf(s.path, s.ls); ok && (c == nil || c(s.ls)) {
			out[g] = append(out[g], s)
		}
	}
	return out
}

// inside returns the indexes of the live samples in a window: from lo up to but without hi.
func (s *rawSeries) inside(w span) (lo, hi int) {
	lo = sort.Search(len(s.live), func(i int) bool { return s.live[i].at > w.from })
	return lo, sort.Search(len(s.live), func(i int) bool { return s.live[i].at > w.to })
}

// rises calls f with each pair of samples whose difference belongs to a window, and returns false if no sample is in the window. The
// difference begins at the last sample before the window, or, where there is none within the look-back, at the first in it.
func (s *rawSeries) rises(w span, f func(before, after *rawSample)) bool {
	lo, hi := s.inside(w)
	if lo == hi {
		return false
	}
	if lo == 0 || s.live[lo-1].at <= w.from-lookback {
		lo++
	}
	for i := lo; i < hi; i++ {
		f(&s.live[i-1], &s.live[i])
	}
	return true
}

// stat is what a counter or histogram says of a window.
type stat func(s *rawSeries, w span) (float64, bool)

// increase is the rise of a counter; one that fell began anew at 0.
func increase(s *rawSeries, w span) (total float64, ok bool) {
	ok = s.rises(w, func(before, after *rawSample) {
		if after.value < before.value {
			total += after.value
		} else {
			total += after.value - before.value
		}
	})
	return total, ok
}

// seen calls f with what was observed in a window.
func (s *rawSeries) seen(w span, f func(obs []float64, l layout)) bool {
	lo, hi := s.inside(w)
	for _, x := range s.live[lo:hi] {
		f(nil, x.layout)
	}
	return s.rises(w, func(before, after *rawSample) {
		obs := after.obs
		if before.process == after.process {
			obs = obs[len(before.obs):]
		}
		f(obs, before.layout)
	})
}

// observations is how many there were.
func observations(s *rawSeries, w span) (n float64, ok bool) {
	ok = s.seen(w, func(obs []float64, _ layout) { n += float64(len(obs)) })
	return n, ok
}

// total is their sum.
func total(s *rawSeries, w span) (sum float64, ok bool) {
	ok = s.seen(w, func(obs []float64, _ layout) {
		for _, v := range obs {
			sum += v
		}
	})
	return sum, ok
}

// added is a stat over the series of each group.
func (q *asked) added(name string, c which, f stat, w span) map[group]float64 {
	out := map[group]float64{}
	for g, list := range q.of(name, c) {
		for _, s := range list {
			if v, ok := f(s, w); ok {
				out[g] += v
			}
		}
	}
	return out
}

// wholeMinutes are those inside a window. One that is shorter than two of them has its last minute.
func wholeMinutes(w span) (out []span) {
	const minute = 60_000
	if w.to-w.from < 2*minute {
		return []span{{w.to - minute, w.to}}
	}
	for m := (w.from + minute - 1) / minute * minute; m+minute <= w.to; m += minute {
		out = append(out, span{m, m + minute})
	}
	return out
}

// counted is a rule for a stat that adds up: per is its unit of time, 0 where there is only a total.
func counted(name string, c which, f stat, per time.Duration, factor float64) rule {
	return func(q *asked, a scopes.Aggregation) truth {
		out := truth{}
		for i, w := range q.spans {
			length := time.Duration(w.to-w.from) * time.Millisecond
			if (a == scopes.Minimum || a == scopes.Maximum) && length > per {
				for _, m := range wholeMinutes(w) {
					for g, v := range q.added(name, c, f, m) {
						v *= factor
						if have := out[g]; have != nil && have[i] != nil {
							if a == scopes.Minimum {
								v = min(v, have[i].low)
							} else {
								v = max(v, have[i].low)
							}
						}
						out.set(q, g, i, exactly(v))
					}
				}
				continue
			}
			for g, v := range q.added(name, c, f, w) {
				if a != scopes.Total {
					v *= per.Seconds() / length.Seconds()
				}
				out.set(q, g, i, exactly(v*factor))
			}
		}
		return out
	}
}

// sampled is a rule for gauges whose samples are one set.
func sampled(name string, c which, change func(float64) float64) rule {
	return func(q *asked, a scopes.Aggregation) truth {
		out := truth{}
		for g, list := range q.of(name, c) {
			for i, w := range q.spans {
				var values []float64
				for _, s := range list {
					lo, hi := s.inside(w)
					for _, x := range s.live[lo:hi] {
						values = append(values, change(x.value))
					}
				}
				if v, ok := folded(a, values); ok {
					out.set(q, g, i, exactly(v))
				}
			}
		}
		return out
	}
}

// folded makes one value of many.
func folded(a scopes.Aggregation, values []float64) (float64, bool) {
	if len(values) == 0 {
		return 0, false
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	switch a {
	case scopes.Minimum:
		return slices.Min(values), true
	case scopes.Maximum:
		return slices.Max(values), true
	case scopes.Total:
		return sum, true
	case scopes.Count:
		return float64(len(values)), true
	}
	return sum / float64(len(values)), true
}

// instant returns the value of a series at a time: that of its newest sample, unless that is a minute old, as when its
// instance died, or says that the series ended.
func (s *rawSeries) instant(at int64) (rawSample, bool) {
	i := sort.Search(len(s.all), func(i int) bool { return s.all[i].at > at }) - 1
	if i < 0 || s.all[i].at <= at-60_000 || s.all[i].stale {
		return rawSample{}, false
	}
	return s.all[i], true
}

// instants are when a window is looked at: every finest, or 240 times in a long window, at multiples of that; a short window at its end.
// A window that is not over is looked at up to now.
func (q *asked) instants(w span, finest time.Duration) []int64 {
	if w.from >= q.now {
		return nil
	}
	w.to = min(w.to, q.now)
	step := max(finest.Milliseconds(), (w.to-w.from)/240/1000*1000)
	if w.to-w.from <= step {
		return []int64{w.to}
	}
	var out []int64
	for at := (w.from/step + 1) * step; at <= w.to; at += step {
		out = append(out, at)
	}
	return out
}

// looked is a rule for what is looked at now and then: at says what it is at an instant, by group.
func looked(finest time.Duration, at func(q *asked, at int64) map[group]float64) rule {
	return glimpsed(finest, func(q *asked, t int64, _ scopes.Aggregation) map[group]bound {
		out := map[group]bound{}
		for g, v := range at(q, t) {
			out[g] = exactly(v)
		}
		return out
	})
}

// glimpsed is looked for what is known within bounds, and differs by aggregation.
func glimpsed(finest time.Duration, at func(q *asked, at int64, a scopes.Aggregation) map[group]bound) rule {
	return func(q *asked, a scopes.Aggregation) truth {
		out := truth{}
		for i, w := range q.spans {
			lows, highs := map[group][]float64{}, map[group][]float64{}
			for _, t := range q.instants(w, finest) {
				for g, v := range at(q, t, a) {
					lows[g], highs[g] = append(lows[g], v.low), append(highs[g], v.high)
				}
			}
			for g := range lows {
				low, _ := folded(a, lows[g])
				high, _ := folded(a, highs[g])
				out.set(q, g, i, bound{low: low, high: high})
			}
		}
		return out
	}
}

// instantSum adds the series of each group up.
func instantSum(name string) rule {
	return looked(15*time.Second, func(q *asked, at int64) map[group]float64 {
		out := map[group]float64{}
		for g, list := range q.of(name, nil) {
			for _, s := range list {
				if x, ok := s.instant(at); ok {
					out[g] += x.value
				}
			}
		}
		return out
	})
}

// instantShare divides sums of gauges, of the instances that have both.
func instantShare(num, den string, change func(float64) float64) rule {
	return looked(15*time.Second, func(q *asked, at int64) map[group]float64 {
		type key struct {
			group
			path scopes.Path
		}
		sums := func(name string) map[key]float64 {
			out := map[key]float64{}
			for g, list := range q.of(name, nil) {
				for _, s := range list {
					if x, ok := s.instant(at); ok {
						out[key{g, s.path}] += x.value
					}
				}
			}
			return out
		}
		dens := sums(den)
		top, bottom, out := map[group]float64{}, map[group]float64{}, map[group]float64{}
		for k, v := range sums(num) {
			if d, ok := dens[k]; ok {
				top[k.group] += v
				bottom[k.group] += d
			}
		}
		for g := range top {
			if bottom[g] != 0 {
				out[g] = change(top[g] / bottom[g])
			}
		}
		return out
	})
}

// side is the upper or lower part of a ratio.
type side struct {
	name  string
	c     which
	f     stat
	blind []string // dimensions that its series do not have
}

// ratio divides. Where the upper part is a part of the lower one, none of it is 0; else nothing over something is nothing.
func ratio(num, den side, partOf bool, change func(float64) float64) rule {
	return func(q *asked, _ scopes.Aggregation) truth {
		out := truth{}
		for i, w := range q.spans {
			sums := func(s side) map[group]float64 {
				blind := *q
				blind.blind = s.blind
				return blind.added(s.name, s.c, s.f, w)
			}
			top, bottom := sums(num), sums(den)
			if q.folded {
				// Of a side that does not know all of the split, what stands beside something that is left.
				top, bottom = q.beside(num, den, top, w), q.beside(den, num, bottom, w)
			}
			divide := func(g, above, below group) {
				n, ok := top[above]
				d, has := bottom[below]
				if has && d > 0 && (ok || partOf) {
					out.set(q, g, i, exactly(change(n/d)))
				}
			}
			switch {
			case len(num.blind) > 0:
				for g := range bottom {
					divide(g, q.without(g, num.blind), g)
				}
			case len(den.blind) > 0:
				for g := range top {
					divide(g, g, q.without(g, den.blind))
				}
			default:
				for g := range bottom {
					divide(g, g, g)
				}
			}
		}
		return out
	}
}

// beside returns the sums of a side that is folded: where it is blind, of those of its series that have some left of the other.
func (q *asked) beside(s, other side, sums map[group]float64, w span) map[group]float64 {
	if !slices.ContainsFunc(q.split, func(name string) bool { return slices.Contains(s.blind, name) }) {
		return sums
	}
	each := *q
	each.folded = false
	left := map[group]bool{}
	for g := range each.added(other.name, other.c, other.f, w) {
		left[each.without(g, s.blind)] = true
	}
	each.not, each.blind = nil, s.blind
	out := map[group]float64{}
	for g, v := range each.added(s.name, s.c, s.f, w) {
		if left[g] {
			out[group{scope: q.patternOf(g.scope)}] += v
		}
	}
	return out
}

// without returns the group with dimensions left empty.
func (q *asked) without(g group, names []string) group {
	if q.folded {
		return g
	}
	values := strings.Split(g.values, "\x00")
	for i, name := range q.split {
		if slices.Contains(names, name) {
			values[i] = ""
		}
	}
	g.values = strings.Join(values, "\x00")
	return g
}

// mean is a rule for the mean of all observations; its Total is their sum and its Count their number.
func mean(name string, c which, factor float64) rule {
	return func(q *asked, a scopes.Aggregation) truth {
		switch a {
		case scopes.Count:
			return counted(name, c, observations, 0, 1)(q, scopes.Total)
		case scopes.Total:
			return counted(name, c, total, 0, factor)(q, scopes.Total)
		}
		return ratio(side{name: name, c: c, f: total}, side{name: name, c: c, f: observations}, false, func(v float64) float64 { return v * factor })(q, a)
	}
}

// quantile is a rule for the q-th quantile: the value lies in the bucket of the observation that has that rank, or between those of two
// neighbours where the rank falls between them. Where some of what is asked about has bounds of its own, all is brought to those.
func quantile(name string, c which, percent int, factor float64) rule {
	return func(q *asked, a scopes.Aggregation) truth {
		if a == scopes.Count {
			return counted(name, c, observations, 0, 1)(q, scopes.Total)
		}
		out := truth{}
		whole := *q
		whole.not = nil // what is folded has the buckets that all have
		shared := whole.layouts(name, c)
		delete(shared, "exponential")
		for g, list := range q.of(name, c) {
			for i, w := range q.spans {
				var all []float64
				layouts := maps.Clone(shared)
				for _, s := range list {
					s.seen(w, func(obs []float64, l layout) {
						all = append(all, obs...)
						layouts[l.key()] = l
					})
				}
				if n := len(all); n > 0 {
					slices.Sort(all)
					b := bound{low: all[max(0, (percent*n-1)/100)], high: all[min(percent*n/100, n-1)]}
					ranked := [2]float64{b.low * factor, b.high * factor}
					// Histograms of several layouts are brought to one, which may widen a bucket that has been widened.
					for range len(layouts) {
						for _, key := range slices.Sorted(maps.Keys(layouts)) {
							low, _ := layouts[key].bucket(b.low)
							_, high := layouts[key].bucket(b.high)
							b.low, b.high = min(b.low, low), max(b.high, high)
						}
					}
					out.set(q, g, i, bound{b.low * factor, b.high * factor, &ranked})
				}
			}
		}
		return out
	}
}

// layouts returns one layout of each form that the histograms that are asked about have had at any time.
func (q *asked) layouts(name string, c which) map[string]layout {
	out := map[string]layout{}
	for _, list := range q.of(name, c) {
		for _, s := range list {
			for _, x := range s.live {
				out[x.layout.form()] = x.layout
			}
		}
	}
	return out
}

// form is how the histograms of a layout are stored.
func (l layout) form() string {
	switch {
	case l.custom:
		return "custom"
	case l.bounds != nil:
		return "classic"
	}
	return "exponential"
}

// key tells layouts apart.
func (l layout) key() string {
	if l.bounds != nil {
		return l.form()
	}
	return string(rune('a' + l.schema))
}

// bucket returns the bounds of the bucket that a value falls into.
func (l layout) bucket(v float64) (low, high float64) {
	if l.bounds == nil {
		if v <= zeroThreshold {
			return 0, zeroThreshold
		}
		step := math.Pow(2, -float64(l.schema))
		i := math.Ceil(math.Log2(v)/step - 1e-9)
		return math.Pow(2, (i-1)*step), math.Pow(2, i*step)
	}
	i, _ := slices.BinarySearch(l.bounds, v)
	switch {
	case i == 0:
		return 0, l.bounds[0]
	case i == len(l.bounds):
		return l.bounds[i-1], math.Inf(1)
	}
	return l.bounds[i-1], l.bounds[i]
}
