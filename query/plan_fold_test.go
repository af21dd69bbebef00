package query

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// labelValuesOf returns the values that made-up series have for a label.
func labelValuesOf(label string) []string {
	switch label {
	case "status_code":
		return []string{"200", "201", "424", "500"}
	case "model_status_code":
		return []string{"200"}
	case "direction":
		return []string{"input", "output"}
	case "state":
		return []string{"unbound", "bound_idle", "active"}
	case "clock":
		return []string{"sm", "memory"}
	case "result":
		return []string{"hit", "miss"}
	case "gpu":
		return []string{"0", "1"}
	case "phase":
		return []string{"total", "weights_load", "compile"}
	}
	return []string{label + "-1", label + "$2"}
}

// writeEverySeries writes a few minutes of every series of the catalogue, for instances of two deployments of one endpoint.
func writeEverySeries(t *testing.T, b *bench) {
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	// What each series is: which labels it has, and whether it is a histogram, a counter or a gauge.
	type series struct {
		labels  []string
		hist    bool
		counter bool
	}
	all := map[string]*series{}
	for _, name := range heartbeats {
		all[name] = &series{}
	}
	for _, def := range catalogue.All() {
		s := def.Source
		note := func(name string, where *scopes.LabelRule, without []string, hist, counter bool) {
			if all[name] == nil {
				all[name] = &series{}
			}
			of := all[name]
			of.hist, of.counter = of.hist || hist, of.counter || counter
			add := func(label string) {
				if !slices.Contains(of.labels, label) && !slices.Contains(instanceLabels(), label) {
					of.labels = append(of.labels, label)
				}
			}
			for _, dim := range def.Dimensions {
				if !slices.Contains(without, dim.Name) {
					add(storedLabel(dim))
				}
			}
			if where != nil {
				add(where.Label)
			}
		}
		if s.Series != "" {
			hist := strings.HasPrefix(string(s.Kind), "histogram") || s.Kind == scopes.KindSkew
			note(s.Series, s.Where, nil, hist, s.Kind == scopes.KindCounter || s.Kind == scopes.KindTimeShare)
		}
		for _, term := range []*scopes.Term{s.Num, s.Den} {
			if term != nil {
				note(term.Series, term.Where, term.Without, term.Stat == scopes.StatObservations || term.Stat == scopes.StatTotal, term.Stat == scopes.StatIncrease)
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	b.now = testTime.Add(7 * time.Minute)
	for n, in := range []scopes.Path{path(t, "a/blue/i0"), path(t, "a/blue/i1"), path(t, "a/green/i0")} {
		app := b.append()
		for _, name := range slices.Sorted(maps.Keys(all)) {
			of := all[name]
			combinations := [][]string{nil}
			for _, label := range of.labels {
				var next [][]string
				for _, c := range combinations {
					for _, v := range labelValuesOf(label) {
						if label == "uuid" && v[len(v)-1] != c[len(c)-1][0]+1 { // one for each GPU
							continue
						}
						next = append(next, append(slices.Clone(c), label, v))
					}
				}
				combinations = next
			}
			for _, c := range combinations {
				if len(combinations) > 2 && rng.IntN(5) == 0 && !strings.HasPrefix(name, "gpu_time") {
					continue // not every series is there
				}
				ls := seriesOf(name, in, c...)
				total := 0.0
				var observed running
				for at := testTime.Add(time.Duration(2+n) * time.Second); at.Before(b.now); at = at.Add(15 * time.Second) {
					switch {
					case n == 2 && at.Sub(testTime) > 4*time.Minute:
					case of.hist:
						for range rng.IntN(4) {
							observed.observe(math.Exp(rng.NormFloat64()))
						}
						app.hist(testTime.Add(time.Second), at, observed.histogram(), ls)
					case of.counter:
						total += float64(rng.IntN(15))
						app.counter(testTime.Add(time.Second), at, total, ls)
					default:
						app.float(at, rng.Float64(), ls)
					}
				}
			}
		}
		app.done()
	}
}

// without returns a bench with the same samples but for those of some series.
func (b *bench) without(t *testing.T, drop func(labels.Labels) bool) *bench {
	out := newBench(t)
	out.now = b.now
	q, err := b.db.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer func() { require.NoError(t, q.Close()) }()
	app := out.append()
	require.NoError(t, eachSeries(t.Context(), q, testTime, b.now, false, func(s storage.Series) error {
		if drop(s.Labels()) {
			return nil
		}
		it := s.Iterator(nil)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			if kind == chunkenc.ValFloat {
				at, v := it.At()
				app.float(time.UnixMilli(at), v, s.Labels())
			} else {
				at, h := it.AtHistogram(nil)
				app.hist(time.Time{}, time.UnixMilli(at), h, s.Labels())
			}
		}
		return it.Err()
	}, labels.MustNewMatcher(labels.MatchNotEqual, model.MetricNameLabel, "")))
	app.done()
	return out
}

// values evaluates a plan and returns the values of its series by their labels.
func (b *bench) values(t *testing.T, pl plan, a scopes.Aggregation, win windows) map[string]line {
	pl.window, pl.current = win.length, b.planner.cfg.InstanceMissingAfter
	if pl.remembers() {
		var err error
		pl.states, err = b.planner.stateRule(b.ctx(), pl.scope, win)
		require.NoError(t, err)
	}
	e := &evaluation{plan: &pl, aggregation: a, windows: win}
	require.NoError(t, b.planner.evaluate(b.ctx(), b.planner.set.Engine.NewSession(), []*evaluation{e}))
	return e.lines()
}

// TestWhatIsFoldedIsAsIfTheRestWereNotThere takes some series of a split out of every metric, and compares with what
// there is in a store that never had them.
func TestWhatIsFoldedIsAsIfTheRestWereNotThere(t *testing.T) {
	b := newBench(t)
	writeEverySeries(t, b)
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	win := newWindows(testTime, b.now, Interval{Fixed: 3 * time.Minute})
	rng := rand.New(rand.NewPCG(5, 6))
	planned := map[string]bool{}
	for _, def := range catalogue.AtLevel(scopes.LevelEndpoint) {
		alike := fmt.Sprint(def.Source.Kind, def.Source.Num != nil && len(def.Source.Num.Without) > 0, dimensionNames(def))
		if planned[alike] {
			continue
		}
		planned[alike] = true
		for _, scopeText := range []string{"a", "*"} {
			t.Run(def.Name+" of "+scopeText, func(t *testing.T) {
				pl := plan{def: def, scope: pattern(t, scopeText), split: def.Dimensions}
				if def.Source.Kind == scopes.KindSkew {
					pl.split = def.Dimensions[:1] // split by instance, the mean stays that of all
				}
				pl.matchers = pl.scope.Matchers()
				a := def.Aggregations[rng.IntN(len(def.Aggregations))]
				if def.Source.Kind == scopes.KindInstanceState {
					a = scopes.Average
				}
				whole := b.values(t, pl, a, win)
				require.NotEmpty(t, whole)
				out := &folded{}
				var dropped []map[string]string
				for _, key := range slices.Sorted(maps.Keys(whole)) {
					// A GPU and an instance are kept, so that both sides of a ratio keep what they stand beside.
					if l := whole[key].labels; (len(out.tuples) == 0 || rng.IntN(2) == 0) && l.Get("direction") != "input" && l.Get("deployment") != "green" {
						out.tuples = append(out.tuples, pl.tuple(l))
						dropped = append(dropped, l.Map())
					}
				}
				rest := pl
				rest.exclude = out
				got := b.values(t, rest, a, win)
				if def.Source.Kind == scopes.KindInstanceState {
					// Its states are no labels of what is stored, but the means of what is left add up.
					want := map[string]line{}
					for _, l := range whole {
						if !slices.ContainsFunc(out.tuples, func(tuple []string) bool { return slices.Equal(tuple, pl.tuple(l.labels)) }) {
							want[""] = line{labels.EmptyLabels(), plus(want[""].values, l.values)}
						}
					}
					require.Equal(t, describe(want), describe(got), "%s without %v", a, out.tuples)
					return
				}
				drop := func(ls labels.Labels) bool {
					return slices.ContainsFunc(dropped, func(tuple map[string]string) bool {
						for label, v := range tuple {
							have := ls.Get(label)
							if label == "statusCodeClass" {
								have = ls.Get("status_code")[:min(1, len(ls.Get("status_code")))] + "xx"
							}
							if have != v {
								return false
							}
						}
						return true
					})
				}
				plain := pl
				plain.split, plain.together = nil, true
				want := b.without(t, drop).values(t, plain, a, win)
				require.Equal(t, describe(want), describe(got), "%s without %v", a, out.tuples)
				if a == scopes.Minimum || a == scopes.Maximum {
					return // may be of what is left
				}
				require.NotEqual(t, describe(b.values(t, plain, a, win)), describe(got), "%s without %v", a, out.tuples)
			})
		}
	}
}

func plus(a, b []*float64) []*float64 {
	out := slices.Clone(b)
	for i, v := range a {
		if v != nil && b[i] != nil {
			total := *v + *b[i]
			out[i] = &total
		}
	}
	return out
}

func describe(lines map[string]line) map[string][]string {
	out := map[string][]string{}
	for _, l := range lines {
		for _, v := range l.values {
			text := "null"
			if v != nil {
				text = fmt.Sprintf("%.9g", *v)
			}
			out[l.labels.String()] = append(out[l.labels.String()], text)
		}
	}
	return out
}
