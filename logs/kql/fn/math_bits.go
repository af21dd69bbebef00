package fn

import (
	"fmt"
	"math/bits"

	"github.com/endscope/endscope/logs/kql/value"
)

// mathBitsFunctions work on the bits of longs.
func mathBitsFunctions() []Scalar {
	two := func(name, help string, f func(a, b int64) (int64, bool)) Scalar {
		return Scalar{
			Signature: Signature{Text: name + "(a: long, b: long): long", Help: help},
			Make: simple(func(a []value.Value) value.Value {
				n, ok := f(a[0].(int64), a[1].(int64))
				if !ok {
					return nil
				}
				return n
			}),
		}
	}
	return []Scalar{
		two("binary_and", "Returns the bits that both have.", func(a, b int64) (int64, bool) { return a & b, true }),
		two("binary_or", "Returns the bits that either has.", func(a, b int64) (int64, bool) { return a | b, true }),
		two("binary_xor", "Returns the bits that one of both has.", func(a, b int64) (int64, bool) { return a ^ b, true }),
		two("binary_shift_left", "Moves the bits of a to the left by b modulo 64; null where b is negative.",
			func(a, b int64) (int64, bool) { return a << (uint64(b) % 64), b >= 0 }),
		two("binary_shift_right", "Moves the bits of a to the right by b modulo 64, keeping the sign; null where b is negative.",
			func(a, b int64) (int64, bool) { return a >> (uint64(b) % 64), b >= 0 }),
		{
			Signature: Signature{Text: "binary_not(a: long): long", Help: "Returns the bits that a does not have."},
			Make:      simple(func(a []value.Value) value.Value { return ^a[0].(int64) }),
		},
		{
			Signature: Signature{Text: "bitset_count_ones(a: long): long", Help: "Returns how many bits of a are set."},
			Make:      simple(func(a []value.Value) value.Value { return int64(bits.OnesCount64(uint64(a[0].(int64)))) }),
		},
		{
			Signature: Signature{
				Text: "tohex(value: number, [minLength: long]): string",
				Help: "Writes an int or long in hexadecimal digits, with zeros before them up to a length of at most 16.",
			},
			Make: simple(func(a []value.Value) value.Value {
				var digits string
				switch n := a[0].(type) {
				case int32:
					digits = fmt.Sprintf("%x", uint32(n))
				default:
					l, ok := value.ToLong(value.Convert(n, value.Long))
					if !ok {
						return ""
					}
					digits = fmt.Sprintf("%x", uint64(l))
				}
				if len(a) > 1 {
					if width := int(min(max(a[1].(int64), 0), 16)); len(digits) < width {
						digits = fmt.Sprintf("%0*s", width, digits)
					}
				}
				return digits
			}),
		},
	}
}
