package fn

import "github.com/endscope/endscope/logs/kql/value"

func countAggregates() []Aggregate {
	countIf := Aggregate{
		Signature: Signature{Text: "countif(predicate: bool): long", Help: "Counts the rows in which a predicate is true."},
		Make:      accumulators(func() Accumulator { return &countTrue{} }),
	}
	count := Aggregate{
		Signature: Signature{Text: "count([expr: any]): long", Help: "Counts the rows; an argument that is a bool makes it countif().", Aliases: []string{"cnt"}},
		Make: func(_ *Context, args []Arg) (func() Accumulator, error) {
			if len(args) == 1 && args[0].Type == value.Bool {
				return func() Accumulator { return &countTrue{} }, nil
			}
			return func() Accumulator { return &countRows{} }, nil
		},
	}
	return []Aggregate{count, countIf}
}

// countRows counts rows whatever is in them.
type countRows struct{ n int64 }

func (a *countRows) Add([]value.Value) error { a.n++; return nil }
func (a *countRows) Result() value.Value     { return a.n }

// countTrue counts rows in which the only argument is true.
type countTrue struct{ n int64 }

func (a *countTrue) Add(args []value.Value) error {
	if yes, _ := args[0].(bool); yes {
		a.n++
	}
	return nil
}
func (a *countTrue) Result() value.Value { return a.n }
