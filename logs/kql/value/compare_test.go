package value

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"
)

// ordered lists values in the order of Compare, equal ones in one group.
func ordered(t testing.TB) [][]Value {
	return [][]Value{
		{nil},
		{false},
		{true},
		{math.NaN(), math.Float64frombits(0x7ff8000000000123)},
		{math.Inf(-1)},
		{-math.MaxFloat64},
		{dec(t, "-1e30")},
		{int64(math.MinInt64), -9223372036854775808.0, dec(t, "-9223372036854775808")},
		{int64(-2), int32(-2), -2.0, dec(t, "-2.00")},
		{-1.5, dec(t, "-1.5")},
		{0.0, math.Copysign(0, -1), int64(0), int32(0), dec(t, "0"), dec(t, "0.00"), dec(t, "-0")},
		{5e-324, dec(t, "5e-324")},
		{0.1, dec(t, "0.1"), dec(t, "0.100")},
		{dec(t, "0.10000000000000000000000001")},
		{dec(t, "0.3")},
		{math.Nextafter(0.3, 1)},
		{int64(1), 1.0},
		{dec(t, "1.000000000000000000000000000000001")},
		{int64(1) << 53, float64(1 << 53)},
		{int64(1)<<53 + 1},
		{int64(1)<<53 + 2, float64(1<<53 + 2), dec(t, "9007199254740994")},
		{int64(math.MaxInt64), dec(t, "9223372036854775807")},
		{9223372036854775808.0, dec(t, "9223372036854775808"), dec(t, "9.223372036854775808e18")},
		{1e22, dec(t, "1e22")},
		{math.MaxFloat64},
		{math.Inf(1)},
		{Span(-1)},
		{Hour},
		{Time(0)},
		{MaxTime},
		{""},
		{"A"},
		{"a"},
		{"aa"},
		{"é"},
		{UUID("00000000-0000-0000-0000-000000000000")},
		{UUID("74be27de-1e4e-49d9-b579-fe0b331d3642")},
		{Array{}},
		{Array{nil}},
		{Array{int64(1)}, Array{1.0}},
		{Array{int64(1), int64(0)}},
		{Array{int64(2)}},
		{&Bag{}},
		{bag("a", int64(1)), bag("a", 1.0)},
		{bag("a", int64(1), "b", nil), bag("b", nil, "a", int64(1))},
		{bag("a", int64(2))},
		{bag("b", int64(1))},
	}
}

func TestCompareOrder(t *testing.T) {
	groups := ordered(t)
	for i, g := range groups {
		for j, h := range groups {
			for _, a := range g {
				for _, b := range h {
					want := 0
					if i < j {
						want = -1
					} else if i > j {
						want = 1
					}
					if got := Compare(a, b); got != want {
						t.Errorf("Compare(%s, %s) = %d, want %d", show(a), show(b), got, want)
					}
					if got := Equal(a, b); got != (want == 0) {
						t.Errorf("Equal(%s, %s) = %v", show(a), show(b), got)
					}
					if got := string(AppendKey(nil, a)) == string(AppendKey(nil, b)); got != (want == 0) {
						t.Errorf("keys of %s and %s are equal: %v", show(a), show(b), got)
					}
				}
			}
		}
	}
}

func show(v Value) string { return fmt.Sprintf("%T(%s)", v, AppendJSON(nil, v)) }

// number draws a number near others, so that equal and nearly equal ones of different types meet.
func number() *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		base := rapid.SampledFrom([]float64{0, 1, -1, 0.1, 0.3, 1e15, 1 << 53, 1 << 62, -1 << 63, 1e22, 1e300, 4503599627370496.5, 2251799813685248.25}).Draw(t, "base")
		n := rapid.IntRange(-2, 2).Draw(t, "steps")
		for range max(n, -n) {
			base = math.Nextafter(base, math.Inf(n))
		}
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			if l, ok := ToLong(base); ok {
				return l + int64(rapid.IntRange(-1, 1).Draw(t, "off"))
			}
			return rapid.Int64().Draw(t, "long")
		case 1:
			return int32(rapid.IntRange(-3, 3).Draw(t, "int"))
		case 2:
			return rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)}).Draw(t, "special")
		case 3:
			d := new(apd.Decimal)
			if rapid.Bool().Draw(t, "exact") {
				d.Set(exactDecimal(base))
			} else if _, err := d.SetFloat64(base); err != nil {
				t.Fatal(err)
			}
			if _, err := decimals.Add(d, d, apd.New(int64(rapid.IntRange(-1, 1).Draw(t, "ulp")), int32(rapid.IntRange(-30, 0).Draw(t, "exp")))); err != nil {
				t.Fatal(err)
			}
			return d
		}
		return base
	})
}

// anyValue draws a value of any type, nested up to depth.
func anyValue(depth int) *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		kind := rapid.IntRange(0, 10).Draw(t, "type")
		if depth == 0 && kind > 8 {
			kind -= 8
		}
		switch kind {
		case 0:
			return nil
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2, 3, 4:
			return number().Draw(t, "number")
		case 5:
			return rapid.StringOf(rapid.SampledFrom([]rune("ab\x00s"))).Draw(t, "string")
		case 6:
			return Time(rapid.Int64Range(0, 3).Draw(t, "time"))
		case 7:
			return Span(rapid.Int64Range(-1, 1).Draw(t, "span"))
		case 8:
			return UUID("74be27de-1e4e-49d9-b579-fe0b331d3642")
		case 9:
			return Array(rapid.SliceOfN(anyValue(depth-1), 0, 3).Draw(t, "array"))
		}
		b := &Bag{}
		for range rapid.IntRange(0, 3).Draw(t, "keys") {
			b.Set(rapid.SampledFrom([]string{"a", "b", "", "as"}).Draw(t, "key"), anyValue(depth-1).Draw(t, "value"))
		}
		return b
	})
}

func TestCompareIsATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyValue(2).Draw(t, "a"), anyValue(2).Draw(t, "b"), anyValue(2).Draw(t, "c")
		if Compare(a, a) != 0 {
			t.Fatalf("%s is not equal to itself", show(a))
		}
		if Compare(a, b) != -Compare(b, a) {
			t.Fatalf("%s and %s: %d one way and %d the other", show(a), show(b), Compare(a, b), Compare(b, a))
		}
		s := []Value{a, b, c}
		slices.SortFunc(s, Compare)
		if Compare(s[0], s[1]) > 0 || Compare(s[1], s[2]) > 0 || Compare(s[0], s[2]) > 0 {
			t.Fatalf("%s, %s, %s have no order", show(s[0]), show(s[1]), show(s[2]))
		}
		if Compare(s[0], s[1]) == 0 && Compare(s[1], s[2]) == 0 && Compare(s[0], s[2]) != 0 {
			t.Fatalf("%s, %s, %s: equality is not transitive", show(s[0]), show(s[1]), show(s[2]))
		}
	})
}

func TestKeysAreEqualAsValuesAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(anyValue(1), 0, 3).Draw(t, "a")
		b := rapid.SliceOfN(anyValue(1), 0, 3).Draw(t, "b")
		if rapid.Bool().Draw(t, "same") {
			b = slices.Clone(a)
		}
		key := func(s []Value) (k []byte) {
			for _, v := range s {
				k = AppendKey(k, v)
			}
			return k
		}
		if got, want := string(key(a)) == string(key(b)), slices.EqualFunc(a, b, Equal); got != want {
			t.Fatalf("keys of %s and %s are equal: %v, the values: %v", show(Array(a)), show(Array(b)), got, want)
		}
	})
}

// Distinct reals stay distinct as decimals and in order, which mixing them with decimals relies on.
func TestRealsKeepTheirOrderAsDecimals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Filter(func(f float64) bool { return math.Abs(f) < math.MaxFloat64 }).Draw(t, "f")
		g := math.Nextafter(f, math.Inf(1))
		if exactDecimal(f).Cmp(exactDecimal(g)) >= 0 {
			t.Fatalf("%v < %v, but not as decimals", f, g)
		}
		back, err := exactDecimal(f).Float64()
		if err != nil || back != f {
			t.Fatalf("%v became %v, %v", f, back, err)
		}
	})
}

func TestCompareDoesNotAllocate(t *testing.T) {
	pairs := [][2]Value{{int64(1 << 40), int64(1 << 41)}, {"abc", "abd"}, {1.5, int64(2)}, {Time(1 << 50), Time(1 << 51)}, {Array{int64(1)}, Array{int64(2)}}}
	buf := make([]byte, 0, 64)
	for _, p := range pairs {
		if n := testing.AllocsPerRun(100, func() {
			Compare(p[0], p[1])
			buf = AppendKey(buf[:0], p[0])
		}); n != 0 {
			t.Errorf("comparing and keying %s allocates %v times", show(p[0]), n)
		}
	}
}
