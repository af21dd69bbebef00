package kql

import (
	"strings"
	"testing"
)

func TestParseKV(t *testing.T) {
	runCases(t, []queryCase{
		{name: "delimiters", query: `print s="id:7, text: it is up, level: info" | parse-kv s as (text:string, id:long, gone:string) with (pair_delimiter=",", kv_delimiter=":") | project-away s`, columns: "text:string id:long gone:string", rows: []string{"it is up|7|"}},
		{name: "quotes that open and close", query: `print s="a=1 m=(x y=z) (long key)=2" | parse-kv s as (m:string, ['long key']:long, a:int) with (pair_delimiter=" ", kv_delimiter="=", quote="()") | project-away s`, columns: "m:string long key:long a:int", rows: []string{"x y=z|2|1"}},
		{name: "escape in quotes", query: `print s='m="say \\"hi\\"" n=1' | parse-kv s as (m:string, n:int) with (pair_delimiter=" ", kv_delimiter="=", quote='"', escape="\\") | project-away s`, columns: "m:string n:int", rows: []string{`say "hi"|1`}},
		{name: "a quote that never closes is text", query: `print s='m="x n=1' | parse-kv s as (m:string, n:int) with (pair_delimiter=" ", kv_delimiter="=", quote='"') | project-away s`, columns: "m:string n:int", rows: []string{`"x|1`}},
		{name: "greedy", query: `print s="who=John Doe tel=555 12 city=New York" | parse-kv s as (who:string, tel:string, city:string) with (pair_delimiter=" ", kv_delimiter="=", greedy=true) | project-away s`, columns: "who:string tel:string city:string", rows: []string{"John Doe|555 12|New York"}},
		{name: "not greedy", query: `print s="who=John Doe tel=555 12" | parse-kv s as (who:string, tel:string) with (pair_delimiter=" ", kv_delimiter="=") | project-away s`, columns: "who:string tel:string", rows: []string{"John|555"}},
		{name: "an empty value", query: `print s="a= b=2" | parse-kv s as (a:string, b:int) with (pair_delimiter=" ", kv_delimiter="=") | project-away s`, columns: "a:string b:int", rows: []string{"|2"}},
		{name: "the first occurrence", query: `print s="a=1;a=2" | parse-kv s as (a:int) with (pair_delimiter=";", kv_delimiter="=") | project a`, columns: "a:int", rows: []string{"1"}},
		{name: "no delimiters", query: `print s="10:00 [INFO] ThreadId:45, Machine:n1, user_id=u7" | parse-kv s as (Machine:string, ThreadId:long, user_id:string) | project-away s`, columns: "Machine:string ThreadId:long user_id:string", rows: []string{"n1|45|u7"}},
		{name: "regex", query: `print s="<a>1</a><b>x y</b>" | parse-kv s as (b:string, a:long) with (regex=@"<(\w+)>([^<]*)") | project-away s`, columns: "b:string a:long", rows: []string{"x y|1"}},
		{name: "what does not convert is null", query: `print s="a=x" | parse-kv s as (a:long) with (pair_delimiter=",", kv_delimiter="=") | project a`, columns: "a:long", rows: []string{"null"}},
		{name: "no rows", query: `print s="" | where false | parse-kv s as (a:long)`, columns: "s:string a:long"},
		{name: "unknown column", query: `print s="" | parse-kv zz as (a:long)`, err: "'zz'"},
		{name: "one delimiter", query: `print s="" | parse-kv s as (a:long) with (kv_delimiter="=")`, err: "needs both pair_delimiter and kv_delimiter"},
		{name: "groups", query: `print s="" | parse-kv s as (a:long) with (regex="(a)")`, err: "needs 2 groups"},
		{name: "option", query: `print s="" | parse-kv s as (a:long) with (pair_delimeter="=")`, err: "Did you mean 'pair_delimiter'?"},
	})
}

// Whatever the text, reading ends, and unquoted keys and values are parts of the text without a delimiter of pairs.
func FuzzPairs(f *testing.F) {
	f.Add("a=1, b='x y', c", ",", "=", "'", false)
	f.Add("a=1 b c=2", " ", "=", "()", true)
	f.Add("==,,", ",", "=", "", false)
	f.Fuzz(func(t *testing.T, text, pair, kv, quote string, greedy bool) {
		if pair == "" || kv == "" {
			return
		}
		p := pairText{pair: pair, kv: kv, greedy: greedy}
		if q := []rune(quote); len(q) > 0 {
			p.open, p.close = q[0], q[len(q)-1]
		}
		n := 0
		p.read(text, func(key, val string) {
			if n++; n > len(text)+1 {
				t.Fatalf("%q has more pairs than bytes", text)
			}
			if p.open == 0 && (!strings.Contains(text, key) || !strings.Contains(text, val) || !greedy && strings.Contains(val, pair)) {
				t.Fatalf("%q gives %q=%q", text, key, val)
			}
		})
	})
}
