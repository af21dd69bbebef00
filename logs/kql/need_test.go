package kql

import (
	"context"
	"strings"
	"testing"
)

// Every operator asks its input for the columns that it looks at, and no filter moves where it changes the answer: the table gives nulls for
// columns that are not asked for, and a query that runs as it is written asks for all.
func TestOperatorsAskForWhatTheyNeed(t *testing.T) {
	tables := memory(t, "T", `range id from 1 to 60 step 1 | project id, t=datetime(2026-01-01) + id * 1h, k=strcat("k", id % 3), s=strcat("id=", id, " ", iff(id % 2 == 0, "up", "down"), " now"), v=id % 7, d=bag_pack("a", id % 5, "b", strcat("b", id % 2)), l=range(1, id % 4, 1), i=iff(id % 4 == 0, id, long(null))`)
	e, err := NewEngine(tables)
	if err != nil {
		t.Fatal(err)
	}
	run := func(query string, asWritten bool) string {
		p, err := e.Prepare(context.Background(), Request{Query: query, Naive: asWritten})
		if err != nil {
			t.Fatalf("%s\n%v", query, err)
		}
		a, err := p.Collect(context.Background())
		if err != nil {
			t.Fatalf("%s\n%v", query, err)
		}
		var out strings.Builder
		for _, table := range a.Tables {
			cols, rows := texts(table)
			out.WriteString(strings.Join(cols, " "))
			for _, row := range rows {
				out.WriteString("\n" + strings.Join(row, "|"))
			}
		}
		return out.String()
	}
	for _, query := range []string{
		`T | mv-expand l to typeof(long) | project id, l`,
		`T | mv-expand with_itemindex=x l to typeof(long), d limit 2 | where id > 9 and x == 1 and l > 0 | project k, d`,
		`T | mv-expand e = l to typeof(long) | where l[0] == 1 and k == "k1" | summarize sum(e) by v`,
		`T | mv-apply l to typeof(long) on (where l > v | summarize n = count()) | project k, n`,
		`T | mv-apply e = l to typeof(long) on (order by e desc | take 1 | extend w = e + v) | where k == "k2" and w > 1 | project id, w`,
		`T | mv-apply e = l to typeof(long) on (as P | where e == toscalar(P | summarize max(e))) | project id, e`,
		`T | parse s with "id=" n:long " " state " now" | where state == "up" and v > 2 | project n`,
		`T | parse-where kind=regex s with "id=" n:long " up" * | where k == "k0" | count`,
		`T | parse-kv s as (id:string) with (pair_delimiter=" ", kv_delimiter="=") | project id, k`,
		`T | make-series n = count(), m = max(v) default = -1 on t from datetime(2026-01-01) to datetime(2026-01-04) step 6h by k`,
		`T | partition by k (top 2 by v desc | project id, v)`,
		`T | partition by k (summarize n = count() by v) | where n > 2`,
		`T | where v < 2 | partition by k { T | where k == toscalar(k) and v == 3 | project id, k }`,
		`T | top-nested 2 of k by sum(v), top-nested 1 of v with others = -1 by count()`,
		`T | top-hitters 2 of v by id`,
		`T | scan with_match_id=m declare (n:long = 0) with (step a: v == 0 => n = id; step b: id - a.id < 4 and k != a.k => n = a.n;) | project n, s, m`,
		`T | scan partition by k with (step a output=last: true => v = iff(isnull(a.v), v, a.v + v);) | project v`,
		`T | sample-distinct 3 of k`,
		`T | sample 100 | project id, v`,
		`T | search "up" and v:3 | project id`,
		`T | search k:"k1" | where v > 3 and $table == "T" | count`,
		`find in (T) where v == 3 and s has "up" project id, k`,
		`find in (T) where v == 3 project id, pack(*)`,
		`T | fork (where v > 5 | project id) (summarize count() by k)`,
		`T | facet by k, v with (where v == 1 | project id)`,
		`T | reduce by s`,
		`T | evaluate bag_unpack(d) | where v > 3 and b == "b1" | project id, a`,
		`T | evaluate bag_unpack(d) : (*, b:string) | where v > 3 and b == "b1" | project id, b`,
		`T | project k, v, d | evaluate pivot(k, sum(v), v)`,
		`T | evaluate pivot(k, max(id), v) : (v:long, k1:long) | where v > 2`,
		`T | where id < 5 | evaluate narrow() | where Column == "k"`,
		`T | evaluate rows_near(v == 6 and k == "k0", 1) | project id`,
		`T | evaluate activity_counts_metrics(v, t, datetime(2026-01-01), datetime(2026-01-04), 12h, k) | project dcount`,
		`T | evaluate rolling_percentile(v, 90, t, 12h, 2, k)`,
		`T | evaluate sequence_detect(t, 4h, 8h, a = (v == 1), b = (v == 3), k)`,
		`T | extend ip = strcat("10.0.0.", id) | evaluate ipv4_lookup((datatable(net:string, n:string)["10.0.0.0/28", "low"]), ip, net) | project id, n`,
		`T | union (T | mv-expand l | where l == 2) | where k == "k1" | summarize count(), sum(v)`,
		`T | join kind=inner (T | mv-apply l to typeof(long) on (summarize m = max(l)) | project id, m) on id | where m > 1 and v > 2 | project s, m`,
	} {
		if got, want := run(query, false), run(query, true); got != want {
			t.Errorf("%s\n%s\nas it is written\n%s", query, got, want)
		}
	}
}
