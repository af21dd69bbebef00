package kql

import "testing"

func TestSample(t *testing.T) {
	runCases(t, []queryCase{
		{name: "so many rows", query: `range x from 1 to 5000 step 1 | sample 7 | summarize count(), dcount(x)`, columns: "count_:long dcount_x:long", rows: []string{"7|7"}},
		{name: "all when there are fewer", query: `range x from 1 to 3 step 1 | sample 7`, columns: "x:long", rows: []string{"1", "2", "3"}},
		{name: "none", query: `range x from 1 to 3 step 1 | sample 0`, columns: "x:long"},
		{name: "no rows", query: `range x from 1 to 3 step 1 | where false | sample 5`, columns: "x:long"},
		{name: "not a number", query: `print x=1 | sample "a"`, err: "A number of rows is expected"},
		{name: "distinct", query: `range x from 1 to 100 step 1 | extend k = x % 5 | sample-distinct 3 of k | count`, columns: "Count:long", rows: []string{"3"}},
		{name: "distinct of an expression", query: `range x from 1 to 9 step 1 | sample-distinct 10 of x % 2`, columns: "Column1:long", rows: []string{"1", "0"}},
		{name: "distinct of no rows", query: `print x=1 | where false | sample-distinct 10 of x`, columns: "x:long"},
		{name: "distinct of an unknown column", query: `print x=1 | sample-distinct 10 of zz`, err: "'zz'"},
	})
}

func TestSampleIsFair(t *testing.T) {
	// Each of 10 rows is expected in half of 400 samples of 5; 6 standard deviations are 60.
	hits := map[string]int{}
	for range 400 {
		_, rows := rowsOf(t, `range x from 1 to 10 step 1 | sample 5`)
		for _, row := range rows {
			hits[row[0]]++
		}
	}
	for x, n := range hits {
		if n < 140 || n > 260 {
			t.Errorf("row %s was taken %d times of 400, want about 200", x, n)
		}
	}
}

func TestTopHitters(t *testing.T) {
	const data = `datatable(k:string, v:long)["a", 1, "b", 50, "a", 3, "c", 2, "a", 4, "c", 1] `
	runCases(t, []queryCase{
		{name: "rows", query: data + `| top-hitters 2 of k`, columns: "k:string approximate_count_k:long", rows: []string{"a|3", "c|2"}},
		{name: "sums", query: data + `| top-hitters 2 of k by v`, columns: "k:string approximate_sum_v:long", rows: []string{"b|50", "a|8"}},
		{name: "no rows", query: data + `| where false | top-hitters 2 of k`, columns: "k:string approximate_count_k:long"},
		{name: "unknown column", query: data + `| top-hitters 2 of zz`, err: "'zz'"},
		{name: "sum of a text", query: data + `| top-hitters 2 of k by k`, err: "It sums numbers, and this is a string"},
	})
}
