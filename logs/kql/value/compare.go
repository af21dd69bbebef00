package value

import (
	"cmp"
	"math"
	"math/big"
	"sort"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// The kinds of values in the order in which they sort when kinds differ. int, long, real and decimal are one kind.
const (
	kindNull = iota
	kindBool
	kindNumber
	kindSpan
	kindTime
	kindString
	kindUUID
	kindArray
	kindBag
)

func kindOf(v Value) int {
	switch v.(type) {
	case nil:
		return kindNull
	case bool:
		return kindBool
	case Span:
		return kindSpan
	case Time:
		return kindTime
	case string:
		return kindString
	case UUID:
		return kindUUID
	case Array:
		return kindArray
	case *Bag:
		return kindBag
	}
	return kindNumber
}

// Compare returns -1, 0 or 1: a total order of all values. Null is lowest. Among numbers NaN is lowest and equal to itself, and int, long,
// real and decimal compare by value: a whole real by its exact value, any other by the decimal that it prints as. Strings compare byte by
// byte. Arrays compare element by element, bags key by key in sorted order, so that the order of keys does not matter.
func Compare(a, b Value) int {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	case Time:
		if y, ok := b.(Time); ok {
			return cmp.Compare(x, y)
		}
	case Span:
		if y, ok := b.(Span); ok {
			return cmp.Compare(x, y)
		}
	case UUID:
		if y, ok := b.(UUID); ok {
			return strings.Compare(string(x), string(y))
		}
	case bool:
		if y, ok := b.(bool); ok {
			switch {
			case x == y:
				return 0
			case y:
				return -1
			}
			return 1
		}
	case Array:
		if y, ok := b.(Array); ok {
			for i := range min(len(x), len(y)) {
				if c := Compare(x[i], y[i]); c != 0 {
					return c
				}
			}
			return cmp.Compare(len(x), len(y))
		}
	case *Bag:
		if y, ok := b.(*Bag); ok {
			return compareBags(x, y)
		}
	}
	ka, kb := kindOf(a), kindOf(b)
	if ka != kb || ka == kindNull {
		return cmp.Compare(ka, kb)
	}
	return compareNumbers(a, b)
}

// Equal says whether two values are equal under Compare. Null equals null and NaN equals NaN, as grouping and joining want it.
func Equal(a, b Value) bool {
	if x, ok := a.(string); ok {
		y, ok := b.(string)
		return ok && x == y
	}
	return Compare(a, b) == 0
}

func compareBags(a, b *Bag) int {
	ka, kb := sortedKeys(a), sortedKeys(b)
	for i := range min(len(ka), len(kb)) {
		if c := strings.Compare(ka[i], kb[i]); c != 0 {
			return c
		}
		va, _ := a.Get(ka[i])
		vb, _ := b.Get(kb[i])
		if c := Compare(va, vb); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(ka), len(kb))
}

func sortedKeys(b *Bag) []string {
	if sort.StringsAreSorted(b.Keys()) {
		return b.Keys()
	}
	keys := append([]string(nil), b.Keys()...)
	sort.Strings(keys)
	return keys
}

// compareNumbers compares two numbers of different Go types, or decimals.
func compareNumbers(a, b Value) int {
	ia, aWhole := wholeOf(a)
	ib, bWhole := wholeOf(b)
	if aWhole && bWhole {
		return cmp.Compare(ia, ib)
	}
	fa, aReal := a.(float64)
	fb, bReal := b.(float64)
	switch {
	case aReal && bWhole:
		return compareRealLong(fa, ib)
	case bReal && aWhole:
		return -compareRealLong(fb, ia)
	case aReal && (math.IsNaN(fa) || math.IsInf(fa, 0)):
		return compareSpecial(fa)
	case bReal && (math.IsNaN(fb) || math.IsInf(fb, 0)):
		return -compareSpecial(fb)
	}
	return exactDecimal(a).Cmp(exactDecimal(b))
}

func wholeOf(v Value) (int64, bool) {
	switch x := v.(type) {
	case int64:
		return x, true
	case int32:
		return int64(x), true
	}
	return 0, false
}

// compareSpecial compares NaN or an infinity with any finite number.
func compareSpecial(f float64) int {
	if f > 0 {
		return 1
	}
	return -1
}

// compareRealLong compares without rounding the whole number to a real.
func compareRealLong(f float64, n int64) int {
	switch {
	case math.IsNaN(f), f < -1<<63:
		return -1
	case f >= 1<<63:
		return 1
	}
	t := math.Trunc(f)
	if c := cmp.Compare(int64(t), n); c != 0 {
		return c
	}
	return cmp.Compare(f, t)
}

// exactDecimal returns a finite number as a decimal: a whole real exactly, any other real as it prints. A real with a fraction never prints
// as a whole number, and what it prints as lies between its neighbours, so the order of reals is kept.
func exactDecimal(v Value) Dec {
	switch x := v.(type) {
	case int64:
		return apd.New(x, 0)
	case int32:
		return apd.New(int64(x), 0)
	case float64:
		if math.Abs(x) >= 1<<53 {
			n, _ := big.NewFloat(x).Int(nil)
			neg := n.Sign() < 0
			return &apd.Decimal{Negative: neg, Coeff: *new(apd.BigInt).SetMathBigInt(n.Abs(n))}
		}
		d, _ := realDecimal(x)
		return d
	case Dec:
		return x
	}
	return new(apd.Decimal)
}
