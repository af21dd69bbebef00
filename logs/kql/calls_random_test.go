package kql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/endscope/endscope/logs/kql/fn"
	"github.com/endscope/endscope/logs/kql/value"
)

// callArguments are texts of arguments by the names of types in signatures: ordinary ones, those at the edge of a type, and columns.
func callArguments(name string) []string {
	switch name {
	case "bool":
		return []string{"true", "false", "bool(null)", "n > 1"}
	case "int", "long":
		return []string{"1", "-3", "0", "100", "int(5)", "long(null)", "9223372036854775807", "-9223372036854775808", "n"}
	case "real", "number":
		return []string{"2.5", "0.0", "45.5", "-1e308", "real(null)", "real(nan)", "real(inf)", "decimal(1.5)", "7", "n", "r"}
	case "datetime":
		return []string{"datetime(2020-01-01)", "datetime(null)", "datetime(9999-12-31)", "datetime(0001-01-01)", "t", `"2020-01-01"`}
	case "timespan":
		return []string{"1h", "-1tick", "10000000d", "time(0)", "time(null)"}
	case "guid":
		return []string{"guid(74be27de-1e4e-49d9-b579-fe0b331d3642)", "guid(null)"}
	case "string":
		return []string{`""`, `"abc"`, `"2020-01-01"`, `"10.0.0.1/24"`, `"é日"`, `"("`, `"(a)(b)?"`, `"day"`, `"%zz"`, `"<a><a>"`, `"$.a[0]"`, `"[1,2"`, `"a,b"`, "s"}
	case "dynamic":
		return []string{"dynamic(null)", "dynamic([])", `dynamic([1, 2, null, "a"])`, `dynamic({"a": 1})`, "dynamic([[1], [2]])", "dynamic([1.5, 1e308, -1])", `dynamic("x")`,
			"dynamic([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3])", "range(1, 50)", "dynamic([true, false])", `dynamic(["a", "b"])`, "dynamic([[1024, 14], [1], [2]])",
			`dynamic({"type": "Point", "coordinates": [1, 2]})`, `dynamic({"type": "LineString", "coordinates": [[0, 0], [1]]})`,
			`dynamic({"type": "LineString", "coordinates": [[0, 0], [1, 1]]})`, `dynamic({"type": "Polygon", "coordinates": [[]]})`,
			`dynamic({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]})`, "d"}
	}
	return callArguments(anyTypes[0])
}

var anyTypes = []string{"string", "long", "real", "bool", "datetime", "timespan", "guid", "dynamic"}

// TestRandomCalls calls every function with arguments that its signature allows. A call may be refused or give null, but it is no defect of
// the engine, and it gives the same answer whether the planner helps or not.
func TestRandomCalls(t *testing.T) {
	engine, err := NewEngine(memory(t))
	require.NoError(t, err)
	lib, err := fn.NewLibrary()
	require.NoError(t, err)
	now, ok := value.ParseTime("2026-01-15T12:00:00Z")
	require.True(t, ok)
	run := func(query string, naive bool) string {
		p, err := engine.Prepare(t.Context(), Request{Query: query, Now: now.Go(), Naive: naive, Limits: Limits{Memory: 64 << 20}})
		if err != nil {
			return "error " + err.Error()
		}
		a, err := p.Collect(t.Context())
		if err != nil {
			return "error " + err.Error()
		}
		return describe(a)
	}
	const table = `datatable(n:long, r:real, s:string, d:dynamic, t:datetime)[7, 1.25, "q", dynamic([1, {"k": []}]), datetime(2021-02-03), long(null), real(null), "", dynamic(null), datetime(null)]`
	names, aggregates := lib.ScalarNames(), lib.AggregateNames()
	rapid.Check(t, func(rt *rapid.T) {
		// Each run makes one query for many functions, because a run of rapid costs more than a query.
		for range 30 {
			var s *fn.Signature
			form := "| extend x = %s(%s)"
			if rapid.IntRange(0, 4).Draw(rt, "kind") == 0 {
				a, _ := lib.Aggregate(rapid.SampledFrom(aggregates).Draw(rt, "aggregate"))
				s, form = &a.Signature, "| summarize x = %s(%s)"
			} else {
				f, _ := lib.Scalar(rapid.SampledFrom(names).Draw(rt, "function"))
				if f.Volatile {
					continue
				}
				s = &f.Signature
			}
			most := s.MaxArgs()
			if most < 0 {
				most = len(s.Params) + 2
			}
			args := make([]string, rapid.IntRange(s.MinArgs(), most).Draw(rt, "arguments"))
			for i := range args {
				kind := rapid.SampledFrom(s.Param(i).Types).Draw(rt, "type")
				if kind == "any" {
					kind = rapid.SampledFrom(anyTypes).Draw(rt, "any")
				}
				args[i] = rapid.SampledFrom(callArguments(kind)).Draw(rt, "argument")
			}
			query := table + "\n" + fmt.Sprintf(form, s.Name, strings.Join(args, ", "))
			got := run(query, false)
			if strings.Contains(got, "internal error") {
				rt.Fatalf("%s\n%s", query, got)
			}
			if naive := run(query, true); got != naive {
				rt.Fatalf("%s\n%s\nand by itself\n%s", query, got, naive)
			}
		}
	})
}
