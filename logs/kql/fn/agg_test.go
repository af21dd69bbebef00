package fn

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/endscope/endscope/logs/kql/value"
)

// aggregation runs aggregates of the library over columns of test values.
type aggregation struct {
	t       *testing.T
	library *Library
	context *Context
}

func newAggregation(t *testing.T) *aggregation {
	t.Helper()
	l, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	return &aggregation{t: t, library: l, context: &Context{Budget: func(int) error { return nil }}}
}

// column is an argument that is a column, constant one that is a constant.
func column(name string, typ value.Type) Arg { return Arg{Name: name, Type: typ} }

func constant(v value.Value) Arg { return Arg{Const: true, Value: v, Type: value.TypeOf(v)} }

// accumulate makes an accumulator and adds rows, which hold only the columns of args.
func (a *aggregation) accumulate(name string, args []Arg, rows [][]value.Value) (Accumulator, error) {
	a.t.Helper()
	agg, ok := a.library.Aggregate(name)
	if !ok {
		a.t.Fatalf("no aggregate is called %s", name)
	}
	make1, err := agg.Make(a.context, args)
	if err != nil {
		return nil, err
	}
	acc := make1()
	buffer := make([]value.Value, len(args))
	for _, row := range rows {
		k := 0
		for i, arg := range args {
			if buffer[i] = arg.Value; !arg.Const {
				buffer[i] = row[k]
				k++
			}
		}
		if err := acc.Add(buffer); err != nil {
			return nil, err
		}
	}
	return acc, nil
}

// result returns the results as JSON, joined by | where there are several.
func (a *aggregation) result(name string, args []Arg, rows [][]value.Value) string {
	a.t.Helper()
	acc, err := a.accumulate(name, args, rows)
	if err != nil {
		return "error: " + err.Error()
	}
	values := []value.Value{acc.Result()}
	if m, ok := acc.(MultiAccumulator); ok {
		values = m.Results()
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(value.AppendJSON(nil, v))
		if f, ok := v.(float64); ok && math.IsNaN(f) {
			texts[i] = "NaN"
		}
	}
	return strings.Join(texts, " | ")
}

func rows1(vs ...value.Value) [][]value.Value {
	rows := make([][]value.Value, len(vs))
	for i, v := range vs {
		rows[i] = []value.Value{v}
	}
	return rows
}

func pairs(vs ...value.Value) [][]value.Value {
	var rows [][]value.Value
	for i := 0; i < len(vs); i += 2 {
		rows = append(rows, vs[i:i+2])
	}
	return rows
}

func triples(vs ...value.Value) [][]value.Value {
	var rows [][]value.Value
	for i := 0; i < len(vs); i += 3 {
		rows = append(rows, vs[i:i+3])
	}
	return rows
}

func bagOf(pairs ...any) *value.Bag {
	b := &value.Bag{}
	for i := 0; i < len(pairs); i += 2 {
		b.Set(pairs[i].(string), pairs[i+1])
	}
	return b
}

func longs(xs ...int64) [][]value.Value {
	rows := make([][]value.Value, len(xs))
	for i, x := range xs {
		rows[i] = []value.Value{x}
	}
	return rows
}

func dec(t *testing.T, text string) value.Dec {
	t.Helper()
	d, ok := value.ParseDecimal(text)
	if !ok {
		t.Fatalf("no decimal: %q", text)
	}
	return d
}

func TestAggregates(t *testing.T) {
	a := newAggregation(t)
	var (
		long   = column("n", value.Long)
		small  = column("i", value.Int)
		real   = column("x", value.Real)
		other  = column("y", value.Real)
		text   = column("s", value.String)
		span   = column("d", value.Timespan)
		when   = column("t", value.Datetime)
		dyn    = column("v", value.Dynamic)
		exact  = column("c", value.Decimal)
		flag   = column("ok", value.Bool)
		p      = func(f float64) Arg { return constant(f) }
		minute = value.Minute
		noon   = value.Time(12 * value.Hour)
	)
	cases := map[string]int{}
	for _, c := range []struct {
		name string
		args []Arg
		rows [][]value.Value
		want string
	}{
		{"count", nil, make([][]value.Value, 3), "3"},
		{"count", []Arg{real}, rows1(nil, 1.5), "2"},
		{"count", []Arg{flag}, rows1(true, false, nil), "1"},
		{"count", nil, nil, "0"},
		{"countif", []Arg{flag}, rows1(true, false, nil, true), "2"},
		{"countif", []Arg{flag}, nil, "0"},
		{"countif", []Arg{flag}, rows1(false), "0"},

		{"sum", []Arg{small}, rows1(int32(2), nil, int32(math.MaxInt32)), "2147483649"},
		{"sum", []Arg{real}, rows1(0.5, nil, 0.25), "0.75"},
		{"sum", []Arg{span}, rows1(minute, 2*minute), `"00:03:00"`},
		{"sum", []Arg{exact}, rows1(dec(t, "0.1"), dec(t, "0.2")), `"0.3"`},
		{"sum", []Arg{dyn}, rows1(int64(1), 0.5, "no number"), "1.5"},
		{"sum", []Arg{long}, nil, "0"},
		{"sum", []Arg{long}, longs(math.MaxInt64, 1), "error: sum(): the total is beyond the range of 64 bits; add todouble(...) values instead"},
		{"sum", []Arg{long}, longs(math.MinInt64, -1), "error: sum(): the total is beyond the range of 64 bits; add todouble(...) values instead"},
		{"sumif", []Arg{long, flag}, pairs(int64(1), true, int64(2), false, int64(4), nil, int64(8), true), "9"},
		{"sumif", []Arg{real, flag}, pairs(1.5, false), "0.0"},
		{"sumif", []Arg{long, flag}, nil, "0"},

		{"avg", []Arg{small}, rows1(int32(1), int32(2), nil), "1.5"},
		{"avg", []Arg{long}, nil, "NaN"},
		{"avg", []Arg{real}, rows1(nil), "NaN"},
		{"avg", []Arg{long}, longs(math.MaxInt64, math.MaxInt64), "9.223372036854776E+18"},
		{"avg", []Arg{span}, rows1(minute, 4*minute), `"00:02:30"`},
		{"avg", []Arg{span}, nil, "null"},
		{"avg", []Arg{when}, rows1(noon, noon+value.Time(value.Hour)), `"0001-01-01T12:30:00.0000000Z"`},
		{"avg", []Arg{exact}, rows1(dec(t, "1"), dec(t, "2")), `"1.5"`},
		{"avg", []Arg{exact}, nil, "null"},
		{"avgif", []Arg{long, flag}, pairs(int64(1), true, int64(2), false, int64(4), true), "2.5"},
		{"avgif", []Arg{long, flag}, pairs(int64(1), false), "NaN"},
		{"avgif", []Arg{span, flag}, pairs(minute, true), `"00:01:00"`},

		{"min", []Arg{long}, longs(3, -1, 2), "-1"},
		{"min", []Arg{real}, rows1(math.NaN(), 3.5, nil), "3.5"},
		{"min", []Arg{text}, rows1("b", "a"), `"a"`},
		{"min", []Arg{long}, nil, "null"},
		{"max", []Arg{small}, rows1(nil, int32(5), int32(7)), "7"},
		{"max", []Arg{text}, nil, `""`},
		{"max", []Arg{when}, rows1(noon, noon+1), `"0001-01-01T12:00:00.0000001Z"`},
		{"max", []Arg{real}, rows1(math.NaN()), "NaN"},
		{"minif", []Arg{long, flag}, pairs(int64(1), false, int64(2), true, int64(3), true), "2"},
		{"minif", []Arg{long, flag}, pairs(int64(1), false), "null"},
		{"minif", []Arg{text, flag}, pairs("x", true), `"x"`},
		{"maxif", []Arg{long, flag}, pairs(int64(1), true, int64(2), true, int64(3), false), "2"},
		{"maxif", []Arg{long, flag}, nil, "null"},
		{"maxif", []Arg{span, flag}, pairs(minute, true, nil, true), `"00:01:00"`},

		{"dcount", []Arg{long}, longs(1, 2, 2, 3), "3"},
		{"dcount", []Arg{text, constant(int64(4))}, rows1("a", "A", "a", ""), "3"},
		{"dcount", []Arg{real}, rows1(nil, 1.0), "1"},
		{"dcount", []Arg{long}, nil, "0"},
		{"dcount", []Arg{long, constant(int64(5))}, nil, "error: the accuracy must be from 0 to 4 (got 5)"},
		{"dcount", []Arg{long, long}, nil, "error: the accuracy must be a constant"},
		{"dcountif", []Arg{long, flag}, pairs(int64(1), true, int64(2), false, int64(1), true), "1"},
		{"dcountif", []Arg{long, flag, constant(int64(0))}, pairs(int64(1), true, int64(2), true), "2"},
		{"dcountif", []Arg{long, flag}, nil, "0"},
		{"count_distinct", []Arg{text}, rows1("a", "b", "a"), "2"},
		{"count_distinct", []Arg{long}, rows1(nil, int64(1)), "1"},
		{"count_distinct", []Arg{long}, nil, "0"},
		{"count_distinctif", []Arg{text, flag}, pairs("a", true, "b", false, "c", true), "2"},
		{"count_distinctif", []Arg{text, flag}, pairs("a", nil), "0"},
		{"count_distinctif", []Arg{long, flag}, pairs(nil, true, int64(1), true), "1"},

		{"percentile", []Arg{long, p(50)}, longs(2, 1), "1"},
		{"percentile", []Arg{small, p(95)}, rows1(int32(10), nil, int32(30)), "30"},
		{"percentile", []Arg{real, p(0)}, rows1(2.5, 1.5, math.NaN()), "1.5"},
		{"percentile", []Arg{long, p(55)}, nil, "null"},
		{"percentile", []Arg{long, p(101)}, nil, `error: the percentile must be a number from 0 to 100 (got "101.0")`},
		{"percentile", []Arg{long, long}, nil, "error: the percentile must be a constant"},
		{"percentiles", []Arg{long, p(50), p(100), p(0)}, longs(5, 9, 1, 7), "5 | 9 | 1"},
		{"percentiles", []Arg{span, p(50), p(99.9)}, rows1(minute, 3*minute, 2*minute), `"00:02:00" | "00:03:00"`},
		{"percentiles", []Arg{when, p(50)}, rows1(noon), `"0001-01-01T12:00:00.0000000Z"`},
		{"percentilew", []Arg{long, column("w", value.Long), p(50)}, pairs(int64(100), int64(1), int64(7), int64(2)), "7"},
		{"percentilew", []Arg{long, column("w", value.Long), p(50)}, pairs(int64(100), int64(0), int64(7), nil), "null"},
		{"percentilew", []Arg{real, column("w", value.Long), p(90)}, pairs(1.5, int64(9), 2.5, int64(1)), "1.5"},
		{"percentilesw", []Arg{long, column("w", value.Long), p(10), p(91)}, pairs(int64(1), int64(9), int64(2), int64(1)), "1 | 2"},
		{"percentilesw", []Arg{long, column("w", value.Long), p(10)}, pairs(int64(1), int64(math.MaxInt64), int64(2), int64(1)), "error: percentilew(): the weights add up to more than 64 bits hold"},
		{"percentilesw", []Arg{long, column("w", value.Long), p(10), p(20)}, nil, "null | null"},
		{"percentiles_array", []Arg{long, p(50), p(100)}, longs(4, 2, 6), "[4,6]"},
		{"percentiles_array", []Arg{long, constant(value.Array{int64(0), 100.0})}, longs(4, 2, 6), "[2,6]"},
		{"percentiles_array", []Arg{long, p(50)}, nil, "null"},
		{"percentilesw_array", []Arg{long, column("w", value.Long), p(50), p(100)}, pairs(int64(1), int64(3), int64(2), int64(1)), "[1,2]"},
		{"percentilesw_array", []Arg{long, column("w", value.Long), constant(value.Array{int64(99)})}, pairs(int64(1), int64(3), int64(2), int64(1)), "[2]"},
		{"percentilesw_array", []Arg{long, column("w", value.Long), p(1)}, nil, "null"},

		{"variance", []Arg{long}, longs(2, 4, 4, 4, 5, 5, 7, 9), "4.571428571428571"},
		{"variance", []Arg{long}, longs(5), "0.0"},
		{"variance", []Arg{real}, nil, "0.0"},
		{"varianceif", []Arg{real, flag}, pairs(1.0, true, 100.0, false, 3.0, true), "2.0"},
		{"varianceif", []Arg{real, flag}, nil, "0.0"},
		{"varianceif", []Arg{long, flag}, pairs(int64(2), true, nil, true, int64(4), true), "2.0"},
		{"variancep", []Arg{long}, longs(2, 4, 4, 4, 5, 5, 7, 9), "4.0"},
		{"variancep", []Arg{real}, rows1(1.0, 3.0, nil), "1.0"},
		{"variancep", []Arg{real}, nil, "0.0"},
		{"variancepif", []Arg{real, flag}, pairs(1.0, true, 100.0, false, 3.0, true), "1.0"},
		{"variancepif", []Arg{real, flag}, nil, "0.0"},
		{"variancepif", []Arg{real, flag}, pairs(1.0, false), "0.0"},
		{"stdev", []Arg{long}, longs(1, 3), "1.4142135623730951"},
		{"stdev", []Arg{long}, nil, "0.0"},
		{"stdev", []Arg{dyn}, rows1(int64(1), 3.0, "none"), "1.4142135623730951"},
		{"stdevif", []Arg{long, flag}, pairs(int64(1), true, int64(3), true, int64(9), false), "1.4142135623730951"},
		{"stdevif", []Arg{long, flag}, nil, "0.0"},
		{"stdevif", []Arg{long, flag}, pairs(int64(1), true), "0.0"},
		{"stdevp", []Arg{long}, longs(1, 3), "1.0"},
		{"stdevp", []Arg{long}, longs(2, 4, 4, 4, 5, 5, 7, 9), "2.0"},
		{"stdevp", []Arg{long}, nil, "0.0"},
		{"covariance", []Arg{real, other}, pairs(1.0, 2.0, 2.0, 4.0, 3.0, 6.0), "2.0"},
		{"covariance", []Arg{real, other}, pairs(1.0, 2.0, nil, 9.0, 3.0, 6.0, 4.0, nil), "4.0"},
		{"covariance", []Arg{real, other}, nil, "null"},
		{"covarianceif", []Arg{real, other, flag}, triples(1.0, 6.0, true, 9.0, 9.0, false, 3.0, 2.0, true), "-4.0"},
		{"covarianceif", []Arg{real, other, flag}, nil, "null"},
		{"covarianceif", []Arg{real, other, flag}, triples(1.0, 6.0, nil), "null"},
		{"covariancep", []Arg{real, other}, pairs(1.0, 2.0, 3.0, 6.0), "2.0"},
		{"covariancep", []Arg{real, other}, pairs(1.0, 2.0), "0.0"},
		{"covariancep", []Arg{real, other}, nil, "null"},
		{"covariancepif", []Arg{real, other, flag}, triples(1.0, 2.0, true, 3.0, 6.0, true, 0.0, 0.0, false), "2.0"},
		{"covariancepif", []Arg{real, other, flag}, nil, "null"},
		{"covariancepif", []Arg{real, other, flag}, triples(1.0, 2.0, true), "0.0"},

		{"make_list", []Arg{small}, rows1(int32(2), nil, int32(1), int32(2)), "[2,1,2]"},
		{"make_list", []Arg{text, constant(int64(1))}, rows1("", "b"), `[""]`},
		{"make_list", []Arg{dyn}, rows1(value.Array{int64(1), value.Array{"a"}}, value.Array{}, "b"), `[1,["a"],"b"]`},
		{"make_list", []Arg{long}, nil, "[]"},
		{"make_list", []Arg{long, constant(int64(-1))}, nil, "error: the maximum size must be an integer of at least 0 (got -1)"},
		{"make_list_if", []Arg{long, flag}, pairs(int64(1), false, int64(2), true), "[2]"},
		{"make_list_if", []Arg{long, flag, constant(int64(1))}, pairs(int64(1), true, int64(2), true), "[1]"},
		{"make_list_if", []Arg{long, flag}, nil, "[]"},
		{"make_list_with_nulls", []Arg{long}, rows1(int64(1), nil), "[1,null]"},
		{"make_list_with_nulls", []Arg{dyn}, rows1(nil, value.Array{nil, "a"}), `[null,null,"a"]`},
		{"make_list_with_nulls", []Arg{long}, nil, "[]"},
		{"makelist", []Arg{long}, longs(1, 1), "[1,1]"},
		{"makelist", []Arg{long, constant(int64(1))}, longs(1, 2), "[1]"},
		{"makelist", []Arg{long}, nil, "[]"},
		{"make_set", []Arg{text}, rows1("b", "a", "b"), `["b","a"]`},
		{"make_set", []Arg{dyn}, rows1(value.Array{"a", "b"}, "b", nil, value.Array{"c", nil}), `["a","b","c"]`},
		{"make_set", []Arg{long, constant(int64(2))}, longs(3, 3, 2, 1), "[3,2]"},
		{"make_set", []Arg{long}, nil, "[]"},
		{"make_set_if", []Arg{text, flag}, pairs("a", true, "b", false, "a", true), `["a"]`},
		{"make_set_if", []Arg{text, flag, constant(int64(1))}, pairs("a", true, "b", true), `["a"]`},
		{"make_set_if", []Arg{text, flag}, nil, "[]"},
		{"makeset", []Arg{long}, longs(1, 1, 2), "[1,2]"},
		{"makeset", []Arg{long, constant(int64(1))}, longs(1, 1, 2), "[1]"},
		{"makeset", []Arg{long}, nil, "[]"},
		{"make_bag", []Arg{dyn}, rows1(bagOf("a", int64(1)), bagOf("b", "x", "a", int64(2)), "no bag", nil), `{"a":1,"b":"x"}`},
		{"make_bag", []Arg{dyn, constant(int64(1))}, rows1(bagOf("a", int64(1), "b", int64(2))), `{"a":1}`},
		{"make_bag", []Arg{dyn}, nil, "{}"},
		{"make_bag_if", []Arg{dyn, flag}, pairs(bagOf("a", int64(1)), true, bagOf("b", int64(2)), false), `{"a":1}`},
		{"make_bag_if", []Arg{dyn, flag, constant(int64(1))}, pairs(bagOf("a", int64(1)), true, bagOf("b", int64(2)), true), `{"a":1}`},
		{"make_bag_if", []Arg{dyn, flag}, nil, "{}"},
		{"make_dictionary", []Arg{dyn}, rows1(bagOf("a", int64(1)), bagOf("b", int64(2))), `{"a":1,"b":2}`},
		{"make_dictionary", []Arg{dyn, constant(int64(0))}, rows1(bagOf("a", int64(1))), "{}"},
		{"make_dictionary", []Arg{dyn}, nil, "{}"},

		{"arg_max", []Arg{long, text}, pairs(int64(1), "a", nil, "b", int64(3), "c", int64(3), "d"), `3 | "c"`},
		{"arg_max", []Arg{long, text}, pairs(nil, "a", nil, "b"), `null | "a"`},
		{"arg_max", []Arg{real, text}, pairs(math.NaN(), "a", nil, "b", -1.0, "c"), `-1.0 | "c"`},
		{"arg_max", []Arg{long, text}, nil, `null | ""`},
		{"arg_min", []Arg{long, text}, pairs(int64(3), "a", nil, "b", int64(1), "c"), `1 | "c"`},
		{"arg_min", []Arg{text}, rows1("b", "a"), `"a"`},
		{"arg_min", []Arg{long, when}, nil, "null | null"},
		{"argmax", []Arg{long, text}, pairs(int64(1), "a", int64(2), "b"), `2 | "b"`},
		{"argmin", []Arg{long, text}, pairs(int64(1), "a", int64(2), "b"), `1 | "a"`},
		{"argmax", []Arg{long}, rows1(nil), "null"},
		{"argmax", []Arg{when, long}, pairs(noon, int64(1), noon-1, int64(2)), `"0001-01-01T12:00:00.0000000Z" | 1`},
		{"argmin", []Arg{long}, rows1(nil, int64(1)), "1"},
		{"argmin", []Arg{real, text}, nil, `null | ""`},
		{"take_any", []Arg{long}, rows1(nil, int64(7), int64(8)), "7"},
		{"take_any", []Arg{text}, rows1("", "x"), `"x"`},
		{"take_any", []Arg{long, text}, pairs(nil, "a", int64(1), "b"), `null | "a"`},
		{"take_any", []Arg{text}, nil, `""`},
		{"any", []Arg{long}, rows1(nil, int64(7)), "7"},
		{"any", []Arg{long, text}, pairs(int64(1), "a"), `1 | "a"`},
		{"any", []Arg{long}, nil, "null"},
		{"take_anyif", []Arg{text, flag}, pairs("a", false, "b", true), `"b"`},
		{"take_anyif", []Arg{long, flag}, pairs(nil, true, int64(2), true), "2"},
		{"take_anyif", []Arg{long, flag}, nil, "null"},
		{"anyif", []Arg{text, flag}, pairs("a", false, "b", true), `"b"`},
		{"anyif", []Arg{text, flag}, pairs("a", false), `""`},
		{"anyif", []Arg{long, flag}, pairs(int64(1), true), "1"},

		{"binary_all_and", []Arg{long}, longs(0b1110, 0b0111), "6"},
		{"binary_all_and", []Arg{long}, rows1(nil, int64(5)), "5"},
		{"binary_all_and", []Arg{long}, nil, "null"},
		{"binary_all_or", []Arg{long}, longs(8, 1), "9"},
		{"binary_all_or", []Arg{long}, longs(0, -1), "-1"},
		{"binary_all_or", []Arg{long}, nil, "null"},
		{"binary_all_xor", []Arg{long}, longs(7, 2, 1), "4"},
		{"binary_all_xor", []Arg{long}, longs(7, 7), "0"},
		{"binary_all_xor", []Arg{long}, nil, "null"},

		{"buildschema", []Arg{dyn}, rows1(int64(1), "x", nil, int64(2)), `["long","string"]`},
		{"buildschema", []Arg{dyn}, rows1(bagOf("a", int64(1), "b", 1.5), bagOf("a", "x", "c", value.Array{true, nil})), "{\"a\":[\"long\",\"string\"],\"b\":\"double\",\"c\":{\"`indexer`\":\"bool\"}}"},
		{"buildschema", []Arg{dyn}, rows1(bagOf("a", bagOf("b", noon)), bagOf("a", minute)), `{"a":["timespan",{"b":"datetime"}]}`},
		{"buildschema", []Arg{dyn}, nil, "null"},
		{"hll", []Arg{long}, nil, "null"},
		{"hll_merge", []Arg{dyn}, rows1("no sketch"), "null"},
		{"tdigest", []Arg{long}, nil, "null"},
		{"tdigest", []Arg{small}, rows1(int32(5), nil, int32(3)), `[["long"],[3,5],[1,1]]`},
		{"tdigest", []Arg{real, long}, pairs(1.5, int64(2), 0.5, int64(1), 9.0, int64(-1)), `[["real"],[0.5,1.5],[1,2]]`},
		{"tdigest_merge", []Arg{dyn}, rows1(value.Array{value.Array{"long"}, value.Array{int64(2)}, value.Array{int64(1)}}, value.Array{value.Array{"long"}, value.Array{int64(1)}, value.Array{int64(3)}}), `[["long"],[1,2],[3,1]]`},
		{"merge_tdigest", []Arg{dyn}, rows1(value.Array{value.Array{"long"}, value.Array{int64(2)}, value.Array{int64(1)}}, value.Array{value.Array{"real"}, value.Array{1.5}, value.Array{int64(3)}}), "error: tdigest_merge(): digests of long and of real values do not merge"},
		{"merge_tdigests", []Arg{dyn}, nil, "null"},
	} {
		cases[c.name]++
		if got := a.result(c.name, c.args, c.rows); got != c.want {
			t.Errorf("%s over %v\n got %s\nwant %s", c.name, c.rows, got, c.want)
		}
	}
	for _, name := range a.library.AggregateNames() {
		if cases[name] < 3 && !slices.Contains([]string{"cnt", "hll", "hll_if", "hll_merge", "tdigest_merge", "merge_tdigest", "merge_tdigests"}, name) {
			t.Errorf("%s has %d cases here, and must have 3", name, cases[name])
		}
	}
}

func TestAggregatesTakeNullsAndKeepTheirArguments(t *testing.T) {
	a := newAggregation(t)
	for _, name := range a.library.AggregateNames() {
		agg, _ := a.library.Aggregate(name)
		var args []Arg
		for _, p := range agg.Params {
			switch {
			case strings.Contains(p.Name, "percentile"):
				args = append(args, constant(50.0))
			case p.Name == "predicate":
				args = append(args, column("p", value.Bool))
			case !p.Optional && p.Types[0] == "dynamic":
				args = append(args, column("v", value.Dynamic))
			case !p.Optional:
				args = append(args, column("n", value.Long))
			}
		}
		make1, err := agg.Make(a.context, args)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		acc, row := make1(), make([]value.Value, len(args))
		for range 3 {
			if err := acc.Add(row); err != nil {
				t.Errorf("%s of nulls: %v", name, err)
			}
		}
		if agg.Columns != nil {
			cols, err := agg.Columns(args)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got := acc.(MultiAccumulator).Results(); len(got) != len(cols) {
				t.Errorf("%s has %d columns and %d results", name, len(cols), len(got))
			}
		} else if _, multi := acc.(MultiAccumulator); multi {
			t.Errorf("%s has one column and an accumulator with several results", name)
		}
	}
}

func TestAggregateNamesAndTypes(t *testing.T) {
	a := newAggregation(t)
	x, y := column("x", value.Int), column("y", value.String)
	p := func(f float64) Arg { return constant(f) }
	for _, c := range []struct {
		name, column string
		args         []Arg
		want         string // name: type
	}{
		{"count", "", nil, "count_: long"},
		{"countif", "", []Arg{column("", value.Bool)}, "countif_: long"},
		{"sum", "x", []Arg{x}, "sum_x: long"},
		{"sum", "x", []Arg{column("x", value.Dynamic)}, "sum_x: real"},
		{"sumif", "x", []Arg{column("x", value.Timespan), column("p", value.Bool)}, "sumif_x: timespan"},
		{"avg", "x", []Arg{x}, "avg_x: real"},
		{"avgif", "x", []Arg{column("x", value.Datetime), column("p", value.Bool)}, "avgif_x: datetime"},
		{"max", "x", []Arg{x}, "max_x: int"},
		{"minif", "y", []Arg{y, column("p", value.Bool)}, "minif_y: string"},
		{"dcount", "y", []Arg{y}, "dcount_y: long"},
		{"make_list", "x", []Arg{x}, "list_x: dynamic"},
		{"make_list_if", "x", []Arg{x, column("p", value.Bool)}, "list_x: dynamic"},
		{"make_set_if", "x", []Arg{x, column("p", value.Bool)}, "set_x: dynamic"},
		{"make_bag", "x", []Arg{column("x", value.Dynamic)}, "bag_x: dynamic"},
		{"buildschema", "x", []Arg{column("x", value.Dynamic)}, "schema_x: dynamic"},
		{"covariance", "x", []Arg{x, column("z", value.Real)}, "covariance_x_z: real"},
		{"covariancepif", "x", []Arg{x, column("z", value.Real), column("p", value.Bool)}, "covariancepif_x_z: real"},
		{"stdev", "", []Arg{column("", value.Real)}, "stdev_: real"},
		{"binary_all_or", "x", []Arg{x}, "x: long"},
		{"take_anyif", "y", []Arg{y, column("p", value.Bool)}, "y: string"},
		{"percentile", "x", []Arg{x, p(95)}, "percentile_x_95: long"},
		{"percentiles", "x", []Arg{column("x", value.Timespan), p(5), p(99.9)}, "percentile_x_5: timespan, percentile_x_99_9: timespan"},
		{"percentilesw", "x", []Arg{column("x", value.Decimal), x, p(50)}, "percentile_x_50: real"},
		{"percentiles_array", "x", []Arg{x, p(50)}, "percentiles_x: dynamic"},
		{"arg_max", "x", []Arg{x, y}, "x: int, y: string"},
		{"arg_max", "", []Arg{column("", value.Int), column("", value.Real)}, "max_: int, max__arg1: real"},
		{"arg_min", "x", []Arg{x, column("", value.Real)}, "x: int, min_x_arg1: real"},
		{"argmax", "x", []Arg{x, y}, "max_x: int, max_x_y: string"},
		{"take_any", "x", []Arg{x, y, column("", value.Real)}, "x: int, y: string, any_arg2: real"},
		{"any", "x", []Arg{x}, "any_x: int"},
		{"any", "x", []Arg{x, y, column("", value.Real)}, "any_x: int, any_y: string, any_arg2: real"},
		{"any", "", []Arg{column("", value.Real)}, "any_: real"},
		{"tdigest", "x", []Arg{x}, "tdigest_x: dynamic"},
		{"merge_tdigest", "x", []Arg{column("x", value.Dynamic)}, "merge_tdigests_x: dynamic"},
	} {
		agg, _ := a.library.Aggregate(c.name)
		var got []string
		if agg.Columns != nil {
			cols, err := agg.Columns(c.args)
			if err != nil {
				t.Fatal(err)
			}
			for _, col := range cols {
				got = append(got, col.Name+": "+col.Type.String())
			}
		} else {
			name, typ := c.name+"_"+c.column, agg.Returns
			if agg.DefaultName != nil {
				name = agg.DefaultName(c.args, c.column)
			}
			if agg.Result != nil {
				r, err := agg.Result(c.args)
				if err != nil {
					t.Fatal(err)
				}
				typ = r.String()
			} else if typ == "same" {
				typ = c.args[0].Type.String()
			}
			got = append(got, name+": "+typ)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: got %s, want %s", c.name, s, c.want)
		}
	}
}

func TestOldCollectionsStopAt128(t *testing.T) {
	a := newAggregation(t)
	rows := make([][]value.Value, 200)
	for i := range rows {
		rows[i] = []value.Value{int64(i)}
	}
	for name, want := range map[string]int{"makelist": 128, "makeset": 128, "make_list": 200, "make_set": 200} {
		acc, err := a.accumulate(name, []Arg{column("n", value.Long)}, rows)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(acc.Result().(value.Array)); got != want {
			t.Errorf("%s of 200 values has %d, want %d", name, got, want)
		}
	}
}

func TestAggregatesKeepToTheBudget(t *testing.T) {
	errFull := errors.New("full")
	for _, c := range []struct {
		name string
		args []Arg
	}{
		{"make_list", []Arg{column("n", value.Long)}}, {"make_set", []Arg{column("n", value.Long)}}, {"dcount", []Arg{column("n", value.Long)}},
		{"count_distinct", []Arg{column("n", value.Long)}}, {"percentile", []Arg{column("n", value.Long), constant(50.0)}},
		{"tdigest", []Arg{column("n", value.Long)}},
	} {
		a := newAggregation(t)
		left := 10_000
		a.context.Budget = func(n int) error {
			if n < 0 {
				t.Errorf("%s asked for %d bytes", c.name, n)
			}
			if left -= n; left < 0 {
				return errFull
			}
			return nil
		}
		rows := make([][]value.Value, 3000)
		for i := range rows {
			rows[i] = []value.Value{int64(i)}
		}
		if _, err := a.accumulate(c.name, c.args, rows); !errors.Is(err, errFull) {
			t.Errorf("%s kept 3000 values within 10000 bytes: %v", c.name, err)
		}
	}
}
