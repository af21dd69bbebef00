package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/scopes"
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

// One demo shows everything: a test of each of its sides.
func TestADemoShowsEverything(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Listen, cfg.DataDir, cfg.Rate, cfg.Interval, cfg.SimulateGPU, cfg.Log.Level = "127.0.0.1:0", t.TempDir(), 40, time.Second, true, "error"
	server := startDemo(t, cfg)
	defer http.DefaultClient.CloseIdleConnections()
	t.Run("queries", func(t *testing.T) { testQueries(t, server) })
	t.Run("rows", func(t *testing.T) { testRows(t, server) })
	t.Run("catalogue", func(t *testing.T) { testCatalogue(t, server) })
	t.Run("exemplars", func(t *testing.T) { testExemplars(t, server) })
}

// eventually asks until something is answered that will do.
func eventually(t *testing.T, server, query string, enough func(rows []map[string]any) bool) (rows []map[string]any) {
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

func some(rows []map[string]any) bool { return len(rows) > 0 }

// testQueries finds an answer to everything that the documentation tells a newcomer to ask.
func testQueries(t *testing.T, server string) {
	queries := documented(t)
	require.Len(t, queries, 10)
	for _, q := range append(queries, tryQuery) {
		eventually(t, server, q, some)
	}
}

func testRows(t *testing.T, server string) {
	// Every request is a row with its sizes, and with the lines that its server printed about it.
	rows := eventually(t, server, `AmlOnlineEndpointTrafficLog | where ResponseCode == 200 | summarize Rows = count(), Ordered = countif(TotalDurationMs >= ResponseDurationMs),
		Sizes = countif(RequestPayloadSize > 0 and ResponsePayloadSize > 0), Auth = make_set(AuthType) by DeploymentName, InstanceId`,
		func(rows []map[string]any) bool {
			return len(rows) == 4 && !slices.ContainsFunc(rows, func(r map[string]any) bool { return len(setOf(t, r["Auth"])) < 2 })
		})
	for _, r := range rows {
		require.Equal(t, r["Rows"], r["Sizes"], r)
		require.Equal(t, r["Rows"], r["Ordered"], r)
	}
	eventually(t, server, `AmlOnlineEndpointTrafficLog | where AuthType == "AMLToken" and IdentityData == "nightly-review" and RequestThrottlingDelayMs > 0 and ResponseThrottlingDelayMs > 0`, some)
	eventually(t, server, `AmlOnlineEndpointTrafficLog | where AuthType == "AADToken" and IdentityData startswith "0b7f6c1e-"`, some)
	eventually(t, server, `AmlOnlineEndpointTrafficLog | where ResponseCode == 424 and ModelStatusCode == 500`, some)
	eventually(t, server, `AmlOnlineEndpointTrafficLog | where Path == "/explain" | extend p = todynamic(Properties) | where p.Streaming == true and toint(p.OutputTokens) > 5 and toint(p.InputTokens) > 5`, some)
	until := "TimeGenerated < datetime(" + time.Now().UTC().Format(time.RFC3339Nano) + ")"
	eventually(t, server, `AmlOnlineEndpointTrafficLog | where `+until+` and ModelStatusCode > 0
		| join kind=leftanti (AmlOnlineEndpointConsoleLog | extend XRequestId = extract(@"request_id=([0-9a-f-]{36})", 1, Message)) on XRequestId
		| count`, func(rows []map[string]any) bool { return rows[0]["Count"] == 0.0 })

	// A traceback is one row, with the id of its request; so is that of the second container.
	eventually(t, server, `AmlOnlineEndpointConsoleLog | where Message matches regex @"(?s)^ERROR: .*request_id=.*Traceback \(most recent.*\n  File .*\nRuntimeError: "`, some)
	rows = eventually(t, server, `AmlOnlineEndpointConsoleLog | where ContainerName == "model-mount" and Message contains "Traceback (most recent call last)" and Message contains "\nConnectionError: " | take 1`, some)
	require.Equal(t, "green-2", rows[0]["InstanceId"])
	require.Equal(t, "model-mount:1", rows[0]["ContainerImageName"])
	require.Equal(t, 0.0, eventually(t, server, `AmlOnlineEndpointConsoleLog | where Message startswith "RuntimeError" or Message startswith "  File" | count`, some)[0]["Count"])

	// Containers live, and how long their starts took is told.
	rows = eventually(t, server, `AmlOnlineEndpointEventLog | extend Container = tostring(todynamic(Properties).container) | summarize make_set(Name) by InstanceId, Container | order by InstanceId asc, Container asc`,
		func(rows []map[string]any) bool {
			return len(rows) == 5 && !slices.ContainsFunc(rows, func(r map[string]any) bool { return !slices.Contains(setOf(t, r["set_Name"]), any("StartPhase")) })
		})
	for i, r := range rows {
		if i == 4 {
			require.Equal(t, "model-mount", r["Container"])
			require.Subset(t, setOf(t, r["set_Name"]), []any{"Created", "Started", "Exited", "BackOff"})
		} else {
			require.Equal(t, "inference-server", r["Container"])
			require.Subset(t, setOf(t, r["set_Name"]), []any{"Created", "Started", "Ready", "ReadinessProbeFailed"})
		}
	}
	eventually(t, server, `AmlOnlineEndpointEventLog | where Name == "StartPhase" | extend p = todynamic(Properties) | where p.container == "inference-server"
		| summarize Phases = dcount(tostring(p.phase)), Least = min(todouble(p.seconds)) by InstanceId`,
		func(rows []map[string]any) bool {
			return len(rows) == 4 && !slices.ContainsFunc(rows, func(r map[string]any) bool { return r["Phases"] != 3.0 || r["Least"].(float64) <= 0 })
		})

	// What was collected is counted, and nothing was dropped.
	require.Eventually(t, func() bool {
		return len(value(server, `sum by (type) (endpoint_data_collection_events_total) > 0`)) == 3
	}, 30*time.Second, 100*time.Millisecond)
	require.Equal(t, []string{"0"}, value(server, `sum(endpoint_data_collection_errors_total)`))
}

// testCatalogue finds values of every metric of the catalogue. Simulated hardware has no faults to count.
func testCatalogue(t *testing.T, server string) {
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	for scope, level := range map[string]scopes.Level{sampleEndpoint: scopes.LevelEndpoint, sampleEndpoint + "/green": scopes.LevelDeployment} {
		var missing []string
		for _, d := range catalogue.AtLevel(level) {
			if d.Name != "GpuXidErrors" {
				missing = append(missing, d.Name)
			}
		}
		require.Greater(t, len(missing), 100)
		for end := time.Now().Add(120 * time.Second); len(missing) > 0 && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			var still []string
			for metrics := range slices.Chunk(missing, 20) {
				found := measured(t, server, scope, metrics)
				still = append(still, slices.DeleteFunc(metrics, func(m string) bool { return found[m] })...)
			}
			missing = still
		}
		require.Empty(t, missing, scope)
	}
}

// measured returns which of the metrics have a value in the last minute.
func measured(t *testing.T, server, scope string, metrics []string) map[string]bool {
	q := url.Values{"scope": {scope}, "metric": metrics, "start": {time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)}, "interval": {"5s"}} // steps of a minute would have to be waited for
	text, err := get(server + "/api/v1/metrics?" + q.Encode())
	require.NoError(t, err)
	var answer struct {
		Series []struct {
			Metric string
			Values []*float64
		}
	}
	require.NoError(t, json.Unmarshal(text, &answer))
	found := map[string]bool{}
	for _, s := range answer.Series {
		found[s.Metric] = found[s.Metric] || slices.ContainsFunc(s.Values, func(v *float64) bool { return v != nil })
	}
	return found
}

// testExemplars goes from an exemplar of a histogram to the request's row, as someone does who wants to know what was slow.
func testExemplars(t *testing.T, server string) {
	q := url.Values{
		"query": {`endpoint_request_duration_seconds{endpoint="` + sampleEndpoint + `",status_code="200"}`},
		"start": {time.Now().Add(-10 * time.Minute).UTC().Format(time.RFC3339)}, "end": {time.Now().Add(time.Minute).UTC().Format(time.RFC3339)},
	}
	ids := map[string]bool{}
	require.Eventually(t, func() bool {
		text, err := get(server + "/api/v1/query_exemplars?" + q.Encode())
		var answer struct {
			Data []struct {
				Exemplars []struct{ Labels map[string]string }
			}
		}
		if err != nil || json.Unmarshal(text, &answer) != nil {
			return false
		}
		for _, series := range answer.Data {
			for _, e := range series.Exemplars {
				ids[e.Labels["request_id"]] = true
			}
		}
		return len(ids) >= 4
	}, 30*time.Second, 200*time.Millisecond)
	n := 0
	for id := range ids {
		rows := eventually(t, server, `AmlOnlineEndpointTrafficLog | where XRequestId == "`+id+`"`, some)
		require.Len(t, rows, 1)
		if n++; n == 4 {
			break
		}
	}
}

func get(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return text, err
}

// value returns the values of the answer to an expression in PromQL, and none when there is no answer.
func value(server, expr string) (out []string) {
	text, err := get(server + "/api/v1/query?query=" + url.QueryEscape(expr))
	if err != nil {
		return nil
	}
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	_ = json.Unmarshal(text, &answer)
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
