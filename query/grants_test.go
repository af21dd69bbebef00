package query

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/endscope/endscope/scopes"
)

// estate is a TSDB with one series for every combination of two endpoints, deployments and instances, and one outside the tree. Each
// series has three samples and an exemplar.
func estate(t testing.TB) (*promtsdb.DB, []labels.Labels) {
	t.Helper()
	opts := promtsdb.DefaultOptions()
	opts.EnableExemplarStorage, opts.MaxExemplars = true, 1000
	db, err := promtsdb.Open(t.TempDir(), nil, nil, opts, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	all := []labels.Labels{labels.FromStrings(model.MetricNameLabel, "up", "job", "other")}
	for _, endpoint := range []string{"credit", "fraud"} {
		for _, deployment := range []string{"blue", "green"} {
			for _, instance := range []string{"a", "b"} {
				all = append(all, seriesOf("load", scopes.Path{Endpoint: endpoint, Deployment: deployment, Instance: instance}))
			}
		}
	}
	app := db.AppenderV2(t.Context())
	for _, ls := range all {
		for i := range 3 {
			at := testTime.Add(time.Duration(i) * time.Minute).UnixMilli()
			_, err := app.Append(0, ls, 0, at, float64(i), nil, nil, storage.AppendV2Options{
				Exemplars: []exemplar.Exemplar{{Labels: labels.FromStrings("trace_id", ls.Get("endpoint")), Value: 1, Ts: at, HasTs: true}},
			})
			require.NoError(t, err)
		}
	}
	require.NoError(t, app.Commit())
	return db, all
}

func granted(t require.TestingT, patterns ...string) scopes.Grants {
	var parsed []scopes.Pattern
	for _, p := range patterns {
		one, err := scopes.ParsePattern(p)
		require.NoError(t, err)
		parsed = append(parsed, one)
	}
	return scopes.GrantScopes(parsed...)
}

// everything selects all series that have a name.
func everything() *labels.Matcher {
	return labels.MustNewMatcher(labels.MatchNotEqual, model.MetricNameLabel, "")
}

// reads returns the label sets that each kind of read shows, and the values and names that label reads show.
func reads(t require.TestingT, ctx context.Context, db *promtsdb.DB, matchers ...*labels.Matcher) map[string][]string {
	out := map[string][]string{}
	mint, maxt := testTime.UnixMilli(), testTime.Add(time.Hour).UnixMilli()

	q, err := Guard(db).Querier(mint, maxt)
	require.NoError(t, err)
	defer q.Close()
	for _, sorted := range []bool{true, false} {
		set := q.Select(ctx, sorted, nil, matchers...)
		var it chunkenc.Iterator
		for set.Next() {
			n := 0
			for it = set.At().Iterator(it); it.Next() != chunkenc.ValNone; {
				n++
			}
			out["select"] = append(out["select"], fmt.Sprintf("%s %d", set.At().Labels(), n))
		}
		require.NoError(t, set.Err())
	}
	out["values"], _, err = q.LabelValues(ctx, "endpoint", nil, matchers...)
	require.NoError(t, err)
	out["names"], _, err = q.LabelNames(ctx, nil, matchers...)
	require.NoError(t, err)
	search := q.(storage.Searcher)
	for _, set := range []storage.SearchResultSet{search.SearchLabelValues(ctx, "endpoint", nil, matchers...), search.SearchLabelNames(ctx, nil, matchers...)} {
		for set.Next() {
			out["search"] = append(out["search"], set.At().Value)
		}
		require.NoError(t, set.Err())
		require.NoError(t, set.Close())
	}

	c, err := Guard(db).ChunkQuerier(mint, maxt)
	require.NoError(t, err)
	defer c.Close()
	chunks := c.Select(ctx, true, nil, matchers...)
	for chunks.Next() {
		n := 0
		it := chunks.At().Iterator(nil)
		for it.Next() {
			n += it.At().Chunk.NumSamples()
		}
		require.NoError(t, it.Err())
		out["chunks"] = append(out["chunks"], fmt.Sprintf("%s %d", chunks.At().Labels(), n))
	}
	require.NoError(t, chunks.Err())
	chunkValues, _, err := c.LabelValues(ctx, "endpoint", nil, matchers...)
	require.NoError(t, err)
	require.Equal(t, out["values"], chunkValues)

	e, err := GuardExemplars(db).ExemplarQuerier(ctx)
	require.NoError(t, err)
	results, err := e.Select(mint, maxt, matchers)
	require.NoError(t, err)
	for _, r := range results {
		out["exemplars"] = append(out["exemplars"], fmt.Sprintf("%s %d", r.SeriesLabels, len(r.Exemplars)))
	}
	for _, values := range out {
		slices.Sort(values)
	}
	return out
}

// visible is what the reads must show when exactly the given series may be seen.
func visible(series []labels.Labels) map[string][]string {
	out := map[string][]string{}
	for _, ls := range series {
		line := fmt.Sprintf("%s 3", ls)
		out["select"] = append(out["select"], line, line)
		out["chunks"] = append(out["chunks"], line)
		out["exemplars"] = append(out["exemplars"], line)
		if v := ls.Get("endpoint"); v != "" {
			out["values"] = append(out["values"], v)
		}
		ls.Range(func(l labels.Label) { out["names"] = append(out["names"], l.Name) })
	}
	for _, values := range out {
		slices.Sort(values)
	}
	out["values"], out["names"] = slices.Compact(out["values"]), slices.Compact(out["names"])
	out["search"] = slices.Sorted(slices.Values(slices.Concat(out["values"], out["names"])))
	return out
}

func requireReads(t require.TestingT, want, got map[string][]string) {
	for _, kind := range []string{"select", "chunks", "exemplars", "values", "names", "search"} {
		require.ElementsMatch(t, want[kind], got[kind], kind)
	}
}

func TestEveryReadShowsWhatIsGrantedAndNothingElse(t *testing.T) {
	db, all := estate(t)
	rapid.Check(t, func(t *rapid.T) {
		part := func(names ...string) *rapid.Generator[string] { return rapid.SampledFrom(append(names, "*")) }
		patterns := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			p := part("credit", "fraud", "nobody").Draw(t, "endpoint")
			if depth := rapid.IntRange(1, 3).Draw(t, "depth"); depth > 1 {
				p += "/" + part("blue", "green").Draw(t, "deployment")
				if depth > 2 {
					p += "/" + part("a", "b").Draw(t, "instance")
				}
			}
			return p
		}), 0, 4).Draw(t, "patterns")
		grants := granted(t, patterns...)
		var expected []labels.Labels
		for _, ls := range all {
			if ls.Get("endpoint") != "" && grants.Allows(scopes.Path{Endpoint: ls.Get("endpoint"), Deployment: ls.Get("deployment"), Instance: ls.Get("instance")}) {
				expected = append(expected, ls)
			}
		}
		requireReads(t, visible(expected), reads(t, scopes.WithGrants(context.Background(), grants), db, everything()))
	})
}

func TestAllAccessSeesAlsoWhatIsOutsideTheTree(t *testing.T) {
	db, all := estate(t)
	requireReads(t, visible(all), reads(t, scopes.WithGrants(t.Context(), scopes.AllAccess()), db, everything()))
}

func TestAskingForMoreThanIsGrantedShowsNothing(t *testing.T) {
	db, _ := estate(t)
	ctx := scopes.WithGrants(t.Context(), granted(t, "credit/blue"))
	for _, m := range []*labels.Matcher{
		labels.MustNewMatcher(labels.MatchEqual, "endpoint", "fraud"),
		labels.MustNewMatcher(labels.MatchEqual, "endpoint", ""),
		labels.MustNewMatcher(labels.MatchNotEqual, "deployment", "blue"),
		labels.MustNewMatcher(labels.MatchRegexp, "job", ".+"),
	} {
		requireReads(t, nil, reads(t, ctx, db, m))
	}
}

func TestWithoutGrantsNothingIsRead(t *testing.T) {
	db, _ := estate(t)
	ctx := t.Context()
	q, err := Guard(db).Querier(0, 1<<62)
	require.NoError(t, err)
	defer q.Close()
	set := q.Select(ctx, false, nil, everything())
	require.False(t, set.Next())
	require.ErrorIs(t, set.Err(), scopes.ErrNoGrants)
	_, _, err = q.LabelValues(ctx, "endpoint", nil)
	require.ErrorIs(t, err, scopes.ErrNoGrants)
	_, _, err = q.LabelNames(ctx, nil)
	require.ErrorIs(t, err, scopes.ErrNoGrants)
	require.ErrorIs(t, q.(storage.Searcher).SearchLabelNames(ctx, nil).Err(), scopes.ErrNoGrants)
	c, err := Guard(db).ChunkQuerier(0, 1<<62)
	require.NoError(t, err)
	defer c.Close()
	chunks := c.Select(ctx, false, nil, everything())
	require.False(t, chunks.Next())
	require.ErrorIs(t, chunks.Err(), scopes.ErrNoGrants)
	_, err = GuardExemplars(db).ExemplarQuerier(ctx)
	require.ErrorIs(t, err, scopes.ErrNoGrants)
}

func TestLimitsOfReadsHoldForUnionsToo(t *testing.T) {
	db, _ := estate(t)
	ctx := scopes.WithGrants(t.Context(), granted(t, "credit/*/a", "fraud"))
	q, err := Guard(db).Querier(0, 1<<62)
	require.NoError(t, err)
	defer q.Close()
	n := 0
	for set := q.Select(ctx, true, &storage.SelectHints{Start: 0, End: 1 << 62, Limit: 3}, everything()); set.Next(); {
		n++
	}
	require.Equal(t, 3, n)
	values, _, err := q.LabelValues(ctx, "endpoint", &storage.LabelHints{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"credit"}, values)
}
