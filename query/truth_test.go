package query_test

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// How many worlds are made up, and how often each definition that is no quantile is asked about in each, at each level.
// ENDSCOPE_TRUTH_WORLDS asks for more worlds.
const (
	truthWorlds = 2
	truthRounds = 3
)

// TestTruth asks about every metric of the catalogue, with random scopes, splits and intervals, and compares with what a brute force
// over the samples as they were pushed says. In the same worlds it asks for windows that slide.
func TestTruth(t *testing.T) {
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	known := rules()
	for _, def := range catalogue.All() {
		_, ok := known[def.Name]
		require.True(t, ok, "%s has no brute force: say in rules() what its values must be", def.Name)
	}
	for name := range known {
		require.True(t, slices.ContainsFunc(catalogue.All(), func(d *scopes.Definition) bool { return d.Name == name }), "%s is not in the catalogue", name)
	}
	worlds, each := truthWorlds, truthRounds
	if query.RaceDetector {
		worlds, each = 1, 1
	}
	if n, err := strconv.Atoi(os.Getenv("ENDSCOPE_TRUTH_WORLDS")); err == nil {
		worlds = n
	}
	all := make([]tally, worlds)
	t.Run("worlds", func(t *testing.T) {
		for seed := range worlds {
			t.Run(strconv.Itoa(seed), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, uint64(seed))
				b := newTruthBench(t, w, catalogue)
				rng := rand.New(rand.NewPCG(uint64(seed), 4))
				for n, def := range catalogue.All() {
					rounds, levels := each, def.Levels
					if def.Source.Quantile > 0 {
						rounds, levels = 1, levelsOfQuantile(n, def)
					}
					for range rounds {
						for _, level := range levels {
							r, q := w.ask(rng, def, level)
							b.compare(t, r, q, known[def.Name], &all[seed])
						}
					}
				}
				all[seed].samples = w.samples
				t.Run("sliding windows are what single ones are", func(t *testing.T) { b.slidingWindows(t, seed, catalogue) })
			})
		}
	})
	var sum tally
	for _, each := range all {
		sum.add(each)
	}
	if !query.RaceDetector { // one world may have none
		require.Positive(t, sum.rolled, "no question was answered from roll-ups")
	}
	t.Logf("%d samples; %d questions, %d filtered, %d with a top, %d compared with the past; %d kinds of them; %d answered from roll-ups and again from raw samples; %d series; %d values compared, of which %d are no data",
		sum.samples, sum.questions, sum.filtered, sum.topped, sum.compared, len(sum.kinds), sum.rolled, sum.series, sum.values, sum.nulls)
}

// levelsOfQuantile returns the levels at which a quantile is asked about: with the race detector only one, since there are up to four of each histogram.
func levelsOfQuantile(n int, def *scopes.Definition) []scopes.Level {
	if !query.RaceDetector {
		return def.Levels
	}
	return def.Levels[n%len(def.Levels):][:1]
}

// tally is what was compared.
type tally struct {
	samples, questions, series, values, nulls int
	rolled                                    int // questions that were answered with the help of roll-ups
	filtered, topped, compared                int
	kinds                                     map[string]bool // definition, level, aggregation and split
}

func (s *tally) add(o tally) {
	s.samples, s.questions, s.series, s.values, s.nulls = s.samples+o.samples, s.questions+o.questions, s.series+o.series, s.values+o.values, s.nulls+o.nulls
	s.rolled += o.rolled
	s.filtered, s.topped, s.compared = s.filtered+o.filtered, s.topped+o.topped, s.compared+o.compared
	if s.kinds == nil {
		s.kinds = map[string]bool{}
	}
	maps.Copy(s.kinds, o.kinds)
}

// truthBench asks a planner over a world.
type truthBench struct {
	world   *world
	planner *query.Planner
	now     time.Time
}

func newTruthBench(t testing.TB, w *world, catalogue *scopes.Catalogue) *truthBench {
	t.Helper()
	engine, err := query.NewEngine(query.DefaultConfig(), query.Settings{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Queryable: w.store})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	b := &truthBench{world: w, now: w.now}
	b.planner, err = query.NewPlanner(query.DefaultDrillDownConfig(), query.PlannerSettings{Catalogue: catalogue, Engine: engine, Now: func() time.Time { return b.now }, Rollups: w.rollups})
	require.NoError(t, err)
	return b
}

func (g group) text() string { return fmt.Sprintf("%s %q", g.scope, strings.Split(g.values, "\x00")) }

func groupsOf(want truth, got map[group]query.AnswerSeries) (out []group) {
	for g := range want {
		out = append(out, g)
	}
	for g := range got {
		if want[g] == nil {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.scope.String(), b.scope.String()), cmp.Compare(a.values, b.values))
	})
	return out
}

// agree allows for what floating-point numbers lose in sums and differences.
func agree(have *float64, need *bound) bool {
	if have == nil || need == nil {
		return have == nil && need == nil
	}
	slack := 1e-6 + 1e-7*max(math.Abs(need.low), math.Abs(need.high))
	if math.IsInf(need.high, 0) {
		slack = 1e-6 + 1e-7*math.Abs(need.low)
	}
	return *have >= need.low-slack && *have <= need.high+slack
}

func (b *bound) String() string {
	if b == nil {
		return "no data"
	}
	if b.low == b.high {
		return strconv.FormatFloat(b.low, 'g', -1, 64)
	}
	return fmt.Sprintf("%v … %v", b.low, b.high)
}

func number(v *float64) string {
	if v == nil {
		return "no data"
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

func when(ms int64) string { return time.UnixMilli(ms).UTC().Format("15:04:05.000") }
