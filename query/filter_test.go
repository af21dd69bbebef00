package query

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseFilter(t *testing.T) {
	term := func(op FilterOp, values ...string) FilterTerm { return FilterTerm{Op: op, Values: values} }
	for _, tc := range []struct {
		text string
		want []FilterGroup
	}{
		{"", nil},
		{" \t\n ", nil},
		{"d eq 'x'", []FilterGroup{{"d", []FilterTerm{term(FilterEqual, "x")}}}},
		{"d EQ 'x' Or D Ne 'y'", []FilterGroup{{"d", []FilterTerm{term(FilterEqual, "x"), term(FilterNotEqual, "y")}}}},
		{"d sw 'it''s'", []FilterGroup{{"d", []FilterTerm{term(FilterStarts, "it's")}}}},
		{"d eq ''", []FilterGroup{{"d", []FilterTerm{term(FilterEqual, "")}}}},
		{"d eq ''''", []FilterGroup{{"d", []FilterTerm{term(FilterEqual, "'")}}}},
		{"d in('a' , 'b')and e not  in ('c')", []FilterGroup{{"d", []FilterTerm{term(FilterIn, "a", "b")}}, {"e", []FilterTerm{term(FilterNotIn, "c")}}}},
		{"a eq 'x' or a eq 'y' and b eq 'z'", []FilterGroup{{"a", []FilterTerm{term(FilterEqual, "x"), term(FilterEqual, "y")}}, {"b", []FilterTerm{term(FilterEqual, "z")}}}},
		{"(a eq 'x' or a eq 'y') and ((b contains 'z'))", []FilterGroup{{"a", []FilterTerm{term(FilterEqual, "x"), term(FilterEqual, "y")}}, {"b", []FilterTerm{term(FilterContains, "z")}}}},
		{"(a eq 'x' and b eq 'y') and c eq '*'", []FilterGroup{{"a", []FilterTerm{term(FilterEqual, "x")}}, {"b", []FilterTerm{term(FilterEqual, "y")}}, {"c", []FilterTerm{term(FilterEqual, "*")}}}},
		{"(a eq 'x') or a eq 'y'", []FilterGroup{{"a", []FilterTerm{term(FilterEqual, "x"), term(FilterEqual, "y")}}}},
		{"Microsoft.ResourceId eq '*'", []FilterGroup{{"Microsoft.ResourceId", []FilterTerm{term(FilterEqual, "*")}}}},
		{"größe eq 'x=1, (y) or z'", []FilterGroup{{"größe", []FilterTerm{term(FilterEqual, "x=1, (y) or z")}}}},
	} {
		f, err := ParseFilter(tc.text)
		require.NoError(t, err, tc.text)
		require.Equal(t, tc.want, f.Groups, tc.text)
		again, err := ParseFilter(f.String())
		require.NoError(t, err, f.String())
		require.Equal(t, f, again)
	}
	f, err := ParseFilter("deployment matches 'bl.e|green' and instanceId eq '*' and INSTANCEID sw 'a'")
	require.NoError(t, err)
	require.Equal(t, []string{"deployment", "instanceId"}, f.Dimensions())
	require.Equal(t, []string{"instanceId"}, f.Splits())
}

func TestParseFilterSaysWhereAndWhatIsAllowed(t *testing.T) {
	for text, want := range map[string][]string{
		"d":                                   {"at character 2", "found the end", "eq, ne, sw, contains, matches, in or not in"},
		"d = 'x'":                             {"at character 3", `found '='`, "single quotes"},
		"d is 'x'":                            {"at character 3", `found "is"`, "eq, ne, sw"},
		"'x' eq d":                            {"at character 1", "found the value 'x'", "a dimension"},
		"d eq x":                              {"at character 6", `found "x"`, "a value in single quotes"},
		"d eq \"x\"":                          {"at character 6", `found '"'`, "single quotes"},
		"d eq 'x":                             {"at character 6", "no quote at its end"},
		"d eq 'x''":                           {"at character 6", "no quote at its end"},
		"d eq 'x' 'y'":                        {"at character 10", "found the value 'y'", "and, or, or the end"},
		"d eq 'x' and":                        {"at character 13", "found the end", "a dimension"},
		"d eq 'x' or e eq 'y'":                {"at character 13", "or may not join two dimensions, d and e"},
		"(d eq 'x'":                           {"at character 10", "found the end", "and, or, or )"},
		"d eq 'x')":                           {"at character 9", `found ")"`},
		"()":                                  {"at character 2", `found ")"`, "a dimension"},
		"(a eq 'x' and b eq 'y') or a eq 'z'": {"at character 25", "or may not join what has an and in it"},
		"d in 'x'":                            {"at character 6", "( and values"},
		"d in ()":                             {"at character 7", "a value in single quotes"},
		"d in ('x' 'y')":                      {"at character 11", ", or )"},
		"d not 'x'":                           {"at character 7", "where in must come"},
		"d ne '*'":                            {"at character 6", "would leave nothing"},
		"d matches '('":                       {"at character 11", "regular expression", "missing closing )"},
		"d matches 'a)|(b'":                   {"at character 11", "regular expression"},
		"größe eq 'ä' or größe is 'b'":        {"at character 23", `found "is"`},
		strings.Repeat("(", 30):               {"at character 21", "20 deep"},
		"\xff eq 'x'":                         {"UTF-8"},
		"d eq '" + strings.Repeat("x", maxFilterLength) + "'": {"at most 8192 bytes", "got 8199"},
	} {
		_, err := ParseFilter(text)
		var pe *ParamError
		require.ErrorAs(t, err, &pe, text)
		require.Equal(t, "filter", pe.Name)
		for _, part := range want {
			require.Contains(t, pe.Rule, part, text)
		}
	}
}

func TestFilterTermsCompareWithoutCase(t *testing.T) {
	for text, cases := range map[string]map[string]bool{
		"d eq 'Blue'":          {"blue": true, "BLUE": true, "blue2": false, "": false},
		"d ne 'Blue'":          {"blue": false, "green": true, "": true},
		"d eq ''":              {"": true, "x": false},
		"d sw 'BL'":            {"blue": true, "Black": true, "abl": false},
		"d contains 'Lu'":      {"blue": true, "LUXE": true, "x": false},
		"d matches 'b.*'":      {"blue": true, "Black": true, "abl": false, "b\n": true},
		"d in ('a','B')":       {"A": true, "b": true, "c": false, "": false},
		"d not in ('a','B')":   {"A": false, "b": false, "c": true, "": true},
		"d eq '*'":             {"x": true, "": true},
		"d eq 'x' or d sw 'y'": {"x": true, "yes": true, "z": false},
		"d in ('*')":           {"*": true, "x": false},
	} {
		f, err := ParseFilter(text)
		require.NoError(t, err)
		for value, want := range cases {
			require.Equal(t, want, f.Groups[0].Takes(value), "%s: %q", text, value)
		}
	}
}

func TestMatchersOfAFilterTakeExactlyWhatItTakes(t *testing.T) {
	for _, tc := range []struct{ filter, want string }{
		{"d eq 'A'", `d="a"`},
		{"d in ('a','b')", `d=~"a|b"`},
		{"d ne 'a'", `d!="a"`},
		{"d not in ('a','b.c')", `d!~"a|b\\.c"`},
		{"d sw ''", ""},
		{"d matches '.+'", `d!=""`},
		{"d eq '*'", ""},
		{"d eq ''", `d!~"a|b|b\\.c"`},
		{"d eq 'nobody'", "nothing"},
	} {
		f, err := ParseFilter(tc.filter)
		require.NoError(t, err)
		m, some := matcherFor("d", []string{"a", "b", "b.c"}, f.Groups[0].Takes)
		got := "nothing"
		if some {
			got = ""
			if m != nil {
				got = m.String()
			}
		}
		require.Equal(t, tc.want, got, tc.filter)
	}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"", "a", "A", "b", "a.b", "a|b", "ab", "ba", "é"})
		ops := rapid.SampledFrom([]FilterOp{FilterEqual, FilterNotEqual, FilterStarts, FilterContains, FilterIn, FilterNotIn})
		g := FilterGroup{Dimension: "d"}
		for range rapid.IntRange(1, 3).Draw(t, "terms") {
			g.Terms = append(g.Terms, FilterTerm{Op: ops.Draw(t, "op"), Values: []string{word.Draw(t, "value")}})
		}
		parsed, err := ParseFilter(Filter{Groups: []FilterGroup{g}}.String())
		require.NoError(t, err)
		require.Equal(t, g, parsed.Groups[0])
		values := rapid.SliceOfDistinct(word, rapid.ID).Draw(t, "values")
		m, some := matcherFor("d", values, g.Takes)
		for _, v := range append(values, "") {
			got := some && (m == nil || m.Matches(v))
			require.Equal(t, g.Takes(v), got, "%q by %s", v, m)
		}
	})
}

func FuzzParseFilter(f *testing.F) {
	for _, seed := range []string{"", "d eq 'x'", "a eq '*' and (b in ('x','y''z') or b ne 'q')", "d matches '(a|b)+'", "d not in ('')", "((((", "d eq '\x00'", "é sw 'ü'", "a.b contains ''"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseFilter(text)
		var pe *ParamError
		if err != nil {
			if !errors.As(err, &pe) || pe.Rule == "" {
				t.Fatalf("ParseFilter(%q) fails with %v", text, err)
			}
			return
		}
		for _, g := range got.Groups {
			m, some := matcherFor("d", []string{"x", "y"}, g.Takes)
			for _, v := range []string{"", "x", "y"} {
				if g.Takes(v) != (some && (m == nil || m.Matches(v))) {
					t.Fatalf("%q: matcher %v and value %q", text, m, v)
				}
			}
		}
		again, err := ParseFilter(got.String())
		if err != nil || again.String() != got.String() {
			t.Fatalf("%q is written as %q, which is read as %q, %v", text, got, again, err)
		}
	})
}
