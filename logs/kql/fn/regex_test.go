package fn

import (
	"strings"
	"testing"

	"github.com/endscope/endscope/logs/kql/value"
)

func TestRegexReplace(t *testing.T) {
	runCalls(t, []callCase{
		does(`"<1>-<22>"`, "replace_regex", "1-22", `(\d+)`, `<\1>`),
		does(`"[a][b]"`, "replace_regex", "ab", `.`, `[\0]`),
		does(`"b=a"`, "replace_regex", "a=b", `(\w)=(\w)`, `\2=\1`),
		does(`"$1 $1"`, "replace_regex", "x x", `x`, `$1`),
		does(`"a\\b\\q\\"`, "replace_regex", "x", `x`, `a\\b\q\`),
		does(`"x"`, "replace_regex", "x", `y`, `z`),
		does(`"-a-b-"`, "replace_regex", "ab", ``, `-`),
		does(`"[]b"`, "replace_regex", "ab", `(x)?a`, `[\1]`),
		does(`"A12"`, "replace", `a(\d)`, `A\1`, "a12"),
		does(`"bc"`, "replace", `a`, ``, "abac"),
		does(`"nothing"`, "replace", `\d`, `#`, "nothing"),
		does(`"a b"`, "trim", `\s`, "  a b \t"),
		does(`"b"`, "trim", `a|c`, "acbca"),
		does(`""`, "trim", `x+`, "xxx"),
		does(`"ab"`, "trim", `-`, "ab"),
		does(`"-b-"`, "trim_start", `-`, "--b-"),
		does(`"b"`, "trim_start", `[^b]*`, "aab"),
		does(`"ab"`, "trim_start", `b`, "ab"),
		does(`"x"`, "trim_start", `(?x) a b # up to here`, "abx"),
		does(`"-b"`, "trim_end", `-`, "-b-"),
		does(`"file"`, "trim_end", `\.(gz|zip)`, "file.gz"),
		does(`"ab"`, "trim_end", `a`, "ab"),
		does(`"a\n"`, "trim_end", `(?m)$`, "a\n"),
	})
	if got := callError(t, "replace_regex", "a", "(a)", `\2`); !strings.Contains(got, `\2`) || !strings.Contains(got, "1 groups") {
		t.Errorf("the error names neither the group nor how many there are: %s", got)
	}
	for _, name := range []string{"trim", "trim_start", "trim_end"} {
		if got := callError(t, name, "a(", "a"); !strings.Contains(got, `"a("`) {
			t.Errorf("%s: the error does not name the pattern: %s", name, got)
		}
	}
}

func TestRegexExtract(t *testing.T) {
	runCalls(t, []callCase{
		does(`"42"`, "extract", `id=(\d+)`, 1, "id=42 id=43"),
		does(`"id=42"`, "extract", `id=(\d+)`, 0, "id=42"),
		does(`42`, "extract", `id=(\d+)`, 1, "id=42", "long"),
		does(`42`, "extract", `id=(\d+)`, 1, "id=42", "int"),
		does(`4.5`, "extract", `[\d.]+`, 0, "in 4.5 s", "real"),
		does(`00:00:05`, "extract", `in (\S+)`, 1, "in 5s", "timespan"),
		does(`null`, "extract", `id=(\w+)`, 1, "id=x", "long"),
		does(`null`, "extract", `id=(\w+)`, 1, "none", "datetime"),
		does(`{"a":1}`, "extract", `{.*}`, 0, `body {"a":1}`, "dynamic"),
		does(`""`, "extract", `id=(\d+)`, 1, "none"),
		does(`""`, "extract", `a(b)?`, 1, "a"),
		does(`""`, "extract", `a(b)?`, nil, "a"),
		does(`["1","22"]`, "extract_all", `(\d+)`, "1 22"),
		does(`[["a","1"],["b","2"]]`, "extract_all", `([a-z])(\d)`, "a1 b2"),
		does(`["1","2"]`, "extract_all", `([a-z])(\d)`, arr(2), "a1 b2"),
		does(`[["2","b"]]`, "extractall", `(?P<key>[a-z])(?<n>\d)`, arr("n", 1), "b2"),
		does(`[["a",""],["","b"]]`, "extract_all", `(a)|(b)`, "ab"),
		does(`null`, "extract_all", `(\d)`, "abc"),
		does(`["é"]`, "extract_all", `(\w)`, "-é-"),
	})
	for _, tt := range []struct {
		want string
		name string
		args []value.Value
	}{
		{"no group 2", "extract", []value.Value{`(a)`, 2, "a"}},
		{"no group -1", "extract", []value.Value{`(a)`, -1, "a"}},
		{"missing closing )", "extract", []value.Value{`(a`, 1, "a"}},
		{"typeof(name of a type)", "extract", []value.Value{`(a)`, 1, "a", "number"}},
		{"1 to 16 groups (got 0)", "extract_all", []value.Value{`a`, "a"}},
		{"1 to 16 groups (got 17)", "extract_all", []value.Value{strings.Repeat("(a)", 17), "a"}},
		{"no group 3", "extract_all", []value.Value{`(a)(b)`, arr(3), "a"}},
		{`no group "x"`, "extract_all", []value.Value{`(a)(b)`, arr("x"), "a"}},
		{"array of numbers and names", "extract_all", []value.Value{`(a)(b)`, arr(), "a"}},
	} {
		if got := callError(t, tt.name, tt.args...); !strings.Contains(got, tt.want) {
			t.Errorf("%s: error %q, want one with %q", tt.name, got, tt.want)
		}
	}
	if _, err := tryCall(t, false, "extract", `(a)`, 2, "a"); err == nil {
		t.Error("a column that chooses a group that is not there is no error")
	}
	if _, err := tryCall(t, false, "extract", `(a`, 1, "a"); err == nil {
		t.Error("a column with a pattern that does not parse is no error")
	}
}

// A pattern from a column is compiled again when it changes.
func TestRegexFromColumns(t *testing.T) {
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := lib.Scalar("extract")
	eval, err := s.Make(testContext(), []Arg{{Type: value.String}, {Type: value.Long}, {Type: value.String}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ pattern, want string }{{`\d`, "1"}, {`\d`, "1"}, {`[a-z]`, "a"}, {`\d`, "1"}} {
		if got, err := eval([]value.Value{tt.pattern, int64(0), "a1"}); got != tt.want || err != nil {
			t.Errorf("%s: %v, %v, want %s", tt.pattern, got, err, tt.want)
		}
	}
}

func BenchmarkExtract(b *testing.B) {
	lib, err := NewLibrary()
	if err != nil {
		b.Fatal(err)
	}
	s, _ := lib.Scalar("extract")
	text := value.Value(`2024-05-06 07:08:09 INFO worker-3 request id=48151623 path=/v1/score status=200 latency=12.5ms user="jürgen"`)
	for _, pattern := range []string{`id=(\d+)`, `latency=([\d.]+)ms`, `user="(\w+)"`, `(?i)STATUS=(\d{3})`} {
		b.Run(pattern, func(b *testing.B) {
			args := []value.Value{pattern, int64(1), text}
			eval, err := s.Make(testContext(), []Arg{{Type: value.String, Const: true, Value: pattern}, {Type: value.Long, Const: true, Value: int64(1)}, {Type: value.String}})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if v, err := eval(args); v == nil || err != nil {
					b.Fatal(v, err)
				}
			}
		})
	}
}
