package logs

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand"
	"os"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/value"
)

// The planner's SQL is compared with the same queries computed over rows: random pipelines over random rows of a real store. A failure names
// its seed; KQL_SEED=n runs that one alone.

var differentialTexts = []string{"", "GET", "get", "Scoring failed", "scoring-failed: x_y", "a b", "KELVIN \u212a", "stra\u00dfe 9", "\u0416\u0443\u043a has failed", "/score/v1?x=1", "line one\nline two FAILED", "failedover", "un failed9", "100%", "a'b\"c\\d", "\u00c9t\u00e9"}

func differentialStore(t testing.TB, r *rand.Rand, rows int) *Store {
	s := openStore(t, t.TempDir(), nil)
	base := time.Now().UTC().Add(-50 * time.Hour).Truncate(time.Hour)
	var batchRows []row
	for i := range rows {
		at := ticksOf(base) + r.Int63n(int64(50*value.Hour))
		if r.Intn(3) == 0 {
			at -= at % int64(value.Hour) // on the border of bins
		}
		x := row{
			"TimeGenerated": at, "RequestPayloadSize": i, "EndpointName": []string{"a", "b", "C"}[r.Intn(3)], "DeploymentName": []string{"blue", "green", ""}[r.Intn(3)],
			"Method": differentialTexts[r.Intn(len(differentialTexts))], "Path": differentialTexts[r.Intn(len(differentialTexts))],
			"ResponseCode": []int{200, 200, 404, 424, 500, 503}[r.Intn(6)], "XRequestId": fmt.Sprintf("id-%d", r.Intn(20)),
		}
		if r.Intn(4) > 0 {
			x["TotalDurationMs"] = []int{0, 1, 7, r.Intn(5000), math.MaxInt32, -3}[r.Intn(6)]
		}
		if r.Intn(4) > 0 {
			x["RequestDurationMs"] = r.Intn(9) - 3
		}
		if r.Intn(4) > 0 {
			x["Properties"] = []string{`{"a":1,"b":"x"}`, `{"a":2.5}`, `[1,2]`, `"text"`}[r.Intn(4)]
		}
		batchRows = append(batchRows, x)
	}
	put(t, s, traffic, batchRows...)
	return s
}

// pipeline makes random queries. cols are the columns at the end so far, by type.
type pipeline struct {
	r    *rand.Rand
	cols map[value.Type][]string
	n    int
}

func (p *pipeline) pick(list ...string) string { return list[p.r.Intn(len(list))] }

func (p *pipeline) col(types ...value.Type) (string, bool) {
	var all []string
	for _, t := range types {
		all = append(all, p.cols[t]...)
	}
	if len(all) == 0 {
		return "", false
	}
	return all[p.r.Intn(len(all))], true
}

// number is a random expression of whole numbers; real one with a point; text, time, span and cond likewise.
func (p *pipeline) number(depth int) string {
	if c, ok := p.col(value.Int, value.Long); ok && (depth == 0 || p.r.Intn(2) == 0) {
		return c
	}
	if depth == 0 {
		return p.pick("0", "1", "-7", "200", "long(null)", "2147483648")
	}
	switch p.r.Intn(10) {
	case 9:
		if c, ok := p.col(value.Dynamic); ok {
			return fmt.Sprintf("tolong(%s%s)", c, p.pick(".a", "[0]", ".b"))
		}
		return "1"
	case 0:
		return fmt.Sprintf("(%s %s %s)", p.number(depth-1), p.pick("+", "-", "*", "/", "%"), p.number(depth-1))
	case 1:
		return fmt.Sprintf("iff(%s, tolong(%s), tolong(%s))", p.cond(depth-1), p.number(depth-1), p.number(depth-1))
	case 2:
		return fmt.Sprintf("bin(%s, %s)", p.number(depth-1), p.pick("1", "7", "100"))
	case 3:
		return fmt.Sprintf("strlen(%s)", p.text(depth-1))
	case 4:
		return fmt.Sprintf("toint(%s)", p.number(depth-1))
	case 5:
		return fmt.Sprintf("abs(tolong(%s))", p.number(depth-1))
	case 6:
		return fmt.Sprintf("hourofday(%s)", p.time(depth-1))
	case 7:
		return fmt.Sprintf("case(%s, tolong(%s), %s, tolong(%s), long(3))", p.cond(depth-1), p.number(depth-1), p.cond(depth-1), p.number(depth-1))
	}
	return fmt.Sprintf("(-tolong(%s))", p.number(depth-1))
}

func (p *pipeline) real(depth int) string {
	return fmt.Sprintf("(%s %s %s)", p.number(depth), p.pick("+", "-", "*", "/"), p.pick("1.5", "2.0", "-0.25", "todouble("+p.number(depth)+")"))
}

func (p *pipeline) text(depth int) string {
	if c, ok := p.col(value.String); ok && (depth == 0 || p.r.Intn(2) == 0) {
		return c
	}
	if depth == 0 {
		return strconv.Quote(differentialTexts[p.r.Intn(len(differentialTexts))])
	}
	switch p.r.Intn(7) {
	case 5:
		return fmt.Sprintf("substring(%s, %s)", p.text(depth-1), p.pick("0", "2", "0, 3", "1, 2", "40, 1"))
	case 6:
		if c, ok := p.col(value.Dynamic); ok {
			return fmt.Sprintf("tostring(%s%s)", c, p.pick(".a", ".b", `["a"]`, "[0]", ".c.d", "[1]"))
		}
		return p.text(depth - 1)
	case 0:
		return fmt.Sprintf("strcat(%s, %s)", p.text(depth-1), p.text(depth-1))
	case 1:
		return fmt.Sprintf("tostring(%s)", p.number(depth-1))
	case 2:
		return fmt.Sprintf("extract(%s, %s, %s)", p.pick(`"([a-z]+)ed"`, `"(?i)(f)(ail)?"`, `"\\d+"`, `"^(.)"`), "0", p.text(depth-1))
	case 3:
		return fmt.Sprintf("replace_string(%s, %s, %s)", p.text(depth-1), p.pick(`"a"`, `"fail"`, `" "`), p.pick(`""`, `"zz"`))
	}
	return fmt.Sprintf("iff(%s, %s, %s)", p.cond(depth-1), p.text(depth-1), p.text(depth-1))
}

func (p *pipeline) time(depth int) string {
	c, ok := p.col(value.Datetime)
	if !ok {
		return "now()"
	}
	if depth == 0 {
		return c
	}
	switch p.r.Intn(6) {
	case 0:
		return fmt.Sprintf("bin(%s, %s)", c, p.pick("1h", "5m", "7d", "1d"))
	case 1:
		return fmt.Sprintf("startofday(%s)", c)
	case 2:
		return fmt.Sprintf("startofweek(%s)", c)
	case 3:
		return fmt.Sprintf("(%s %s %s)", c, p.pick("+", "-"), p.pick("1h", "3ms", "10d"))
	}
	return c
}

func (p *pipeline) span(depth int) string {
	return fmt.Sprintf("(%s - %s)", p.time(depth), p.time(0))
}

func (p *pipeline) cond(depth int) string {
	if depth > 0 && p.r.Intn(3) == 0 {
		if p.r.Intn(3) == 0 {
			return fmt.Sprintf("not(%s)", p.cond(depth-1))
		}
		return fmt.Sprintf("(%s %s %s)", p.cond(depth-1), p.pick("and", "or"), p.cond(depth-1))
	}
	d := max(0, depth-1)
	switch p.r.Intn(15) {
	case 14:
		if c, ok := p.col(value.String); ok {
			return fmt.Sprintf(`%s == "id-%d"`, c, p.r.Intn(25))
		}
		return "true"
	case 13:
		x, y := p.number(0), p.text(0)
		return fmt.Sprintf(`(%[1]s == 200 or %[1]s == 404 or 503 == %[1]s or %[2]s == "get" or %[2]s == "x" or %[2]s == "id-3")`, x, y)
	case 10:
		return fmt.Sprintf("%s %s (%s)", p.text(d), p.pick("has_any", "has_all"), p.pick(`"failed", "get"`, `"k"`, `dynamic(["a", "b"])`, `"line two", "x"`))
	case 11:
		return fmt.Sprintf("%s %s (%s | where ResponseCode >= 500 | distinct ResponseCode)", p.number(d), p.pick("in", "!in"), traffic)
	case 12:
		return fmt.Sprintf("%s %s toscalar(%s | summarize %s(TotalDurationMs))", p.number(d), p.pick("<", ">=", "=="), traffic, p.pick("min", "max", "avg"))
	case 0, 1:
		return fmt.Sprintf("%s %s %s", p.number(d), p.pick("==", "!=", "<", "<=", ">", ">="), p.number(d))
	case 2:
		return fmt.Sprintf("%s %s %s", p.text(d), p.pick("==", "!=", "=~", "!~", "<", ">="), strconv.Quote(differentialTexts[p.r.Intn(len(differentialTexts))]))
	case 3, 4:
		op := p.pick("has", "contains", "startswith", "endswith", "hasprefix", "hassuffix")
		op = p.pick("", "!") + op + p.pick("", "_cs")
		return fmt.Sprintf("%s %s %s", p.text(d), op, p.pick(`"failed"`, `"FAILED"`, `"a"`, `"get"`, `"line two"`, `"\u0416\u0443\u043a"`, `""`, `"9"`, `"score/v1"`, `"k"`, `"stra"`, `"%"`))
	case 5:
		return fmt.Sprintf("%s %s (200, 404, 1, -3)", p.number(d), p.pick("in", "!in"))
	case 6:
		return fmt.Sprintf(`%s %s ("get", "A B", "", "x")`, p.text(d), p.pick("in", "!in", "in~", "!in~"))
	case 7:
		return fmt.Sprintf("%s %s ago(%s)", p.time(d), p.pick("<", ">", "<=", ">="), p.pick("1h", "30h", "2d", "10d"))
	case 8:
		return p.pick("isempty(", "isnotempty(") + p.text(d) + ")"
	}
	return p.pick("isnull(", "isnotnull(") + p.number(d) + ")"
}

func (p *pipeline) name() string {
	p.n++
	return fmt.Sprintf("n%d", p.n)
}

func (p *pipeline) scalar(depth int) (string, value.Type) {
	switch p.r.Intn(6) {
	case 0:
		return p.text(depth), value.String
	case 1:
		return p.time(depth), value.Datetime
	case 2:
		return p.span(depth), value.Timespan
	case 3:
		return p.real(depth), value.Real
	case 4:
		return p.cond(depth), value.Bool
	}
	return "tolong(" + p.number(depth) + ")", value.Long
}

// aggregate is a random aggregate and the type of its result.
func (p *pipeline) aggregate() (string, value.Type) {
	num := "tolong(" + p.number(1) + ")"
	switch p.r.Intn(14) {
	case 12:
		return fmt.Sprintf("%s(%s)", p.pick("stdev", "variance"), num), value.Real
	case 13:
		if _, ok := p.col(value.Datetime); ok {
			return fmt.Sprintf("%s(%s, Other = 1)", p.pick("arg_max", "arg_min"), p.time(1)), value.Datetime
		}
		return "count()", value.Long
	case 0:
		return "count()", value.Long
	case 1:
		return fmt.Sprintf("countif(%s)", p.cond(1)), value.Long
	case 2:
		return fmt.Sprintf("sum(%s)", num), value.Long
	case 3:
		return fmt.Sprintf("sumif(%s, %s)", num, p.cond(1)), value.Long
	case 4:
		return fmt.Sprintf("avg(%s)", p.real(1)), value.Real
	case 5:
		return fmt.Sprintf("min(%s)", p.time(1)), value.Datetime
	case 6:
		return fmt.Sprintf("max(%s)", num), value.Long
	case 7:
		return fmt.Sprintf("dcount(%s)", p.text(1)), value.Long
	case 8:
		return fmt.Sprintf("percentile(%s, %s)", num, p.pick("0", "50", "95", "99.9", "100")), value.Long
	case 9:
		return fmt.Sprintf("maxif(%s, %s)", num, p.cond(1)), value.Long
	case 10:
		return fmt.Sprintf("avgif(%s, %s)", num, p.cond(0)), value.Real
	}
	return fmt.Sprintf("count_distinct(%s)", num), value.Long
}

// step is one random operator.
func (p *pipeline) step() string {
	switch p.r.Intn(9) {
	case 7:
		return p.combine()
	case 8:
		return p.expand()
	case 0, 1:
		return "where " + p.cond(2)
	case 2:
		name := p.name()
		x, t := p.scalar(2)
		p.cols[t] = append(p.cols[t], name)
		return fmt.Sprintf("extend %s = %s", name, x)
	case 3:
		cols := map[value.Type][]string{}
		var items []string
		for range 1 + p.r.Intn(4) {
			name := p.name()
			x, t := p.scalar(1)
			cols[t] = append(cols[t], name)
			items = append(items, name+" = "+x)
		}
		p.cols = cols
		return "project " + strings.Join(items, ", ")
	case 4, 5:
		cols := map[value.Type][]string{}
		var aggs, keys []string
		for range p.r.Intn(3) {
			name := p.name()
			x, t := p.scalar(1)
			if t == value.Real {
				continue // sums in another order give other keys
			}
			cols[t] = append(cols[t], name)
			keys = append(keys, name+" = "+x)
		}
		for range 1 + p.r.Intn(3) {
			name := p.name()
			x, t := p.aggregate()
			cols[t] = append(cols[t], name)
			aggs = append(aggs, name+" = "+x)
		}
		p.cols = cols
		if len(keys) > 0 {
			return fmt.Sprintf("summarize %s by %s", strings.Join(aggs, ", "), strings.Join(keys, ", "))
		}
		return "summarize " + strings.Join(aggs, ", ")
	}
	// A top over every column, so that ties are rows that are equal in all.
	var keys []string
	for t, names := range p.cols {
		if t == value.Real || t == value.Dynamic {
			continue
		}
		for _, n := range names {
			keys = append(keys, n+" "+p.pick("asc", "desc", "asc nulls last", "desc nulls first"))
		}
	}
	if len(keys) == 0 || len(p.cols[value.Real]) > 0 || len(p.cols[value.Dynamic]) > 0 {
		return "where true"
	}
	sort.Strings(keys)
	p.r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return fmt.Sprintf("top %d by %s | order by %s", p.r.Intn(40), strings.Join(keys, ", "), strings.Join(keys, ", "))
}

// combine is a join or union with another table, below whose result conditions may move.
func (p *pipeline) combine() string {
	if p.r.Intn(2) == 0 {
		c, ok := p.col(value.String)
		if !ok {
			return "where true"
		}
		name := p.name()
		kind := p.pick("inner", "leftouter", "leftsemi", "leftanti")
		if kind == "inner" || kind == "leftouter" {
			p.cols[value.Long] = append(p.cols[value.Long], name)
		}
		return fmt.Sprintf("join kind=%s (%s | where %s | summarize %s = count() by Other = EndpointName) on $left.%s == $right.Other", kind, traffic, p.pick("true", "ResponseCode >= 500", "false"), name, c)
	}
	name := p.name()
	p.cols = map[value.Type][]string{value.String: append(p.cols[value.String], name), value.Datetime: p.cols[value.Datetime], value.Bool: p.cols[value.Bool],
		value.Int: p.cols[value.Int], value.Long: p.cols[value.Long], value.Real: p.cols[value.Real], value.Timespan: p.cols[value.Timespan]}
	return fmt.Sprintf("union (%s | project %s = strcat(Method, Path) | where %s has \"failed\")", traffic, name, name)
}

// expand is an operator that SQL cannot say, with columns that pass through it.
func (p *pipeline) expand() string {
	name := p.name()
	c, ok := p.col(value.String)
	if !ok {
		return "where true"
	}
	p.cols[value.String] = append(p.cols[value.String], name)
	switch p.r.Intn(3) {
	case 0:
		return fmt.Sprintf("parse %s with * \"ed\" %s", c, name)
	case 1:
		return fmt.Sprintf("extend %s = tolower(%s)", name, c)
	}
	return fmt.Sprintf("mv-expand %s = split(%s, \"a\") to typeof(string)", name, c)
}

func randomQuery(r *rand.Rand) string {
	p := &pipeline{r: r, cols: map[value.Type][]string{
		value.Datetime: {"TimeGenerated"}, value.Int: {"ResponseCode", "TotalDurationMs", "RequestDurationMs", "RequestPayloadSize"},
		value.String:  {"EndpointName", "DeploymentName", "Method", "Path", "XRequestId"},
		value.Dynamic: {"Properties"},
	}}
	q := traffic
	if r.Intn(2) == 0 {
		q += " | project TimeGenerated, ResponseCode, TotalDurationMs, RequestDurationMs, RequestPayloadSize, EndpointName, DeploymentName, Method, Path, XRequestId, Properties"
	} else if r.Intn(2) == 0 {
		q += ` | where Properties.a == 1 or XRequestId == "id-3"`
	}
	for range 1 + r.Intn(4) {
		q += "\n| " + p.step()
	}
	if len(p.cols[value.Dynamic]) == 0 && r.Intn(6) == 0 {
		q += "\n| count"
	}
	return q
}

func TestPlannedQueriesAnswerLikeThoseOverRows(t *testing.T) {
	seeds := make([]int64, 400)
	if raceEnabled {
		seeds = seeds[:60]
	}
	for i := range seeds {
		seeds[i] = int64(i + 1)
	}
	if text := os.Getenv("KQL_SEED"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		require.NoError(t, err)
		seeds = []int64{n}
	}
	s := differentialStore(t, rand.New(rand.NewSource(1)), 400)
	engine, err := kql.NewEngine(NewCatalog(s))
	require.NoError(t, err)
	now := time.Now()
	planned := 0
	for _, seed := range seeds {
		query := randomQuery(rand.New(rand.NewSource(seed)))
		ask := func(naive bool) (*kql.Answer, error) {
			p, err := engine.Prepare(everything(), kql.Request{Query: query, Now: now, Naive: naive})
			require.NoError(t, err, "seed %d: %s", seed, query)
			return p.Collect(everything())
		}
		want, wantErr := ask(true)
		got, gotErr := ask(false)
		if wantErr != nil || gotErr != nil {
			require.Equal(t, fmt.Sprint(wantErr), fmt.Sprint(gotErr), "seed %d: %s", seed, query)
			continue
		}
		planned += got.Stats.SQL
		if why := difference(want.Tables[0], got.Tables[0], strings.Contains(query[strings.LastIndex(query, "\n"):], "order by")); why != "" {
			t.Errorf("seed %d: %s\n%s", seed, query, why)
		}
	}
	require.Greater(t, planned, len(seeds)*8/10, "most queries are answered by statements")
}

// difference says how two answers differ; reals may differ in their last digits, since sums depend on the order of rows.
func difference(want, got kql.Table, inOrder bool) string {
	if len(want.Rows) != len(got.Rows) {
		return fmt.Sprintf("%d rows over rows, %d planned", len(want.Rows), len(got.Rows))
	}
	text := func(tab kql.Table) []string {
		var out []string
		for _, row := range tab.Rows {
			var cells []string
			for i, v := range row {
				if f, ok := v.(float64); ok {
					cells = append(cells, strconv.FormatFloat(f, 'g', 9, 64))
					continue
				}
				cells = append(cells, string(kql.AppendCell(nil, v, tab.Columns[i].Type)))
			}
			out = append(out, strings.Join(cells, " ; "))
		}
		if !inOrder {
			sort.Strings(out)
		}
		return out
	}
	a, b := text(want), text(got)
	for i := range a {
		if a[i] != b[i] {
			return fmt.Sprintf("row %d:\n  over rows: %s\n  planned:   %s", i, a[i], b[i])
		}
	}
	return ""
}

func TestARequestIsFoundByItsIDInAnyDay(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	var rows []row
	for day := range 20 {
		for i := range 3 {
			rows = append(rows, row{"TimeGenerated": ticksOf(s.now().Add(-time.Duration(day) * 24 * time.Hour)), "XRequestId": fmt.Sprintf("request-%d-%d", day, i), "ResponseCode": 200 + day})
		}
	}
	rows = append(rows, row{"TimeGenerated": ticksOf(s.now().Add(-9 * 24 * time.Hour)), "XRequestId": "request-2-1", "ResponseCode": 9})
	put(t, s, traffic, rows...)
	engine, err := kql.NewEngine(NewCatalog(s))
	require.NoError(t, err)
	for query, want := range map[string]string{
		`where XRequestId == "request-7-1" | project ResponseCode`:                                                                               "[[207]]",
		`where XRequestId == "request-2-1" | order by ResponseCode asc | project ResponseCode`:                                                   "[[9] [202]]", // in two days
		`where XRequestId == "request-7-1" or XRequestId == "request-19-0" | order by ResponseCode | project ResponseCode`:                       "[[219] [207]]",
		`where XRequestId == "nobody" | project ResponseCode`:                                                                                    "[]",
		`where XRequestId == "nobody" | summarize n = count()`:                                                                                   "[[0]]",
		`where XRequestId == "" | count`:                                                                                                         "[[0]]",
		`where TimeGenerated > ago(5d) and XRequestId == "request-7-1" | count`:                                                                  "[[0]]",
		`where XRequestId == toscalar(` + traffic + ` | where ResponseCode == 204 | take 1 | project XRequestId) | count`:                        "[[1]]",
		`where ResponseCode == 203 | join kind=inner (` + traffic + ` | where XRequestId == "request-3-2") on XRequestId | project ResponseCode`: "[[203]]",
	} {
		p, err := engine.Prepare(everything(), kql.Request{Query: traffic + " | " + query})
		require.NoError(t, err, query)
		a, err := p.Collect(everything())
		require.NoError(t, err, query)
		got := fmt.Sprint(a.Tables[0].Rows)
		if want == "[]" {
			require.Empty(t, a.Tables[0].Rows, query)
			continue
		}
		require.Equal(t, want, got, query)
	}
}

func TestQueriesThatAreTooDeepForAStatementAreAnswered(t *testing.T) {
	s := differentialStore(t, rand.New(rand.NewSource(1)), 50)
	engine, err := kql.NewEngine(NewCatalog(s))
	require.NoError(t, err)
	ids := make([]string, 1500)
	for i := range ids {
		ids[i] = fmt.Sprintf("XRequestId == 'id-%d'", i)
	}
	mixed := make([]string, 1500)
	for i := range mixed {
		mixed[i] = fmt.Sprintf("(RequestPayloadSize == %d and EndpointName != 'x')", i)
	}
	for name, query := range map[string]string{
		"many operators":  strings.Repeat(" | extend a = 1", 600) + " | where EndpointName != ''",
		"many filters":    strings.Repeat(" | where EndpointName != 'nobody'", 600),
		"a long sum":      " | extend a = 1" + strings.Repeat(" + 1", 2000) + " | where a == 2001",
		"many equalities": " | where " + strings.Join(ids, " or "),
		"many conditions": " | where " + strings.Join(mixed, " or "),
	} {
		p, err := engine.Prepare(everything(), kql.Request{Query: traffic + query + " | count"})
		require.NoError(t, err, name)
		a, err := p.Collect(everything())
		require.NoError(t, err, name)
		require.Equal(t, int64(50), a.Tables[0].Rows[0][0], name)
	}
}

func TestAQueryEndsWhenItsCallerLeaves(t *testing.T) {
	s := differentialStore(t, rand.New(rand.NewSource(1)), 50)
	engine, err := kql.NewEngine(NewCatalog(s))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(everything())
	p, err := engine.Prepare(t.Context(), kql.Request{Query: "range x from 1 to 90000000 step 1 | extend y = x * 2 | summarize sum(y)"})
	require.NoError(t, err)
	time.AfterFunc(50*time.Millisecond, cancel)
	started := time.Now()
	_, err = p.Collect(ctx)
	require.True(t, errors.Is(err, context.Canceled), "%v", err)
	require.Less(t, time.Since(started), 10*time.Second)
}
