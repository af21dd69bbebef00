package fn

import (
	"fmt"

	"github.com/endscope/endscope/logs/kql/value"
)

// CommonType returns the type that values of several types become where an expression gives one of them, as iff() and coalesce() do:
// the wider of numbers (int, long, real, decimal); any type wins over dynamic, except integers, which would cut a dynamic 7.5 to 7; otherwise
// all must be the same.
func CommonType(types []value.Type) (value.Type, error) {
	common, loose := value.Dynamic, false
	for _, t := range types {
		loose = loose || t == value.Dynamic
		switch {
		case t == common || t == value.Dynamic:
		case common == value.Dynamic:
			common = t
		case value.Numeric(t) && value.Numeric(common):
			if wider(t, common) {
				common = t
			}
		default:
			return 0, fmt.Errorf("the types %s and %s have no common type", common, t)
		}
	}
	if loose && (common == value.Int || common == value.Long) {
		return value.Dynamic, nil
	}
	return common, nil
}

// wider compares two numeric types. They are declared from the narrowest to the widest.
func wider(a, b value.Type) bool { return a > b }

// CommonArgType is CommonType for arguments. A constant null has the type of the others, whatever its own is, unless all are null.
func CommonArgType(args []Arg) (value.Type, error) {
	var types, nulls []value.Type
	for _, a := range args {
		if a.Const && a.Value == nil {
			nulls = append(nulls, a.Type)
		} else {
			types = append(types, a.Type)
		}
	}
	if len(types) == 0 {
		types = nulls
	}
	return CommonType(types)
}

// convertTo makes a function that brings values to a type found by CommonType. A null becomes the missing value of the type.
func convertTo(t value.Type) func(value.Value) value.Value {
	return func(v value.Value) value.Value {
		if v == nil {
			return value.Zero(t)
		}
		if t != value.Dynamic && value.TypeOf(v) == t {
			return v
		}
		return value.Widen(v, t)
	}
}
