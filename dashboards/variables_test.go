package dashboards_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/dashboards"
)

func TestVariablesAreReplacedAsTheirPlaceHasIt(t *testing.T) {
	v := dashboards.Values{"endpoint": "credit.v1", "any": "*", "text": `it's "a\b"`, "e": "short", "left": "never"}
	f := func(of func(string) string, in, want string) {
		t.Helper()
		require.Equal(t, want, of(in))
	}
	f(v.Plain, "$endpoint/$any", "credit.v1/*")
	f(v.Plain, "${endpoint}s and $endpoints and $e", "credit.v1s and $endpoints and short")
	f(v.Plain, "costs $$5, $5, $, ${, ${endpoint and $$endpoint", "costs $5, $5, $, ${, ${endpoint and $endpoint")
	f(v.Filter, "deployment eq '$text'", `deployment eq 'it''s "a\b"'`)
	f(v.KQL, `T | where a == "$text" and b == '${any}'`, `T | where a == "it\'s \"a\\b\"" and b == '*'`)
	f(v.KQL, "T | join U on $left.a == $right.b", "T | join U on $left.a == $right.b")
	f(v.PromQL, `x{endpoint=~"$endpoint",d=~"$any",code="$endpoint"}`, `x{endpoint=~"credit\\.v1",d=~".*",code="credit.v1"}`)
	f(v.PromQL, `x{a="b=~",c="$any",d!~'x|${any}'}`, `x{a="b=~",c="*",d!~'x|.*'}`)
	f(v.PromQL, `label_replace(x{a=~"^b$"},"c","$1","d","(.*)$")`, `label_replace(x{a=~"^b$"},"c","$1","d","(.*)$")`)
	f(v.PromQL, `x{a=~"$text"}`, `x{a=~"it\'s \"a\\\\b\""}`)
}

func TestSamplesStandForWhatNobodyChose(t *testing.T) {
	d := dashboards.Dashboard{Variables: []dashboards.Variable{
		{Name: "a", Kind: dashboards.KindEndpoint, Default: "*"}, {Name: "b", Kind: dashboards.KindText, Options: []string{"5m", "1h"}},
		{Name: "c", Kind: dashboards.KindText, Default: "1h"}, {Name: "d", Kind: dashboards.KindText},
	}}
	require.Equal(t, dashboards.Values{"a": "*", "b": "", "c": "1h", "d": ""}, d.Defaults())
	require.Equal(t, dashboards.Values{"a": "sample", "b": "5m", "c": "1h", "d": "sample"}, d.Samples())
	chart := dashboards.Chart{Scopes: []string{"$a/*"}, Filter: "x eq '$c'", PromQL: []string{"rate(x[$b])"}, Unit: "$c"}
	require.Equal(t, dashboards.Chart{Scopes: []string{"sample/*"}, Filter: "x eq '1h'", PromQL: []string{"rate(x[5m])"}, Unit: "1h"}, chart.Expand(d.Samples()))
	logs := dashboards.Logs{Query: "T | where a > ago($b)", Scopes: []string{"$a"}}
	require.Equal(t, dashboards.Logs{Query: "T | where a > ago(5m)", Scopes: []string{"*"}}, logs.Expand(dashboards.Values{"a": "*", "b": "5m"}))
}
