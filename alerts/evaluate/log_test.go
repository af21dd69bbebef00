package evaluate

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// tables is a tiny log store: rows of one table, and queries that it knows by their text.
type tables struct {
	mu    sync.Mutex
	rows  []tableRow
	asked []alerts.LogQuestion
	fail  error
}

type tableRow struct {
	at       time.Time
	code     string
	endpoint string
	took     float64
}

const (
	queryRows    = "Traffic | where Code != 0"
	queryBinned  = "Traffic | summarize N = count() by bin(TimeGenerated, 1m), Code"
	querySummary = "Traffic | summarize N = count() by Code"
)

func (s *tables) ask(_ context.Context, q alerts.LogQuestion) (*alerts.LogTable, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, q)
	if s.fail != nil {
		return nil, s.fail
	}
	var in []tableRow
	for _, r := range s.rows {
		if !r.at.Before(q.From) && r.at.Before(q.To) {
			in = append(in, r)
		}
	}
	t := &alerts.LogTable{}
	switch q.Query {
	case queryRows:
		t.Columns = []alerts.LogColumn{{Name: "TimeGenerated", Type: "datetime"}, {Name: "Code", Type: "string"}, {Name: "Took", Type: "real"}, {Name: "_ResourceId", Type: "string"}, {Name: "EndpointName", Type: "string"}}
		for _, r := range in {
			t.Rows = append(t.Rows, []any{r.at, r.code, r.took, "/subscriptions/0/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/" + r.endpoint, r.endpoint})
		}
	case queryBinned:
		t.Columns = []alerts.LogColumn{{Name: "TimeGenerated", Type: "datetime"}, {Name: "Code", Type: "string"}, {Name: "N", Type: "long"}}
		counts := map[string]int64{}
		for _, r := range in {
			counts[fmt.Sprint(floor(r.at, time.Minute).Unix(), " ", r.code)]++
		}
		for key, n := range counts {
			var unix int64
			var code string
			_, _ = fmt.Sscan(key, &unix, &code)
			t.Rows = append(t.Rows, []any{time.Unix(unix, 0).UTC(), code, n})
		}
	case querySummary:
		t.Columns = []alerts.LogColumn{{Name: "Code", Type: "string"}, {Name: "N", Type: "long"}}
		counts := map[string]int64{}
		for _, r := range in {
			counts[r.code]++
		}
		for code, n := range counts {
			t.Rows = append(t.Rows, []any{code, n})
		}
	default:
		return nil, fmt.Errorf("%w: unknown table", alerts.ErrQuery)
	}
	return t, nil
}

// requests makes as many rows in each minute as the script says.
func requests(code, endpoint string, counts ...int) []tableRow {
	var out []tableRow
	for i, n := range counts {
		for k := range n {
			out = append(out, tableRow{minute(i).Add(time.Duration(k+1) * time.Second), code, endpoint, float64(10 * (k + 1))})
		}
	}
	return out
}

func logRule(query string, change ...func(*alerts.Rule)) alerts.Rule {
	r := alerts.Rule{
		Name: "r", Kind: alerts.KindLog, Enabled: true, Scopes: []scopes.Pattern{{Endpoint: "credit"}}, EvaluationFrequency: time.Minute,
		WindowSize: time.Minute, AutoMitigate: true, NoData: alerts.NoDataIgnore,
		Criteria: []alerts.Criterion{{Name: "c", Type: alerts.StaticThreshold, TimeAggregation: scopes.Count, Operator: alerts.GreaterThan, Threshold: 2, Query: query}},
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

func TestLogRules(t *testing.T) {
	byCode := func(r *alerts.Rule) {
		r.Criteria[0].Dimensions = []alerts.Dimension{{Name: "Code", Operator: alerts.Include, Values: []string{"*"}}}
	}
	measure := func(column string, a scopes.Aggregation, threshold float64) func(*alerts.Rule) {
		return func(r *alerts.Rule) {
			c := &r.Criteria[0]
			c.MetricMeasureColumn, c.TimeAggregation, c.Threshold = column, a, threshold
		}
	}
	bins := func(k, n int) func(*alerts.Rule) {
		return func(r *alerts.Rule) {
			r.Criteria[0].FailingPeriods = alerts.FailingPeriods{NumberOfEvaluationPeriods: n, MinFailingPeriodsToAlert: k}
		}
	}
	five := func(r *alerts.Rule) { r.EvaluationFrequency, r.WindowSize = 5*time.Minute, 5*time.Minute }
	calm := make([]int, 40)
	at := func(counts map[int]int) []int {
		out := append([]int(nil), calm...)
		for i, n := range counts {
			out[i] = n
		}
		return out
	}
	for _, tc := range []struct {
		name  string
		query string
		rule  []func(*alerts.Rule)
		rows  []tableRow
		want  []string
	}{
		{"rows, resolved after ten minutes", queryRows, nil, requests("500", "credit", at(map[int]int{2: 3, 5: 2})...), []string{"credit fired 3", "credit resolved 13"}},
		{"no rows are a count of 0", queryRows, []func(*alerts.Rule){func(r *alerts.Rule) { r.Criteria[0].Operator, r.Criteria[0].Threshold = alerts.LessThan, 1 }},
			requests("500", "credit", 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), []string{"credit fired 3", "credit resolved 13"}},
		{"rows by a dimension", queryRows, []func(*alerts.Rule){byCode, five}, append(requests("500", "credit", at(map[int]int{2: 2, 4: 2})...), requests("503", "credit", at(map[int]int{7: 9})...)...),
			[]string{`credit{"Code"="500"} fired 5`, `credit{"Code"="503"} fired 10`, `credit{"Code"="500"} resolved 20`, `credit{"Code"="503"} resolved 25`}},
		{"average of a column", queryRows, []func(*alerts.Rule){five, measure("Took", scopes.Average, 14)}, requests("500", "credit", at(map[int]int{2: 2, 4: 1})...), nil},
		{"maximum of a column", queryRows, []func(*alerts.Rule){five, measure("Took", scopes.Maximum, 14)}, requests("500", "credit", at(map[int]int{2: 2, 4: 1})...), []string{"credit fired 5", "credit resolved 20"}},
		{"total of a column", queryRows, []func(*alerts.Rule){five, measure("took", scopes.Total, 39)}, requests("500", "credit", at(map[int]int{2: 2, 4: 1})...), []string{"credit fired 5", "credit resolved 20"}},
		{"minimum of a column", queryRows, []func(*alerts.Rule){five, measure("Took", scopes.Minimum, 9)}, requests("500", "credit", at(map[int]int{2: 2, 4: 1})...), []string{"credit fired 5", "credit resolved 20"}},
		{"two of three bins", queryRows, []func(*alerts.Rule){bins(2, 3)}, requests("500", "credit", at(map[int]int{2: 3, 4: 3, 9: 3})...), []string{"credit fired 5", "credit resolved 15"}},
		{"two of three bins of a summary", querySummary, []func(*alerts.Rule){bins(2, 3), byCode, measure("N", scopes.Total, 2)}, requests("500", "credit", at(map[int]int{2: 3, 4: 3, 9: 3})...), []string{`credit{"Code"="500"} fired 5`, `credit{"Code"="500"} resolved 15`}},
		{"gathered in bins", queryBinned, []func(*alerts.Rule){byCode, measure("N", scopes.Total, 2)}, requests("500", "credit", at(map[int]int{2: 3})...), []string{`credit{"Code"="500"} fired 3`, `credit{"Code"="500"} resolved 13`}},
		{"a summary, its value a column", querySummary, []func(*alerts.Rule){byCode, measure("N", scopes.Total, 2)}, requests("500", "credit", at(map[int]int{2: 3})...), []string{`credit{"Code"="500"} fired 3`, `credit{"Code"="500"} resolved 13`}},
		{"by resource", queryRows, []func(*alerts.Rule){func(r *alerts.Rule) { r.Scopes, r.Criteria[0].ResourceIDColumn = nil, "_ResourceId" }}, append(requests("500", "credit", at(map[int]int{2: 3})...), requests("500", "fraud", at(map[int]int{3: 3})...)...),
			[]string{"credit fired 3", "fraud fired 4", "credit resolved 13", "fraud resolved 14"}},
		{"by the endpoint's column", queryRows, []func(*alerts.Rule){func(r *alerts.Rule) {
			r.Scopes, r.Criteria[0].Dimensions = nil, []alerts.Dimension{{Name: "EndpointName", Operator: alerts.Exclude, Values: []string{"fraud"}}}
		}}, append(requests("500", "credit", at(map[int]int{2: 3})...), requests("500", "fraud", at(map[int]int{3: 3})...)...),
			[]string{`credit{"EndpointName"="credit"} fired 3`, `credit{"EndpointName"="credit"} resolved 13`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, m := &tables{rows: tc.rows}, newMemory()
				v := newEvaluator(t, quickConfig(), &world{}, m, func(set *Settings) { set.Logs = s.ask })
				rule := logRule(tc.query, tc.rule...)
				v.SetRules(stored(rule))
				runUntil(t, v, minute(35).Add(10*time.Second))
				require.Equal(t, tc.want, m.events())
				s.asked = nil
				p, err := v.Preview(t.Context(), rule, minute(1), minute(35))
				require.NoError(t, err)
				require.Equal(t, tc.want, previewTexts(p))
				if tc.query != querySummary {
					require.Equal(t, 1, len(s.asked), "a preview asks once")
				}
			})
		})
	}
}

func TestLogRuleErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := &tables{rows: requests("500", "credit", 1, 1, 1, 1)}, newMemory()
		v := newEvaluator(t, quickConfig(), &world{}, m, func(set *Settings) { set.Logs = s.ask })
		with := func(name string, f func(*alerts.Rule)) alerts.Rule {
			return logRule(queryRows, func(r *alerts.Rule) { r.Name = name }, f)
		}
		v.SetRules(stored(
			with("column", func(r *alerts.Rule) {
				r.Criteria[0].MetricMeasureColumn, r.Criteria[0].TimeAggregation = "Nope", scopes.Total
			}),
			with("dimension", func(r *alerts.Rule) {
				r.Criteria[0].Dimensions = []alerts.Dimension{{Name: "Nope", Values: []string{"*"}}}
			}),
			with("query", func(r *alerts.Rule) { r.Criteria[0].Query = "What" }),
		))
		runUntil(t, v, minute(3))
		for name, want := range map[string]string{"column": `metricMeasureColumn "Nope" is no column of the answer, which has TimeGenerated, Code, Took, _ResourceId, EndpointName`,
			"dimension": `dimension "Nope"`, "query": "unknown table"} {
			st, _ := v.Status(name)
			require.ErrorIs(t, st.Err, alerts.ErrQuery)
			require.ErrorContains(t, st.Err, want)
		}
	})
	big := &alerts.LogTable{Columns: make([]alerts.LogColumn, 1), Rows: [][]any{{strings.Repeat("x", maxTableBytes)}}}
	var limit *LimitError
	require.ErrorAs(t, withinTable(big), &limit)
}

func TestPreviewsOfLogRulesAreBounded(t *testing.T) {
	s := &tables{}
	v := previewer(t, &world{}, func(set *Settings) { set.Logs = s.ask })
	_, err := v.Preview(t.Context(), logRule(querySummary), epoch, epoch.AddDate(0, 0, 8))
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
	require.Equal(t, int64(8*24*60+1), limit.Got)
	require.Empty(t, s.asked)
	p, err := v.Preview(t.Context(), logRule(querySummary), epoch, epoch.AddDate(0, 0, 7))
	require.NoError(t, err)
	require.Equal(t, 7*24*60+1, len(s.asked))
	require.Len(t, p.Series, 1)
	s.asked = nil
	_, err = v.Preview(t.Context(), logRule(queryRows), epoch, epoch.AddDate(0, 0, 31))
	require.NoError(t, err)
	require.LessOrEqual(t, len(s.asked), 62)
	s.fail = alerts.ErrQuery
	for _, q := range []string{querySummary, queryRows} {
		_, err = v.Preview(t.Context(), logRule(q), epoch, epoch.AddDate(0, 0, 1))
		require.ErrorIs(t, err, alerts.ErrQuery)
	}
}

func TestAFloodOfAlertsIsHeldAndNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := &tables{}, newMemory()
		for i := range 700 {
			for k := range 20 {
				s.rows = append(s.rows, tableRow{minute(k).Add(time.Second), fmt.Sprint("code", i), "credit", 1})
			}
		}
		v := newEvaluator(t, quickConfig(), &world{}, m, func(set *Settings) { set.Logs = s.ask })
		v.SetRules(stored(logRule(queryRows, func(r *alerts.Rule) {
			r.Criteria[0].Threshold = 0
			r.Criteria[0].Dimensions = []alerts.Dimension{{Name: "Code", Operator: alerts.Include, Values: []string{"*"}}}
		})))
		time.AfterFunc(70*time.Second, func() {
			st, _ := v.Status("r")
			require.Equal(t, 400, st.Held)
		})
		runUntil(t, v, minute(4).Add(30*time.Second))
		perMinute := map[time.Time]int{}
		for _, a := range m.log {
			perMinute[a.FiredAt]++
		}
		require.Equal(t, map[time.Time]int{minute(1): 300, minute(2): 300, minute(3): 100}, perMinute)
	})
}

func TestTimeGrain(t *testing.T) {
	for query, want := range map[string]time.Duration{
		"T":                                   0,
		"T | where a == 'x|y' | extend b = 1": 0,
		"T | project TimeGenerated, a | sort by a":                              0,
		"T | summarize count() by bin(TimeGenerated, 5m), a | where count_ > 3": 5 * time.Minute,
		"T | summarize count() by a, bin(TimeGenerated,1d)":                     24 * time.Hour,
		"T | summarize count() by a":                                            -1,
		"T | summarize count()":                                                 -1,
		"T | where TimeGenerated > ago(5m)":                                     -1,
		"T | extend x = now()":                                                  -1,
		"T | take 5":                                                            -1,
		"T | top 5 by a":                                                        -1,
		"T | where a in (U | project b)":                                        -1,
		"T | where a in (U)":                                                    -1,
		"T | where a in ('x', 'y')":                                             0,
		"T | where a !in~ (U)":                                                  -1,
		"T | join U on a":                                                       -1,
		"union T, U":                                                            -1,
		"let x = 1; T | where a == x":                                           -1,
		"T | extend TimeGenerated = a":                                          -1,
		"T | summarize count() by t = bin(TimeGenerated, 5m)":                   -1,
		"T | where a == 'x":                                                     -1,
		"T | serialize | extend d = prev(a)":                                    -1,
		"T |":                                                                   -1,
		"T // | take 5":                                                         -1,
		"T | summarize a=count() by bin(TimeGenerated, 5m) | summarize max(a) by bin(TimeGenerated, 1h)": -1,
	} {
		grain, ok := timeGrain(query)
		if !ok {
			grain = -1
		}
		require.Equal(t, want, grain, query)
	}
}

func FuzzTimeGrain(f *testing.F) {
	f.Add("T | summarize count() by bin(TimeGenerated, 5m)")
	f.Add("T | where a == 'x|y'")
	f.Fuzz(func(t *testing.T, query string) {
		grain, ok := timeGrain(query)
		require.GreaterOrEqual(t, grain, time.Duration(0))
		if ok {
			// Where a query may be cut, none of what depends on other rows or on the clock is in it.
			again, same := timeGrain("  " + query + " ")
			require.True(t, same)
			require.Equal(t, grain, again)
		}
	})
}
