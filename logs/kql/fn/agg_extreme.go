package fn

import (
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

func extremeAggregates() []Aggregate {
	least := Aggregate{
		Signature: Signature{Text: "min(expr: any): same", Help: "Returns the smallest value that is not null."},
		Make:      makeExtreme(-1),
	}
	greatest := Aggregate{
		Signature: Signature{Text: "max(expr: any): same", Help: "Returns the greatest value that is not null."},
		Make:      makeExtreme(1),
	}
	return []Aggregate{
		least, conditional(least, "minif(expr: any, predicate: bool): same", "Returns the smallest value of rows in which a predicate is true.", "minif", 1),
		greatest, conditional(greatest, "maxif(expr: any, predicate: bool): same", "Returns the greatest value of rows in which a predicate is true.", "maxif", 1),
	}
}

func makeExtreme(sign int) func(*Context, []Arg) (func() Accumulator, error) {
	return func(_ *Context, args []Arg) (func() Accumulator, error) {
		none := value.Zero(args[0].Type)
		return func() Accumulator { return &extreme{sign: sign, best: none} }, nil
	}
}

// extreme keeps the greatest value, or with sign -1 the smallest. NaN is only the answer where nothing else was seen.
type extreme struct {
	sign int
	seen bool
	best value.Value
}

func (a *extreme) Add(args []value.Value) error {
	v := args[0]
	if v == nil || a.seen && !a.beats(v) {
		return nil
	}
	a.best, a.seen = v, true
	return nil
}

func (a *extreme) beats(v value.Value) bool {
	if f, ok := v.(float64); ok && math.IsNaN(f) {
		return false
	}
	if f, ok := a.best.(float64); ok && math.IsNaN(f) {
		return true
	}
	return a.sign*value.Compare(v, a.best) > 0
}

func (a *extreme) Result() value.Value { return a.best }
