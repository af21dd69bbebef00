package kql

import "testing"

func TestReduce(t *testing.T) {
	const logs = `datatable(m:string)["user 12 logged in from 10.0.0.1", "disk /dev/sda full", "user 7 logged in from 10.0.0.9", "user bob logged in from 10.0.0.2", "disk /dev/sdb full", "out of memory"] `
	runCases(t, []queryCase{
		{name: "patterns", query: logs + `| reduce by m`, columns: "Pattern:string Count:long Representative:string",
			rows: []string{"user * logged in from 10.0.0.*|3|user 12 logged in from 10.0.0.1", "disk /dev/* full|2|disk /dev/sda full", "out of memory|1|out of memory"}},
		{name: "words that begin alike", query: `range x from 1 to 100 step 1 | project t = strcat("replica", x % 10) | reduce by t | project Pattern, Count`, columns: "Pattern:string Count:long", rows: []string{"replica*|100"}},
		{name: "small groups are others", query: logs + `| reduce by m with threshold=0.3 | project Pattern, Count`, columns: "Pattern:string Count:long", rows: []string{"user * logged in from 10.0.0.*|3", "disk /dev/* full|2", "*|1"}},
		{name: "characters within words", query: `datatable(m:string)["k=1 a", "k=2 a"] | reduce by m with characters="=" | project Pattern`, columns: "Pattern:string", rows: []string{"* a"}},
		{name: "empty texts", query: `datatable(m:string)["", "", "--"] | reduce by m | project Pattern, Count`, columns: "Pattern:string Count:long", rows: []string{"|2", "--|1"}},
		{name: "numbers", query: `datatable(n:long)[1, 2, 1] | reduce by n | summarize sum(Count)`, columns: "sum_Count:long", rows: []string{"3"}},
		{name: "no rows", query: logs + `| where false | reduce by m`, columns: "Pattern:string Count:long Representative:string"},
		{name: "unknown column", query: logs + `| reduce by zz`, err: "'zz'"},
		{name: "threshold", query: logs + `| reduce by m with threshold=3`, err: "threshold is a number from 0 to 1, and not 3"},
		{name: "option", query: logs + `| reduce by m with limit=3`, err: "There is no option 'limit'"},
	})
}
