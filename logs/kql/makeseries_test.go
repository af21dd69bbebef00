package kql

import "testing"

func TestMakeSeries(t *testing.T) {
	const data = `let T = datatable(t:datetime, k:string, v:long)[datetime(2026-01-01 01:00), "a", 1, datetime(2026-01-01 23:00), "a", 3, datetime(2026-01-03 00:00), "a", 5, datetime(2026-01-02 12:00), "b", 7, datetime(2026-01-09), "b", 9]; T `
	runCases(t, []queryCase{
		{name: "from is inclusive, to is not", query: data + `| make-series avg(v) on t from datetime(2026-01-01) to datetime(2026-01-03) step 1d`, columns: "avg_v:dynamic t:dynamic",
			rows: []string{`[2.0,7.0]|["2026-01-01T00:00:00.0000000Z","2026-01-02T00:00:00.0000000Z"]`}},
		{name: "by keys with a default", query: data + `| make-series s = sum(v) default = -1, n = count() on t from datetime(2026-01-01) to datetime(2026-01-04) step 1d by k | project k, s, n`, columns: "k:string s:dynamic n:dynamic",
			rows: []string{`a|[4,-1,5]|[2,0,1]`, `b|[-1,7,-1]|[0,1,0]`}},
		{name: "gaps of nulls", query: data + `| make-series m = max(v) default = long(null) on t from datetime(2026-01-02) to datetime(2026-01-05) step 1d | project m`, columns: "m:dynamic", rows: []string{`[7,5,null]`}},
		{name: "without bounds each series has its own", query: data + `| make-series sum(v) on t step 1d by k`, columns: "k:string sum_v:dynamic t:dynamic",
			rows: []string{`a|[4,0,5]|["2026-01-01T00:00:00.0000000Z","2026-01-02T00:00:00.0000000Z","2026-01-03T00:00:00.0000000Z"]`,
				`b|[7,0,0,0,0,0,0,9]|["2026-01-02T00:00:00.0000000Z","2026-01-03T00:00:00.0000000Z","2026-01-04T00:00:00.0000000Z","2026-01-05T00:00:00.0000000Z","2026-01-06T00:00:00.0000000Z","2026-01-07T00:00:00.0000000Z","2026-01-08T00:00:00.0000000Z","2026-01-09T00:00:00.0000000Z"]`}},
		{name: "bins begin at from", query: `datatable(x:long)[3, 4, 9] | make-series n = count() on x from 3 to 12 step 4`, columns: "n:dynamic x:dynamic", rows: []string{`[2,1,0]|[3,7,11]`}},
		{name: "a range is closed", query: `datatable(x:long)[0, 4, 9, 10] | make-series n = count() on x in range(0, 10, 5)`, columns: "n:dynamic x:dynamic", rows: []string{`[2,1,1]|[0,5,10]`}},
		{name: "reals", query: `datatable(x:real)[0.1, 0.6, 1.2] | make-series n = count() on x from 0.0 to 1.5 step 0.5`, columns: "n:dynamic x:dynamic", rows: []string{`[1,1,1]|[0.0,0.5,1.0]`}},
		{name: "timespans", query: `datatable(x:timespan)[1m, 61m] | make-series n = count() on x from 0m to 2h step 1h`, columns: "n:dynamic x:dynamic", rows: []string{`[1,1]|["00:00:00","01:00:00"]`}},
		{name: "an expression of aggregates", query: data + `| make-series r = 100.0 * sum(v) / count() on t from datetime(2026-01-01) to datetime(2026-01-02) step 1d | project r`, columns: "r:dynamic", rows: []string{`[200.0]`}},
		{name: "no input, no series", query: data + `| where false | make-series sum(v) on t from datetime(2026-01-01) to datetime(2026-01-02) step 1d`, columns: "sum_v:dynamic t:dynamic"},
		{name: "no input, one series", query: data + `| where false | make-series kind=nonempty sum(v) on t from datetime(2026-01-01) to datetime(2026-01-03) step 1d | project sum_v`, columns: "sum_v:dynamic", rows: []string{`[0,0]`}},
		{name: "a null is in no bin", query: `datatable(x:long)[1, long(null)] | make-series n = count() on x from 0 to 2 step 1`, columns: "n:dynamic x:dynamic", rows: []string{`[0,1]|[0,1]`}},
		{name: "unknown column", query: data + `| make-series sum(zz) on t step 1d`, err: "'zz'"},
		{name: "axis of text", query: data + `| make-series count() on k step 1`, err: "The axis is a datetime, a timespan or a number, and this is a string"},
		{name: "step", query: data + `| make-series count() on t step 0d`, err: "The step must be more than 0, and it is 00:00:00"},
		{name: "no aggregate", query: data + `| make-series v on t step 1d`, err: "'make-series' operator: An aggregate is expected"},
		{name: "no rows between the bounds", query: data + `| make-series count() on t from datetime(2020-01-01) to datetime(2026-01-01) step 1s | count`, columns: "Count:long", rows: []string{"0"}},
		{name: "too long", query: data + `| make-series count() on t from datetime(2020-01-01) to datetime(2027-01-01) step 1s`, err: "elements of a series: 1048576"},
		{name: "kind", query: data + `| make-series kind=full count() on t step 1d`, err: "There is no kind 'full'"},
	})
}
