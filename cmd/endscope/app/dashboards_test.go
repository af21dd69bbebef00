package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/dashboards"
	"github.com/endscope/endscope/resources"
)

// asks answers a request with a JSON body and further headers, given as names and values.
func asks(t *testing.T, method, url, body string, headers ...string) (int, http.Header, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer := map[string]any{}
	if resp.StatusCode != http.StatusNoContent {
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
	}
	return resp.StatusCode, resp.Header, answer
}

// fieldsOf are the fields that a problem names.
func fieldsOf(problem map[string]any) (out []string) {
	list, _ := problem["errors"].([]any)
	for _, e := range list {
		one, _ := e.(map[string]any)
		out = append(out, fmt.Sprint(one["field"]))
	}
	return out
}

func names(answer map[string]any) (out []string) {
	list, _ := answer["value"].([]any)
	for _, e := range list {
		one, _ := e.(map[string]any)
		out = append(out, fmt.Sprint(one["name"]))
	}
	return out
}

const board = `{"name":"mine","title":"Mine","tags":["a","b"],"variables":[{"name":"endpoint","kind":"endpoint"}],"tiles":[
	{"id":"c","kind":"chart","x":0,"y":0,"w":6,"h":4,"chart":{"scopes":["$endpoint"],"metrics":[{"name":"RequestsPerMinute"}],"top":5,"orderBy":"average desc"}},
	{"id":"l","kind":"logs","x":6,"y":0,"w":6,"h":4,"logs":{"query":"AmlOnlineEndpointTrafficLog | where EndpointName == '$endpoint' | take 1","scopes":["$endpoint"]}}]}`

func TestDashboardsLiveAsRulesDo(t *testing.T) {
	a := start(t, func(cfg *Config, _ *Settings) { cfg.Dashboards.Builtin = false })
	base := a.URL() + "/api/v1/dashboards"
	status, header, made := asks(t, "POST", base, board)
	require.Equal(t, 201, status, made)
	require.Equal(t, "/api/v1/dashboards/mine", header.Get("Location"))
	require.Equal(t, "*", made["variables"].([]any)[0].(map[string]any)["default"])
	require.Equal(t, false, made["provisioned"])
	status, _, exists := asks(t, "POST", base, board)
	require.Equal(t, 409, status, exists)
	require.Equal(t, "/problems/exists", exists["type"])

	// Of two that change it at a time one wins.
	tag := header.Get("ETag")
	status, header, changed := asks(t, "PUT", base+"/mine", strings.Replace(board, `"Mine"`, `"Ours"`, 1), "If-Match", tag)
	require.Equal(t, 200, status, changed)
	status, _, conflict := asks(t, "PUT", base+"/mine", board, "If-Match", tag)
	require.Equal(t, 412, status, conflict)
	require.Equal(t, header.Get("ETag"), conflict["etag"])
	status, _, patched := asks(t, "PATCH", base+"/mine", `{"title":"Everybody's"}`, "If-Match", header.Get("ETag"))
	require.Equal(t, 200, status, patched)
	require.Equal(t, "Everybody's", patched["title"])
	require.Len(t, patched["tiles"], 2)

	status, _, second := asks(t, "PUT", base+"/other", `{"title":"Theirs","tags":["b"],"description":"of everyBody","tiles":[]}`)
	require.Equal(t, 201, status, second)
	for query, want := range map[string][]string{
		"": {"mine", "other"}, "?tag=a": {"mine"}, "?tag=b": {"mine", "other"}, "?tag=c": nil, "?q=everybody": {"mine", "other"}, "?q=theirs": {"other"}, "?q=OTH&tag=b": {"other"}, "?limit=1": {"mine"},
	} {
		status, _, list := asks(t, "GET", base+query, "")
		require.Equal(t, 200, status, list)
		require.Equal(t, want, names(list), query)
	}
	status, _, unknown := asks(t, "GET", base+"?enabled=true", "")
	require.Equal(t, 400, status, unknown)

	status, _, gone := asks(t, "DELETE", base+"/mine", "")
	require.Equal(t, 204, status, gone)
	status, _, _ = asks(t, "GET", base+"/mine", "")
	require.Equal(t, 404, status)
	status, _, versions := asks(t, "GET", base+"/mine/versions", "")
	require.Equal(t, 200, status)
	require.Len(t, versions["value"], 4)
	status, _, restored := asks(t, "POST", base+"/mine/restore?version=1", "")
	require.Equal(t, 201, status, restored)
	require.Equal(t, "Mine", restored["title"])
	status, _, history := asks(t, "GET", base+"/mine/history", "")
	require.Equal(t, 200, status)
	require.Len(t, history["value"], 5)
}

func TestDashboardsAreRefusedWithAllTheirMistakes(t *testing.T) {
	a := start(t, func(cfg *Config, _ *Settings) { cfg.Dashboards.Builtin = false })
	base := a.URL() + "/api/v1/dashboards"
	tile := func(i int, more string) string {
		return fmt.Sprintf(`{"id":"t%d","x":%d,"y":%d,"w":6,"h":4,%s}`, i, i%2*6, i/2*4, more)
	}
	chart := func(i int, c string) string { return tile(i, `"kind":"chart","chart":{`+c+`}`) }
	f := func(members string, want ...string) {
		t.Helper()
		status, _, problem := asks(t, "PUT", base+"/x", `{"variables":[{"name":"endpoint","kind":"endpoint"}],`+members+`}`)
		require.Equal(t, 422, status, problem)
		require.Equal(t, "/problems/invalid", problem["type"])
		require.Equal(t, want, fieldsOf(problem), problem["detail"])
	}
	f(`"tiles":[`+chart(0, `"scopes":["$endpoint/*"],"metrics":[{"name":"RequestPerMinute"},{"name":"RequestsPerMinute","aggregation":"Count"}],"split":["deployment"]`)+`,`+
		chart(1, `"scopes":["$gone"],"metrics":[{"name":"RequestsPerMinute"}],"interval":"often","filter":"deployment eq"`)+`,`+
		chart(2, `"scopes":["$endpoint"],"metrics":[{"name":"RequestsPerMinute"}],"split":["planet"],"top":5,"orderBy":"wildly"`)+`,`+
		chart(3, `"scopes":["$endpoint"],"metrics":[{"name":"RequestsPerMinute"}],"filter":"planet eq '$endpoint'"`)+`,`+
		chart(4, `"promql":["sum(x{endpoint=~\"$endpoint\"})","sum(("]`)+`,`+
		tile(5, `"kind":"logs","logs":{"query":"NoSuchTable | where a == '$endpoint'"}`)+`,`+
		tile(6, `"kind":"logs","logs":{"query":"AmlOnlineEndpointTrafficLog | where '$nobody' == 'a'"}`)+`]`,
		"tiles[1].chart.scopes[0]", "tiles[6].logs.query", "tiles[0].chart.metrics[0].name", "tiles[0].chart.split", "tiles[1].chart.interval", "tiles[1].chart.filter",
		"tiles[2].chart.orderBy", "tiles[3].chart.filter", "tiles[4].chart.promql[1]", "tiles[5].logs.query")
	f(`"tiles":[`+chart(0, `"scopes":["$endpoint"],"metrics":[{"name":"RequestsPerMinute","aggregation":"Count"}]`)+`]`, "tiles[0].chart.metrics[0].aggregation")
	f(`"tiles":[`+tile(0, `"kind":"text"`)+`,`+strings.Replace(tile(1, `"kind":"text"`), `"x":6`, `"x":5`, 1)+`]`, "tiles[1]")
	f(`"tiles":[`+strings.Repeat(tile(0, `"kind":"text"`)+",", 60)+tile(1, `"kind":"text"`)+`]`, "tiles")
	f(`"name":"y","tiles":[]`, "name")

	status, _, large := asks(t, "PUT", base+"/x", `{"tiles":[],"description":"`+strings.Repeat("x", 2<<20)+`"}`)
	require.Equal(t, 413, status, large)
	status, _, large = asks(t, "PUT", base+"/x", `{"tiles":[],"description":"`+strings.Repeat("x", 1<<20)+`"}`)
	require.Contains(t, []int{413, 422}, status, large)
	status, _, bad := asks(t, "PUT", base+"/a%2Fb", `{"tiles":[]}`)
	require.Equal(t, 422, status, bad)

	saved := a.URL() + "/api/v1/saved-queries"
	status, _, wrong := asks(t, "PUT", saved+"/slow", `{"query":"AmlOnlineEndpointTrafficLog | wher 1","scopes":["a b"],"tags":["x,y"]}`)
	require.Equal(t, 422, status, wrong)
	require.Equal(t, []string{"tags[0]", "scopes[0]", "query"}, fieldsOf(wrong))
	status, _, good := asks(t, "PUT", saved+"/slow", `{"title":"Slow","query":"AmlOnlineEndpointTrafficLog | where TotalDurationMs > 1000","tags":["traffic"]}`)
	require.Equal(t, 201, status, good)
	status, _, list := asks(t, "GET", saved+"?tag=traffic&q=slow", "")
	require.Equal(t, 200, status)
	require.Equal(t, []string{"slow"}, names(list))
}

func TestTheDashboardsOfTheServerAreRenewedAndCanBeSwitchedOff(t *testing.T) {
	all, err := builtinDashboards()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(all), 6)
	dir := t.TempDir()
	with := func(builtin bool) *App {
		t.Helper()
		return closed(t, func(cfg *Config) { cfg.DataDir, cfg.Dashboards.Builtin = dir, builtin })
	}
	stored := func(a *App) (out []string) {
		t.Helper()
		list, err := a.alerts.resources.List(t.Context(), kindDashboard)
		require.NoError(t, err)
		for _, r := range list {
			out = append(out, fmt.Sprint(r.Name, " ", r.Source, " ", r.Version))
		}
		return out
	}
	a := with(true)
	first := stored(a)
	require.Len(t, first, len(all))
	require.Contains(t, first, "endscope-traffic builtin 1")

	// Another version of the server had others.
	_, err = a.alerts.resources.Provision(t.Context(), resources.Provisioning{Source: dashboards.BuiltinSource, Documents: []resources.Document{
		{Kind: kindDashboard, Name: "endscope-traffic", Spec: json.RawMessage(`{"title":"Old","tiles":[]}`)},
		{Kind: kindDashboard, Name: "endscope-old", Spec: json.RawMessage(`{"tiles":[]}`)},
	}})
	require.NoError(t, err)
	require.NoError(t, a.Close())
	a = with(true)
	require.Len(t, stored(a), len(all))
	require.Contains(t, stored(a), "endscope-traffic builtin 3")
	require.NoError(t, a.Close())

	a = with(false)
	require.Empty(t, stored(a))
	putAll(t, a.alerts.resources, resources.Change{Kind: kindDashboard, Name: "endscope-gpus", Spec: json.RawMessage(`{"tiles":[]}`)})
	require.NoError(t, a.Close())
	a = with(true)
	require.Len(t, stored(a), len(all))
	require.NotContains(t, strings.Join(stored(a), "\n"), "endscope-gpus builtin", "what people made stays theirs")
}

func TestTheDashboardsOfTheServerAreReadOnly(t *testing.T) {
	a := start(t, nil)
	one := a.URL() + "/api/v1/dashboards/endscope-traffic"
	status, _, got := asks(t, "GET", one, "")
	require.Equal(t, 200, status, got)
	require.Equal(t, true, got["provisioned"])
	require.Equal(t, "builtin", got["source"])
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		status, _, refused := asks(t, method, one, `{"title":"x","tiles":[]}`)
		require.Equal(t, 409, status, refused)
		require.Equal(t, "/problems/read-only", refused["type"])
		require.Equal(t, "builtin", refused["source"])
	}
	for _, path := range []string{"", "/release"} {
		status, _, refused := asks(t, "POST", a.URL()+"/api/v1/provisioning/builtin"+path, `[]`)
		require.Equal(t, 409, status, refused)
		require.Contains(t, refused["detail"], "dashboards.builtin")
	}
	status, text := get(t, a.URL()+"/api/v1/export?kind=dashboard&format=json")
	require.Equal(t, 200, status)
	require.Equal(t, "[]\n", text, "each server has them")

	// A copy under another name is anybody's.
	delete(got, "name")
	copied, err := json.Marshal(got)
	require.NoError(t, err)
	status, _, copy := asks(t, "PUT", a.URL()+"/api/v1/dashboards/traffic", string(copied))
	require.Equal(t, 201, status, copy)
	require.Equal(t, false, copy["provisioned"])
	status, text = get(t, a.URL()+"/api/v1/export?kind=dashboard")
	require.Equal(t, 200, status)
	require.Contains(t, text, "kind: dashboard\nname: traffic\n")
	status, _, applied := asks(t, "POST", a.URL()+"/api/v1/provisioning/gitops", text, "Content-Type", "application/yaml")
	require.Equal(t, 200, status, applied)
	status, _, taken := asks(t, "PUT", a.URL()+"/api/v1/dashboards/traffic", `{"tiles":[]}`)
	require.Equal(t, 409, status, taken)
	require.Equal(t, "gitops", taken["source"])
}

// TestEveryTileOfTheServersDashboardsIsAnswered asks what each tile asks, for all scopes and for one.
func TestEveryTileOfTheServersDashboardsIsAnswered(t *testing.T) {
	a := start(t, nil)
	begin := time.Now().UTC().Truncate(time.Minute).Add(-5 * time.Minute)
	for _, scope := range []string{"credit/blue/i-0", "credit/green/i-1"} {
		cpu(t, a, scope, begin, .25, .5, .25, .5)
	}
	for table, more := range map[string]string{
		"AmlOnlineEndpointTrafficLog": `"ResponseCode":424,"TotalDurationMs":12`, "AmlOnlineEndpointConsoleLog": `"Message":"ERROR: 5 of 7"`, "AmlOnlineEndpointEventLog": `"Name":"Exited","Message":"it exited"`,
	} {
		status, text := post(t, a.URL()+"/api/v1/logs/"+table, fmt.Sprintf(`{"TimeGenerated":%q,"EndpointName":"credit","DeploymentName":"blue","InstanceId":"i-0",%s}`, begin.Format(time.RFC3339), more))
		require.Equal(t, 2, status/100, text)
	}
	_, _, list := asks(t, "GET", a.URL()+"/api/v1/dashboards", "")
	asked := map[dashboards.TileKind]int{}
	for _, one := range list["value"].([]any) {
		spec, err := json.Marshal(one)
		require.NoError(t, err)
		var d dashboards.Dashboard
		require.NoError(t, json.Unmarshal(spec, &d))
		require.NotEmpty(t, d.Title, d.Name)
		require.NotEmpty(t, d.Description, d.Name)
		for _, values := range []dashboards.Values{d.Defaults(), {"endpoint": "credit", "deployment": "blue"}} {
			for _, tile := range d.Tiles {
				require.NotEmpty(t, tile.Title, "%s: %s", d.Name, tile.ID)
				asked[tile.Kind]++
				answered(t, a, d.Name+": "+tile.ID, tile, values)
			}
		}
	}
	require.Greater(t, asked[dashboards.TileChart], 80)
	require.Greater(t, asked[dashboards.TileLogs], 10)
}

// answered asks what a tile asks, as pages do.
func answered(t *testing.T, a *App, name string, tile dashboards.Tile, values dashboards.Values) {
	t.Helper()
	if tile.Logs != nil {
		q := url.Values{"query": {tile.Logs.Expand(values).Query}, "timespan": {"PT1H"}}
		if scope := values["endpoint"]; scope != dashboards.Any {
			q.Set("scope", scope)
		}
		status, text := get(t, a.URL()+"/api/v1/logs/query?"+q.Encode())
		require.Equal(t, 200, status, "%s: %s", name, text)
		var answer struct{ Tables []struct{ Rows [][]any } }
		require.NoError(t, json.Unmarshal([]byte(text), &answer))
		require.NotEmpty(t, answer.Tables, name)
		return
	}
	if tile.Chart == nil {
		return
	}
	chart := tile.Chart.Expand(values)
	require.Empty(t, chart.PromQL, name)
	asked, err := question(&chart)
	require.NoError(t, err, name)
	for _, metric := range chart.Metrics {
		q := url.Values{"scope": chart.Scopes, "metric": {metric.Name}, "start": {"now-15m"}}
		for key, value := range map[string]string{"aggregation": metric.Aggregation, "split": strings.Join(chart.Split, ","), "filter": chart.Filter, "interval": chart.Interval} {
			if value != "" {
				q.Set(key, value)
			}
		}
		if asked.Top > 0 {
			q.Set("top", fmt.Sprint(asked.Top))
			if chart.OrderBy != "" {
				q.Set("orderBy", chart.OrderBy)
			}
		}
		status, text := get(t, a.URL()+"/api/v1/metrics?"+q.Encode())
		require.Equal(t, 200, status, "%s: %s", name, text)
	}
}
