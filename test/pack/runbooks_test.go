package pack_test

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/docs/runbooks"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// pasted are the commands of run-books whose questions a server can be asked.
var (
	pastedKQL     = regexp.MustCompile(`query kql '([^']+)'`)
	pastedMetrics = regexp.MustCompile(`(?m)^bin/endscope query metrics --scope (\S+) --metric (\S+)(.*)$`)
	pastedPromQL  = regexp.MustCompile(`query instant '([^']+)'`)
	pastedOption  = regexp.MustCompile(`--(split|aggregation|filter) ("[^"]*"|\S+)`)
)

// What run-books ask at night is answered by the real engines: tables, columns, metrics, dimensions and filters are all there.
func TestQuestionsOfRunbooksAreAnswered(t *testing.T) {
	s := newSources(t, openDB(t), newLogs(t, nil), end)
	ctx := scopes.WithGrants(t.Context(), scopes.AllAccess())
	names, err := fs.Glob(runbooks.FS(), "*.md")
	require.NoError(t, err)
	asked := map[string]int{}
	for _, name := range names {
		id := strings.TrimSuffix(path.Base(name), ".md")
		text, err := fs.ReadFile(runbooks.FS(), name)
		require.NoError(t, err)
		for _, m := range pastedKQL.FindAllStringSubmatch(string(text), -1) {
			asked["kql"]++
			p, err := s.language.Prepare(ctx, kql.Request{Query: m[1], Now: end, Limits: kql.DefaultConfig().Limits()})
			if assert.NoError(t, err, "%s: %s", id, m[1]) {
				_, err = p.Collect(ctx)
				assert.NoError(t, err, "%s: %s", id, m[1])
			}
		}
		for _, m := range pastedPromQL.FindAllStringSubmatch(string(text), -1) {
			asked["promql"]++
			e, err := s.engine.Parser().ParseExpr(m[1])
			if assert.NoError(t, err, "%s: %s", id, m[1]) {
				_, _, err = s.engine.Instant(ctx, e, end)
				assert.NoError(t, err, "%s: %s", id, m[1])
			}
		}
		for _, m := range pastedMetrics.FindAllStringSubmatch(string(text), -1) {
			asked["metrics"]++
			scope, err := scopes.ParsePattern(m[1])
			require.NoError(t, err, id)
			q := query.Request{Scopes: []scopes.Pattern{scope}, Metrics: []string{m[2]}, Start: begin, End: end, Interval: query.Interval{Full: true}, AllowMissing: true}
			for _, o := range pastedOption.FindAllStringSubmatch(m[3], -1) {
				switch v := strings.Trim(o[2], `"`); o[1] {
				case "split":
					q.Split = append(q.Split, v)
				case "filter":
					q.Filter = v
				case "aggregation":
					a, ok := scopes.ParseAggregation(v)
					require.True(t, ok, "%s: %s", id, v)
					q.Aggregations = append(q.Aggregations, a)
				}
			}
			_, err = s.planner.DrillDown(ctx, q)
			assert.NoError(t, err, "%s: %s", id, m[0])
		}
	}
	for _, kind := range []string{"kql", "metrics"} {
		assert.Positive(t, asked[kind], kind)
	}
}
