package fn

import (
	"math"
	"strconv"

	"github.com/endscope/endscope/logs/kql/value"
)

// argAggregates return the row in which an expression is greatest or smallest, or any row. The planner has replaced * by columns.
func argAggregates() []Aggregate {
	arg := func(name, text, help, prefix string, sign int, old bool) Aggregate {
		return Aggregate{
			Signature: Signature{Text: text, Help: help},
			Result:    firstType,
			Columns:   argColumns(prefix, old),
			Make: func(_ *Context, args []Arg) (func() Accumulator, error) {
				none := missingRow(args)
				return func() Accumulator { return &argExtreme{sign: sign, row: none} }, nil
			},
		}
	}
	anyIf := func(name string) Aggregate {
		return Aggregate{
			Signature: Signature{Text: name + "(expr: any): any"},
			Result:    firstType,
			Make: func(_ *Context, args []Arg) (func() Accumulator, error) {
				none := missingRow(args)
				return func() Accumulator { return &anyRow{row: none} }, nil
			},
		}
	}
	any1 := func(name, help string, columns func([]Arg) ([]AggColumn, error)) Aggregate {
		a := anyIf(name)
		a.Signature = Signature{Text: name + "(expr: any, ...): any", Help: help}
		a.Columns = columns
		return a
	}
	takeAnyIf := conditional(anyIf("take_any"), "take_anyif(expr: any, predicate: bool): any", "Returns a value of any row in which a predicate is true.", "", 1)
	takeAnyIf.DefaultName = func(_ []Arg, column string) string { return column }
	return []Aggregate{
		arg("arg_max", "arg_max(maximized: any, [returned: any], ...): any", "Returns the row in which an expression is greatest: that expression and others, or * for all.", "max", 1, false),
		arg("arg_min", "arg_min(minimized: any, [returned: any], ...): any", "Returns the row in which an expression is smallest: that expression and others, or * for all.", "min", -1, false),
		arg("argmax", "argmax(maximized: any, [returned: any], ...): any", "Returns the row in which an expression is greatest: the old form of arg_max, which names its columns max_*.", "max", 1, true),
		arg("argmin", "argmin(minimized: any, [returned: any], ...): any", "Returns the row in which an expression is smallest: the old form of arg_min, which names its columns min_*.", "min", -1, true),
		any1("take_any", "Returns the values of any row; of one expression, a value that is not null if there is one.", anyColumns(false)),
		any1("any", "Returns the values of any row: the old form of take_any.", anyColumns(true)),
		takeAnyIf,
		conditional(anyIf("any"), "anyif(expr: any, predicate: bool): any", "Returns a value of any row in which a predicate is true: the old form of take_anyif.", "anyif", 1),
	}
}

func firstType(args []Arg) (value.Type, error) { return args[0].Type, nil }

func missingRow(args []Arg) []value.Value {
	row := make([]value.Value, len(args))
	for i, a := range args {
		row[i] = value.Zero(a.Type)
	}
	return row
}

// argColumns names the results: columns keep their names, others are named for the first, which is prefix_ if it has none. The old form
// puts prefix_ before all.
func argColumns(prefix string, old bool) func([]Arg) ([]AggColumn, error) {
	return func(args []Arg) ([]AggColumn, error) {
		cols := make([]AggColumn, len(args))
		for i, a := range args {
			name := a.Name
			switch {
			case old && i == 0:
				name = prefix + "_" + a.Name
			case old:
				if name == "" {
					name = "arg" + strconv.Itoa(i)
				}
				name = prefix + "_" + args[0].Name + "_" + name
			case name == "" && i == 0:
				name = prefix + "_"
			case name == "":
				name = prefix + "_" + args[0].Name + "_arg" + strconv.Itoa(i)
			}
			cols[i] = AggColumn{Name: name, Type: a.Type}
		}
		return cols, nil
	}
}

// anyColumns names the results: columns keep their names; the old form puts any_ before each.
func anyColumns(old bool) func([]Arg) ([]AggColumn, error) {
	return func(args []Arg) ([]AggColumn, error) {
		cols := make([]AggColumn, len(args))
		for i, a := range args {
			name := a.Name
			if name == "" && (!old || len(args) > 1) {
				name = "arg" + strconv.Itoa(i)
			}
			if old || a.Name == "" {
				name = "any_" + name
			}
			cols[i] = AggColumn{Name: name, Type: a.Type}
		}
		return cols, nil
	}
}

// argExtreme keeps the first row with the greatest (or with sign -1 the smallest) first value. Rows in which that is null, and then those in
// which it is NaN, count only until there is a better one.
type argExtreme struct {
	sign int
	seen bool
	row  []value.Value
}

func (a *argExtreme) Add(args []value.Value) error {
	if a.seen && !a.beats(args[0], a.row[0]) {
		return nil
	}
	if !a.seen {
		a.row, a.seen = make([]value.Value, len(args)), true
	}
	copy(a.row, args)
	return nil
}

func (a *argExtreme) beats(v, best value.Value) bool {
	if x, y := standing(v), standing(best); x != y || x < 2 {
		return x > y
	}
	return a.sign*value.Compare(v, best) > 0
}

// standing is 0 for null, 1 for NaN and 2 for a value that has a place in the order.
func standing(v value.Value) int {
	if v == nil {
		return 0
	}
	if f, ok := v.(float64); ok && math.IsNaN(f) {
		return 1
	}
	return 2
}

func (a *argExtreme) Result() value.Value    { return a.row[0] }
func (a *argExtreme) Results() []value.Value { return a.row }

// anyRow keeps the first row; of a single expression, the first value that is neither null nor empty.
type anyRow struct {
	seen bool
	row  []value.Value
}

func (a *anyRow) Add(args []value.Value) error {
	if a.seen && (len(args) > 1 || a.row[0] != nil && a.row[0] != "") {
		return nil
	}
	if !a.seen {
		a.row, a.seen = make([]value.Value, len(args)), true
	}
	if len(args) > 1 || a.row[0] == nil || args[0] != nil {
		copy(a.row, args)
	}
	return nil
}

func (a *anyRow) Result() value.Value    { return a.row[0] }
func (a *anyRow) Results() []value.Value { return a.row }
