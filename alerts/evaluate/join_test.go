package evaluate

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

func TestJoin(t *testing.T) {
	one := 1.0
	series := func(scope string, dims ...string) answered {
		p, err := scopes.ParsePath(scope)
		require.NoError(t, err)
		a := answered{identity{p, map[string]string{}}, cells{values: []*float64{&one}}}
		for i := 0; i+1 < len(dims); i += 2 {
			a.dims[dims[i]] = dims[i+1]
		}
		return a
	}
	list := func(all ...answered) []answered { return all }
	for _, tc := range []struct {
		name string
		a, b []answered
		want []string // the series' key, and which criteria have data
	}{
		{"same scopes", list(series("x"), series("y")), list(series("y"), series("x")), []string{"x ab", "y ab"}},
		{"one lacks a scope", list(series("x")), list(series("x"), series("y")), []string{"x ab", "y b"}},
		{"nothing at all of one", list(series("x")), nil, []string{"x a"}},
		{"shared dimensions, spelt otherwise", list(series("x", "code", "1"), series("x", "code", "2")), list(series("x", "Code", "2")), []string{`x{"code"="1"} a`, `x{"code"="2"} ab`}},
		{"a dimension that only one has", list(series("x", "code", "1"), series("x", "code", "2")), list(series("x")), []string{`x{"code"="1"} ab`, `x{"code"="2"} ab`}},
		{"whose partner is not there", list(series("y", "code", "1")), list(series("x")), []string{`y{"code"="1"} a`}},
		{"dimensions of both", list(series("x", "a", "1")), list(series("x", "b", "2")), []string{`x{"a"="1","b"="2"} ab`}},
		{"a scope below the other", list(series("x/blue", "instanceId", "1")), list(series("x")), []string{`x/blue{"instanceId"="1"} ab`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rows, err := join([][]answered{tc.a, tc.b}, 100)
			require.NoError(t, err)
			var got []string
			for _, r := range rows {
				text := alerts.SeriesKey(r.scope, r.dims) + " "
				require.Len(t, r.cells, 2)
				for i := range r.cells {
					if r.cells[i].value(0) != nil {
						text += string(rune('a' + i))
					}
				}
				got = append(got, text)
			}
			require.Equal(t, tc.want, got)
		})
	}
	wide := list(series("x", "a", "1"), series("x", "a", "2"), series("x", "a", "3"))
	tall := list(series("x", "b", "1"), series("x", "b", "2"), series("x", "b", "3"))
	_, err := join([][]answered{wide, tall}, 8)
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
}
