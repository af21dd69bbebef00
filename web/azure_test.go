package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

func TestAzurePathsHaveOneSpelling(t *testing.T) {
	const provider = "/providers/Microsoft.MachineLearningServices/workspaces/"
	for in, want := range map[string]string{
		"/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/Providers/microsoft.machinelearningservices/WorkSpaces/W/ONLINEENDPOINTS/E/Providers/MICROSOFT.INSIGHTS/Metrics": "/subscriptions/S/resourceGroups/G" + provider + "W/onlineEndpoints/E/providers/microsoft.insights/metrics",
		"/subscriptions/Metrics/resourcegroups/Providers/providers/x/y/Deployments":                                                                         "/subscriptions/Metrics/resourceGroups/Providers/providers/x/y/Deployments",
		"/subscriptions/s/metrics%3AgetBATCH":        "/subscriptions/s/metrics:getBatch",
		"/subscriptions/s%2Ft/Metrics:getbatch":      "/subscriptions/s%2Ft/metrics:getBatch",
		"/Subscriptions":                             "/Subscriptions",
		"/api/v1/Metrics":                            "/api/v1/Metrics",
		"/subscriptions/" + strings.Repeat("x/", 40): "/subscriptions/" + strings.Repeat("x/", 40),
	} {
		var got string
		h := azurePaths(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.EscapedPath() }))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, in, nil))
		require.Equal(t, want, got)
	}
}

func TestParseAzureResource(t *testing.T) {
	const id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/e"
	for in, want := range map[string]azureResource{
		id:                        {id, "s", scopes.Path{Endpoint: "e"}},
		id + "/deployments/d":     {id + "/deployments/d", "s", scopes.Path{Endpoint: "e", Deployment: "d"}},
		strings.ToLower(id) + "/": {strings.ToLower(id), "s", scopes.Path{Endpoint: "e"}},
		"subscriptions//s/":       {"/subscriptions/s", "s", scopes.Path{}},
		id[:len(id)-1] + "%65":    {id, "s", scopes.Path{Endpoint: "e"}},
	} {
		got, err := parseAzureResource(in, url.PathUnescape)
		require.NoError(t, err, in)
		require.Equal(t, want, got)
	}
	for _, in := range []string{"", "/", "e", "/subscriptions", id + "/deployments", id + "/slots/d", id + "/deployments/d/instances/i", "/subscriptions/%zz",
		strings.Replace(id, "workspaces", "workspace", 1), id[:len(id)-1], id + "%2Fd", id + "/deployments/*"} {
		_, err := parseAzureResource(in, url.PathUnescape)
		require.Error(t, err, in)
	}
}

func TestUnescapeAzure(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a", "a%2Cb": "a,b", "a%2cb": "a,b", "one%2,two": "one%2,two", "one%2": "one%2", "%": "%", "100%25": "100%", "a+b%20c": "a b c",
		"%24filter": "$filter", "api%2Dversion": "api-version", "%C3%A9": "é", "%FF": "\uFFFD", "%zz": "%zz", "%+1": "% 1",
	} {
		require.Equal(t, want, unescapeAzure(in), in)
	}
}

func FuzzAzureParams(f *testing.F) {
	for _, seed := range []string{
		"api-version=2024-02-01&timespan=PT1H&interval=PT5M&metricnames=RequestLatency,A%2B&aggregation=average&$filter=a%20eq%20'*'&top=5&orderby=average%20desc",
		"api-version=2024-02-01&starttime=2026-03-01T10:00:00Z&endtime=2026-03-01T10:00:00+01:00", "api-version=&&==&%=%", "api-version=2024-02-01&timespan=P99999W/2026-03-01",
	} {
		f.Add(seed, `{"interval": "PT1M", "resourceids": ["a"]}`)
	}
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(f, err)
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, address, body string) {
		r := &http.Request{Method: http.MethodPost, URL: &url.URL{RawQuery: address}, Body: http.NoBody}
		if body != "" {
			r = httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
			r.URL.RawQuery = address
		}
		p, err := readAzureParams(httptest.NewRecorder(), r, now)
		if err != nil {
			mapped(t, err)
			return
		}
		for _, batch := range []bool{false, true} {
			q, err := p.question(catalogue, scopes.LevelEndpoint, batch)
			if err != nil {
				mapped(t, err)
				continue
			}
			if !q.start.Before(q.end) || len(q.definitions) == 0 || q.grain == "" || q.top < 0 {
				t.Fatalf("%q: %+v", address, q)
			}
		}
	})
}

// mapped checks that an error is the client's fault, and says so in words that can be sent.
func mapped(t *testing.T, err error) {
	p, known := problemOf(err)
	status, e := p.azure()
	if !known || status < 400 || status >= 500 || e.Code == "" || !utf8.ValidString(e.Message) {
		t.Fatalf("%v: %d %+v", err, status, e)
	}
}

func FuzzParseAzureResource(f *testing.F) {
	for _, seed := range []string{"/subscriptions/s", "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/e/deployments/d", "//%2F"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		r, err := parseAzureResource(id, func(s string) (string, error) { return s, nil })
		if err != nil {
			mapped(t, err)
			return
		}
		again, err := parseAzureResource(r.id, func(s string) (string, error) { return s, nil })
		if err != nil || again != r {
			t.Fatalf("%q: %+v, then %+v, %v", id, r, again, err)
		}
		if r.level() == "" {
			return
		}
		made, err := parseAzureResource(azureID(r.subscription, r.scope), url.PathUnescape)
		if err == nil && made.scope != r.scope {
			t.Fatalf("%q: %+v, made %+v", id, r, made)
		}
	})
}

func TestProblemsInAzuresShape(t *testing.T) {
	for _, c := range []struct {
		in     Problem
		status int
		code   string
	}{
		{Problem{Status: 401}, 401, "AuthenticationFailed"},
		{Problem{Status: 403}, 403, "AuthorizationFailed"},
		{Problem{Status: 422}, 400, "BadRequest"},
		{Problem{Status: 429}, 429, "TooManyRequests"},
		{Problem{Type: "/problems/busy", Status: 503}, 429, "TooManyRequests"},
		{Problem{Type: "/problems/timeout", Status: 503}, 504, "GatewayTimeout"},
		{Problem{Type: "/problems/not-ready", Status: 503}, 503, "ServiceUnavailable"},
		{Problem{Type: "/problems/answer-limit", Status: 422}, 400, "ResponseTooLarge"},
		{Problem{Type: azureProblems + "Special", Status: 409}, 409, "Special"},
		{Problem{Status: 500}, 500, "InternalServerError"},
	} {
		c.in.Title = "Title"
		w := httptest.NewRecorder()
		require.NoError(t, c.in.writeAzure(w))
		require.Equal(t, c.status, w.Code, c)
		require.JSONEq(t, `{"error": {"code": "`+c.code+`", "message": "Title"}}`, w.Body.String())
	}
	p, known := problemOf(&azurePartError{azureError{400, "BadRequest", "why"}})
	require.True(t, known)
	require.Equal(t, "why", p.Detail)
	require.False(t, azureOneOnly(errors.New("storage")))
	require.False(t, azureOneOnly(&query.LimitError{Unit: query.UnitSeconds}))
	require.True(t, azureOneOnly(&query.AnswerLimitError{}))
}

func TestAzureDurationText(t *testing.T) {
	for in, want := range map[time.Duration]string{0: "", 93 * 24 * time.Hour: "P93D", 36 * time.Hour: "PT36H", 90 * time.Minute: "PT5400S"} {
		require.Equal(t, want, azureDurationText(in))
	}
}

func TestAzureFailuresAreNotPages(t *testing.T) {
	h := start(t, withEverything)
	got := h.do(http.MethodGet, "/Subscriptions/x/y", "", http.Header{"Accept": {"text/html"}})
	require.Equal(t, 404, got.status)
	require.JSONEq(t, `{"error": {"code": "ResourceNotFound", "message": "no such path: /subscriptions/x/y"}}`, got.body)
}
