package kql

import "testing"

func TestScan(t *testing.T) {
	const sums = `datatable(x:long)[1, 2, 3, 4] `
	const events = `datatable(t:long, e:string)[1, "begin", 2, "a", 3, "b", 4, "end", 5, "c", 6, "begin", 20, "d", 21, "end"] `
	runCases(t, []queryCase{
		{name: "a running sum", query: sums + `| scan declare (s:long = 100) with (step s1: true => s = x + s1.s;)`, columns: "x:long s:long", rows: []string{"1|101", "2|103", "3|106", "4|110"}},
		{name: "fill forward", query: `datatable(x:string)["a", "", "b", ""] | scan declare (y:string) with (step s1: true => y = iff(isempty(x), s1.y, x);) | project y`, columns: "y:string", rows: []string{"a", "a", "b", "b"}},
		{name: "a column of the input is assigned", query: `datatable(x:string)["a", "", "b"] | scan with (step s1: true => x = iff(isempty(x), s1.x, x);)`, columns: "x:string", rows: []string{"a", "a", "b"}},
		{name: "sequences with a limit of time", query: events + `| scan with_match_id=id with (step b: e == "begin"; step m: e !in ("begin", "end") and t - b.t <= 5; step z: e == "end" and t - b.t <= 5;)`, columns: "t:long e:string id:long",
			rows: []string{"1|begin|0", "2|a|0", "3|b|0", "4|end|0", "6|begin|1"}},
		{name: "an optional step", query: `datatable(t:long, e:string)[1, "begin", 2, "end"] | scan with (step b: e == "begin"; step m optional: e == "x"; step z: e == "end";)`, columns: "t:long e:string", rows: []string{"1|begin", "2|end"}},
		{name: "a step that is not optional", query: `datatable(t:long, e:string)[1, "begin", 2, "end"] | scan with (step b: e == "begin"; step m: e == "x"; step z: e == "end";)`, columns: "t:long e:string", rows: []string{"1|begin"}},
		{name: "output none and last", query: events + `| scan with_match_id=id with (step b output=none: e == "begin"; step m output=last: e != "begin" and e != "end"; step z: e == "end" => t = t - b.t;)`, columns: "t:long e:string id:long",
			rows: []string{"3|b|0", "3|end|0", "20|d|1", "15|end|1"}},
		{name: "last at the end of the input", query: `datatable(t:long, e:string)[1, "begin", 2, "a", 3, "b"] | scan with (step b output=none: e == "begin"; step m output=last: e != "begin";)`, columns: "t:long e:string", rows: []string{"3|b"}},
		{name: "sessions", query: `datatable(t:long)[0, 1, 9, 30, 31, 70] | scan with_match_id=id declare (start:long) with (step in: true => start = iff(isnull(in.start), t, in.start); step out output=none: t - in.start > 20 or t - in.t > 10;)`,
			columns: "t:long start:long id:long", rows: []string{"0|0|0", "1|0|0", "9|0|0", "30|30|1", "31|30|1", "70|70|2"}},
		{name: "one record of two steps", query: `datatable(x:long)[1, 2] | scan with_match_id=id with (step a: true; step b: x == 2;)`, columns: "x:long id:long", rows: []string{"1|0", "2|0", "2|1"}},
		{name: "partitions", query: `datatable(k:string, x:long)["a", 1, "b", 10, "a", 2, "b", 20] | scan partition by k declare (s:long = 0) with (step s1: true => s = x + s1.s;)`, columns: "k:string x:long s:long", rows: []string{"a|1|1", "b|10|10", "a|2|3", "b|20|30"}},
		{name: "order", query: sums + `| scan order by x asc declare (s:long = 0) with (step s1: true => s = x + s1.s;) | project s`, columns: "s:long", rows: []string{"1", "3", "6", "10"}},
		{name: "no rows", query: sums + `| where false | scan with (step s1: true;)`, columns: "x:long"},
		{name: "unknown column", query: sums + `| scan with (step s1: zz > 1;)`, err: "'zz'"},
		{name: "unknown column of a step", query: sums + `| scan with (step s1: s1.zz > 1;)`, err: "The step 's1' has no column named 'zz'"},
		{name: "assigned and not declared", query: sums + `| scan with (step s1: true => y = 1;)`, err: "'y' is assigned and not declared"},
		{name: "wrong type", query: sums + `| scan declare (s:datetime) with (step s1: true => s = x;)`, err: "A value of type long stands where datetime is expected"},
		{name: "two steps of one name", query: sums + `| scan with (step a: true; step a: true;)`, err: "two steps named 'a'"},
		{name: "declared twice", query: sums + `| scan declare (x:long) with (step a: true;)`, err: "The column 'x' is there already"},
	})
}
