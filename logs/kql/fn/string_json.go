package fn

import (
	"slices"

	"github.com/endscope/endscope/logs/kql/value"
)

// stringJSONFunctions write dynamic values as text.
func stringJSONFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{Text: "dynamic_to_json(value: any): string", Help: "Writes a value as JSON with the keys of bags in order, so that equal values give equal texts."},
			Make: func(_ *Context, args []Arg) (Eval, error) {
				t := typesOf(args)
				return func(a []value.Value) (value.Value, error) {
					if t[0] != value.Dynamic {
						return t.text(a, 0), nil
					}
					if s, ok := a[0].(string); ok {
						return s, nil
					}
					return string(value.AppendJSON(nil, sortKeys(a[0]))), nil
				}, nil
			},
		},
	}
}

// sortKeys returns a dynamic value with the keys of all its bags in order of their code points.
func sortKeys(v value.Value) value.Value {
	switch x := v.(type) {
	case value.Array:
		out := make(value.Array, len(x))
		for i, e := range x {
			out[i] = sortKeys(e)
		}
		return out
	case *value.Bag:
		out := &value.Bag{}
		for _, k := range slices.Sorted(slices.Values(x.Keys())) {
			e, _ := x.Get(k)
			out.Set(k, sortKeys(e))
		}
		return out
	}
	return v
}
