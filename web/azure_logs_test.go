package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/logs/kql"
)

const (
	azureTestSubscription = "/subscriptions/00000000-0000-0000-0000-000000000001"
	azureTestEndpoint     = azureTestSubscription + "/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/onlineEndpoints/fraud"
	azureTestWorkspace    = "/v1/workspaces/00000000-0000-0000-0000-000000000002/query"
)

func TestAzureLogsWorkspace(t *testing.T) {
	store, logs := withLogs(t, func(c *kql.Config) { c.MaxRows = 1000 })
	h := start(t, logs)
	say(t, store, story()...)
	want := `{"tables":[{"name":"PrimaryResult","columns":[{"name":"Count","type":"long"}],"rows":[[4]]}]}`
	for _, path := range []string{azureTestWorkspace, "/v1//workspaces/any/query", "/V1/Workspaces/any/QUERY"} {
		got := h.ask(path, map[string]any{"query": console + " | count", "workspaces": []string{"another"}, "unknown": 1}, nil)
		require.Equal(t, 200, got.status, got.body)
		require.Equal(t, "application/json; charset=utf-8", got.header.Get("Content-Type"))
		require.JSONEq(t, want, got.body)
		require.JSONEq(t, want, h.get(path+"?"+url.Values{"query": {console + " | count"}}.Encode()).body)
	}
	got := h.ask(azureTestWorkspace, map[string]any{"query": console + " | count", "timespan": noon.Format(time.RFC3339) + "/PT1M"}, nil)
	require.Contains(t, got.body, `"rows":[[2]]`)

	got = h.ask(azureTestWorkspace, map[string]any{"query": console + " | summarize count() by DeploymentName | render barchart with (title='t', xcolumn=DeploymentName)"},
		http.Header{"Prefer": {"wait=30,include-statistics=true,include-render=true"}})
	require.Equal(t, "wait=30, include-statistics=true, include-render=true", got.header.Get("Preference-Applied"))
	require.Contains(t, got.body, `"statistics":{"query":{"executionTime":`)
	require.Contains(t, got.body, `"render":{"visualization":"barchart","title":"t","xColumn":"DeploymentName","yColumns":null,`)

	got = h.ask(azureTestWorkspace, map[string]any{"query": "range x from 1 to 1001 step 1"}, nil)
	require.Equal(t, 200, got.status)
	require.Regexp(t, `\[1000\]\]\}\],"error":\{"code":"PartialError","message":"[^"]+","details":\[\{"code":"[^"]+","message":"[^"]+"\}\]\}\}`, got.body)
}

func TestAzureLogsResource(t *testing.T) {
	store, logs := withLogs(t, nil)
	h := start(t, logs)
	say(t, store, story()...)
	count := func(resource string) reply {
		t.Helper()
		return h.ask("/v1"+resource+"/query", map[string]any{"query": console + " | count", "timespan": "P7D"}, nil)
	}
	for resource, want := range map[string]string{
		azureTestSubscription:                                           "4",
		azureTestSubscription + "/resourceGroups/rg":                    "4",
		strings.TrimSuffix(azureTestEndpoint, "/onlineEndpoints/fraud"): "4",
		azureTestSubscription + "/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/ws": "4",
		azureTestEndpoint:                                                   "3",
		"/" + azureTestEndpoint:                                             "3",
		"//" + azureTestEndpoint:                                            "3",
		azureTestEndpoint + "/deployments/blue":                             "2",
		azureTestEndpoint + "/Deployments/blue":                             "2",
		"/Subscriptions/x" + azureTestEndpoint[len(azureTestSubscription):]: "3",
	} {
		got := count(resource)
		require.Equal(t, 200, got.status, "%s: %s", resource, got.body)
		require.Contains(t, got.body, `"rows":[[`+want+`]]`, resource)
	}
	for _, resource := range []string{
		azureTestEndpoint + "x", azureTestEndpoint + "/deployments/red", azureTestSubscription + "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm",
		azureTestSubscription + "/resourceGroups",
	} {
		got := count(resource)
		require.Equal(t, 404, got.status, "%s: %s", resource, got.body)
		require.Contains(t, got.body, `"error":{"code":"ResourceNotFoundError","message":`)
	}
}

func TestAzureLogsErrors(t *testing.T) {
	_, logs := withLogs(t, func(c *kql.Config) { c.MaxMemory, c.MaxWait, c.MaxConcurrent = 1<<20, 0, 1 })
	h := start(t, logs)
	type place struct {
		Line, Pos int
		Token     string
	}
	fail := func(status int, question any, header http.Header) (code, inner string, at place) {
		t.Helper()
		got := h.ask(azureTestWorkspace, question, header)
		require.Equal(t, status, got.status, got.body)
		require.Equal(t, "application/json; charset=utf-8", got.header.Get("Content-Type"))
		var body struct {
			Error struct {
				Code, Message string
				Innererror    struct {
					Code, Message string
					Innererror    place
				}
			}
		}
		require.NoError(t, json.Unmarshal([]byte(got.body), &body))
		require.NotEmpty(t, body.Error.Message)
		return body.Error.Code, body.Error.Innererror.Code, body.Error.Innererror.Innererror
	}
	code, inner, at := fail(400, map[string]any{"query": "print 1 |\n nothing ||"}, nil)
	require.Equal(t, []any{"BadArgumentError", "SyntaxError", place{2, 1, "nothing"}}, []any{code, inner, at})
	code, inner, at = fail(400, map[string]any{"query": "print x = missing"}, nil)
	require.Equal(t, []any{"BadArgumentError", "SemanticError", place{1, 10, "missing"}}, []any{code, inner, at})
	for name, question := range map[string]any{
		"EmptyQuery": map[string]any{}, "Timespan": map[string]any{"query": "print 1", "timespan": "yesterday"}, "Backwards": map[string]any{"query": "print 1", "timespan": "2026-03-02/2026-03-01"},
		"Type": map[string]any{"query": 1}, "Array": []int{1},
	} {
		code, inner, _ = fail(400, question, nil)
		require.Equal(t, "BadArgumentError", code, name)
		require.NotEmpty(t, inner, name)
	}
	code, _, _ = fail(400, map[string]any{"query": "range x from 1 to 1000000 step 1 | sort by x desc | take 1"}, nil)
	require.Equal(t, "QueryLimitExceeded", code)
	code, inner, _ = fail(504, map[string]any{"query": "range x from 1 to 90000000 step 1 | summarize count()"}, http.Header{"Prefer": {"wait=1"}})
	require.Equal(t, []string{"GatewayTimeout", "GatewayTimeout"}, []string{code, inner})

	leave, err := h.Server.set.Logs.Gate.Enter(t.Context())
	require.NoError(t, err)
	code, _, _ = fail(429, map[string]any{"query": "print 1"}, nil)
	require.Equal(t, "ThrottledError", code)
	leave(nil)

	got := h.get("/v1/workspaces/x/nothing")
	require.Equal(t, 404, got.status)
	require.Contains(t, got.body, `{"error":{"code":"PathNotFoundError"`)
	require.Equal(t, 405, h.get("/v1/$batch").status)
	require.Equal(t, 404, h.get("/v1/nothing").status)
}

func TestAzureLogsBatch(t *testing.T) {
	store, logs := withLogs(t, nil)
	h := start(t, logs)
	say(t, store, story()...)
	part := func(id, query string) map[string]any {
		return map[string]any{"id": id, "method": "POST", "path": "/query", "workspace": "w", "body": map[string]any{"query": query, "timespan": "P7D"}}
	}
	withHeader := part("3", "print n=3")
	withHeader["headers"] = map[string]string{"prefer": "wait=10,include-statistics=true"}
	noWorkspace := part("4", "print n=4")
	delete(noWorkspace, "workspace")
	wrongPath := part("5", "print n=5")
	wrongPath["path"] = "/metadata"
	delete(wrongPath, "method")
	requests := []any{part("query-0", "print n=1"), part("1", "syntax error |||"), part("1", console+" | count"), withHeader, noWorkspace, wrongPath}
	for i := range 20 {
		requests = append(requests, part("more", "print "+string(rune('a'+i))+"=1"))
	}
	for _, path := range []string{"/v1/$batch", "/v1/%24batch", "/V1/$Batch"} {
		got := h.ask(path, map[string]any{"requests": requests}, nil)
		require.Equal(t, 200, got.status, got.body)
		var body struct {
			Responses []struct {
				ID      string
				Status  int
				Headers map[string]string
				Body    json.RawMessage
			}
		}
		require.NoError(t, json.Unmarshal([]byte(got.body), &body))
		require.Len(t, body.Responses, len(requests))
		for i, want := range []struct {
			id     string
			status int
			body   string
		}{
			{"query-0", 200, `"rows":[[1]]`}, {"1", 400, `"code":"SyntaxError"`}, {"1", 200, `"rows":[[4]]`}, {"3", 200, `"statistics":{"query"`},
			{"4", 400, `"code":"WorkspaceMissingError"`}, {"5", 400, `"message":"a request of a batch must be POST /query (got POST /metadata)"`}, {"more", 200, `"name":"a"`}, {"more", 200, `"name":"b"`},
		} {
			r := body.Responses[i]
			require.Equal(t, []any{want.id, want.status}, []any{r.ID, r.Status}, "%d: %s", i, r.Body)
			require.Contains(t, string(r.Body), want.body)
			require.NotEmpty(t, r.Headers["Content-Type"])
		}
	}
	require.JSONEq(t, `{"responses":[]}`, h.ask("/v1/$batch", map[string]any{"requests": []any{}}, nil).body)
	require.Equal(t, 400, h.ask("/v1/$batch", map[string]any{"requests": make([]map[string]any, 101)}, nil).status)
	require.Equal(t, 400, h.ask("/v1/$batch", map[string]any{"requests": 1}, nil).status)
}
