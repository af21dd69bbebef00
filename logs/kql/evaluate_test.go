package kql

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestBagUnpack(t *testing.T) {
	const bags = `datatable(id:long, d:dynamic)[1, dynamic({"name":"a","n":1,"l":[1]}), 2, dynamic({"n":2.5,"m":"x"}), 3, dynamic(null), 4, dynamic([1])] `
	runCases(t, []queryCase{
		{name: "columns of the data", query: bags + `| evaluate bag_unpack(d)`, columns: "id:long l:dynamic m:string n:real name:string",
			rows: []string{"1|[1]||1.0|a", "2|null|x|2.5|", "3|null||null|", "4|null||null|"}},
		{name: "types that differ", query: `datatable(d:dynamic)[dynamic({"v":1}), dynamic({"v":"x"})] | evaluate bag_unpack(d)`, columns: "v:dynamic", rows: []string{"1", "x"}},
		{name: "prefix", query: `print d=dynamic({"a":1}) | evaluate bag_unpack(d, "p_")`, columns: "p_a:long", rows: []string{"1"}},
		{name: "ignored", query: `print d=dynamic({"a":1,"b":2}) | evaluate bag_unpack(d, ignoredProperties=dynamic(["a"]))`, columns: "b:long", rows: []string{"2"}},
		{name: "the source is kept", query: `print a="old", d=dynamic({"a":1,"b":2}) | evaluate bag_unpack(d, columnsConflict="keep_source")`, columns: "a:string b:long", rows: []string{"old|2"}},
		{name: "the source is replaced", query: `print a="old", d=dynamic({"a":1,"b":2}) | evaluate bag_unpack(d, columnsConflict="replace_source")`, columns: "a:long b:long", rows: []string{"1|2"}},
		{name: "declared columns", query: bags + `| evaluate bag_unpack(d) : (name:string, n:long)`, columns: "name:string n:long", rows: []string{"a|1", "|2", "|null", "|null"}},
		{name: "declared columns and those of the input", query: bags + `| evaluate bag_unpack(d) : (*, m:string) | where m == "x"`, columns: "id:long m:string", rows: []string{"2|x"}},
		{name: "declared and nowhere", query: `print d=dynamic({"a":1}) | evaluate bag_unpack(d, ignoredProperties=dynamic(["a"])) : (a:long, b:long) | where isnull(a)`, columns: "a:long b:long", rows: []string{"null|null"}},
		{name: "what follows uses the columns", query: bags + `| evaluate bag_unpack(d) | summarize sum(n) by m`, columns: "m:string sum_n:real", rows: []string{"|1.0", "x|2.5"}},
		{name: "an expression", query: `print s='{"a":1}' | evaluate bag_unpack(parse_json(s))`, columns: "s:string a:long", rows: []string{`{"a":1}|1`}},
		{name: "in a function", query: `let f = (T:(d:dynamic)) { T | evaluate bag_unpack(d) }; print d=dynamic({"a":1}) | invoke f()`, columns: "a:long", rows: []string{"1"}},
		{name: "in a subquery the columns are declared", query: bags + `| partition by id (evaluate bag_unpack(d) : (n:real))`, columns: "n:real", rows: []string{"1.0", "2.5", "null", "null"}},
		{name: "in a subquery they must be", query: bags + `| partition by id (evaluate bag_unpack(d))`, err: "declare them, as in evaluate bag_unpack(...) : (a:string)"},
		{name: "no rows", query: bags + `| where false | evaluate bag_unpack(d)`, columns: "id:long"},
		{name: "conflict", query: `print a="old", d=dynamic({"a":1}) | evaluate bag_unpack(d)`, err: "The bag has a key 'a', and so is a column named"},
		{name: "unknown column", query: bags + `| evaluate bag_unpack(zz)`, err: "'zz'"},
		{name: "not dynamic", query: bags + `| evaluate bag_unpack(id)`, err: "A dynamic is expected, and this is a long"},
		{name: "option", query: bags + `| evaluate bag_unpack(d, columnConflict="error")`, err: "Did you mean 'columnsConflict'?"},
	})
}

func TestPivot(t *testing.T) {
	const data = `datatable(day:string, code:long, v:long)["mon", 200, 1, "mon", 500, 2, "tue", 200, 4, "mon", 200, 8] `
	runCases(t, []queryCase{
		{name: "counts", query: data + `| project day, code | evaluate pivot(code)`, columns: "day:string 200:long 500:long", rows: []string{"mon|2|1", "tue|1|0"}},
		{name: "an aggregate", query: data + `| evaluate pivot(code, sum(v))`, columns: "day:string 200:long 500:long", rows: []string{"mon|9|2", "tue|4|0"}},
		{name: "keys", query: data + `| evaluate pivot(day, max(v), code)`, columns: "code:long mon:long tue:long", rows: []string{"200|8|4", "500|2|null"}},
		{name: "keys without an aggregate", query: data + `| evaluate pivot(day, code)`, columns: "code:long mon:long tue:long", rows: []string{"200|2|1", "500|1|0"}},
		{name: "an expression of aggregates", query: data + `| evaluate pivot(day, 10 * sum(v) / count(), code)`, columns: "code:long mon:long tue:long", rows: []string{"200|45|40", "500|20|null"}},
		{name: "declared columns", query: data + `| evaluate pivot(day, sum(v), code) : (code:long, tue:long, wed:long)`, columns: "code:long tue:long wed:long", rows: []string{"200|4|0", "500|0|0"}},
		{name: "a key that is computed", query: data + `| evaluate pivot(day, bin(code, 500))`, columns: "code:long mon:long tue:long", rows: []string{"0|2|1", "500|1|0"}},
		{name: "a column beside an aggregate", query: data + `| evaluate pivot(day, sum(v) + code)`, err: "'code'"},
		{name: "a value named as a key", query: `datatable(k:string, p:string)["a", "k"] | evaluate pivot(p)`, columns: "k:string k1:long", rows: []string{"a|1"}},
		{name: "no rows", query: data + `| where false | evaluate pivot(code, sum(v), day)`, columns: "day:string"},
		{name: "unknown column", query: data + `| evaluate pivot(zz)`, err: "'zz'"},
		{name: "no arguments", query: data + `| evaluate pivot()`, err: "at least 1 argument"},
	})
}

func TestPlugins(t *testing.T) {
	const schemas = `let A = datatable(u:string, s:int)[] | getschema; let B = datatable(u:string, r:string, s:int)[] | getschema; let C = datatable(u:long)[] | getschema; `
	runCases(t, []queryCase{
		{name: "narrow", query: `datatable(a:long, b:string)[1, "x", long(null), "y"] | evaluate narrow()`, columns: "Row:long Column:string Value:string", rows: []string{"0|a|1", "0|b|x", "1|a|", "1|b|y"}},
		{name: "narrow of no rows", query: `print a=1 | where false | evaluate narrow()`, columns: "Row:long Column:string Value:string"},
		{name: "narrow takes nothing", query: `print a=1 | evaluate narrow(a)`, err: "at most 0 arguments"},
		{name: "preview", query: `range x from 1 to 9 step 1 | evaluate preview(2)`, columns: "x:long", rows: []string{"1", "2"}},
		{name: "preview of no rows", query: `print x=1 | where false | evaluate preview(2)`, columns: "x:long"},
		{name: "preview of a text", query: `print x=1 | evaluate preview("a")`, err: "A number of rows is expected"},
		{name: "rows near", query: `range x from 1 to 20 step 1 | evaluate rows_near(x in (5, 7, 19), 1, 2)`, columns: "x:long", rows: []string{"4", "5", "6", "7", "8", "9", "18", "19", "20"}},
		{name: "rows near of no rows", query: `print x=1 | where false | evaluate rows_near(x == 1, 1)`, columns: "x:long"},
		{name: "rows near of a text", query: `print x="a" | evaluate rows_near(x, 1)`, err: "A condition is expected"},
		{name: "schemas merge", query: schemas + `union A, A | evaluate schema_merge()`, columns: "ColumnName:string ColumnOrdinal:int DataType:string ColumnType:string", rows: []string{"u|0|System.String|string", "s|1|System.Int32|int"}},
		{name: "schemas out of order", query: schemas + `union A, B | evaluate schema_merge() | project ColumnName, ColumnOrdinal, ColumnType`, columns: "ColumnName:string ColumnOrdinal:int ColumnType:string", rows: []string{"u|0|string", "r|1|string", "s|-1|ERROR(columns are out of order)"}},
		{name: "schemas in a new order", query: schemas + `union A, B | evaluate schema_merge(PreserveOrder=false) | project ColumnName, ColumnOrdinal`, columns: "ColumnName:string ColumnOrdinal:int", rows: []string{"u|0", "s|1", "r|2"}},
		{name: "schemas with other types", query: schemas + `union A, C | evaluate schema_merge() | where ColumnName == "u" | project ColumnType`, columns: "ColumnType:string", rows: []string{"ERROR(the types differ)"}},
		{name: "no schemas", query: `print a=1 | evaluate schema_merge()`, err: "no column 'ColumnName'"},
		{name: "sketches in common", query: `range x from 1 to 60 step 1 | summarize a=hll(iff(x % 2 == 0, x, long(null))), b=hll(iff(x % 3 == 0, x, long(null))) | evaluate dcount_intersect(a, b) | project s0, s1`, columns: "s0:long s1:long", rows: []string{"30|10"}},
		{name: "sketches of no rows", query: `print a=dynamic(null), b=dynamic(null) | where false | evaluate dcount_intersect(a, b) | project s1`, columns: "s1:long"},
		{name: "sketches that are none", query: `print a=1, b=2 | evaluate dcount_intersect(a, b)`, err: "A sketch of hll() is expected"},
		{name: "unknown", query: `print a=1 | evaluate pivots(a)`, err: "Did you mean 'pivot'?"},
		{name: "not here", query: `print a=1 | evaluate http_request("https://x.example")`, err: "The plugin 'http_request' is not supported"},
		{name: "without an input", query: `evaluate narrow()`, err: "needs an input"},
	})
}

// The input of bag_unpack is read once, while the query is bound, and within the limits of the request.
func TestBagUnpackReadsOnce(t *testing.T) {
	tables := memory(t, "T", `range x from 1 to 3000 step 1 | project d=bag_pack("a", x), more=strcat("text ", x)`)
	e, err := NewEngine(tables)
	if err != nil {
		t.Fatal(err)
	}
	const query = `T | evaluate bag_unpack(d) | summarize sum(a)`
	p, err := e.Prepare(context.Background(), Request{Query: query})
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.Collect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if a.Stats.Scanned != 3000 || a.Tables[0].Rows[0][0] != int64(4501500) {
		t.Errorf("read %d rows with the sum %v, want 3000 and 4501500", a.Stats.Scanned, a.Tables[0].Rows[0][0])
	}
	var limit *LimitError
	if _, err := e.Prepare(context.Background(), Request{Query: query, Limits: Limits{Memory: 1 << 16}}); !errors.As(err, &limit) || limit.What != "memory" {
		t.Errorf("error %v, want the limit of memory", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Prepare(ctx, Request{Query: query}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the caller left", err)
	}
	wide := `range x from 1 to 3000 step 1 | project d=bag_pack(strcat("k", x), 1) | evaluate bag_unpack(d)`
	if _, err := e.Prepare(context.Background(), Request{Query: wide}); err == nil || !strings.Contains(err.Error(), "columns made of data: 2000") {
		t.Errorf("error %v, want the limit of columns", err)
	}
}

func TestPluginNames(t *testing.T) {
	for _, name := range pluginNames() {
		if _, ok := pluginNamed(name); !ok || noPlugin(name) != "" {
			t.Errorf("%s is listed as a plugin and is none", name)
		}
	}
}
