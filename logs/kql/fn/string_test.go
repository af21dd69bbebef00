package fn

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/endscope/endscope/logs/kql/value"
)

// callCase is one call and what show() writes of its result.
type callCase struct {
	name string
	args []value.Value
	want string
}

// does makes a case.
func does(want, name string, args ...value.Value) callCase { return callCase{name, args, want} }

// runCalls checks calls with constant arguments, and with arguments that change from row to row where the function takes those too.
func runCalls(t *testing.T, cases []callCase) {
	t.Helper()
	for _, tt := range cases {
		if got := show(call(t, tt.name, tt.args...)); got != tt.want {
			t.Errorf("%s(%s) = %s, want %s", tt.name, showAll(tt.args), got, tt.want)
		}
		if v, err := tryCall(t, false, tt.name, tt.args...); err == nil && show(v) != tt.want {
			t.Errorf("%s(%s) of columns = %s, want %s", tt.name, showAll(tt.args), show(v), tt.want)
		}
	}
}

func showAll(args []value.Value) string {
	parts := make([]string, len(args))
	for i, a := range args {
		if n, ok := a.(int); ok {
			a = int64(n)
		}
		parts[i] = show(a)
	}
	return strings.Join(parts, ", ")
}

func TestStringBasic(t *testing.T) {
	runCalls(t, []callCase{
		does(`0`, "strlen", ""),
		does(`5`, "strlen", "größe"),
		does(`2`, "strlen", "a😀"),
		does(`7`, "string_size", "größe"),
		does(`5`, "string_size", "a😀"),
		does(`0`, "string_size", ""),
		does(`"größe 1"`, "tolower", "GRÖßE 1"),
		does(`"ab"`, "tolower", "aB"),
		does(`"é"`, "tolower", "É"),
		does(`"AB-1"`, "toupper", "ab-1"),
		does(`"É"`, "toupper", "é"),
		does(`""`, "toupper", ""),
		does(`true`, "isascii", "plain ~"),
		does(`true`, "isascii", ""),
		does(`false`, "isascii", "naïve"),
		does(`true`, "isutf8", "naïve"),
		does(`true`, "isutf8", ""),
		does(`false`, "isutf8", "a\xff"),
		does(`"cdef"`, "substring", "abcdef", 2),
		does(`"bc"`, "substring", "abcdef", 1, 2),
		does(`"e"`, "substring", "abcdef", -2, 1),
		does(`"ef"`, "substring", "abcdef", -2),
		does(`"abc"`, "substring", "abc", -9),
		does(`""`, "substring", "abc", 3),
		does(`""`, "substring", "abc", 9, 2),
		does(`""`, "substring", "abc", 1, 0),
		does(`""`, "substring", "abc", 1, -1),
		does(`"ßé"`, "substring", "aßéb", 1, 2),
		does(`""`, "substring", "abc", nil),
		does(`0`, "strcmp", "a", "a"),
		does(`-1`, "strcmp", "A", "a"),
		does(`1`, "strcmp", "abc", "ab"),
		does(`"éba"`, "reverse", "abé"),
		does(`"0.521"`, "reverse", 125.0),
		does(`"01:00:00"`, "reverse", 10*value.Second),
		does(`"eurT"`, "reverse", true),
		does(`true`, "isempty", ""),
		does(`true`, "isempty", nil),
		does(`false`, "isempty", " "),
		does(`false`, "isempty", 0),
		does(`false`, "isempty", arr()),
		does(`false`, "isnotempty", ""),
		does(`false`, "notempty", nil),
		does(`true`, "isnotempty", "x"),
		does(`true`, "isnotempty", bag()),
	})
}

func TestStringJoin(t *testing.T) {
	runCalls(t, []callCase{
		does(`"a1"`, "strcat", "a", 1),
		does(`"x2.5True"`, "strcat", "x", 2.5, true),
		does(`"ab"`, "strcat", "a", nil, "b"),
		does(`"a[1,2]"`, "strcat", "a", arr(1, 2)),
		does(`"a, b"`, "strcat_delim", ", ", "a", "b"),
		does(`"a-"`, "strcat_delim", "-", "a", nil),
		does(`"102"`, "strcat_delim", 0, 1, 2),
		does(`"a,1,true,"`, "strcat_array", arr("a", 1, true, nil), ","),
		does(`""`, "strcat_array", arr(), ","),
		does(`"x"`, "strcat_array", "x", ","),
		does(`""`, "strcat_array", nil, ","),
		does(`"ababab"`, "strrep", "ab", 3),
		does(`"7, 7"`, "strrep", 7, 2, ", "),
		does(`""`, "strrep", "ab", 0),
		does(`""`, "strrep", "ab", -1),
	})
	if got := len(call(t, "strrep", "xy", 5000).(string)); got != 2048 {
		t.Errorf("strrep repeats to %d bytes, want 1,024 times two", got)
	}
}

func TestStringSearch(t *testing.T) {
	runCalls(t, []callCase{
		does(`4`, "indexof", "the cat", "cat"),
		does(`-1`, "indexof", "the cat", "dog"),
		does(`2`, "indexof", "aéxé", "x"),
		does(`3`, "indexof", "aéxé", "é", 2),
		does(`4`, "indexof", "xaxaxa", "x", -2),
		does(`null`, "indexof", "xaxaxa", "x", -7),
		does(`-1`, "indexof", "xaxaxa", "a", 9),
		does(`1`, "indexof", "banana", "ana", 0, 4),
		does(`-1`, "indexof", "banana", "ana", 0, 3),
		does(`3`, "indexof", "banana", "ana", 0, -1, 2),
		does(`-1`, "indexof", "banana", "ana", 0, -1, 3),
		does(`null`, "indexof", "banana", "ana", 0, -2),
		does(`null`, "indexof", "banana", "ana", 0, -1, -1),
		does(`2`, "indexof", 12345, 34),
		does(`0`, "indexof", "abc", ""),
		does(`1`, "indexof_regex", "é12", `\d+`),
		does(`2`, "indexof_regex", "a1b2", `[b-z]`, 1),
		does(`-1`, "indexof_regex", "a1b2", `\d`, 2, 1),
		does(`3`, "indexof_regex", "a1b2", `\d`, 0, -1, 2),
		does(`-1`, "indexof_regex", "a1b2", `\d`, 0, -1, 3),
		does(`null`, "indexof_regex", "a1b2", `\d`, -1),
		does(`null`, "indexof_regex", "a1b2", `\d`, 0, -2),
		does(`2`, "indexof_regex", "banana", `nan`),
		does(`4`, "countof", "cocoa coco", "co"),
		does(`3`, "countof", "banananas", "ana"),
		does(`2`, "countof", "banananas", "[bn]an", "regex"),
		does(`2`, "countof", "xyxyx", "xyx", "normal"),
		does(`1`, "countof", "xyxyx", "xyx", "regex"),
		does(`0`, "countof", "abc", ""),
		does(`2`, "countof", "éaéa", "éa"),
		does(`1`, "has_any_index", "disk is full", arr("memory", "DISK", "full")),
		does(`-1`, "has_any_index", "disks are full", arr("memory", "disk")),
		does(`-1`, "has_any_index", "disk", arr()),
		does(`0`, "has_any_index", "error 503", arr(503)),
		does(`0`, "has_any_index", "error 503", "error"),
	})
	for _, tt := range []struct {
		want string
		name string
		args []value.Value
	}{
		{`the kind must be "normal" or "regex" (got "fuzzy")`, "countof", []value.Value{"a", "b", "fuzzy"}},
		{"missing closing )", "countof", []value.Value{"a", "(", "regex"}},
		{"missing closing )", "indexof_regex", []value.Value{"a", "("}},
	} {
		if got := callError(t, tt.name, tt.args...); !strings.Contains(got, tt.want) {
			t.Errorf("%s: error %q, want one with %q", tt.name, got, tt.want)
		}
	}
}

func TestStringReplace(t *testing.T) {
	runCalls(t, []callCase{
		does(`"a-b-c"`, "replace_string", "a.b.c", ".", "-"),
		does(`"ac"`, "replace_string", "abc", "b", ""),
		does(`"abc"`, "replace_string", "abc", "", "x"),
		does(`"aXc"`, "replace_string", "a\\c", "\\", "X"),
		does(`"B A"`, "replace_strings", "A B", arr("A", "B"), arr("B", "A")),
		does(`"one 3"`, "replace_strings", "1 3", arr("1", "3"), arr("one", 3)),
		does(`"[ab] [c]"`, "replace_strings", "abc ac", arr("abc", "ac"), arr("[ab]", "[c]")),
		does(`"xcd b"`, "replace_strings", "abcd b", arr("ab", "b"), arr("x")),
		does(`"abc"`, "replace_strings", "abc", nil, arr("x")),
		does(`"abc"`, "replace_strings", "abc", arr("", 7), arr("x", "y")),
		does(`"bcd"`, "translate", "abc", "bcd", "abc"),
		does(`"x-y-z"`, "translate", "._/", "-", "x.y_z"),
		does(`"123"`, "translate", " ,", "", "1, 2,3"),
		does(`"éa"`, "translate", "aé", "éa", "aé"),
		does(`["a","b",""]`, "split", "a/b/", "/"),
		does(`["b"]`, "split", "a/b/", "/", 1),
		does(`[]`, "split", "a/b/", "/", 3),
		does(`[]`, "split", "a/b/", "/", -1),
		does(`["abc"]`, "split", "abc", ""),
		does(`["a","c"]`, "split", "a::c", "::"),
		does(`["a::c"]`, "split", "a::c", ":::"),
		does(`"a\\.b\\*\\[1\\]"`, "regex_quote", "a.b*[1]"),
		does(`"plain text"`, "regex_quote", "plain text"),
		does(`"1\\-2\\#é"`, "regex_quote", "1-2#é"),
	})
}

// A quoted text is a pattern that matches itself as a whole.
func TestRegexQuoteMatchesItself(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.String().Draw(rt, "text")
		re, err := CompileRegex(call(t, "regex_quote", s).(string))
		if err != nil {
			rt.Fatal(err)
		}
		if got := re.FindString(s); got != s {
			rt.Fatalf("%q quoted as %q matches %q", s, re, got)
		}
	})
}

// What indexof finds is there, and nothing is before it.
func TestIndexOfAgreesWithSubstring(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching(`[abé]{0,12}`).Draw(rt, "text")
		lookup := rapid.StringMatching(`[abé]{1,2}`).Draw(rt, "lookup")
		start := rapid.IntRange(0, 13).Draw(rt, "start")
		i := int(call(t, "indexof", text, lookup, start).(int64))
		rest := call(t, "substring", text, start).(string)
		if i < 0 {
			if strings.Contains(rest, lookup) {
				rt.Fatalf("%q in %q from %d was not found", lookup, text, start)
			}
			return
		}
		if got := call(t, "substring", text, i, len([]rune(lookup))); got != lookup {
			rt.Fatalf("at %d of %q is %q, not %q", i, text, got, lookup)
		}
		if before := call(t, "substring", text, start, i-start).(string) + lookup; strings.Index(before, lookup) != len(before)-len(lookup) {
			rt.Fatalf("%q stands in %q before %d", lookup, text, i)
		}
	})
}

// A text that would be too long for the query is not made.
func TestTextBudget(t *testing.T) {
	tooLong := errors.New("too long")
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []value.Value
	}{
		{"strrep", []value.Value{"abcdefgh", int64(1000)}},
		{"replace_string", []value.Value{strings.Repeat("a", 100), "a", strings.Repeat("b", 100)}},
		{"replace_strings", []value.Value{strings.Repeat("a", 100), arr("a"), arr(strings.Repeat("b", 100))}},
		{"replace_regex", []value.Value{strings.Repeat("a", 100), "a", strings.Repeat("b", 100)}},
		{"extract_all", []value.Value{"(a)", strings.Repeat("a", 1000)}},
		{"zlib_decompress_from_base64_string", []value.Value{call(t, "zlib_compress_to_base64_string", strings.Repeat("a", 5000))}},
	} {
		s, _ := lib.Scalar(tt.name)
		c := &Context{Budget: func(n int) error {
			if n > 4000 {
				return tooLong
			}
			return nil
		}}
		eval, err := s.Make(c, make([]Arg, len(tt.args)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := eval(tt.args); !errors.Is(err, tooLong) {
			t.Errorf("%s: error %v, want the one of the budget", tt.name, err)
		}
	}
}
