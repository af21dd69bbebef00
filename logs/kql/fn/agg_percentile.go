package fn

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/endscope/endscope/logs/kql/value"
)

// percentileAggregates give nearest-rank percentiles, which are always one of the values. They are exact: all values are kept, eight bytes
// each, within the budget of the query.
func percentileAggregates() []Aggregate {
	const expr = "expr: number|timespan|datetime|dynamic"
	columns := func(text, help string, weighted bool) Aggregate {
		return Aggregate{Signature: Signature{Text: text, Help: help}, Columns: percentileColumns(weighted), Result: percentileType,
			Make: makePercentiles(weighted, false)}
	}
	array := func(text, help string, weighted bool) Aggregate {
		return Aggregate{Signature: Signature{Text: text, Help: help}, DefaultName: prefixed("percentiles"), Make: makePercentiles(weighted, true)}
	}
	return []Aggregate{
		columns("percentile("+expr+", percentile: number): any", "Returns the value at a percentile from 0 to 100, by nearest rank.", false),
		columns("percentiles("+expr+", percentile: number, ...): any", "Returns the values at several percentiles, each as a column.", false),
		columns("percentilew("+expr+", weight: number, percentile: number): any", "Returns the value at a percentile where each value counts weight times.", true),
		columns("percentilesw("+expr+", weight: number, percentile: number, ...): any", "Returns the values at several percentiles where each value counts weight times.", true),
		array("percentiles_array("+expr+", percentile: number|dynamic, ...): dynamic", "Returns the values at several percentiles as an array.", false),
		array("percentilesw_array("+expr+", weight: number, percentile: number|dynamic, ...): dynamic", "Returns the values at several percentiles as an array, where each value counts weight times.", true),
	}
}

// percentileType: int becomes long, decimal and dynamic become real.
func percentileType(args []Arg) (value.Type, error) {
	switch t := args[0].Type; t {
	case value.Int:
		return value.Long, nil
	case value.Decimal, value.Dynamic:
		return value.Real, nil
	default:
		return t, nil
	}
}

// percentileArgs reads the percentiles of a call, which are constants from argument first on.
func percentileArgs(args []Arg, first int) ([]float64, error) {
	var ps []float64
	for _, a := range args[min(first, len(args)):] {
		if !a.Const {
			return nil, errors.New("the percentile must be a constant")
		}
		list, ok := a.Value.(value.Array)
		if !ok {
			list = value.Array{a.Value}
		}
		for _, v := range list {
			p, ok := value.ToFloat(v)
			if !ok || !(p >= 0 && p <= 100) {
				return nil, fmt.Errorf("the percentile must be a number from 0 to 100 (got %q)", value.Text(v))
			}
			ps = append(ps, p)
		}
	}
	return ps, nil
}

func percentileColumns(weighted bool) func([]Arg) ([]AggColumn, error) {
	return func(args []Arg) ([]AggColumn, error) {
		ps, err := percentileArgs(args, firstPercentile(weighted))
		if err != nil {
			return nil, err
		}
		t, err := percentileType(args)
		if err != nil {
			return nil, err
		}
		cols := make([]AggColumn, len(ps))
		for i, p := range ps {
			cols[i] = AggColumn{Name: "percentile_" + args[0].Name + "_" + nameFragment(p), Type: t}
		}
		return cols, nil
	}
}

func firstPercentile(weighted bool) int {
	if weighted {
		return 2
	}
	return 1
}

func makePercentiles(weighted, array bool) func(*Context, []Arg) (func() Accumulator, error) {
	return func(c *Context, args []Arg) (func() Accumulator, error) {
		ps, err := percentileArgs(args, firstPercentile(weighted))
		if err != nil {
			return nil, err
		}
		t, err := percentileType(args)
		if err != nil {
			return nil, err
		}
		if t == value.Real {
			return percentileMaker(array, func() *percentiles[float64] {
				return &percentiles[float64]{ps: ps, weighted: weighted, budget: c.Budget, read: realNotNaN,
					write: func(f float64) value.Value { return f }}
			}), nil
		}
		write := ticksWriter(t)
		return percentileMaker(array, func() *percentiles[int64] {
			return &percentiles[int64]{ps: ps, weighted: weighted, budget: c.Budget, read: integral, write: write}
		}), nil
	}
}

// ticksWriter returns what makes a value of an integer type of its number.
func ticksWriter(t value.Type) func(int64) value.Value {
	switch t {
	case value.Timespan:
		return func(i int64) value.Value { return value.Span(i) }
	case value.Datetime:
		return func(i int64) value.Value { return value.Time(i) }
	}
	return func(i int64) value.Value { return i }
}

func realNotNaN(v value.Value) (float64, bool) {
	f, ok := value.ToFloat(v)
	return f, ok && !math.IsNaN(f)
}

// percentiles keeps every value that is not null (nor NaN).
type percentiles[T cmp.Ordered] struct {
	ps       []float64
	weighted bool
	budget   func(int) error
	read     func(value.Value) (T, bool)
	write    func(T) value.Value

	values  []T
	weights []int64 // beside values, when weighted
	total   int64   // of weights
}

func (a *percentiles[T]) Add(args []value.Value) error {
	x, ok := a.read(args[0])
	if !ok {
		return nil
	}
	if a.weighted {
		w, ok := value.ToLong(args[1])
		if !ok || w <= 0 {
			return nil
		}
		if a.total > math.MaxInt64-w {
			return errors.New("percentilew(): the weights add up to more than 64 bits hold")
		}
		a.total += w
		a.weights = append(a.weights, w)
	}
	before := cap(a.values)
	a.values = append(a.values, x)
	if grown := cap(a.values) - before; grown > 0 {
		if a.weighted {
			grown *= 2
		}
		return a.budget(8 * grown)
	}
	return nil
}

// Results returns one value a percentile, all null when there was no value.
func (a *percentiles[T]) Results() []value.Value {
	out := make([]value.Value, len(a.ps))
	switch {
	case len(a.values) == 0:
	case a.weighted:
		a.byWeight(out)
	default:
		a.byRank(out)
	}
	return out
}

func (a *percentiles[T]) byRank(out []value.Value) {
	ranks := make([]int, len(a.ps))
	for i, p := range a.ps {
		ranks[i] = int(rankOf(p, float64(len(a.values)))) - 1
	}
	sorted := slices.Clone(ranks)
	slices.Sort(sorted)
	selectRanks(a.values, slices.Compact(sorted))
	for i, r := range ranks {
		out[i] = a.write(a.values[r])
	}
}

func (a *percentiles[T]) byWeight(out []value.Value) {
	order := make([]int, len(a.values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(a.values[i], a.values[j]) })
	for i, p := range a.ps {
		rank, seen := int64(rankOf(p, float64(a.total))), int64(0)
		for _, k := range order {
			out[i] = a.write(a.values[k])
			if seen += a.weights[k]; seen >= rank {
				break
			}
		}
	}
}

// Result returns the first percentile.
func (a *percentiles[T]) Result() value.Value { return a.Results()[0] }

// percentileArray gives all percentiles as one result.
type percentileArray struct{ columns MultiAccumulator }

func (a percentileArray) Add(args []value.Value) error { return a.columns.Add(args) }

// Result returns the array, or null when there was no value.
func (a percentileArray) Result() value.Value {
	all := value.Array(a.columns.Results())
	if len(all) == 0 || all[0] == nil {
		return nil
	}
	return all
}

func percentileMaker[T cmp.Ordered](array bool, make1 func() *percentiles[T]) func() Accumulator {
	if array {
		return func() Accumulator { return percentileArray{make1()} }
	}
	return func() Accumulator { return make1() }
}
