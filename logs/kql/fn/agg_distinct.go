package fn

import (
	"fmt"

	"github.com/endscope/endscope/logs/kql/value"
)

func distinctAggregates() []Aggregate {
	exact := Aggregate{
		Signature: Signature{Text: "count_distinct(expr: any): long", Help: "Counts the distinct values that are not null, exactly."},
		Make: func(c *Context, _ []Arg) (func() Accumulator, error) {
			return func() Accumulator { return &countDistinct{budget: c.Budget, seen: map[string]struct{}{}} }, nil
		},
	}
	sketch := func(text, help string, accuracyAt, exact int, result func(h *hll) value.Value) Aggregate {
		return Aggregate{
			Signature: Signature{Text: text, Help: help},
			Make: func(c *Context, args []Arg) (func() Accumulator, error) {
				bits, err := hllAccuracy(args, accuracyAt)
				if err != nil {
					return nil, err
				}
				pool := exact
				return func() Accumulator {
					h := newHLL(bits)
					h.pool = &pool
					return &sketchDistinct{budget: c.Budget, hll: h, result: result}
				}, nil
			},
		}
	}
	count := func(h *hll) value.Value { return h.count() }
	keep := func(h *hll) value.Value { return h.value() }
	dcount := sketch("dcount(expr: any, [accuracy: long]): long",
		fmt.Sprintf("Counts the distinct values that are not null: exactly up to %d in all groups together, and above by an estimate whose error the accuracy 0 to 4 sets, where the engine beneath does not count them.", dcountExact), 1, dcountExact, count)
	sketched := sketch("hll(expr: any, [accuracy: long]): dynamic", "Keeps a sketch of the distinct values, for hll_merge and dcount_hll.", 1, 0, keep)
	return []Aggregate{
		exact,
		conditional(exact, "count_distinctif(expr: any, predicate: bool): long", "Counts the distinct values of rows in which a predicate is true, exactly.", "count_distinctif", 1),
		dcount,
		conditional(dcount, "dcountif(expr: any, predicate: bool, [accuracy: long]): long", "Counts, as dcount, the distinct values of rows in which a predicate is true.", "dcountif", 1),
		sketched,
		conditional(sketched, "hll_if(expr: any, predicate: bool, [accuracy: long]): dynamic", "Keeps a sketch of the distinct values of rows in which a predicate is true.", "hll_if", 1),
		{
			Signature: Signature{Text: "hll_merge(hll: dynamic): dynamic", Help: "Merges sketches of distinct values."},
			Make: func(c *Context, _ []Arg) (func() Accumulator, error) {
				return func() Accumulator { return &mergeHLL{budget: c.Budget} }, nil
			},
		},
	}
}

type countDistinct struct {
	budget func(int) error
	seen   map[string]struct{}
	key    []byte
}

func (a *countDistinct) Add(args []value.Value) error {
	if args[0] == nil {
		return nil
	}
	a.key = value.AppendKey(a.key[:0], args[0])
	if _, old := a.seen[string(a.key)]; old {
		return nil
	}
	a.seen[string(a.key)] = struct{}{}
	return a.budget(len(a.key) + 32)
}

func (a *countDistinct) Result() value.Value { return int64(len(a.seen)) }

type sketchDistinct struct {
	budget func(int) error
	hll    *hll
	result func(*hll) value.Value
}

func (a *sketchDistinct) Add(args []value.Value) error {
	if args[0] == nil {
		return nil
	}
	if grown := a.hll.add(args[0]); grown > 0 {
		return a.budget(grown)
	}
	return nil
}

func (a *sketchDistinct) Result() value.Value { return a.result(a.hll) }

type mergeHLL struct {
	budget func(int) error
	hll    *hll
}

func (a *mergeHLL) Add(args []value.Value) error {
	h, ok := hllOf(args[0])
	if !ok {
		return nil
	}
	if a.hll == nil {
		a.hll = newHLL(h.bits)
	}
	return a.budget(a.hll.merge(h))
}

func (a *mergeHLL) Result() value.Value {
	if a.hll == nil {
		return nil
	}
	return a.hll.value()
}

// hllFunctions are the scalar functions over sketches of distinct values.
func hllFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{Text: "dcount_hll(hll: dynamic): long", Help: "Returns the number of distinct values that a sketch of hll() saw."},
			Make: simple(func(a []value.Value) value.Value {
				if h, ok := hllOf(a[0]); ok {
					return h.count()
				}
				return nil
			}),
		},
		{
			Signature: Signature{Text: "hll_merge(hll: dynamic, ...): dynamic", Help: "Merges sketches of distinct values."},
			TakesNull: true,
			Make: simple(func(a []value.Value) value.Value {
				m := mergeHLL{budget: func(int) error { return nil }}
				for i := range a {
					_ = m.Add(a[i : i+1]) // its budget is without end
				}
				return m.Result()
			}),
		},
	}
}
