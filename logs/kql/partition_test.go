package kql

import "testing"

func TestMvApply(t *testing.T) {
	const data = `datatable(id:long, a:dynamic)[1, dynamic([3,1,2]), 2, dynamic([]), 3, dynamic(null), 4, dynamic([9,8])] `
	runCases(t, []queryCase{
		{name: "the largest elements", query: data + `| mv-apply e = a to typeof(long) on (top 1 by e)`, columns: "id:long a:dynamic e:long", rows: []string{"1|[3,1,2]|3", "3|null|null", "4|[9,8]|9"}},
		{name: "an aggregate drops the expanded column", query: data + `| mv-apply a to typeof(long) on (summarize s = sum(a))`, columns: "id:long s:long", rows: []string{"1|6", "3|0", "4|17"}},
		{name: "an expanded column stays in place", query: data + `| mv-apply a to typeof(long) on (where a > 2)`, columns: "id:long a:long", rows: []string{"1|3", "4|9", "4|8"}},
		{name: "the row's columns are seen", query: data + `| mv-apply e = a to typeof(long) on (where e > id) | project id, e`, columns: "id:long e:long", rows: []string{"1|3", "1|2", "4|9", "4|8"}},
		{name: "index", query: data + `| where id == 1 | mv-apply with_itemindex=i e = a to typeof(long) on (where i > 0) | project i, e`, columns: "i:long e:long", rows: []string{"1|1", "2|2"}},
		{name: "limit", query: data + `| mv-apply e = a to typeof(long) limit 1 on (summarize s = sum(e)) | project s`, columns: "s:long", rows: []string{"3", "0", "9"}},
		{name: "nested", query: `print a = dynamic([[1,2],[3]]) | mv-apply x = a on (mv-apply y = x to typeof(long) on (summarize s = sum(y))) | project s`, columns: "s:long", rows: []string{"3", "3"}},
		{name: "rows around", query: data + `| mv-apply e = a to typeof(long) on (order by e asc | extend p = prev(e)) | project id, e, p`, columns: "id:long e:long p:long", rows: []string{"1|1|null", "1|2|1", "1|3|2", "3|null|null", "4|8|null", "4|9|8"}},
		{name: "a subquery of the part runs for each part", query: data + `| mv-apply e = a to typeof(long) on (as P | where e == toscalar(P | summarize max(e))) | project id, e`, columns: "id:long e:long", rows: []string{"1|3", "4|9"}},
		{name: "filters", query: data + `| mv-apply e = a to typeof(long) on (where e < 9) | where id == 4 and e > 1 | project e`, columns: "e:long", rows: []string{"8"}},
		{name: "no rows", query: data + `| where false | mv-apply e = a on (count)`, columns: "id:long a:dynamic Count:long"},
		{name: "unknown column", query: data + `| mv-apply e = a on (where zz > 1)`, err: "'zz'"},
		{name: "not dynamic", query: data + `| mv-apply id on (count)`, err: "'mv-apply' operator: A dynamic is expected"},
		{name: "fork", query: data + `| mv-apply e = a on (fork (count) (count))`, err: "cannot give several tables"},
	})
}

func TestPartition(t *testing.T) {
	const data = `let T = datatable(k:string, v:long)["a", 1, "b", 5, "a", 3, "c", 2, "b", 4]; T `
	runCases(t, []queryCase{
		{name: "subquery", query: data + `| partition by k (top 1 by v)`, columns: "k:string v:long", rows: []string{"a|3", "b|5", "c|2"}},
		{name: "hints", query: data + `| partition hint.strategy=native by k (summarize s = sum(v) by k)`, columns: "k:string s:long", rows: []string{"a|4", "b|9", "c|2"}},
		{name: "query with the key", query: data + `| partition by k { T | where k == toscalar(k) | summarize n = count(), key = take_any(strcat(toscalar(k), "!")) }`, columns: "n:long key:string", rows: []string{"2|a!", "2|b!", "1|c!"}},
		{name: "query over another table", query: data + `| where k != "c" | partition by k { range x from 1 to 2 step 1 | extend k = toscalar(k) }`, columns: "x:long k:string", rows: []string{"1|a", "2|a", "1|b", "2|b"}},
		{name: "the key in parentheses", query: data + `| partition by k (extend o = toscalar(k) | take 1 | project o)`, columns: "o:string", rows: []string{"a", "b", "c"}},
		{name: "materialized in the part", query: data + `| partition by k (as P | summarize m = max(v), n = toscalar(P | count))`, columns: "m:long n:long", rows: []string{"3|2", "5|2", "2|1"}},
		{name: "a null is a key", query: `datatable(k:long)[1, long(null), 1] | partition by k (summarize n = count())`, columns: "n:long", rows: []string{"2", "1"}},
		{name: "filter above", query: data + `| partition by k (top 1 by v) | where k == "b"`, columns: "k:string v:long", rows: []string{"b|5"}},
		{name: "no rows", query: data + `| where false | partition by k (count)`, columns: "Count:long"},
		{name: "unknown column", query: data + `| partition by zz (count)`, err: "'zz'"},
		{name: "unknown column inside", query: data + `| partition by k (where zz)`, err: "'zz'"},
		{name: "fork", query: data + `| partition by k (fork (count) (count))`, err: "cannot give several tables"},
	})
}

// The memory of a part is free when the next begins, so that many parts need no more than the largest.
func TestPartsGiveMemoryBack(t *testing.T) {
	e, err := NewEngine(noTables{})
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		`range x from 1 to 50000 step 1 | extend l = range(1, 50, 1) | mv-apply e = l to typeof(long) on (summarize n = array_length(make_list(e)) by e % 2 | summarize s = sum(n)) | summarize sum(s)`,
		`range x from 1 to 2000 step 1 | partition by x (extend l = range(1, 500, 1) | mv-expand l | sort by tolong(l) asc | summarize s = count()) | summarize sum(s)`,
	} {
		p, err := e.Prepare(t.Context(), Request{Query: query, Limits: Limits{Memory: 2 << 20}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Collect(t.Context()); err != nil {
			t.Errorf("%s\n%v", query, err)
		}
	}
}
