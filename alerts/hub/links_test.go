package hub

import (
	"maps"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// parametersOf returns the names that the API's description has for GET of a path.
func parametersOf(t *testing.T, path string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("../../web/openapi.yaml")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "\n  "+path+":\n    get:\n")
	require.True(t, found, path)
	operation, _, _ := strings.Cut(rest, "      responses:")
	names := map[string]bool{}
	for _, m := range regexp.MustCompile(`\{name: "([^"]+)", in: query`).FindAllStringSubmatch(operation, -1) {
		names[m[1]] = true
	}
	require.NotEmpty(t, names)
	return names
}

func TestLinksLeadToPages(t *testing.T) {
	w := newWorld(t, nil)
	check := func(link, path string) url.Values {
		t.Helper()
		u, err := url.Parse(link)
		require.NoError(t, err)
		require.Equal(t, "https://endscope.example", u.Scheme+"://"+u.Host)
		require.Equal(t, "/base"+path, u.Path)
		return u.Query()
	}
	// Pages have the parameters of the API's question.
	asks := func(v url.Values, path string) {
		t.Helper()
		names := parametersOf(t, path)
		for name := range v {
			require.True(t, names[name] || name == "explain", "%s has no parameter %s", path, name)
		}
	}
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	a := fired(1, at)
	a.Dimensions["name"] = "it's"
	w.apply(a)
	got := w.get("id-1").Annotations
	check(got["link"], "/alerts/id-1")
	require.Equal(t, "https://endscope.example/base/docs/runbooks/latency", got["runbook_url"])
	filter := "deployment eq 'blue' and name eq 'it''s' and statusCode eq '1'"
	chart := check(got["chart_url"], "/explore")
	asks(chart, "/api/v1/metrics")
	about := url.Values{"metric": {"RequestLatency_P99"}, "aggregation": {"Average"}, "filter": {filter}}
	around := url.Values{"start": {"2026-11-28T10:55:00Z"}, "end": {"2026-11-28T12:15:00Z"}}
	want := maps.Clone(about)
	maps.Copy(want, around)
	want.Set("scope", "credit/blue")
	require.Equal(t, want, chart)
	require.Equal(t, around, check(got["drilldown_url"], "/endpoints/credit/blue"))
	explain := check(got["explain_url"], "/endpoints/credit/blue")
	asks(explain, "/api/v1/explain")
	want = maps.Clone(about)
	maps.Copy(want, url.Values{
		"explain": {"1"}, "start": {"2026-11-28T11:55:00Z"}, "end": {"2026-11-28T12:00:00Z"},
		"baselineStart": {"2026-11-28T11:40:00Z"}, "baselineEnd": {"2026-11-28T11:55:00Z"},
	})
	require.Equal(t, want, explain)

	short := fired(4, at)
	short.WindowStart = at.Add(-time.Minute)
	w.apply(short)
	asked := check(w.get("id-4").Annotations["explain_url"], "/endpoints/credit/blue")
	require.Equal(t, "2026-11-28T11:55:00Z", asked.Get("start"), "the link has the span that the finding is of")
	require.Equal(t, "2026-11-28T11:40:00Z", asked.Get("baselineStart"))

	b := fired(2, at)
	b.RuleKind = alerts.KindLog
	b.Values = []alerts.CriterionValue{{Criterion: alerts.Criterion{Query: "T | where x == 'a&b'"}}}
	b.Annotations = map[string]string{"link": "mine"}
	w.apply(b)
	got = w.get("id-2").Annotations
	require.Equal(t, "mine", got["link"], "what the rule says itself stays")
	require.Equal(t, url.Values{"query": {"T | where x == 'a&b'"}, "timespan": {"2026-11-28T11:55:00Z/2026-11-28T12:00:00Z"}, "scope": {"credit/blue"}}, check(got["chart_url"], "/logs"))
	require.Equal(t, around, check(got["drilldown_url"], "/endpoints/credit/blue"))

	c := fired(3, at)
	c.Filter = strings.Repeat("x", 2*maxURL)
	w.apply(c)
	require.NotContains(t, w.get("id-3").Annotations, "chart_url", "a link that is too long would be cut on its way")
}

func TestWithoutAnExternalURLThereAreNoLinks(t *testing.T) {
	w := newWorld(t, func(_ *Config, s *Settings) { s.ExternalURL = "" })
	a := fired(1, time.Now())
	w.apply(a)
	require.Equal(t, map[string]string{"summary": "Slow"}, w.get("id-1").Annotations)
	a.ID, a.RunbookURL = "b", "https://wiki.example/x"
	w.apply(a)
	require.Equal(t, "https://wiki.example/x", w.get("b").Annotations["runbook_url"])
	for _, bad := range []string{"::", "/x", "http://h?q=1", "http://"} {
		set := w.set
		set.ExternalURL, set.Registerer = bad, nil
		_, err := New(w.cfg, set)
		require.ErrorContains(t, err, "external URL", bad)
	}
}
