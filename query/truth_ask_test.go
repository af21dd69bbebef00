package query_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// ask makes up a question about a definition.
func (w *world) ask(rng *rand.Rand, def *scopes.Definition, level scopes.Level) (query.Request, *asked) {
	r := query.Request{Metrics: []string{def.Name}, Aggregations: def.Aggregations}
	q := &asked{world: w, level: level, now: w.now.UnixMilli()}
	texts := map[scopes.Level][][]string{
		scopes.LevelEndpoint:   {{"*"}, {"credit"}, {"chat.v2"}, {"credit", "fraud"}, {"*"}},
		scopes.LevelDeployment: {{"*/*"}, {"credit/*"}, {"*/blue"}, {"chat.v2/m"}, {"credit/blue", "fraud/blue"}, {"credit/*", "fraud/blue"}, {"*/*"}},
		scopes.LevelInstance:   {{"*/*/*"}, {"*/*/i-0"}, {"chat.v2/*/*"}, {"credit/blue/i-0", "credit/green/i-0"}, {"chat.v2/*/*", "credit/blue/i-0"}, {"*/*/*"}},
	}[level]
	for _, text := range texts[rng.IntN(len(texts))] {
		p, err := scopes.ParsePattern(text)
		if err != nil {
			panic(err)
		}
		q.scopes = append(q.scopes, p)
	}
	for range rng.IntN(3) {
		if len(def.Dimensions) == 0 {
			break
		}
		dim := def.Dimensions[rng.IntN(len(def.Dimensions))].Name
		if _, ok := def.Dimension(dim); ok && !slices.Contains(q.split, dim) {
			q.split = append(q.split, dim)
		}
	}
	r.Scopes, r.Split = q.scopes, slices.Clone(q.split)
	if rng.IntN(2) == 0 {
		w.filter(rng, &r, q, def)
	}
	w.when(rng, &r, q)
	several := slices.ContainsFunc(q.scopes, func(s scopes.Pattern) bool { return len(s.Wildcards()) > 0 })
	if (len(q.split) > 0 || several) && rng.IntN(3) == 0 {
		r.Top = 1 + rng.IntN(3)
		if r.OrderBy.Ascending = rng.IntN(3) == 0; rng.IntN(2) == 0 {
			r.OrderBy.Aggregation = def.Aggregations[rng.IntN(len(def.Aggregations))]
		}
	}
	switch rng.IntN(6) {
	case 0:
		r.Compare.Offset = time.Duration(1+rng.IntN(2400)) * time.Second
	case 1:
		r.Compare.Previous = true
	case 2:
		r.Compare.Start = w.start.Add(time.Duration(rng.IntN(3600_000)) * time.Millisecond)
	}
	return r, q
}

// filter makes up a filter, as text and as conditions.
func (w *world) filter(rng *rand.Rand, r *query.Request, q *asked, def *scopes.Definition) {
	for range 1 + rng.IntN(2) {
		if len(def.Dimensions) == 0 {
			return
		}
		name := def.Dimensions[rng.IntN(len(def.Dimensions))].Name
		values := w.values(name)
		quote := func(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }
		some := func() string {
			switch rng.IntN(6) {
			case 0:
				return "nobody's"
			case 1:
				return ""
			}
			return values[rng.IntN(len(values))]
		}
		var texts []string
		var takes []func(string) bool
		for range 1 + rng.IntN(2) {
			v, u := some(), some()
			start := v[:min(len(v), 1)]
			if rng.IntN(2) == 0 {
				v, u = strings.ToUpper(v), strings.ToUpper(u)
			}
			is := func(value string) bool { return strings.EqualFold(value, v) }
			either := func(value string) bool { return is(value) || strings.EqualFold(value, u) }
			not := func(f func(string) bool) func(string) bool { return func(s string) bool { return !f(s) } }
			var text string
			var take func(string) bool
			switch rng.IntN(8) {
			case 0, 1:
				text, take = " eq "+quote(v), is
			case 2:
				text, take = " ne "+quote(v), not(is)
			case 3:
				text, take = " sw "+quote(start), func(s string) bool { return strings.HasPrefix(strings.ToLower(s), strings.ToLower(start)) }
			case 4:
				text, take = " in ("+quote(v)+", "+quote(u)+")", either
			case 5:
				text, take = " not in ("+quote(v)+","+quote(u)+")", not(either)
			case 6:
				pattern := regexp.QuoteMeta(start) + ".+|" + regexp.QuoteMeta(u)
				re := regexp.MustCompile("(?i)^(?:" + pattern + ")$")
				text, take = " matches "+quote(pattern), re.MatchString
			case 7:
				text, take = " eq '*'", func(string) bool { return true }
				if !slices.Contains(q.split, name) {
					q.split = append(q.split, name)
				}
			}
			texts, takes = append(texts, name+text), append(takes, take)
		}
		if r.Filter != "" {
			r.Filter += " and "
		}
		r.Filter += strings.Join(texts, " or ")
		q.filter = append(q.filter, condition{name, func(value string) bool {
			return slices.ContainsFunc(takes, func(take func(string) bool) bool { return take(value) })
		}})
	}
}

// values returns what a dimension can be.
func (w *world) values(dimension string) []string {
	set := map[string]bool{}
	for _, list := range w.series {
		for _, s := range list {
			if v := dimensionOf(dimension, s.ls); v != "" {
				set[v] = true
			}
		}
	}
	if dimension == "State" {
		set["ready"], set["missing"] = true, true
	}
	out := []string{}
	for v := range set {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// when makes up the time that a question is about.
func (w *world) when(rng *rand.Rand, r *query.Request, q *asked) {
	whole := w.end.Sub(w.start)
	from := time.Duration(rng.Int64N(int64(whole * 3 / 4))).Truncate(time.Millisecond)
	to := from + time.Minute + time.Duration(rng.Int64N(int64(whole-from))).Truncate(time.Millisecond)
	switch rng.IntN(6) {
	case 0, 1:
		from, to = -time.Minute, whole
	case 2:
		to = whole + time.Duration(rng.IntN(600))*time.Second // a part of it is still to come
	}
	r.Start, r.End = w.start.Add(from), w.start.Add(to)
	choices := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 0, -1}
	if !w.calm {
		choices = append(choices, 90*time.Second, 7*time.Minute, 45*time.Second) // roll-ups have nothing to say about most of these
	}
	choice := choices[rng.IntN(len(choices))]
	switch {
	case choice < 0:
		r.Interval.Full = true
		q.spans = []span{{r.Start.UnixMilli(), r.End.UnixMilli()}}
		return
	case choice == 0: // auto: less than 300 minutes are asked for
		choice = time.Minute
	default:
		r.Interval.Fixed = choice
	}
	step := choice.Milliseconds()
	for at := r.Start.UnixMilli() / step * step; at < r.End.UnixMilli(); at += step {
		q.spans = append(q.spans, span{at, at + step})
	}
}

// text says what is asked.
func (q *asked) text(r query.Request) string {
	var patterns []string
	for _, p := range r.Scopes {
		patterns = append(patterns, p.String())
	}
	interval := "full"
	if !r.Interval.Full {
		interval = r.Interval.Fixed.String()
	}
	text := fmt.Sprintf("%s %v at %s by %v, %s from %s to %s", r.Metrics[0], r.Aggregations, strings.Join(patterns, " "), q.split, interval, r.Start.Format(time.RFC3339Nano), r.End.Format(time.RFC3339Nano))
	if r.Filter != "" {
		text += ", where " + r.Filter
	}
	if r.Top > 0 {
		text += fmt.Sprintf(", top %d %v", r.Top, r.OrderBy)
	}
	if r.Compare != (query.Compare{}) {
		text += fmt.Sprintf(", compared %+v", r.Compare)
	}
	return text
}
