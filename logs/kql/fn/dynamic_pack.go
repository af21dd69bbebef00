package fn

import (
	"fmt"

	"github.com/endscope/endscope/logs/kql/value"
)

// packFunctions make arrays and bags of values.
func packFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{Text: "pack_array(value: any, ...): dynamic", Help: "Returns an array of the values."},
			TakesNull: true,
			Make: simple(func(a []value.Value) value.Value {
				out := make(value.Array, len(a))
				for i, v := range a {
					out[i] = value.Widen(v, value.Dynamic)
				}
				return out
			}),
		},
		{
			Signature: Signature{
				Text:    "bag_pack(key: any, value: any, [rest: any], ...): dynamic",
				Help:    "Returns a bag of keys and values in turn.",
				Aliases: []string{"pack", "pack_dictionary"},
			},
			TakesNull: true,
			Result: func(args []Arg) (value.Type, error) {
				if len(args)%2 != 0 {
					return 0, fmt.Errorf("expected pairs of a key and a value, got %d arguments", len(args))
				}
				for i := 0; i < len(args); i += 2 {
					if t := args[i].Type; t != value.String && t != value.Dynamic {
						return 0, fmt.Errorf("argument %d is a key and must be a string, got %s", i+1, t)
					}
				}
				return value.Dynamic, nil
			},
			Make: simple(func(a []value.Value) value.Value {
				b := &value.Bag{}
				for i := 0; i+1 < len(a); i += 2 {
					b.Set(value.Text(a[i]), value.Widen(a[i+1], value.Dynamic))
				}
				return b
			}),
		},
		{
			Signature: Signature{Text: "bag_pack_columns(column: any, ...): dynamic", Help: "Returns a bag of columns: their names and their values."},
			TakesNull: true,
			Make: func(_ *Context, args []Arg) (Eval, error) {
				names := make([]string, len(args))
				for i, a := range args {
					if a.Name == "" {
						return nil, fmt.Errorf("argument %d is not a column", i+1)
					}
					names[i] = a.Name
				}
				return func(a []value.Value) (value.Value, error) { return PackRow(names, a, false), nil }, nil
			},
		},
	}
}

// PackRow returns the bag of a row, as pack_all() does. With ignoreEmpty, columns that are null or an empty string are left out.
func PackRow(names []string, values []value.Value, ignoreEmpty bool) value.Value {
	b := &value.Bag{}
	for i, name := range names {
		v := values[i]
		if ignoreEmpty && (v == nil || v == "") {
			continue
		}
		b.Set(name, value.Widen(v, value.Dynamic))
	}
	return b
}
