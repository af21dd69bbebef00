package kql

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/endscope/endscope/logs/kql/value"
)

func TestPatternPlugins(t *testing.T) {
	const data = `let T = range i from 1 to 100 step 1 | project endpoint = iff(i <= 60, "vision", "text"), code = iff(i <= 50 or i > 95, 200, 500), zone = iff(i % 2 == 0, "x", "y"), w = iff(i <= 50, 1, 3); T `
	runCases(t, []queryCase{
		{name: "basket", query: data + `| project endpoint, code | evaluate basket(0.2)`, columns: "SegmentId:long Count:long Percent:real endpoint:string code:long",
			rows: []string{"0|60|60.0|vision|null", "1|55|55.0||200", "2|50|50.0|vision|200", "3|45|45.0||500", "4|40|40.0|text|null", "5|35|35.0|text|500"}},
		{name: "wildcards and dimensions", query: data + `| project endpoint, code | evaluate basket(0.5, "~", 1, "*", long(-1))`, columns: "SegmentId:long Count:long Percent:real endpoint:string code:long",
			rows: []string{"0|60|60.0|vision|-1", "1|55|55.0|*|200"}},
		{name: "weights", query: data + `| project endpoint, w | evaluate basket(0.1, w)`, columns: "SegmentId:long Count:long Percent:real endpoint:string", rows: []string{"0|120|60.0|text", "1|80|40.0|vision"}},
		{name: "clusters", query: data + `| project endpoint, code | evaluate autocluster()`, columns: "SegmentId:long Count:long Percent:real endpoint:string code:long",
			rows: []string{"0|50|50.0|vision|200", "1|35|35.0|text|500", "2|10|10.0|vision|500", "3|5|5.0|text|200"}},
		{name: "clusters by size", query: data + `| project endpoint, code | evaluate autocluster(1.0) | take 1 | project Count`, columns: "Count:long", rows: []string{"60"}},
		{name: "differences", query: data + `| project endpoint, zone, code | evaluate diffpatterns(code, 500, 200, "~", 0.2)`, columns: "SegmentId:long CountA:long CountB:long PercentA:real PercentB:real PercentDiffAB:real endpoint:string zone:string",
			rows: []string{"0|10|50|22.22222222222222|90.9090909090909|68.68686868686868|vision|", "1|35|5|77.77777777777779|9.090909090909092|68.68686868686868|text|"}, anyOrder: true},
		{name: "no rows", query: data + `| where false | evaluate autocluster()`, columns: "SegmentId:long Count:long Percent:real endpoint:string code:long zone:string w:long"},
		{name: "basket of no rows", query: data + `| where false | project code | evaluate basket()`, columns: "SegmentId:long Count:long Percent:real code:long"},
		{name: "one side only", query: data + `| project endpoint, code | evaluate diffpatterns(code, 500, 999) | project CountA, CountB, endpoint`, columns: "CountA:long CountB:long endpoint:string", rows: []string{"35|0|text", "10|0|vision"}},
		{name: "threshold", query: data + `| evaluate basket(7)`, err: "A number above 0 and up to 1 is expected, and this is 7"},
		{name: "weights of text", query: data + `| evaluate basket(0.1, zone)`, err: "The weights are a column of numbers"},
		{name: "unknown column", query: data + `| evaluate diffpatterns(zz, 1, 2)`, err: "'zz'"},
		{name: "a value of another type", query: data + `| evaluate diffpatterns(code, "x", 200)`, err: "The text 'x' is not a long"},
		{name: "seeds", query: data + `| evaluate autocluster(0.5, "~", 0)`, err: "A number above 0 is expected"},
	})
}

// The patterns are those that counting every combination of values finds.
func TestMinerAgreesWithCounting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []Row
		for range rapid.IntRange(1, 200).Draw(t, "rows") {
			var row Row
			for range 3 {
				if v := rapid.IntRange(0, 3).Draw(t, "v"); v == 0 {
					row = append(row, nil)
				} else {
					row = append(row, int64(v))
				}
			}
			rows = append(rows, row)
		}
		least := rapid.IntRange(1, 30).Draw(t, "least")
		r := &run{ctx: t.Context(), budget: &budget{}}
		m := r.newMiner(rows, nil, 3, 0)
		m.smallest = float64(least)
		if err := m.mine([]int{0, 1, 2}); err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for _, p := range m.found {
			cells := [3]value.Value{}
			for _, it := range p.items {
				cells[it.column] = it.value
			}
			got = append(got, fmt.Sprint(cells, int(p.size)))
		}
		counts := map[[3]value.Value]int{}
		for _, row := range rows {
			for set := 1; set < 8; set++ {
				cells, whole := [3]value.Value{}, true
				for c := range 3 {
					if set>>c&1 == 1 {
						cells[c], whole = row[c], whole && row[c] != nil
					}
				}
				if whole {
					counts[cells]++
				}
			}
		}
		for cells, n := range counts {
			if n >= least {
				want = append(want, fmt.Sprint(cells, n))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("%v\nwant\n%v", got, want)
		}
	})
}
