package dashboards_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/dashboards"
	"github.com/endscope/endscope/internal/strict"
)

const whole = `{"name":"gpus","title":"GPUs at work","description":"…","tags":["gpu"],
	"variables":[{"name":"endpoint","label":"Endpoint","kind":"endpoint"},{"name":"deployment","kind":"deployment","of":"endpoint","default":"blue"},
		{"name":"code","kind":"text","options":["424","500"],"default":"500"}],
	"time":{"last":"1h30m","refresh":"off"},
	"tiles":[
		{"id":"t1","kind":"chart","title":"Requests of $endpoint","x":0,"y":0,"w":6,"h":4,"chart":{"scopes":["$endpoint/*"],"metrics":[{"name":"RequestsPerMinute","aggregation":"avg"}],"split":["deployment"],"top":10}},
		{"id":"t2","kind":"logs","x":6,"y":0,"w":6,"h":4,"logs":{"query":"T | join kind=inner U on $left.a == $right.b | where Code == ${code}","scopes":["$endpoint/$deployment"]}},
		{"id":"t3","kind":"text","x":0,"y":4,"w":12,"h":2,"text":"It costs $5, and $nothing stays."},
		{"id":"t4","kind":"chart","x":0,"y":6,"w":12,"h":2,"chart":{"promql":["sum(x{endpoint=~\"$endpoint\",code=\"$code\"})"],"unit":"Count","kind":"area"}}]}`

func TestADashboardIsReadAndWrittenInOneForm(t *testing.T) {
	d, err := dashboards.ParseDashboard([]byte(whole))
	require.NoError(t, err)
	text, err := d.JSON()
	require.NoError(t, err)
	for _, part := range []string{`"default":"*"`, `"aggregation":"Average"`, `"kind":"line"`, `"kind":"area"`} {
		require.Contains(t, string(text), part)
	}
	again, err := dashboards.ParseDashboard(text)
	require.NoError(t, err)
	require.Equal(t, d, again)

	bare, err := dashboards.ParseDashboard([]byte(`{"name":"x","tags":[],"variables":[],"time":{},"tiles":null}`))
	require.NoError(t, err)
	text, err = bare.JSON()
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"x","tiles":[]}`, string(text), "what is empty is as what is not there")
}

func mistakes(err error) (out []string) {
	for _, e := range strict.FieldErrors(err) {
		out = append(out, e.Error())
	}
	return out
}

func TestAllMistakesOfADashboardAreToldAtOnce(t *testing.T) {
	f := func(members string, want ...string) {
		t.Helper()
		_, err := dashboards.ParseDashboard([]byte("{" + members + "}"))
		got := mistakes(err)
		require.Len(t, got, len(want), "%q", got)
		for i, part := range want {
			require.Contains(t, got[i], part)
		}
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	f(`"title":"`+long(121)+`","description":"`+long(1001)+`","tags":["a","a",""," b","c,d","`+long(41)+`"]`,
		"title: must have at most 120 characters (got 121)", "description: must have at most 1000", "tags[1]: must not be given twice", "tags[2]: must be", "tags[3]", "tags[4]", "tags[5]: must have at most 40")
	f(`"titel":"x","tiles":{},"title":"a\nb"`, "tiles: must be an array", "titel: is no field", "title: must be one line")
	f(`"time":{"last":"soon","refresh":"0s"}`, "time.last: must be a duration", "time.refresh: must be a duration")
	f(`"time":{"last":"9999999999d","refresh":"1h30"}`, "time.last", "time.refresh")
	f(`"variables":[{"name":"left","kind":"endpoint"},{"name":"a-b","kind":"text"},{"kind":"gpu"},{"name":"x","kind":"text","of":"y","options":["a","a"],"default":"c"},{"name":"x","kind":"text"}]`,
		"variables[0].name: must not be left or right", "variables[1].name: must be a letter", "variables[2].name: is required", "variables[2].kind: must be one of endpoint, deployment, instance, text (got )"[:70],
		"variables[3].of: must not be given", "variables[3].options[1]: must not be given twice", "variables[3].default: must be one of the options: a, a", "variables[4].name: must not be given twice")
	f(`"variables":[{"name":"d","kind":"deployment","of":"e"},{"name":"e","kind":"endpoint","of":"d","options":["x"],"default":"a/b"}]`,
		"variables[0].of: must be the name of an earlier variable of a level above", "variables[1].options: must not be given", "variables[1].default: must be the name of one endpoint", "variables[1].of")

	tile := func(id, place, more string) string {
		return fmt.Sprintf(`{"id":%q,"kind":"text",%s%s}`, id, place, more)
	}
	const at = `"x":0,"y":0,"w":6,"h":4`
	f(`"tiles":[`+tile("a", at, "")+`,`+tile("b", `"x":5,"y":3,"w":6,"h":4`, "")+`,`+tile("c", `"x":6,"y":0,"w":6,"h":3`, "")+`]`, "tiles[1]: must not overlap the tile a (got b)")
	f(`"tiles":[`+tile("a b", at, "")+`,`+tile("c", `"x":7,"y":4,"w":6,"h":41`, "")+`,`+tile("c", `"x":0,"y":-1,"w":1,"h":0`, "")+`]`,
		"tiles[0].id: must be 1 to 40", "tiles[1].x: must be from 0 to 6 with a width of 6", "tiles[1].h: must be from 1 to 40", "tiles[2].id: must not be given twice", "tiles[2].w: must be from 2 to 12", "tiles[2].h")
	f(`"tiles":[`+strings.Repeat(tile("a", at, "")+",", 60)+tile("a", at, "")+`]`, "tiles: must have at most 60 tiles (got 61)")
	f(`"tiles":[{"id":"a","kind":"chart",`+at+`,"text":"x"},{"id":"b","kind":"pie","x":6,"y":0,"w":6,"h":4},{"id":"c","kind":"text","x":0,"y":4,"w":6,"h":4,"logs":{"query":"x"},"text":"`+long(10_001)+`"}]`,
		"tiles[0].chart: is required", "tiles[0].text: must not be given for a tile of the kind chart", "tiles[1].kind: must be one of chart, logs, text", "tiles[2].logs: must not be given", "tiles[2].text: must have at most 10000")

	chart := func(c string) string {
		return `"variables":[{"name":"endpoint","kind":"endpoint"}],"tiles":[{"id":"a","kind":"chart",` + at + `,"chart":{` + c + `}}]`
	}
	f(chart(``), "tiles[0].chart.metrics: is required where there is no promql")
	f(chart(`"metrics":[{"name":"A"},{"name":"A"},{"aggregation":"Median"}],"kind":"pie","top":-1`), "chart.kind: must be one of line, area", "metrics[1]: must not be given twice", "metrics[2].name: is required",
		"metrics[2].aggregation: must be one of Average", "chart.top: must not be below 0", "chart.scopes: is required")
	f(chart(`"metrics":[{"name":"A"}],"scopes":["$endpoint/$deployment","a/b/c/d","$endpoint"],"filter":"deployment eq '$Endpoint'"`),
		"scopes[0]: must not name $deployment, which is no variable of the dashboard; $$", "scopes[1]: must be endpoint[/deployment[/instance]]", "filter: must not name $Endpoint, which is no variable of the dashboard; did you mean $endpoint?")
	f(chart(`"promql":["x{endpoint=\"$endpoint\"}","","x{endpoint=~\"$endpoint|$gone\"}"]`), "promql[0]: must compare with $endpoint by =~ or !~", "promql[1]: is required", "promql[2]: must not name $gone")
	f(`"tiles":[{"id":"a","kind":"logs",`+at+`,"logs":{"query":" ","scopes":["$x"]}},{"id":"b","kind":"logs","x":6,"y":0,"w":6,"h":4,"logs":{"query":"T | where a == '$b' and c == '$$d'"}}]`,
		"tiles[0].logs.query: is required", "tiles[0].logs.scopes[0]: must not name $x", "tiles[1].logs.query: must not name $b")
}

func TestASavedQueryIsReadStrictly(t *testing.T) {
	q, err := dashboards.ParseSavedQuery([]byte(`{"name":"slow","title":"Slow requests","query":"T | where a > 1 and b == '$x'","scopes":["credit/*"],"tags":["a"]}`))
	require.NoError(t, err, "a query has no variables")
	text, err := q.JSON()
	require.NoError(t, err)
	require.JSONEq(t, `{"name":"slow","title":"Slow requests","query":"T | where a > 1 and b == '$x'","scopes":["credit/*"],"tags":["a"]}`, string(text))

	_, err = dashboards.ParseSavedQuery([]byte(`{"name":"slow","scopes":["a b"],"Query":"T"}`))
	require.Equal(t, []string{"Query: is no field; did you mean query?", "query: is required"}, mistakes(err)[:2])
	require.Len(t, mistakes(err), 3)
}

func FuzzParseDashboard(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"tiles":[{"id":"a","kind":"chart","x":0,"y":0,"w":2,"h":1,"chart":{"promql":["a=~\"$x` + "`" + `"]}}],"variables":[{"name":"x","kind":"instance"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := dashboards.ParseDashboard(text)
		if err != nil {
			return
		}
		written, err := d.JSON()
		require.NoError(t, err)
		again, err := dashboards.ParseDashboard(written)
		require.NoError(t, err, "what is stored can be read")
		twice, err := again.JSON()
		require.NoError(t, err)
		require.Equal(t, string(written), string(twice))
	})
}
