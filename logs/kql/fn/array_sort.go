package fn

import (
	"fmt"
	"sort"

	"github.com/endscope/endscope/logs/kql/value"
)

// arraySortFunctions sort arrays, and others along with the first.
func arraySortFunctions() []Scalar {
	return []Scalar{
		arraySort("array_sort_asc", "Sorts an array from the smallest to the largest, and others in the order of the first. A bool at the end says whether nulls come last.", 1),
		arraySort("array_sort_desc", "Sorts an array from the largest to the smallest, and others in the order of the first. A bool at the end says whether nulls come last.", -1),
	}
}

// sortedColumns returns the columns of a call: one an array.
func sortedColumns(args []Arg) []AggColumn {
	n := len(args)
	if n > 1 && args[n-1].Type == value.Bool {
		n--
	}
	columns := make([]AggColumn, n)
	for i := range columns {
		name := args[i].Name
		if name == "" {
			name = fmt.Sprintf("array%d", i)
		}
		columns[i] = AggColumn{Name: name + "_sorted", Type: value.Dynamic}
	}
	return columns
}

func arraySort(name, help string, direction int) Scalar {
	return Scalar{
		Signature: Signature{Text: name + "(array: any, [more: any], ...): dynamic", Help: help},
		TakesNull: true, // one of the others may be
		Result: func(args []Arg) (value.Type, error) {
			for i, a := range args {
				if a.Type != value.Dynamic && (a.Type != value.Bool || i == 0 || i < len(args)-1) {
					return 0, fmt.Errorf("argument %d must be an array, got %s", i+1, a.Type)
				}
			}
			return value.Dynamic, nil
		},
		Columns: func(args []Arg) ([]AggColumn, error) {
			if columns := sortedColumns(args); len(columns) > 1 {
				return columns, nil
			}
			return nil, nil
		},
		Make: func(_ *Context, args []Arg) (Eval, error) {
			arrays := len(sortedColumns(args))
			nullsLast := true
			if arrays < len(args) {
				last := args[arrays]
				if !last.Const {
					return nil, fmt.Errorf("where the nulls go must be a constant")
				}
				nullsLast = last.Value != false
			}
			return func(a []value.Value) (value.Value, error) {
				return sortArrays(a[:arrays], direction, nullsLast), nil
			}, nil
		},
	}
}

// sortArrays sorts the first array and brings the others into its order; one of another length becomes null. It returns one array as it is
// and several as an array of them.
func sortArrays(arrays []value.Value, direction int, nullsLast bool) value.Value {
	first, ok := arrays[0].(value.Array)
	if !ok {
		return nil
	}
	order := make([]int, len(first))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool {
		a, b := first[order[i]], first[order[j]]
		if (a == nil) != (b == nil) {
			return (b == nil) == nullsLast
		}
		ga, gb := sortGroup(a), sortGroup(b)
		if ga != gb {
			return ga < gb
		}
		return value.Compare(a, b)*direction < 0
	})
	sorted := make(value.Array, len(arrays))
	for i, v := range arrays {
		x, ok := v.(value.Array)
		if !ok || len(x) != len(first) {
			continue
		}
		y := make(value.Array, len(x))
		for to, from := range order {
			y[to] = x[from]
		}
		sorted[i] = y
	}
	if len(sorted) == 1 {
		return sorted[0]
	}
	return sorted
}

// sortGroup ranks the kinds of values in a sorted array, whichever its direction is.
func sortGroup(v value.Value) int {
	switch v.(type) {
	case int64, float64, value.Dec, value.Time, value.Span:
		return 0
	case string:
		return 1
	case value.UUID:
		return 2
	}
	return 3
}
