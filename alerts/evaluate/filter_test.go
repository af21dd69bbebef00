package evaluate

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/query"
)

func TestFiltersAreThoseOfDrillDown(t *testing.T) {
	for _, tc := range []struct {
		rule string
		dims []alerts.Dimension
		want string
	}{
		{"", nil, ""},
		{"a eq 'b' or a eq 'c'", nil, "(a eq 'b' or a eq 'c')"},
		{"", []alerts.Dimension{{Name: "code", Operator: alerts.Include, Values: []string{"*"}}}, ""},
		{"", []alerts.Dimension{{Name: "code", Operator: alerts.Include, Values: []string{"500", "*"}}}, ""},
		{"", []alerts.Dimension{{Name: "code", Operator: alerts.Include, Values: []string{"500", "it's"}}}, "code in ('500', 'it''s')"},
		{"", []alerts.Dimension{{Name: "code", Operator: alerts.Exclude, Values: []string{"200"}}}, "code not in ('200')"},
		{"", []alerts.Dimension{{Name: "code", Operator: alerts.StartsWith, Values: []string{"5", "4"}}}, "(code sw '5' or code sw '4')"},
		{"x ne '1'", []alerts.Dimension{{Name: "code", Operator: alerts.Exclude, Values: []string{"200"}}, {Name: "d", Operator: alerts.StartsWith, Values: []string{"g"}}},
			"(x ne '1') and code not in ('200') and (d sw 'g')"},
	} {
		got, err := filterOf(tc.rule, tc.dims)
		require.NoError(t, err)
		require.Equal(t, tc.want, got)
		_, err = query.ParseFilter(got)
		require.NoError(t, err)
	}
	for _, name := range []string{"", "a b", "a) or (b", "a'"} {
		_, err := filterOf("", []alerts.Dimension{{Name: name}})
		require.Error(t, err, name)
	}
}

func FuzzFilterOf(f *testing.F) {
	f.Add("code", "it's", "', '", 0)
	f.Add("x.y", "*", "", 1)
	f.Add("a b", "(", ")", 2)
	f.Fuzz(func(t *testing.T, name, a, b string, op int) {
		ops := []alerts.DimensionOperator{alerts.Include, alerts.Exclude, alerts.StartsWith}
		d := alerts.Dimension{Name: name, Operator: ops[uint(op)%3], Values: []string{a, b}}
		text, err := filterOf("", []alerts.Dimension{d})
		if err != nil || len(text) > 8<<10 {
			return
		}
		parsed, err := query.ParseFilter(text)
		if err != nil {
			// What is no UTF-8 is refused there; nothing else that is written here is.
			require.ErrorContains(t, err, "UTF-8")
			return
		}
		if text == "" {
			return
		}
		require.Len(t, parsed.Groups, 1)
		var values []string
		for _, term := range parsed.Groups[0].Terms {
			values = append(values, term.Values...)
		}
		require.Equal(t, []string{a, b}, values)
		require.Equal(t, name, parsed.Groups[0].Dimension)
	})
}
