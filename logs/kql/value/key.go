package value

import (
	"encoding/binary"
	"math"

	"github.com/cockroachdb/apd/v3"
)

// AppendKey appends bytes that are equal exactly for values that are Equal. Keys say where they end, so that keys written one after the
// other are equal exactly when the lists of values are.
func AppendKey(dst []byte, v Value) []byte {
	switch x := v.(type) {
	case nil:
		return append(dst, 'z')
	case string:
		dst = binary.AppendUvarint(append(dst, 's'), uint64(len(x)))
		return append(dst, x...)
	case int64:
		return appendKey8(dst, 'i', uint64(x))
	case int32:
		return appendKey8(dst, 'i', uint64(int64(x)))
	case float64:
		return appendRealKey(dst, x)
	case Time:
		return appendKey8(dst, 't', uint64(x))
	case Span:
		return appendKey8(dst, 'd', uint64(x))
	case bool:
		if x {
			return append(dst, 'T')
		}
		return append(dst, 'F')
	case UUID:
		dst = binary.AppendUvarint(append(dst, 'u'), uint64(len(x)))
		return append(dst, x...)
	case Dec:
		return appendDecimalKey(dst, x)
	case Array:
		dst = binary.AppendUvarint(append(dst, 'a'), uint64(len(x)))
		for _, e := range x {
			dst = AppendKey(dst, e)
		}
		return dst
	case *Bag:
		dst = binary.AppendUvarint(append(dst, 'b'), uint64(x.Len()))
		for _, k := range sortedKeys(x) {
			e, _ := x.Get(k)
			dst = binary.AppendUvarint(dst, uint64(len(k)))
			dst = AppendKey(append(dst, k...), e)
		}
		return dst
	}
	return append(dst, 'z') // no other Go type is a Value
}

func appendKey8(dst []byte, tag byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, tag), n)
}

func appendRealKey(dst []byte, f float64) []byte {
	if f == math.Trunc(f) && f >= -1<<63 && f < 1<<63 {
		return appendKey8(dst, 'i', uint64(int64(f)))
	}
	if math.IsNaN(f) {
		f = math.NaN() // one pattern for all
	}
	return appendKey8(dst, 'r', math.Float64bits(f))
}

// appendDecimalKey writes the key of the whole number or the real of that value, and its own only where neither has the value.
func appendDecimalKey(dst []byte, d Dec) []byte {
	if n, ok := decimalLong(d); ok && apd.New(n, 0).Cmp(d) == 0 {
		return appendKey8(dst, 'i', uint64(n))
	}
	if f, err := d.Float64(); err == nil && !math.IsInf(f, 0) && exactDecimal(f).Cmp(d) == 0 {
		return appendRealKey(dst, f)
	}
	var r apd.Decimal
	r.Reduce(d)
	start := len(dst) + 1
	dst = r.Append(append(dst, 'n', 0), 'E')
	dst[start] = byte(len(dst) - start - 1) // at most 34 digits, a sign, a point and an exponent
	return dst
}
