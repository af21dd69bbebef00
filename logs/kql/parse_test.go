package kql

import (
	"regexp"
	"testing"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

func TestParse(t *testing.T) {
	const log = `datatable(m:string)["id=7 took 12ms at /a/b", "id=x took 3ms at /c", "nothing"] `
	const pods = `datatable(m:string)["pod=api-1, node=n1, pod=api-2, end"] `
	runCases(t, []queryCase{
		{name: "texts", query: log + `| parse m with "id=" id:long " took " ms:int "ms at " path`, columns: "m:string id:long ms:int path:string",
			rows: []string{"id=7 took 12ms at /a/b|7|12|/a/b", "id=x took 3ms at /c|null|null|", "nothing|null|null|"}},
		{name: "relaxed keeps what converts", query: log + `| parse kind=relaxed m with "id=" id:long " took " ms:int "ms at " path | project-away m`, columns: "id:long ms:int path:string",
			rows: []string{"7|12|/a/b", "null|3|/c", "null|null|"}},
		{name: "parse-where drops", query: log + `| parse-where m with * "id=" id:long " took " ms:int "ms" *`, columns: "m:string id:long ms:int", rows: []string{"id=7 took 12ms at /a/b|7|12"}},
		{name: "a type ends a column before a star", query: `print m="n=-12abc t=1.5e1x" | parse m with "n=" n:long * "t=" t:real *`, columns: "m:string n:long t:real", rows: []string{"n=-12abc t=1.5e1x|-12|15.0"}},
		{name: "a datetime before a star", query: `print m="at 2026-01-02 03:04:05 x" | parse m with "at " t:datetime * | project t`, columns: "t:datetime", rows: []string{"2026-01-02T03:04:05Z"}},
		{name: "a string before a star takes what there is", query: `print m="a=1 b=2, c" | parse m with "a=" a * "b=" b * | project a, b`, columns: "a:string b:string", rows: []string{"1 |2, c"}},
		{name: "the beginning counts", query: `print m="x id=1" | parse m with "id=" id:long | project id`, columns: "id:long", rows: []string{"null"}},
		{name: "first column without a text", query: `print m="GET /x 200" | parse m with method " " path " " code:int | project-away m`, columns: "method:string path:string code:int", rows: []string{"GET|/x|200"}},
		{name: "a column is replaced in place", query: `print m="a=1", a="old", z=1 | parse m with "a=" a`, columns: "m:string a:string z:long", rows: []string{"a=1|1|1"}},
		{name: "a number is read as text", query: `print m=1234 | parse m with "12" rest:long`, columns: "m:long rest:long", rows: []string{"1234|34"}},
		{name: "regex is greedy", query: pods + `| parse kind=regex m with * "pod=" pod "," * | project pod`, columns: "pod:string", rows: []string{"api-1, node=n1, pod=api-2"}},
		{name: "regex takes the longest column", query: `print m="a=1, b=2, end" | parse kind=regex m with "a=" a "," * | project a`, columns: "a:string", rows: []string{"1, b=2"}},
		{name: "flag U is lazy, i ignores case", query: `print m="a=1, b=2, end" | parse kind=regex flags=Ui m with "A=" a "," * | project a`, columns: "a:string", rows: []string{"1"}},
		{name: "numbers and the end under flag U", query: `print m="n=123 x=4.5e1 rest of it" | parse kind=regex flags=U m with "n=" n:long " x=" x:real " " rest | project n, x, rest`, columns: "n:long x:real rest:string", rows: []string{"123|45.0|rest of it"}},
		{name: "groups and alternatives of the query", query: `print m="took: 15 ms" | parse kind=regex m with "(took|spent)(:|=) *" n:long "( )?ms|s" | project n`, columns: "n:long", rows: []string{"15"}},
		{name: "regex that converts nothing", query: `print m="t=never." | parse kind=regex m with "t=" t:datetime @"\." | project t`, columns: "t:datetime", rows: []string{"null"}},
		{name: "resource ids as in the samples", query: `print r="/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/e" | parse kind=regex flags=i r with ".*?/RESOURCEGROUPS/" g "/PROVIDERS/MICROSOFT.MACHINELEARNINGSERVICES/WORKSPACES/" w "/ONLINEENDPOINTS/" e | project g, w, e`,
			columns: "g:string w:string e:string", rows: []string{"rg|w|e"}},
		{name: "filters before and after", query: log + `| parse m with "id=" id:long " " rest | where m startswith "id" and id == 7 | project rest`, columns: "rest:string", rows: []string{"took 12ms at /a/b"}},
		{name: "no rows", query: log + `| where false | parse m with a`, columns: "m:string a:string"},
		{name: "unknown column", query: `print m="" | parse zz with a`, err: "'zz'"},
		{name: "twice", query: `print m="" | parse m with a "," a`, err: "The column 'a' is named twice"},
		{name: "bad expression", query: `print m="" | parse kind=regex m with "(" a`, err: "'parse' operator: regular expression"},
		{name: "flags without regex", query: `print m="" | parse flags=i m with "x" a`, err: "flags belong to kind=regex"},
		{name: "parse-where relaxed", query: `print m="" | parse-where kind=relaxed m with "x" a`, err: "There is no kind 'relaxed'"},
	})
}

// A pattern of texts gives what a regular expression gives in which every column takes as little as it can.
func FuzzTextPattern(f *testing.F) {
	f.Add("x id=7 took 12ms", "id=", " took ")
	f.Add("aaab", "a", "ab")
	f.Add("", "", "")
	f.Add("=\n=", "=", "=")
	f.Fuzz(func(t *testing.T, text, first, second string) {
		literal := func(s string) syntax.ParseItem {
			return syntax.ParseItem{Text: &syntax.Literal{Type: value.String, Value: s}}
		}
		column := syntax.ParseItem{Type: value.String}
		p := &textPattern{items: []syntax.ParseItem{{Star: true}, literal(first), column, literal(second), column}, columns: 2}
		re, err := regexp.Compile("(?s)^.*?" + regexp.QuoteMeta(first) + "(.*?)" + regexp.QuoteMeta(second) + "(.*)$")
		if err != nil {
			return // not UTF-8
		}
		got, ok := p.extract(text)
		want := re.FindStringSubmatch(text)
		if ok != (want != nil) {
			t.Fatalf("%q: %v %v, want %q", text, got, ok, want)
		}
		if ok && (got[0] != want[1] || got[1] != want[2]) {
			t.Fatalf("%q: %q, want %q", text, got, want[1:])
		}
	})
}
