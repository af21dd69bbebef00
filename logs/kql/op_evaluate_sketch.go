package kql

import (
	"slices"

	"github.com/endscope/endscope/logs/kql/fn"
	"github.com/endscope/endscope/logs/kql/value"
)

// dcountIntersect is dcount_intersect(a, b, ...): for sketches of hll(), how many values are in the first, in the first two, and so on.
func (p *plugin) dcountIntersect() (node, error) {
	if err := p.count(2, 16); err != nil {
		return nil, err
	}
	merge, ok := p.b.engine.lib.Scalar("hll_merge")
	count, ok2 := p.b.engine.lib.Scalar("dcount_hll")
	if !ok || !ok2 {
		return nil, p.errorf(p.op.At(), "hll_merge and dcount_hll are missing.")
	}
	union, err := merge.Make(p.b.context, make([]fn.Arg, len(p.args)))
	if err != nil {
		return nil, err
	}
	size, err := count.Make(p.b.context, make([]fn.Arg, 1))
	if err != nil {
		return nil, err
	}
	n := &project{in: p.in}
	for i, c := range p.in.columns() {
		n.add(c.Name, &column{i, c.Name, c.Type})
	}
	var sketches []expr
	for i, a := range p.args {
		x, err := p.row(a.Expr)
		if err != nil {
			return nil, err
		}
		if x.typ() != value.Dynamic {
			return nil, p.errorf(a.At(), "A sketch of hll() is expected, and this is a %s.", x.typ())
		}
		sketches = append(sketches, x)
		eval := func(cells []value.Value) (value.Value, error) { return intersection(cells, union, size) }
		n.add(freeName(n.cols, "s"+itoa(i)), &call{fn: &fn.Scalar{}, name: p.name, args: slices.Clone(sketches), t: value.Long, eval: eval})
	}
	return n, nil
}

// intersection counts what sketches have in common, by what their unions have: sizes of unions with an odd number of them count, the others
// count negatively.
func intersection(sketches []value.Value, union, size fn.Eval) (value.Value, error) {
	total := int64(0)
	for set := 1; set < 1<<len(sketches); set++ {
		var some []value.Value
		for i, s := range sketches {
			if set>>i&1 == 1 {
				some = append(some, s)
			}
		}
		u, err := union(some)
		if err != nil {
			return nil, err
		}
		v, err := size([]value.Value{u})
		if err != nil || v == nil {
			return nil, err
		}
		n, _ := value.ToLong(v)
		if len(some)%2 == 0 {
			n = -n
		}
		total += n
	}
	return max(total, 0), nil
}
