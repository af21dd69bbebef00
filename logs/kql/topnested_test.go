package kql

import "testing"

func TestTopNested(t *testing.T) {
	const data = `datatable(k:string, s:string, v:long)["a", "x", 1, "a", "y", 5, "b", "x", 9, "b", "z", 2, "c", "x", 1, "c", "x", 2] `
	runCases(t, []queryCase{
		{name: "one level", query: data + `| top-nested 2 of k by sum(v)`, columns: "k:string aggregated_k:long", rows: []string{"b|11", "a|6"}},
		{name: "the smallest", query: data + `| top-nested 1 of k by sum(v) asc`, columns: "k:string aggregated_k:long", rows: []string{"c|3"}},
		{name: "two levels", query: data + `| top-nested 2 of k by total=sum(v), top-nested 1 of s by max(v)`, columns: "k:string total:long s:string aggregated_s:long", rows: []string{"b|11|x|9", "a|6|y|5"}},
		{name: "all of a level", query: data + `| top-nested of k by count(), top-nested 1 of s by sum(v) | project k, s`, columns: "k:string s:string", rows: []string{"a|y", "b|x", "c|x"}},
		{name: "others", query: data + `| top-nested 1 of k with others = "rest" by sum(v)`, columns: "k:string aggregated_k:long", rows: []string{"b|11", "rest|9"}},
		{name: "others further in take what is left out before", query: data + `| top-nested 2 of k by sum(v), top-nested 1 of s with others = "rest" by sum(v)`, columns: "k:string aggregated_k:long s:string aggregated_s:long",
			rows: []string{"b|11|x|9", "b|11|rest|2", "a|6|y|5", "a|6|rest|1", "|null|rest|3"}},
		{name: "others on the outside only", query: data + `| top-nested 1 of k with others = "rest" by sum(v), top-nested 1 of s by sum(v)`, columns: "k:string aggregated_k:long s:string aggregated_s:long",
			rows: []string{"b|11|x|9", "rest|9||null"}},
		{name: "expressions", query: data + `| top-nested 2 of big = v > 2 by share = 100 * sum(v) / count()`, columns: "big:bool share:long", rows: []string{"true|700", "false|150"}},
		{name: "no rows", query: data + `| where false | top-nested 2 of k with others = "rest" by sum(v)`, columns: "k:string aggregated_k:long"},
		{name: "unknown column", query: data + `| top-nested 2 of zz by sum(v)`, err: "'zz'"},
		{name: "no aggregate", query: data + `| top-nested 2 of k by v`, err: "An aggregate is expected"},
		{name: "a column beside an aggregate", query: data + `| top-nested 2 of k by sum(v) + v`, err: "'v'"},
		{name: "others of another type", query: data + `| top-nested 2 of v with others = "rest" by sum(v)`, err: "The text 'rest' is not a long"},
	})
}
