package kql

import (
	"strings"
	"testing"
)

func searchTables(t *testing.T) memoryTables {
	return memory(t,
		"Console", `datatable(time:long, message:string, level:string)[1, "disk full on Node7", "error", 2, "started", "info", 3, "label printer", "error"]`,
		"Event", `datatable(time:long, message:string, code:long, more:dynamic)[4, "node7 gone", 500, dynamic({"why":"disk"}), 5, "back", 7, dynamic(null)]`,
	)
}

func TestSearch(t *testing.T) {
	runCasesOver(t, searchTables(t), []queryCase{
		{name: "a term in all tables", query: `search "disk" | project $table, time`, columns: "$table:string time:long", rows: []string{"Console|1", "Event|4"}},
		{name: "terms and not parts of them", query: `search "nod" | count`, columns: "Count:long", rows: []string{"0"}},
		{name: "case", query: `search kind=case_sensitive "node7" | project time`, columns: "time:long", rows: []string{"4"}},
		{name: "columns of all tables", query: `search in (Console, Event) "gone"`, columns: "$table:string time:long message:string level:string code:long more:dynamic", rows: []string{`Event|4|node7 gone||500|{"why":"disk"}`}},
		{name: "one column", query: `search level:"error" and "full" | project time`, columns: "time:long", rows: []string{"1"}},
		{name: "a column that one table has", query: `search code > 100 or level == "info" | project $table, time`, columns: "$table:string time:long", rows: []string{"Console|2", "Event|4"}},
		{name: "beginning, end, part", query: `search "star*" or "*ter" or "*ac*" | project time`, columns: "time:long", rows: []string{"2", "3", "5"}},
		{name: "a star within", query: `search "lab*r" | project time`, columns: "time:long", rows: []string{"3"}},
		{name: "not", query: `search in (Console) not("error") | project time`, columns: "time:long", rows: []string{"2"}},
		{name: "everything", query: `search * | count`, columns: "Count:long", rows: []string{"5"}},
		{name: "after a pipe", query: `Console | where time < 3 | search "error" | project $table, time`, columns: "$table:string time:long", rows: []string{"Console|1"}},
		{name: "over what the query made", query: `print a="x y", n=7 | search "y"`, columns: "$table:string a:string n:long", rows: []string{"union_arg0|x y|7"}},
		{name: "a number", query: `search "500" | project time`, columns: "time:long", rows: []string{"4"}},
		{name: "no rows", query: `Console | where false | search "x"`, columns: "$table:string time:long message:string level:string"},
		{name: "unknown column", query: `search zz == 1`, err: "'zz'"},
		{name: "unknown table", query: `search in (Consol) "x"`, err: "Did you mean 'Console'?"},
		{name: "kind", query: `search kind=sensitive "x"`, err: "There is no kind 'sensitive'"},
		{name: "wrong type", query: `search in (Event) code == "x"`, err: "The text 'x' is not a long"},
	})
}

func TestFind(t *testing.T) {
	runCasesOver(t, searchTables(t), []queryCase{
		{name: "columns of the predicate and common ones", query: `find in (Console, Event) where message has "node7"`, columns: "source_:string message:string time:long pack_:dynamic",
			rows: []string{`Console|disk full on Node7|1|{"level":"error"}`, `Event|node7 gone|4|{"code":500,"more":{"why":"disk"}}`}},
		{name: "tables without the column are left out", query: `find where code == 7`, columns: "source_:string code:long time:long message:string more:dynamic", rows: []string{"Event|7|5|back|null"}},
		{name: "projected", query: `find withsource=t where time > 1 project message, code`, columns: "t:string message:string code:long", rows: []string{"Console|started|null", "Console|label printer|null", "Event|node7 gone|500", "Event|back|7"}},
		{name: "packed", query: `find where time == 1 project time, pack(*)`, columns: "source_:string time:long pack_:dynamic", rows: []string{`Console|1|{"message":"disk full on Node7","level":"error"}`}},
		{name: "with a type", query: `find where time == 5 project code:string, none:int`, columns: "source_:string code:string none:int", rows: []string{"Event|7|null"}},
		{name: "a term", query: `find "gone" | project time`, columns: "time:long", rows: []string{"4"}},
		{name: "without a column", query: `find where time == 2 project message, time project-away source_`, columns: "message:string time:long", rows: []string{"started|2"}},
		{name: "no rows", query: `find where time > 100 project time`, columns: "source_:string time:long"},
		{name: "unknown column", query: `find where zz == 1`, err: "'zz'"},
		{name: "unknown projected column", query: `find where time == 1 project massage`, err: "Did you mean 'message'?"},
	})
}

func TestForkAndFacet(t *testing.T) {
	all := func(query string) string {
		a, err := answerOf(t, nil, query)
		if err != nil {
			return err.Error()
		}
		var out []string
		for _, table := range a.Tables {
			cols, rows := texts(table)
			line := table.Name + "(" + strings.Join(cols, " ") + ")"
			for _, row := range rows {
				line += " " + strings.Join(row, "|")
			}
			out = append(out, line)
		}
		return strings.Join(out, "\n")
	}
	const data = `datatable(k:string, v:long)["a", 1, "b", 5, "a", 3] `
	for _, c := range []struct{ name, query, want string }{
		{"fork", data + `| fork Sum=(summarize s = sum(v) by k) (count)`, "Sum(k:string s:long) a|4 b|5\nPrimaryResult1(Count:long) 3"},
		{"fork of no rows", data + `| where false | fork (project v) (count)`, "PrimaryResult(v:long)\nPrimaryResult1(Count:long) 0"},
		{"fork and then more", data + `| fork (count) (take 1) | count`, "Nothing can follow an operator that gives several tables. (line 1, column 79)"},
		{"fork with an unknown column", data + `| fork (project zz)`, "'project' operator: Failed to resolve column or scalar expression named 'zz'. (line 1, column 69)"},
		{"fork in a fork", data + `| fork (fork (count))`, "'fork' operator: Its subquery cannot give several tables. (line 1, column 61)"},
		{"fork in a union", `union (` + data + `| fork (count) (count))`, "An operator that gives several tables must be the last of the query. (line 1, column 62)"},
		{"facet", data + `| facet by k, v with (where v > 1)`, "PrimaryResult(k:string v:long) b|5 a|3\nPrimaryResult1(k:string count_k:long) a|2 b|1\nPrimaryResult2(v:long count_v:long) 1|1 5|1 3|1"},
		{"facet without a subquery", data + `| facet by k`, "PrimaryResult(k:string count_k:long) a|2 b|1"},
		{"facet of no rows", data + `| where false | facet by k`, "PrimaryResult(k:string count_k:long)"},
		{"facet by an unknown column", data + `| facet by zz`, "'facet' operator: Failed to resolve column or scalar expression named 'zz'. (line 1, column 64)"},
	} {
		if got := all(c.query); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}
