package fn

import (
	"github.com/endscope/endscope/logs/kql/value"
)

// arrayFunctions take arrays apart and put them together. Where an array is needed and something else is there, the result is null.
func arrayFunctions() []Scalar {
	return []Scalar{
		arrayFunction("array_length(array: dynamic): long", "Returns how many elements an array has.",
			func(x value.Array, _ []value.Value) value.Value { return int64(len(x)) }, "arraylength"),
		arrayFunction("array_reverse(array: dynamic): dynamic", "Returns the elements in the opposite order.",
			func(x value.Array, _ []value.Value) value.Value {
				out := make(value.Array, len(x))
				for i, v := range x {
					out[len(x)-1-i] = v
				}
				return out
			}),
		arrayFunction("array_sum(array: dynamic): real", "Returns the sum of the elements; null where one is no number.",
			func(x value.Array, _ []value.Value) value.Value {
				sum := 0.0
				for _, v := range x {
					f, ok := value.ToFloat(v)
					if !ok {
						return nil
					}
					sum += f
				}
				return sum
			}),
		{
			Signature: Signature{Text: "array_concat(array: dynamic, ...): dynamic", Help: "Returns the elements of all arrays in one."},
			Make: simple(func(a []value.Value) value.Value {
				out := value.Array{}
				for _, v := range a {
					x, ok := v.(value.Array)
					if !ok {
						return nil
					}
					out = append(out, x...)
				}
				return out
			}),
		},
		arrayFunction("array_index_of(array: dynamic, value: any, [start: long], [length: long], [occurrence: long]): long",
			"Returns the position of a value from start on among length elements, -1 where it is not there; null for a length below -1 or an occurrence below 1.", arrayIndexOf),
		arrayFunction("array_slice(array: dynamic, start: long, end: long): dynamic", "Returns the elements from start to end, both included; negative ones count from the end.",
			func(x value.Array, a []value.Value) value.Value {
				start, end := fromEnd(a[1].(int64), len(x)), fromEnd(a[2].(int64), len(x))
				start, end = max(start, 0), min(end, int64(len(x))-1)
				if start > end {
					return value.Array{}
				}
				return x[start : end+1 : end+1]
			}),
		arrayFunction("array_split(array: dynamic, index: any): dynamic", "Splits an array before one position or an array of them; negative ones count from the end.", arraySplit),
		{
			Signature: Signature{
				Text:    "array_iff(condition_array: dynamic, when_true: any, when_false: any): dynamic",
				Help:    "Returns for each condition the element of when_true or when_false at its place, or that value itself where it is no array.",
				Aliases: []string{"array_iif"},
			},
			TakesNull: true, // the choices may be
			Make:      simple(arrayIff),
		},
	}
}

// arrayFunction declares a function whose first argument is an array. f gets all arguments besides.
func arrayFunction(text, help string, f func(x value.Array, a []value.Value) value.Value, aliases ...string) Scalar {
	return Scalar{
		Signature: Signature{Text: text, Help: help, Aliases: aliases},
		Make: simple(func(a []value.Value) value.Value {
			x, ok := a[0].(value.Array)
			if !ok {
				return nil
			}
			return f(x, a)
		}),
	}
}

// fromEnd turns a position that counts from the end into one from the start; it may still be negative.
func fromEnd(i int64, n int) int64 {
	if i < 0 {
		i += int64(n)
	}
	return i
}

func arrayIndexOf(x value.Array, a []value.Value) value.Value {
	start, length, occurrence := int64(0), int64(-1), int64(1)
	for i, p := range []*int64{&start, &length, &occurrence} {
		if len(a) > 2+i {
			*p = a[2+i].(int64)
		}
	}
	if length < -1 || occurrence < 1 {
		return nil
	}
	start = max(fromEnd(start, len(x)), 0)
	end := int64(len(x))
	if length >= 0 && length < end-start {
		end = start + length
	}
	wanted := value.Widen(a[1], value.Dynamic)
	for i := start; i < end; i++ {
		if x[i] != nil && value.Equal(x[i], wanted) {
			if occurrence--; occurrence == 0 {
				return i
			}
		}
	}
	return int64(-1)
}

func arraySplit(x value.Array, a []value.Value) value.Value {
	indices, ok := a[1].(value.Array)
	if !ok {
		indices = value.Array{a[1]}
	}
	out := make(value.Array, 0, len(indices)+1)
	at := int64(0)
	n := int64(len(x))
	cut := func(end int64) {
		if end < at {
			out = append(out, value.Array{}) // nothing lies between
		} else {
			out = append(out, x[at:end:end])
		}
		at = end
	}
	for _, v := range indices {
		i, ok := value.ToLong(v)
		if !ok {
			return nil
		}
		cut(min(max(fromEnd(i, len(x)), 0), n))
	}
	cut(n)
	return out
}

// arrayIff chooses by bools, and by numbers, of which 0 is false. For any other condition, and past the end of a choice, the element is null.
func arrayIff(a []value.Value) value.Value {
	conditions, ok := a[0].(value.Array)
	if !ok {
		return nil
	}
	out := make(value.Array, len(conditions))
	for i, c := range conditions {
		yes, isBool := c.(bool)
		if !isBool {
			f, ok := value.ToFloat(c)
			if !ok {
				continue
			}
			yes = f != 0
		}
		choice := a[2]
		if yes {
			choice = a[1]
		}
		if _, ok := choice.(value.Array); ok {
			out[i] = Element(choice, int64(i))
		} else {
			out[i] = value.Widen(choice, value.Dynamic)
		}
	}
	return out
}
