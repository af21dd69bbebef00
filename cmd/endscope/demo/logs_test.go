package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/cmd/internal/cli"
)

// printed is what a demo has printed so far.
type printed struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.String()
}

// startDemo runs a demo until the test ends, and returns its server's URL.
func startDemo(t *testing.T, cfg Config) string {
	ctx, cancel := context.WithCancel(context.Background())
	out, done := &printed{}, make(chan error, 1)
	go func() { done <- Run(ctx, cfg, cli.Env{Stdout: out, Stderr: os.Stderr}) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	require.Eventually(t, func() bool { return address.MatchString(out.String()) }, 30*time.Second, 10*time.Millisecond)
	require.Contains(t, out.String(), `query kql 'AmlOnlineEndpointTrafficLog | `)
	return address.FindString(out.String())
}

// ask returns the rows of the answer to a query of the logs, or why there is none.
func ask(server, query string) (rows []map[string]any, failure string) {
	body, _ := json.Marshal(map[string]string{"query": query})
	resp, err := http.Post(server+"/api/v1/logs/query", "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err.Error()
	}
	defer resp.Body.Close()
	var answer struct {
		Detail string
		Error  json.RawMessage
		Tables []struct {
			Columns []struct{ Name string }
			Rows    [][]any
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, err.Error()
	}
	if resp.StatusCode != http.StatusOK || answer.Error != nil {
		return nil, resp.Status + ": " + answer.Detail + string(answer.Error)
	}
	for _, values := range answer.Tables[0].Rows {
		row := map[string]any{}
		for i, v := range values {
			row[answer.Tables[0].Columns[i].Name] = v
		}
		rows = append(rows, row)
	}
	return rows, ""
}

// documented returns the queries of the section of docs/logs.md that are meant to be run as they stand.
func documented(t *testing.T) []string {
	page, err := os.ReadFile("../../../docs/logs.md")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(page), "\n## Queries to begin with\n")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n## ")
	var queries []string
	for _, m := range regexp.MustCompile("(?s)```kusto\n(.*?)```").FindAllStringSubmatch(section, -1) {
		require.NotContains(t, m[1], "'", "it is pasted between apostrophes into a shell")
		queries = append(queries, m[1])
	}
	return queries
}

// Everything that the documentation tells a newcomer to ask has an answer, once a demo has run for some seconds.
func TestTheLogsAnswerTheQueriesOfTheDocumentation(t *testing.T) {
	queries := documented(t)
	require.Len(t, queries, 10)
	cfg := DefaultConfig()
	cfg.Listen, cfg.DataDir, cfg.Rate, cfg.Interval, cfg.Log.Level = "127.0.0.1:0", t.TempDir(), 60, 500*time.Millisecond, "error"
	server := startDemo(t, cfg)
	defer http.DefaultClient.CloseIdleConnections()

	// eventually asks until something is answered that will do.
	eventually := func(query string, enough func(rows []map[string]any) bool) (rows []map[string]any) {
		t.Helper()
		failure := ""
		for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
			if rows, failure = ask(server, query); failure == "" && enough(rows) {
				return rows
			}
		}
		require.FailNow(t, "no answer", "%s\n%s%v", query, failure, rows)
		return nil
	}
	some := func(rows []map[string]any) bool { return len(rows) > 0 }
	for _, q := range append(queries, tryQuery) {
		eventually(q, some)
	}

	// Every request is a row with the lines that its server printed about it.
	rows := eventually(`AmlOnlineEndpointTrafficLog | summarize Rows = count(), Ids = dcount(XRequestId), Ordered = countif(TotalDurationMs >= ResponseDurationMs),
		Sizes = countif(RequestPayloadSize > 0 and ResponsePayloadSize > 0), Auth = make_set(AuthType) by DeploymentName, InstanceId`,
		func(rows []map[string]any) bool { return len(rows) == 4 })
	for _, r := range rows {
		require.Equal(t, r["Rows"], r["Sizes"], r)
		require.Positive(t, r["Ordered"], r)
	}
	until := "TimeGenerated < datetime(" + time.Now().UTC().Format(time.RFC3339Nano) + ")"
	eventually(`AmlOnlineEndpointTrafficLog | where `+until+`
		| join kind=leftanti (AmlOnlineEndpointConsoleLog | extend XRequestId = extract(@"request_id=([0-9a-f-]{36})", 1, Message)) on XRequestId
		| count`, func(rows []map[string]any) bool { return rows[0]["Count"] == 0.0 })
	rows = eventually(`AmlOnlineEndpointEventLog | summarize make_set(Name) by InstanceId | order by InstanceId asc`,
		func(rows []map[string]any) bool { return len(rows) == 4 })
	for _, r := range rows {
		require.Subset(t, setOf(t, r["set_Name"]), []any{"Pulled", "Created", "Started"})
	}
	require.Contains(t, setOf(t, rows[3]["set_Name"]), "BackOff")
	rows = eventually(`AmlOnlineEndpointConsoleLog | where ContainerName == "model-mount" and Message startswith "ConnectionError: " | take 1`, some)
	require.Equal(t, "green-2", rows[0]["InstanceId"])

	// What was collected is counted, and nothing was dropped.
	require.Eventually(t, func() bool {
		return len(value(server, `sum by (type) (endpoint_data_collection_events_total) > 0`)) == 4
	}, 30*time.Second, 100*time.Millisecond)
	require.Equal(t, []string{"0"}, value(server, `sum(endpoint_data_collection_errors_total)`))
}

// value returns the values of the answer to an expression in PromQL, and none when there is no answer.
func value(server, expr string) (out []string) {
	resp, err := http.Get(server + "/api/v1/query?query=" + url.QueryEscape(expr))
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	_ = json.NewDecoder(resp.Body).Decode(&answer)
	for _, r := range answer.Data.Result {
		out = append(out, r.Value[1].(string))
	}
	return out
}

// setOf returns the members of a dynamic value, which may stand in an answer as JSON or as its text.
func setOf(t *testing.T, v any) (out []any) {
	if text, ok := v.(string); ok {
		require.NoError(t, json.Unmarshal([]byte(text), &out))
		return out
	}
	return v.([]any)
}
