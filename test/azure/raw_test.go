package azure

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/web"
)

const (
	version    = "api-version=2024-02-01"
	providers  = "/providers/microsoft.insights"
	getMetrics = fraud + providers + "/metrics?" + version
	getBatch   = subscription + "/metrics:getBatch?" + version + "&metricnamespace=" + endpoints + "&metricnames=RequestsPerMinute"
	many       = subscription + providers + "/metrics?" + version + "&region=westeurope&metricnamespace=" + endpoints
)

// averages returns the averages of the first metric's first series.
func averages(out map[string]any) []any {
	var values []any
	metric := out["value"].([]any)[0].(map[string]any)
	for _, p := range metric["timeseries"].([]any)[0].(map[string]any)["data"].([]any) {
		values = append(values, p.(map[string]any)["average"])
	}
	return values
}

// dimensioned returns "values of the dimensions: first average" of each series of a metric.
func dimensioned(metric any) []string {
	var out []string
	for _, series := range metric.(map[string]any)["timeseries"].([]any) {
		series := series.(map[string]any)
		var line string
		metadata, _ := series["metadatavalues"].([]any)
		for _, m := range metadata {
			line += fmt.Sprint(m.(map[string]any)["value"], " ")
		}
		out = append(out, line+fmt.Sprint(series["data"].([]any)[0].(map[string]any)["average"]))
	}
	return out
}

func TestAddressesInEverySpelling(t *testing.T) {
	s := start(t)
	rest := "&interval=PT5M&timespan=" + s.span(10)
	for _, target := range []string{
		getMetrics + rest,
		"/" + getMetrics + rest,
		strings.Replace(getMetrics, "/providers", "//providers", 2) + rest,
		strings.ToLower(fraud) + "/PROVIDERS/MICROSOFT.INSIGHTS/METRICS?" + version + rest,
		strings.ToUpper(strings.TrimSuffix(fraud, "fraud")) + "fraud/providers/Microsoft%2EInsights/metrics?" + version + rest,
		workspace + "/onlineEndpoints/FRAUD" + providers + "/metrics?" + version + rest,
		fraud + providers + "/metrics?API%2DVERSION=2024-02-01&Interval=pt5m&TIMESPAN=" + url.QueryEscape(s.span(10)),
		"/subscriptions/another/resourceGroups/one/providers/Microsoft.MachineLearningServices/workspaces/entirely/onlineEndpoints/fraud/providers/microsoft.insights/metrics?" + version + rest,
		fraud + providers + "/metrics?api-version=2018-01-01-preview&nothing=else" + rest,
		getMetrics + "&interval=PT300S&timespan=" + s.at(0) + "/PT10M",
		getMetrics + "&interval=PT5M&timespan=PT10M/" + s.at(10),
		getMetrics + "&interval=PT5M&timespan=" + strings.ReplaceAll(s.span(10), "Z", ""),
		getMetrics + "&interval=PT5M&timespan=" + strings.ReplaceAll(s.span(10), "Z", "+00:00"),
		getMetrics + "&metricnames=requestsperminute&aggregation=AVG,Sum" + rest,
		getMetrics + "&metricnames=RequestsPerMinute%2CRequestLatency&aggregation=average%2Ctotal" + rest,
		getMetrics + "&aggregation=None&metricnamespace=" + strings.ToUpper(endpoints) + rest,
	} {
		out := s.ok(http.MethodGet, target, "")
		require.Equal(t, []any{25., 25.}, averages(out), target)
		require.Equal(t, "PT5M", out["interval"], target)
	}
	// A deployment may have the name of a fixed segment.
	for _, name := range []string{"providers", "Metrics"} {
		_, out, _ := s.ask(http.MethodGet, fraud+"/deployments/"+name+providers+"/metrics?"+version, "")
		require.Contains(t, out["error"].(map[string]any)["message"], `"fraud/`+name+`"`)
	}
}

func TestParametersInTheBody(t *testing.T) {
	s := start(t)
	body := fmt.Sprintf(`{"Timespan": %q, "interval": "PT5M", "metricNames": "RequestsPerMinute", "filter": "deployment eq '*'", "top": 1, "orderBy": "average asc", "autoAdjustTimegrain": false, "other": null}`, s.span(10))
	out := s.ok(http.MethodPost, getMetrics, body)
	require.Equal(t, []string{"green 5"}, dimensioned(out["value"].([]any)[0]))
	require.Len(t, s.ok(http.MethodPost, getMetrics, "")["value"], 1)
	require.Len(t, s.ok(http.MethodPost, getMetrics+"&timespan=PT1H", `{"metricnames": "RequestLatency"}`)["value"], 1)
	require.NotEmpty(t, s.ok(http.MethodPost, fraud+providers+"/metricDefinitions?"+version, "{}")["value"])
	require.NotEmpty(t, s.ok(http.MethodPost, fraud+providers+"/metricNamespaces?"+version, "")["value"])
}

func TestRefusals(t *testing.T) {
	s := start(t)
	resources := func(n int) string {
		return `{"resourceids": ["` + strings.Join(strings.Fields(strings.Repeat(fraud+" ", n)), `","`) + `"]}`
	}
	for _, c := range []struct {
		method, target, body string
		status               int
		code                 string
		parts                []string
	}{
		{"GET", fraud + providers + "/metrics", "", 400, "MissingApiVersionParameter", []string{"api-version=2024-02-01"}},
		{"GET", fraud + providers + "/metrics?api-version=", "", 400, "MissingApiVersionParameter", nil},
		{"POST", subscription + "/metrics:getBatch", resources(1), 400, "MissingApiVersionParameter", nil},
		{"GET", fraud + providers + "/metricDefinitions?api-version=latest", "", 400, "InvalidApiVersionParameter", []string{`"latest"`, "2024-02-01"}},
		{"GET", fraud + providers + "/metricNamespaces?api-version=2024-02-31", "", 400, "InvalidApiVersionParameter", nil},
		{"GET", getMetrics + "&timespan=yesterday", "", 400, "BadRequest", []string{"timespan", "yesterday", "PT1H"}},
		{"GET", getMetrics + "&timespan=2026-03-01T10:00:00Z/2026-03-01T09:00:00Z", "", 400, "BadRequest", []string{"end after it starts"}},
		{"GET", getMetrics + "&timespan=1066-10-14T10:00:00Z/PT1H", "", 400, "BadRequest", []string{"1970"}},
		{"GET", getMetrics + "&interval=PT2M", "", 400, "BadRequest", []string{"PT2M", "PT1M, PT5M, PT15M, PT30M, PT1H, PT6H, PT12H, P1D"}},
		{"GET", getMetrics + "&interval=soon&AutoAdjustTimegrain=true", "", 400, "BadRequest", []string{"soon"}},
		{"GET", getMetrics + "&interval=5m", "", 400, "BadRequest", []string{"5m"}},
		{"GET", getMetrics + "&AutoAdjustTimegrain=perhaps", "", 400, "BadRequest", []string{"AutoAdjustTimegrain", "true or false"}},
		{"GET", getMetrics + "&ValidateDimensions=2", "", 400, "BadRequest", []string{"ValidateDimensions"}},
		{"GET", getMetrics + "&metricnames=Nothing,RequestLatency", "", 400, "BadRequest", []string{`"Nothing"`, "RequestsPerMinute,"}},
		{"GET", getMetrics + "&metricnames=One%2Two", "", 400, "BadRequest", []string{`"One,Two"`}},
		{"GET", getMetrics + "&metricnames=RequestLatency,,RequestsPerMinute", "", 400, "BadRequest", []string{"empty parts"}},
		{"GET", getMetrics + "&metricnames=" + strings.Repeat("RequestLatency,", 20) + "RequestLatency", "", 400, "BadRequest", []string{"at most 20", "21"}},
		{"GET", getMetrics + "&aggregation=median", "", 400, "BadRequest", []string{"median", "average, minimum"}},
		{"GET", getMetrics + "&metricnames=RequestLatency&aggregation=Minimum", "", 400, "BadRequest", []string{"RequestLatency", "Minimum", "Average,Count"}},
		{"GET", getMetrics + "&metricnamespace=Microsoft.Compute/virtualMachines", "", 400, "BadRequest", []string{"metricnamespace", endpoints}},
		{"GET", getMetrics + "&metricnamespace=" + deployments, "", 400, "BadRequest", []string{"that of the resource"}},
		{"GET", getMetrics + "&resultType=Everything", "", 400, "BadRequest", []string{"Data or Metadata"}},
		{"GET", getMetrics + "&top=0", "", 400, "BadRequest", []string{"top"}},
		{"GET", getMetrics + "&top=many", "", 400, "BadRequest", []string{"top"}},
		{"GET", getMetrics + "&orderby=size", "", 400, "BadRequest", []string{"orderby", "average desc"}},
		{"GET", getMetrics + "&orderby=average%20sideways", "", 400, "BadRequest", []string{"orderby"}},
		{"GET", getMetrics + "&metricnames=RequestLatency&orderby=total%20asc", "", 400, "BadRequest", []string{"ordered by Total"}},
		{"GET", getMetrics + "&$filter=deployment%20eq%20blue", "", 400, "BadRequest", []string{"filter", "quotes"}},
		{"GET", getMetrics + "&$filter=colour%20eq%20'red'", "", 400, "BadRequest", []string{`"colour"`, "deployment"}},
		{"GET", getMetrics + "&$filter=deployment%20eq%20'a'%20or%20statusCode%20eq%20'b'", "", 400, "BadRequest", []string{"two dimensions"}},
		{"GET", getMetrics + "&$filter=deployment%20eq%20'*'&rollupby=colour", "", 400, "BadRequest", []string{"rollupby", `"colour"`}},
		{"GET", getMetrics + "&$filter=deployment%20eq%20'*'&filter=deployment%20eq%20'*'", "", 400, "BadRequest", []string{"given once"}},
		{"GET", getMetrics + "&top=1&TOP=1", "", 400, "BadRequest", []string{"TOP", "given once"}},
		{"POST", getMetrics + "&interval=PT1M", `{"interval": "PT1M"}`, 400, "BadRequest", []string{"interval", "in the address or in the body"}},
		{"POST", getMetrics, `{"metricnames": ["RequestLatency"]}`, 400, "BadRequest", []string{"metricnames", "a text"}},
		{"POST", getMetrics, `[1]`, 400, "InvalidRequestContent", []string{"JSON object"}},
		{"POST", getMetrics, `{} {}`, 400, "InvalidRequestContent", []string{"one JSON object"}},
		{"POST", getMetrics, `{"filter": "` + strings.Repeat("x", 300<<10) + `"}`, 413, "RequestEntityTooLarge", []string{"262144"}},
		{"GET", getMetrics + "&interval=PT1M&timespan=P90D", "", 400, "ResponseTooLarge", []string{"longer interval"}},

		{"GET", workspace + "/onlineEndpoints/nobody" + providers + "/metrics?" + version, "", 404, "ResourceNotFound", []string{`"nobody"`}},
		{"GET", workspace + "/onlineEndpoints/nobody" + providers + "/metricDefinitions?" + version, "", 404, "ResourceNotFound", []string{`"nobody"`}},
		{"GET", fraud + "/deployments/red" + providers + "/metricNamespaces?" + version, "", 404, "ResourceNotFound", []string{`"fraud/red"`}},
		{"GET", workspace + "/onlineEndpoints/fr%2Faud" + providers + "/metrics?" + version, "", 400, "BadRequest", []string{`"fr/aud"`}},
		{"GET", workspace + providers + "/metrics?" + version, "", 404, "ResourceNotFound", []string{"onlineEndpoints/{endpoint}"}},
		{"GET", subscription + "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm" + providers + "/metrics?" + version, "", 404, "ResourceNotFound", nil},
		{"GET", fraud + providers + "/logs?" + version, "", 404, "ResourceNotFound", []string{"no such path"}},
		{"GET", "/Subscriptions/x", "", 404, "ResourceNotFound", nil},
		{"DELETE", getMetrics, "", 405, "MethodNotAllowed", []string{"GET, POST"}},
		{"GET", getBatch, "", 405, "MethodNotAllowed", []string{"POST"}},

		{"POST", getBatch, "", 400, "BadRequest", []string{"resourceids", "1 to 50"}},
		{"POST", getBatch, resources(51), 400, "BadRequest", []string{"resourceids", "51"}},
		{"POST", getBatch, `{"resourceids": [1]}`, 400, "BadRequest", []string{"array of texts"}},
		{"POST", getBatch, `{"resourceids": ["` + fraudBlue + `"]}`, 400, "BadRequest", []string{"of the type " + endpoints}},
		{"POST", getBatch, `{"resourceids": ["` + strings.Replace(fraud, "0001", "0002", 1) + `"]}`, 400, "BadRequest", []string{"of the subscription"}},
		{"POST", getBatch, `{"resourceids": ["fraud"]}`, 404, "ResourceNotFound", []string{`"fraud"`}},
		{"POST", getBatch + "&endtime=" + s.at(10), resources(1), 400, "BadRequest", []string{"starttime", "must be given"}},
		{"POST", getBatch + "&starttime=now", resources(1), 400, "BadRequest", []string{"starttime"}},
		{"POST", strings.Replace(getBatch, "&metricnames=RequestsPerMinute", "", 1), resources(1), 400, "BadRequest", []string{"metricnames", "must be given"}},
		{"POST", strings.Replace(getBatch, "&metricnamespace="+endpoints, "", 1), resources(1), 400, "BadRequest", []string{"metricnamespace", "must be given"}},
		{"POST", strings.Replace(getBatch, "RequestsPerMinute", "Nothing", 1), resources(1), 400, "BadRequest", []string{`"Nothing"`}},
		{"POST", getBatch, `{"resourceids": ["` + workspace + `/onlineEndpoints/nobody","` + workspace + `/onlineEndpoints/noone"]}`, 404, "ResourceNotFound", []string{`"nobody"`}},

		{"GET", subscription + providers + "/metrics?" + version + "&metricnamespace=" + endpoints, "", 400, "BadRequest", []string{"region"}},
		{"GET", subscription + providers + "/metrics?" + version + "&region=x", "", 400, "BadRequest", []string{"metricnamespace", endpoints}},
		{"GET", subscription + providers + "/metricDefinitions?" + version, "", 400, "BadRequest", []string{"region"}},
		{"GET", subscription + providers + "/metricNamespaces?" + version, "", 400, "BadRequest", []string{"not of a subscription"}},
		{"GET", many + "&$filter=Microsoft.ResourceId%20sw%20'" + url.QueryEscape(fraud) + "'", "", 400, "BadRequest", []string{"Microsoft.ResourceId must be eq '*'"}},
		{"GET", many + "&$filter=Microsoft.ResourceId%20eq%20'fraud'", "", 404, "ResourceNotFound", nil},
		{"GET", fraud + providers + "/metrics?" + version + "&$filter=Microsoft.ResourceId%20eq%20'*'", "", 400, "BadRequest", []string{`"Microsoft.ResourceId"`}},
	} {
		status, out, header := s.ask(c.method, c.target, c.body)
		name := c.method + " " + c.target + " " + c.body[:min(len(c.body), 100)]
		require.Equal(t, c.status, status, "%s: %v", name, out)
		require.Len(t, out, 1, name)
		e := out["error"].(map[string]any)
		require.Len(t, e, 2, name)
		require.Equal(t, c.code, e["code"], name)
		require.Equal(t, c.code, header.Get("x-ms-error-code"), name)
		require.Equal(t, "application/json; charset=utf-8", header.Get("Content-Type"), name)
		require.NotEmpty(t, e["message"])
		for _, part := range c.parts {
			require.Contains(t, e["message"], part, name)
		}
	}
}

func TestOneBadMetricFailsAlone(t *testing.T) {
	s := start(t)
	out := s.ok(http.MethodGet, getMetrics+"&interval=PT5M&aggregation=total&metricnames=RequestLatency,RequestsPerMinute&timespan="+s.span(10), "")
	metrics := out["value"].([]any)
	require.Len(t, metrics, 2)
	latency, requests := metrics[0].(map[string]any), metrics[1].(map[string]any)
	require.Equal(t, "BadRequest", latency["errorCode"])
	require.Contains(t, latency["errorMessage"], "has none of the aggregations Total; it has Average,Count")
	require.Empty(t, latency["timeseries"])
	require.Equal(t, "Success", requests["errorCode"])
	require.Equal(t, 125., requests["timeseries"].([]any)[0].(map[string]any)["data"].([]any)[1].(map[string]any)["total"])
}

func TestGrainsAndMissingData(t *testing.T) {
	s := start(t)
	out := s.ok(http.MethodGet, getMetrics+"&timespan="+s.at(-5)+"/"+s.at(5), "")
	require.Equal(t, "PT1M", out["interval"])
	require.Equal(t, []any{nil, nil, nil, nil, 0., 25., 25., 25., 25., 25.}, averages(out), "no data is no zero; the counters began with one")
	for asked, want := range map[string]string{"PT2M": "PT1M", "PT3M": "PT5M", "PT10M": "PT15M", "PT20M": "PT15M", "P3D": "P1D", "PT1S": "PT1M", "PT24H": "P1D", "full": "FULL"} {
		require.Equal(t, want, s.ok(http.MethodGet, getMetrics+"&AutoAdjustTimegrain=TRUE&interval="+asked, "")["interval"], asked)
	}
	require.Equal(t, []any{25.}, averages(s.ok(http.MethodGet, getMetrics+"&interval=FULL&timespan="+s.span(minutes), "")))
	out = s.ok(http.MethodGet, getMetrics+"&$filter=deployment%20eq%20'red'&timespan="+s.span(10), "")
	require.Equal(t, []any{}, out["value"].([]any)[0].(map[string]any)["timeseries"])
	out = s.ok(http.MethodGet, getMetrics+"&metricnames=GpuPower&timespan="+s.span(10), "")
	require.Equal(t, "Unspecified", out["value"].([]any)[0].(map[string]any)["unit"], "Azure has no unit for watts")
	require.Equal(t, []any{}, out["value"].([]any)[0].(map[string]any)["timeseries"])
}

func TestAnInstanceOfAnEndpointSaysItsDeployment(t *testing.T) {
	s := start(t)
	out := s.ok(http.MethodGet, getMetrics+"&metricnames=CpuUtilizationPercentage&$filter=instanceId%20eq%20'*'&interval=FULL&timespan="+s.span(10), "")
	require.Equal(t, []string{"b-1 blue 75", "g-0 green 50", "b-0 blue 25"}, dimensioned(out["value"].([]any)[0]))
}

func TestBatchOfSeveralResources(t *testing.T) {
	s := start(t)
	body := fmt.Sprintf(`{"resourceids": [%q, %q, %q]}`, credit, strings.ToLower(fraud), workspace+"/onlineEndpoints/nobody")
	out := s.ok(http.MethodPost, getBatch+"&interval=PT5M&starttime="+s.at(0)+"&endtime="+s.at(10), body)
	values := out["values"].([]any)
	require.Len(t, values, 3)
	for i, want := range []struct {
		id, code string
		shown    []string
	}{{credit, "Success", []string{"2"}}, {strings.ToLower(fraud), "Success", []string{"25"}}, {workspace + "/onlineEndpoints/nobody", "ResourceNotFound", nil}} {
		one := values[i].(map[string]any)
		metric := one["value"].([]any)[0].(map[string]any)
		require.Equal(t, []any{want.id, want.code, s.at(0), s.at(10), "PT5M", endpoints, "local"},
			[]any{one["resourceid"], metric["errorCode"], one["starttime"], one["endtime"], one["interval"], one["namespace"], one["resourceregion"]})
		require.Equal(t, want.id+"/providers/Microsoft.Insights/metrics/RequestsPerMinute", metric["id"])
		require.Equal(t, want.shown, dimensioned(metric))
	}
	// Of several deployments, with a split of their own and the largest of each.
	target := strings.Replace(getBatch, endpoints, deployments, 1) + "&interval=FULL&top=1&filter=statusCode%20eq%20'*'&starttime=" + s.at(0) + "&endtime=" + s.at(10)
	out = s.ok(http.MethodPost, target, fmt.Sprintf(`{"resourceids": [%q, %q]}`, fraud+"/deployments/green", fraudBlue))
	require.Equal(t, []string{"200 4"}, dimensioned(out["values"].([]any)[0].(map[string]any)["value"].([]any)[0]))
	require.Equal(t, []string{"200 20"}, dimensioned(out["values"].([]any)[1].(map[string]any)["value"].([]any)[0]))
	// Times default to the last hour.
	out = s.ok(http.MethodPost, getBatch, fmt.Sprintf(`{"ResourceIds": [%q]}`, fraud))
	begin, err := time.Parse(time.RFC3339Nano, out["values"].([]any)[0].(map[string]any)["starttime"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(-time.Hour), begin, time.Minute)
}

func TestASubscription(t *testing.T) {
	s := start(t)
	ours := func(scope string) string {
		return subscription + "/resourceGroups/endscope/providers/Microsoft.MachineLearningServices/workspaces/endscope/onlineEndpoints/" + scope
	}
	rest := "&interval=PT5M&timespan=" + s.span(10)
	filter := func(text string) string { return "&$filter=" + url.QueryEscape(text) }
	for target, want := range map[string][]string{
		many: {"27"},
		many + filter("Microsoft.ResourceId eq '*'"):                                                 {ours("fraud") + " 25", ours("credit") + " 2"},
		many + filter("Microsoft.ResourceId eq '*'") + "&orderby=average":                            {ours("credit") + " 2", ours("fraud") + " 25"},
		many + filter("Microsoft.ResourceId eq '*'") + "&top=1":                                      {ours("fraud") + " 25"},
		many + filter("microsoft.resourceid eq '*'") + "&rollupby=Microsoft.ResourceId":              {"27"},
		many + filter("deployment eq '*'"):                                                           {"blue 22", "green 5"},
		many + filter("deployment eq '*'") + "&top=1":                                                {"blue 22"},
		many + filter("Microsoft.ResourceId eq '"+credit+"'"):                                        {ours("credit") + " 2"},
		many + filter("Microsoft.ResourceId eq '"+credit+"' or Microsoft.ResourceId eq '"+fraud+"'"): {ours("fraud") + " 25", ours("credit") + " 2"},
		many + filter("Microsoft.ResourceId eq '*' and deployment eq 'blue'"):                        {ours("fraud") + " blue 20", ours("credit") + " blue 2"},
		strings.Replace(many, endpoints, deployments, 1) + filter("Microsoft.ResourceId eq '*'"):     {ours("fraud/deployments/blue") + " 20", ours("fraud/deployments/green") + " 5", ours("credit/deployments/blue") + " 2"},
	} {
		out := s.ok(http.MethodGet, target+rest, "")
		require.Equal(t, want, dimensioned(out["value"].([]any)[0]), target)
		require.Equal(t, "westeurope", out["resourceregion"])
		require.Equal(t, subscription+"/providers/Microsoft.Insights/metrics/RequestsPerMinute", out["value"].([]any)[0].(map[string]any)["id"])
	}
	// The percentile of all requests of all endpoints.
	out := s.ok(http.MethodGet, many+"&metricnames=RequestLatency_P99"+rest, "")
	require.InEpsilon(t, 800, averages(out)[0], 0.1)

	both := s.ok(http.MethodGet, subscription+providers+"/metricDefinitions?"+version+"&region=x", "")["value"].([]any)
	one := s.ok(http.MethodGet, subscription+providers+"/metricDefinitions?"+version+"&region=x&metricnamespace="+deployments, "")["value"].([]any)
	require.Greater(t, len(both), len(one))
	for _, d := range one {
		require.Equal(t, deployments, d.(map[string]any)["namespace"])
	}
}

func TestWhoMaySeeWhat(t *testing.T) {
	blue, err := scopes.ParsePattern("fraud/blue")
	require.NoError(t, err)
	s := start(t, func(_ *web.Config, settings *web.Settings, _ *query.Config) {
		settings.Grants = func(*http.Request) scopes.Grants { return scopes.GrantScopes(blue) }
	})
	rest := "&interval=PT5M&timespan=" + s.span(10)
	require.Equal(t, []any{20., 20.}, averages(s.ok(http.MethodGet, getMetrics+rest, "")), "of what the caller may see")
	require.Equal(t, []string{"20"}, dimensioned(s.ok(http.MethodGet, many+rest, "")["value"].([]any)[0]))
	status, out, _ := s.ask(http.MethodGet, credit+providers+"/metrics?"+version, "")
	require.Equal(t, http.StatusNotFound, status, out)
}

func TestLimitsInAzuresWords(t *testing.T) {
	s := start(t, func(_ *web.Config, _ *web.Settings, queries *query.Config) { queries.MaxSamples = 2 })
	status, out, _ := s.ask(http.MethodGet, getMetrics+"&timespan="+s.span(10), "")
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, "QueryLimitExceeded", out["error"].(map[string]any)["code"])
}
