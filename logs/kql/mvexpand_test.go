package kql

import "testing"

func TestMvExpand(t *testing.T) {
	const two = `datatable(id:long, a:dynamic, b:dynamic)[1, dynamic([10,"x"]), dynamic({"k":1,"l":[2]}), 2, dynamic(null), dynamic([7]), 3, dynamic([]), dynamic([])] `
	runCases(t, []queryCase{
		{name: "array, null and empty", query: two + `| mv-expand a | project id, a`, columns: "id:long a:dynamic", rows: []string{"1|10", "1|x", "2|null"}},
		{name: "bag", query: two + `| where id == 1 | mv-expand b | project id, b`, columns: "id:long b:dynamic", rows: []string{`1|{"k":1}`, `1|{"l":[2]}`}},
		{name: "bag as pairs", query: two + `| where id == 1 | mv-expand kind=array b | project b`, columns: "b:dynamic", rows: []string{`["k",1]`, `["l",[2]]`}},
		{name: "parallel pads with null", query: `print a=dynamic([1,2,3]), b=dynamic(["x"]) | mv-expand a, b`, columns: "a:dynamic b:dynamic", rows: []string{"1|x", "2|null", "3|null"}},
		{name: "named keeps the source", query: `print a=dynamic([1,2]) | mv-expand e = a to typeof(long)`, columns: "a:dynamic e:long", rows: []string{"[1,2]|1", "[1,2]|2"}},
		{name: "types cast and do not read", query: `print a=dynamic([1,"2",1.5,true,null]) | mv-expand l = a to typeof(long), s = a to typeof(string) | project l, s`, columns: "l:long s:string", rows: []string{"1|1", "null|2", "1|1.5", "1|true", "null|"}},
		{name: "datetimes of texts", query: `print a=dynamic(["2026-01-02","x"]) | mv-expand a to typeof(datetime)`, columns: "a:datetime", rows: []string{"2026-01-02T00:00:00Z", "null"}},
		{name: "index and limit", query: `print a=range(5, 9, 1) | mv-expand with_itemindex=i a limit 2`, columns: "a:dynamic i:long", rows: []string{"5|0", "6|1"}},
		{name: "the old name stops at 128", query: `print a=range(1, 500, 1) | mvexpand a | count`, columns: "Count:long", rows: []string{"128"}},
		{name: "larger than a batch", query: `range r from 1 to 3 step 1 | extend a=range(1, 2000, 1) | mv-expand a to typeof(long) | summarize count(), sum(a)`, columns: "count_:long sum_a:long", rows: []string{"6000|6003000"}},
		{name: "filters on other columns move below", query: two + `| mv-expand a | where id == 1 and a == "x" | project id`, columns: "id:long", rows: []string{"1"}},
		{name: "expression", query: `print s="a,b" | mv-expand p = split(s, ",") to typeof(string) | project p`, columns: "p:string", rows: []string{"a", "b"}},
		{name: "no rows", query: two + `| where id > 5 | mv-expand a`, columns: "id:long a:dynamic b:dynamic"},
		{name: "unknown column", query: `print a=1 | mv-expand zz`, err: "'zz'"},
		{name: "not dynamic", query: `print a=1 | mv-expand a`, err: "A dynamic is expected, and this is a long"},
		{name: "twice", query: `print a=dynamic([1]) | mv-expand a, a`, err: "named twice"},
		{name: "kind", query: `print a=dynamic([1]) | mv-expand kind=list a`, err: "There is no kind 'list'"},
	})
}
