package kql

import (
	"math/rand/v2"
	"slices"

	"github.com/endscope/endscope/logs/kql/fn"
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// sample is rows of its input at random, each with the same chance, in the order in which they came.
type sample struct {
	in    node
	count expr
}

func (n *sample) columns() []Column   { return n.in.columns() }
func (n *sample) require(need []bool) { n.in.require(need) }
func (n *sample) inputs() []*node     { return []*node{&n.in} }

// sample binds `sample N`.
func (b *binder) sample(in node, op *syntax.Sample, names *env) (node, error) {
	count, err := b.rowCount(op.N, "sample", names)
	if err != nil {
		return nil, err
	}
	return &sample{in, count}, nil
}

func (n *sample) open(r *run) (Rows, error) {
	most, err := r.number(n.count)
	if err != nil {
		return nil, err
	}
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	return &closing{Rows: &lazy{make: func() ([]Row, error) { return pick(r, in, most) }}, also: in}, nil
}

// pick keeps the row at a random place of a reservoir with the chance that it has to be there, so that one pass is enough.
func pick(r *run, in Rows, most int) ([]Row, error) {
	var kept []Row
	var at []int // which row of the input each is
	seen := 0
	for most > 0 {
		batch, more, err := next(r, in)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		for _, row := range batch {
			if len(kept) < most {
				if err := r.budget.take(sizeOf(row)); err != nil {
					return nil, err
				}
				kept, at = append(kept, row), append(at, seen)
			} else if i := rand.IntN(seen + 1); i < most {
				if err := r.budget.take(sizeOf(row) - sizeOf(kept[i])); err != nil {
					return nil, err
				}
				kept[i], at[i] = row, seen
			}
			seen++
		}
	}
	sortTogether(at, kept)
	return kept, nil
}

// sampleDistinct binds `sample-distinct N of x`: the first N distinct values.
func (b *binder) sampleDistinct(in node, op *syntax.SampleDistinct, names *env) (node, error) {
	count, err := b.rowCount(op.N, "sample-distinct", names)
	if err != nil {
		return nil, err
	}
	keys, cols, err := b.groupKeys(in, []syntax.Arg{{Span: op.Of.At(), Expr: op.Of}}, "sample-distinct", names)
	if err != nil {
		return nil, err
	}
	return &take{in: &aggregate{in: in, keys: keys, cols: cols}, count: count}, nil
}

// topHitters binds `top-hitters N of x by y`: the values with the most rows, or with the largest sums of y. The numbers are exact here,
// though their columns are named for estimates.
func (b *binder) topHitters(in node, op *syntax.TopHitters, names *env) (node, error) {
	count, err := b.rowCount(op.N, "top-hitters", names)
	if err != nil {
		return nil, err
	}
	keys, cols, err := b.groupKeys(in, []syntax.Arg{{Span: op.Of.At(), Expr: op.Of}}, "top-hitters", names)
	if err != nil {
		return nil, err
	}
	n := &aggregate{in: in, keys: keys}
	name, t := "approximate_count_"+cols[0].Name, value.Long
	if op.By == nil {
		n.aggs = []*aggCall{countRows(name)}
	} else {
		x, err := b.expr(op.By, &scope{env: names, cols: in.columns(), op: "top-hitters"})
		if err != nil {
			return nil, err
		}
		if !value.Numeric(x.typ()) && x.typ() != value.Dynamic {
			return nil, errAt(op.By.At(), "'top-hitters' operator: It sums numbers, and this is a %s.", x.typ())
		}
		name = "approximate_sum_" + b.itemName(op.By, x)
		sum, err := b.aggregateOf("sum", name, op.By.At(), x)
		if err != nil {
			return nil, err
		}
		n.aggs, t = []*aggCall{sum}, sum.cols[0].Type
	}
	n.cols = append(cols, Column{Name: name, Type: t})
	return &sorted{in: n, keys: []sortKey{{x: &column{1, name, t}, desc: true}}, limit: count}, nil
}

// countRows is count() with a name.
func countRows(name string) *aggCall {
	return &aggCall{name: "count", cols: []fn.AggColumn{{Name: name, Type: value.Long}}, make: func() fn.Accumulator { return new(rowCounter) }}
}

// aggregateOf is a call of an aggregate of the library with one result.
func (b *binder) aggregateOf(name, column string, at syntax.Span, args ...expr) (*aggCall, error) {
	agg, ok := b.engine.lib.Aggregate(name)
	if !ok {
		return nil, errAt(at, "Unknown function: '%s'.", name)
	}
	args, err := b.matchArgs(name, &agg.Signature, args, at)
	if err != nil {
		return nil, err
	}
	known := knownArgs(args)
	t, err := returns(&agg.Signature, known)
	if agg.Result != nil {
		t, err = agg.Result(known)
	}
	if err != nil {
		return nil, errAt(at, "%s(): %s", name, err)
	}
	c := &aggCall{name: agg.Name, args: args, cols: []fn.AggColumn{{Name: column, Type: t}}}
	if c.make, err = agg.Make(b.context, known); err != nil {
		return nil, errAt(at, "%s(): %s", name, err)
	}
	return c, nil
}

// sortTogether orders rows by numbers of theirs.
func sortTogether(by []int, rows []Row) {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return by[i] - by[j] })
	sorted := make([]Row, len(rows))
	for i, k := range order {
		sorted[i] = rows[k]
	}
	copy(rows, sorted)
}
