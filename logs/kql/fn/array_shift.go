package fn

import (
	"github.com/endscope/endscope/logs/kql/value"
)

// arrayShiftFunctions move the elements of arrays.
func arrayShiftFunctions() []Scalar {
	return []Scalar{
		arrayFunction("array_rotate_left(array: dynamic, rotate_count: long): dynamic", "Moves the elements to the left; those that leave come back on the right.",
			func(x value.Array, a []value.Value) value.Value { return rotated(x, a[1].(int64), 1) }),
		arrayFunction("array_rotate_right(array: dynamic, rotate_count: long): dynamic", "Moves the elements to the right; those that leave come back on the left.",
			func(x value.Array, a []value.Value) value.Value { return rotated(x, a[1].(int64), -1) }),
		arrayShift("array_shift_left", "Moves the elements to the left and fills the right with a default; without one with null, or among texts with an empty text.", 1),
		arrayShift("array_shift_right", "Moves the elements to the right and fills the left with a default; without one with null, or among texts with an empty text.", -1),
	}
}

// rotated returns x moved to the left by count times direction.
func rotated(x value.Array, count, direction int64) value.Value {
	n := int64(len(x))
	if n == 0 {
		return x
	}
	by := ((count%n)*direction + n) % n
	out := make(value.Array, 0, n)
	return append(append(out, x[by:]...), x[:by]...)
}

func arrayShift(name, help string, direction int64) Scalar {
	return Scalar{
		Signature: Signature{Text: name + "(array: dynamic, shift_count: long, [default_value: any]): dynamic", Help: help},
		TakesNull: true, // the default may be
		Make: simple(func(a []value.Value) value.Value {
			x, ok := a[0].(value.Array)
			by, ok2 := a[1].(int64)
			if !ok || !ok2 {
				return nil
			}
			fill := missingIn(x)
			if len(a) > 2 {
				fill = value.Widen(a[2], value.Dynamic)
			}
			n := int64(len(x))
			by = max(min(by, n), -n) * direction
			out := make(value.Array, n)
			for i := range out {
				if from := int64(i) + by; from >= 0 && from < n {
					out[i] = x[from]
				} else {
					out[i] = fill
				}
			}
			return out
		}),
	}
}

// missingIn returns what stands for a missing element of x: an empty text where all elements are texts, else null.
func missingIn(x value.Array) value.Value {
	for _, v := range x {
		if _, ok := v.(string); !ok {
			return nil
		}
	}
	if len(x) == 0 {
		return nil
	}
	return ""
}
