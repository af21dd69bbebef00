package fn

import (
	"fmt"

	"github.com/endscope/endscope/logs/kql/value"
)

// mathBinFunctions round values down to multiples of a size.
func mathBinFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{
				Text:    "bin(value: any, roundTo: any): any",
				Help:    "Rounds a number, datetime or timespan down to a multiple of roundTo. Datetimes count from 0001-01-01.",
				Aliases: []string{"floor"},
			},
			Result: func(args []Arg) (value.Type, error) { return binType(args[0], args[1]) },
			Make:   simple(func(a []value.Value) value.Value { return value.Bin(a[0], a[1]) }),
		},
		{
			Signature: Signature{
				Text: "bin_at(value: any, bin_size: any, fixed_point: any): any",
				Help: "Rounds a number, datetime or timespan down to fixed_point plus a multiple of bin_size.",
			},
			Result: func(args []Arg) (value.Type, error) {
				t, err := binType(args[0], args[1])
				if err != nil {
					return 0, err
				}
				point := args[2].Type
				if point == value.Dynamic || t == value.Dynamic || point == t {
					return t, nil
				}
				if value.Numeric(point) && value.Numeric(t) {
					return value.ArithType("+", t, point)
				}
				return 0, fmt.Errorf("the fixed point of a %s cannot be a %s", args[0].Type, point)
			},
			Make: simple(func(a []value.Value) value.Value { return value.BinAt(a[0], a[1], a[2]) }),
		},
	}
}

func binType(v, size Arg) (value.Type, error) {
	t, err := value.BinType(v.Type, size.Type)
	if err != nil {
		return 0, fmt.Errorf("cannot round a %s to a multiple of a %s", v.Type, size.Type)
	}
	return t, nil
}
