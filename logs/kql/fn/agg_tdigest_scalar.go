package fn

import (
	"fmt"

	"github.com/endscope/endscope/logs/kql/value"
)

// tdigestFunctions are the scalar functions over digests.
func tdigestFunctions() []Scalar {
	merge := func(name string) Scalar {
		return Scalar{
			Signature: Signature{Text: name + "(tdigest: dynamic, ...): dynamic", Help: "Merges digests."},
			TakesNull: true,
			Make: func(*Context, []Arg) (Eval, error) {
				return func(a []value.Value) (value.Value, error) {
					m := mergeDigest{}
					for i := range a {
						if err := m.Add(a[i : i+1]); err != nil {
							return nil, err
						}
					}
					return m.Result(), nil
				}, nil
			},
		}
	}
	rank := func(name, help string, percent bool) Scalar {
		return Scalar{
			Signature: Signature{Text: name + "(tdigest: dynamic, value: any): real", Help: help},
			Make: simple(func(a []value.Value) value.Value {
				d, ok := digestOf(a[0])
				if !ok {
					return nil
				}
				r, ok := d.rank(a[1])
				switch {
				case !ok || percent && d.total == 0:
					return nil
				case percent:
					return 100 * r / float64(d.total)
				}
				return r
			}),
		}
	}
	return []Scalar{
		{
			Signature: Signature{Text: "percentile_tdigest(tdigest: dynamic, percentile: number, [type: string]): any",
				Help: "Returns the value of a digest at a percentile from 0 to 100, as the type of a typeof() or as a dynamic."},
			Result: func(args []Arg) (value.Type, error) {
				if len(args) < 3 {
					return value.Dynamic, nil
				}
				return typeArgument(args[2])
			},
			Make: func(_ *Context, args []Arg) (Eval, error) {
				to := value.Dynamic
				if len(args) == 3 {
					var err error
					if to, err = typeArgument(args[2]); err != nil {
						return nil, err
					}
				}
				return func(a []value.Value) (value.Value, error) {
					v, err := digestPercentile(a[0], a[1])
					if to != value.Dynamic {
						v = value.Convert(v, to)
					}
					return v, err
				}, nil
			},
		},
		{
			Signature: Signature{Text: "percentiles_array_tdigest(tdigest: dynamic, percentile: number|dynamic, ...): dynamic", Help: "Returns the values of a digest at several percentiles."},
			Make: func(*Context, []Arg) (Eval, error) {
				return func(a []value.Value) (value.Value, error) {
					out := value.Array{}
					for _, p := range a[1:] {
						list, ok := p.(value.Array)
						if !ok {
							list = value.Array{p}
						}
						for _, p := range list {
							v, err := digestPercentile(a[0], p)
							if err != nil {
								return nil, err
							}
							out = append(out, v)
						}
					}
					return out, nil
				}, nil
			},
		},
		rank("rank_tdigest", "Returns how many values of a digest are at most a value.", false),
		rank("percentrank_tdigest", "Returns the share, in percent, of the values of a digest that are at most a value.", true),
		merge("tdigest_merge"), merge("merge_tdigest"), merge("merge_tdigests"),
	}
}

func digestPercentile(v, p value.Value) (value.Value, error) {
	f, ok := value.ToFloat(p)
	if !ok || !(f >= 0 && f <= 100) {
		return nil, fmt.Errorf("percentile_tdigest(): the percentile must be a number from 0 to 100 (got %q)", value.Text(p))
	}
	if d, ok := digestOf(v); ok {
		return d.percentile(f), nil
	}
	return nil, nil
}

// typeArgument reads an argument of the form typeof(x), which arrives as the name of the type.
func typeArgument(a Arg) (value.Type, error) {
	text, _ := a.Value.(string)
	t, ok := value.TypeByName(text)
	if !a.Const || !ok {
		return 0, fmt.Errorf("the type must be given as typeof(name of a type) (got %q)", text)
	}
	return t, nil
}
