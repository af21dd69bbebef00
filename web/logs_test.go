package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/scopes"
)

// noon is when the story of the tests happens.
var noon = time.Now().UTC().Truncate(24 * time.Hour).Add(-12 * time.Hour)

// story is what happened.
func story() []line {
	return []line{
		{noon, "fraud", "blue", "b-0", "starting", `{"level":3}`},
		{noon.Add(time.Minute), "fraud", "blue", "b-1", `say "hello", world`, ""},
		{noon.Add(2 * time.Minute), "fraud", "green", "g-0", "=1+1", ""},
		{noon.Add(3 * time.Minute), "ranking", "blue", "r-0", "out of memory", ""},
	}
}

func TestLogsQueryAnswersWithRealTypes(t *testing.T) {
	_, logs := withLogs(t, nil)
	h := start(t, logs)
	got := h.kql(`print b=true, i=int(1), l=9007199254740993, r=1.5, d=decimal(0.1), t=datetime(2026-03-01T10:00:00.5), s=1d, g=guid(74be27de-1e4e-49d9-b579-fe0b331d3642),
		x='a"b', y=dynamic({"k":[1,2]}), n=int(null), inf=real(+inf)`)
	require.Equal(t, "application/json", got.header.Get("Content-Type"))
	require.JSONEq(t, `{"tables":[{"name":"PrimaryResult","columns":[{"name":"b","type":"bool"},{"name":"i","type":"int"},{"name":"l","type":"long"},{"name":"r","type":"real"},
		{"name":"d","type":"decimal"},{"name":"t","type":"datetime"},{"name":"s","type":"timespan"},{"name":"g","type":"guid"},{"name":"x","type":"string"},{"name":"y","type":"dynamic"},
		{"name":"n","type":"int"},{"name":"inf","type":"real"}],
		"rows":[[true,1,9007199254740993,1.5,"0.1","2026-03-01T10:00:00.5000000Z","1.00:00:00","74be27de-1e4e-49d9-b579-fe0b331d3642","a\"b","{\"k\":[1,2]}",null,"Infinity"]]}]}`, got.body)
	require.Contains(t, got.body, "9007199254740993", "no digit is lost")
}

func TestLogsQueryReadsTheTables(t *testing.T) {
	store, logs := withLogs(t, nil)
	h := start(t, logs)
	say(t, store, story()...)
	rows := func(question map[string]any) string {
		t.Helper()
		got := h.ask("/api/v1/logs/query", question, nil)
		require.Equal(t, 200, got.status, got.body)
		_, text, _ := strings.Cut(got.body, `"rows":`)
		return strings.TrimSuffix(strings.TrimSpace(text), "}]}")
	}
	const messages = console + " | order by TimeGenerated asc | project Message"
	at := func(minutes int) string { return noon.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339) }
	require.Equal(t, `[["starting"],["say \"hello\", world"],["=1+1"],["out of memory"]]`, rows(map[string]any{"query": messages}))
	require.Equal(t, `[["starting"],["say \"hello\", world"],["=1+1"]]`, rows(map[string]any{"query": messages, "scope": "fraud"}))
	require.Equal(t, `[["starting"],["say \"hello\", world"]]`, rows(map[string]any{"query": messages, "scope": "fraud/blue"}))
	require.Equal(t, `[["say \"hello\", world"]]`, rows(map[string]any{"query": messages, "scope": "fraud/blue/b-1"}))
	require.Equal(t, `[["=1+1"],["out of memory"]]`, rows(map[string]any{"query": messages, "timespan": at(2) + "/" + at(9)}))
	require.Equal(t, `[["=1+1"]]`, rows(map[string]any{"query": messages, "timespan": at(2) + "/PT30S"}))
	require.Equal(t, `[["starting"]]`, rows(map[string]any{"query": messages, "timespan": "PT1H/" + at(0)}))
	require.Equal(t, `[]`, rows(map[string]any{"query": messages, "timespan": "PT1S"}))

	got := h.get("/api/v1/logs/query?" + url.Values{"query": {messages}, "scope": {"ranking"}, "statistics": {"true"}}.Encode())
	require.Contains(t, got.body, `"rows":[["out of memory"]]`)
	require.Regexp(t, `"statistics":\{"query":\{"executionTime":[0-9.e-]+,"inputDatasetStatistics":\{"rows":\{"scanned":\d+\}\},"datasetStatistics":\[\{"table_row_count":1\}\]`, got.body)
	got = h.do(http.MethodPost, "/api/v1/logs/query", url.Values{"query": {messages}, "scope": {"ranking"}}.Encode(), nil)
	require.Contains(t, got.body, `"rows":[["out of memory"]]`, "a form is as good")
	got = h.ask("/api/v1/logs/query", map[string]any{"query": messages + " | render timechart with (title='x', ycolumns=a, b, series=c)", "render": true}, nil)
	require.Contains(t, got.body, `"render":{"visualization":"timechart","title":"x","xColumn":null,"yColumns":["a","b"],"series":["c"],`)
}

func TestLogsQueryShowsWhatIsGranted(t *testing.T) {
	store, logs := withLogs(t, nil)
	h := start(t, logs, func(o *options) {
		o.settings.Grants = func(r *http.Request) scopes.Grants {
			if r.Header.Get("Who") == "nobody" {
				return scopes.Grants{}
			}
			p, err := scopes.ParsePattern("*/blue")
			require.NoError(t, err)
			return scopes.GrantScopes(p)
		}
	})
	say(t, store, story()...)
	count := func(query, who string) string {
		t.Helper()
		got := h.ask("/api/v1/logs/query", map[string]any{"query": query}, http.Header{"Who": {who}})
		require.Equal(t, 200, got.status, got.body)
		_, text, _ := strings.Cut(got.body, `"rows":`)
		return strings.TrimSuffix(strings.TrimSpace(text), "}]}")
	}
	require.Equal(t, "[[3]]", count(console+" | count", "somebody"))
	require.Equal(t, "[[0]]", count(console+" | where DeploymentName == 'green' | count", "somebody"))
	require.Equal(t, "[[3]]", count("union AmlOnlineEndpoint* | count", "somebody"))
	require.Equal(t, "[[0]]", count(console+" | count", "nobody"))
}

func TestLogsQueryRefusesWhatIsWrong(t *testing.T) {
	_, logs := withLogs(t, nil)
	h := start(t, logs)
	for name, c := range map[string]struct {
		question map[string]any
		status   int
		body     string
	}{
		"syntax":       {map[string]any{"query": "print\n x ="}, 400, `"type":"/problems/kql-syntax","title":"The query cannot be read","status":400,"detail":"syntax error at line 2, column 5: .*","line":2,"column":5`},
		"a table":      {map[string]any{"query": "AmlOnlineEndpointTraficLog"}, 400, `Failed to resolve table or tabular expression named 'AmlOnlineEndpointTraficLog'. Did you mean 'AmlOnlineEndpointTrafficLog'.*"line":1,"column":1`},
		"a column":     {map[string]any{"query": console + "\n| where Mesage has 'x'"}, 400, `'Mesage'. Did you mean 'Message'\?.*"line":2,"column":9`},
		"no query":     {map[string]any{}, 400, `parameter \\"query\\" must be given`},
		"another name": {map[string]any{"query": "print 1", "querry": "x"}, 400, `unknown field \\"querry\\"`},
		"timespan":     {map[string]any{"query": "print 1", "timespan": "P1M"}, 400, `must not have years or months`},
		"backwards":    {map[string]any{"query": "print 1", "timespan": "2026-03-02T00:00:00Z/2026-03-01T00:00:00Z"}, 400, `ends before it begins`},
		"scope":        {map[string]any{"query": "print 1", "scope": "a/b/c/d"}, 400, `a/b/c/d`},
		"limit":        {map[string]any{"query": "print 1", "limits": map[string]any{"time": "soon"}}, 400, `limits.time.* must be a duration such as 30s`},
		"a number":     {map[string]any{"query": "print 1", "limits": map[string]any{"time": 3}}, 400, `parameter \\"limits.time\\" must be a duration in quotes, such as \\"30s\\" \(got \\"3\\"\)`},
		"half a row":   {map[string]any{"query": "print 1", "limits": map[string]any{"rows": 1.5}}, 400, `parameter \\"limits.rows\\" must be a whole number \(got \\"1.5\\"\)`},
		"a list":       {map[string]any{"query": "print 1", "limits": []int{1}}, 400, `parameter \\"limits\\" must be an object \(got \\"\[1\]\\"\)`},
		"no text":      {map[string]any{"query": 5}, 400, `parameter \\"query\\" must be a text in quotes`},
		"negative":     {map[string]any{"query": "print 1", "limits": map[string]any{"rows": -1}}, 400, `must be at least 1`},
	} {
		t.Run(name, func(t *testing.T) {
			got := h.ask("/api/v1/logs/query", c.question, nil)
			require.Equal(t, c.status, got.status, got.body)
			require.Equal(t, "application/problem+json", got.header.Get("Content-Type"))
			require.Regexp(t, c.body, got.body)
		})
	}
	require.Equal(t, 415, h.ask("/api/v1/logs/query", "x", http.Header{"Content-Type": {"text/plain"}}).status)
	require.Equal(t, 406, h.ask("/api/v1/logs/query", map[string]any{"query": "print 1"}, http.Header{"Accept": {"image/png"}}).status)
	require.Contains(t, h.ask("/api/v1/logs/query", []int{1}, nil).body, `must be one JSON object`)
	require.Equal(t, 400, h.get("/api/v1/logs/query?query=print&limits.rows=none").status)
	require.Equal(t, 400, h.ask("/api/v1/logs/query?scope=a", map[string]any{"query": "print 1"}, nil).status, "not here and there")
	require.Equal(t, 413, h.ask("/api/v1/logs/query", map[string]any{"query": strings.Repeat("x", maxLogsQuestion)}, nil).status)
}

func TestLogsQueryLimits(t *testing.T) {
	_, logs := withLogs(t, func(c *kql.Config) {
		c.MaxRows, c.MaxMemory, c.Timeout = 1000, 1<<20, 2*time.Second
	})
	h := start(t, logs)
	got := h.kql("range x from 1 to 1001 step 1")
	require.Contains(t, got.body, `[1000]]}],"error":{"code":"PartialError","message":"The answer is not whole: the query exceeds its limit of rows: 1000; `)
	require.Regexp(t, `"details":\[\{"code":"QueryExecutionResultSizeLimitExceeded","message":"[^"]*rows: 1000`, got.body)
	require.NotContains(t, h.kql("range x from 1 to 1000 step 1").body, "error", "a limit that is reached cuts nothing")

	got = h.ask("/api/v1/logs/query", map[string]any{"query": "range x from 1 to 10 step 1", "limits": map[string]any{"rows": 2}}, nil)
	require.Contains(t, got.body, `"rows":[[1],[2]]}],"error":`)
	got = h.ask("/api/v1/logs/query", map[string]any{"query": "range x from 1 to 5000 step 1", "limits": map[string]any{"rows": 5000}}, nil)
	require.Contains(t, got.body, `[1000]]}],"error":`, "a request cannot raise a limit")

	got = h.ask("/api/v1/logs/query", map[string]any{"query": "range x from 1 to 1000000 step 1 | sort by x desc | take 1"}, nil)
	require.Equal(t, 422, got.status, got.body)
	require.Contains(t, got.body, `"type":"/problems/query-limit"`)
	require.Contains(t, got.body, "1 MiB")

	got = h.ask("/api/v1/logs/query", map[string]any{"query": "range x from 1 to 90000000 step 1 | summarize count()", "limits": map[string]any{"time": "100ms"}}, nil)
	require.Equal(t, 503, got.status, got.body)
	require.Contains(t, got.body, `"type":"/problems/timeout"`)
	require.Empty(t, got.header.Get("Retry-After"), "it would take as long again")
}

func TestLogsQueriesWaitForTheirTurn(t *testing.T) {
	_, logs := withLogs(t, func(c *kql.Config) { c.MaxConcurrent, c.MaxWait = 1, 50*time.Millisecond })
	h := start(t, logs)
	leave, err := h.Server.set.Logs.Gate.Enter(t.Context())
	require.NoError(t, err)
	got := h.ask("/api/v1/logs/query", map[string]any{"query": "print 1"}, nil)
	require.Equal(t, 429, got.status, got.body)
	require.Equal(t, "1", got.header.Get("Retry-After"))
	require.Contains(t, got.body, "log_query.max_concurrent")
	leave(nil)
	h.kql("print 1")
}

func TestLogsQueryStreams(t *testing.T) {
	store, logs := withLogs(t, func(c *kql.Config) { c.MaxRows = 100 })
	h := start(t, logs)
	say(t, store, story()...)
	stream := func(accept, query string, limits map[string]any) reply {
		t.Helper()
		return h.ask("/api/v1/logs/query", map[string]any{"query": query, "limits": limits}, http.Header{"Accept": {accept}})
	}
	got := stream("text/csv", console+" | order by TimeGenerated asc | project Message, Properties, n=-1.5, s=-1h, x=int(null)", nil)
	require.Equal(t, "text/csv; charset=utf-8; header=present", got.header.Get("Content-Type"))
	require.Equal(t, "Message,Properties,n,s,x\r\n"+
		`starting,"{""level"":3}",-1.5,-01:00:00,`+"\r\n"+`"say ""hello"", world",,-1.5,-01:00:00,`+"\r\n"+"=1+1,,-1.5,-01:00:00,\r\nout of memory,,-1.5,-01:00:00,\r\n", got.body)

	got = stream("application/x-ndjson", console+" | order by TimeGenerated asc | take 1 | project Message, Properties, t=datetime(2026-03-01), s=1h, n=int(null), l=long(9007199254740993)", nil)
	require.Equal(t, `{"Message":"starting","Properties":{"level":3},"t":"2026-03-01T00:00:00Z","s":"01:00:00","n":null,"l":9007199254740993}`+"\n", got.body)

	got = stream("text/csv", "range x from 1 to 5000 step 1", nil)
	require.Equal(t, 5001, strings.Count(got.body, "\r\n"), "the limit of rows is for answers that are held in memory")
	got = stream("text/csv", "range x from 1 to 5000 step 1", map[string]any{"rows": 3})
	require.Equal(t, "x\r\n1\r\n2\r\n3\r\n", got.body)

	got = stream("text/csv", "nothing", nil)
	require.Equal(t, 400, got.status, "a query that means nothing has no stream")
	require.Equal(t, "application/problem+json", got.header.Get("Content-Type"))
	require.Equal(t, "Message\r\n", stream("text/csv", console+" | where false | project Message", nil).body)
}
