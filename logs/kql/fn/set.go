package fn

import (
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// setFunctions treat arrays as sets. Where an array is needed and something else is there, the result is null.
func setFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{Text: "set_union(set1: dynamic, set2: dynamic, ...): dynamic", Help: "Returns the distinct elements of all arrays, in the order of their first appearance."},
			Make: simple(func(a []value.Value) value.Value {
				seen, out := map[string]bool{}, value.Array{}
				for _, v := range a {
					x, ok := v.(value.Array)
					if !ok {
						return nil
					}
					out = appendNew(out, x, seen)
				}
				return out
			}),
		},
		{
			Signature: Signature{Text: "set_intersect(set1: dynamic, set2: dynamic, ...): dynamic", Help: "Returns the distinct elements that all arrays have."},
			Make: simple(func(a []value.Value) value.Value {
				out, ok := distinct(a[0])
				for _, v := range a[1:] {
					x, ok2 := v.(value.Array)
					if !ok || !ok2 {
						return nil
					}
					out = filterSet(out, keysOf(x), true)
				}
				if !ok {
					return nil
				}
				return out
			}),
		},
		{
			Signature: Signature{Text: "set_difference(set1: dynamic, set2: dynamic, ...): dynamic", Help: "Returns the distinct elements of the first array that no other has."},
			Make: simple(func(a []value.Value) value.Value {
				out, ok := distinct(a[0])
				for _, v := range a[1:] {
					x, ok2 := v.(value.Array)
					if !ok || !ok2 {
						return nil
					}
					out = filterSet(out, keysOf(x), false)
				}
				if !ok {
					return nil
				}
				return out
			}),
		},
		{
			Signature: Signature{Text: "set_has_element(set: dynamic, value: any): bool", Help: "Says whether an array has an element."},
			Make: simple(func(a []value.Value) value.Value {
				x, ok := a[0].(value.Array)
				if !ok {
					return nil
				}
				wanted := value.Widen(a[1], value.Dynamic)
				for _, v := range x {
					if v != nil && value.Equal(v, wanted) {
						return true
					}
				}
				return false
			}),
		},
		{
			Signature: Signature{Text: "set_equals(set1: dynamic, set2: dynamic): bool", Help: "Says whether two arrays have the same distinct elements."},
			Make: simple(func(a []value.Value) value.Value {
				x, ok := a[0].(value.Array)
				y, ok2 := a[1].(value.Array)
				if !ok || !ok2 {
					return nil
				}
				kx, ky := keysOf(x), keysOf(y)
				return len(kx) == len(ky) && shared(kx, ky) == len(kx)
			}),
		},
		{
			Signature: Signature{Text: "jaccard_index(set1: dynamic, set2: dynamic): real", Help: "Returns how many of the distinct elements of two arrays both have, as a share of all; NaN for empty arrays."},
			Make: simple(func(a []value.Value) value.Value {
				x, ok := a[0].(value.Array)
				y, ok2 := a[1].(value.Array)
				if !ok || !ok2 {
					return nil
				}
				kx, ky := keysOf(x), keysOf(y)
				both := shared(kx, ky)
				all := len(kx) + len(ky) - both
				if all == 0 {
					return math.NaN()
				}
				return float64(both) / float64(all)
			}),
		},
	}
}

// appendNew appends the elements of x that were not seen before.
func appendNew(out, x value.Array, seen map[string]bool) value.Array {
	var key []byte
	for _, v := range x {
		key = value.AppendKey(key[:0], v)
		if !seen[string(key)] {
			seen[string(key)] = true
			out = append(out, v)
		}
	}
	return out
}

func distinct(v value.Value) (value.Array, bool) {
	x, ok := v.(value.Array)
	if !ok {
		return nil, false
	}
	return appendNew(value.Array{}, x, map[string]bool{}), true
}

func keysOf(x value.Array) map[string]bool {
	keys := make(map[string]bool, len(x))
	var key []byte
	for _, v := range x {
		key = value.AppendKey(key[:0], v)
		if !keys[string(key)] {
			keys[string(key)] = true
		}
	}
	return keys
}

// filterSet keeps the elements of x whose being in keys is wanted. x must not be used after that.
func filterSet(x value.Array, keys map[string]bool, wanted bool) value.Array {
	out := x[:0]
	var key []byte
	for _, v := range x {
		key = value.AppendKey(key[:0], v)
		if keys[string(key)] == wanted {
			out = append(out, v)
		}
	}
	return out
}

// shared counts the keys that both have.
func shared(a, b map[string]bool) int {
	n := 0
	for k := range a {
		if b[k] {
			n++
		}
	}
	return n
}
