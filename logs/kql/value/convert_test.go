package value

import (
	"math"
	"testing"
)

func TestConvert(t *testing.T) {
	const guid = "74be27de-1e4e-49d9-b579-fe0b331d3642"
	f := func(v Value, to Type, want Value) {
		t.Helper()
		got := Convert(v, to)
		if f, ok := got.(float64); ok && math.IsNaN(f) && want != nil && math.IsNaN(want.(float64)) {
			return
		}
		if d, ok := got.(Dec); ok {
			if w, ok := want.(Dec); !ok || d.Cmp(w) != 0 {
				t.Errorf("Convert(%#v, %v) = %s, want %v", v, to, d, want)
			}
			return
		}
		if !identical(got, want) {
			t.Errorf("Convert(%#v, %v) = %#v, want %#v", v, to, got, want)
		}
	}
	for _, to := range []Type{Dynamic, Bool, Int, Long, Real, Decimal, Datetime, Timespan, GUID} {
		f(nil, to, nil)
		if to != Dynamic {
			f("abc", to, nil)
			f("", to, nil)
			f(Array{int64(1)}, to, nil)
			f(&Bag{}, to, nil)
		}
	}
	f(nil, String, "")
	f(int64(5), String, "5")
	f(Array{int64(5)}, String, "[5]")

	f("123", Long, int64(123))
	f("1.5", Long, nil)
	f("0x10", Long, int64(16))
	f(2.7, Long, int64(2))
	f(-2.7, Long, int64(-2))
	f(1e19, Long, nil)
	f(-9223372036854775808.0, Long, int64(math.MinInt64))
	f(9223372036854775808.0, Long, nil)
	f(math.NaN(), Long, nil)
	f(true, Long, int64(1))
	f(int32(-3), Long, int64(-3))
	f(dec(t, "-12.9"), Long, int64(-12))
	f(dec(t, "0.9"), Long, int64(0))
	f(dec(t, "9223372036854775807.9"), Long, int64(math.MaxInt64))
	f(dec(t, "9223372036854775808"), Long, nil)
	f(dec(t, "1e6000"), Long, nil)
	f(dec(t, "1e-6000"), Long, int64(0))
	f(Day, Long, int64(864000000000))
	f(at(t, "2020-01-01"), Long, int64(637134336000000000))

	f("123", Int, int32(123))
	f(int64(7), Int, int32(7))
	f(2.7, Int, int32(2))
	f(int64(1)<<31, Int, nil)
	f(int64(-1)<<31, Int, int32(math.MinInt32))
	f("9999999999", Int, nil)
	f(false, Int, int32(0))

	f("5.7", Real, 5.7)
	f("nan", Real, math.NaN())
	f(int64(3), Real, 3.0)
	f(int32(3), Real, 3.0)
	f(dec(t, "1.5"), Real, 1.5)
	f(true, Real, 1.0)
	f(Day, Real, 864000000000.0)

	f("1.25", Decimal, dec(t, "1.25"))
	f(0.1, Decimal, dec(t, "0.1"))
	f(int64(5), Decimal, dec(t, "5"))
	f(math.NaN(), Decimal, nil)
	f(math.Inf(1), Decimal, nil)

	f("TRUE", Bool, true)
	f("2", Bool, true)
	f("1.5", Bool, nil)
	f(int64(0), Bool, false)
	f(int32(123), Bool, true)
	f(1.5, Bool, true)
	f(math.NaN(), Bool, nil)
	f(dec(t, "0.00"), Bool, false)

	f("2020-01-01", Datetime, at(t, "2020-01-01"))
	f(int64(637134336000000000), Datetime, at(t, "2020-01-01"))
	f(int64(-1), Datetime, nil)
	f(int64(math.MaxInt64), Datetime, nil)
	f(MaxTime, Datetime, MaxTime)

	f("0.00:03:00", Timespan, 3*Minute)
	f("1d", Timespan, Day)
	f(int64(10_000_000), Timespan, Second)
	f(Hour, Timespan, Hour)
	f(true, Timespan, nil)

	f("{"+guid+"}", GUID, UUID(guid))
	f(UUID(guid), GUID, UUID(guid))
	f(int64(5), GUID, nil)

	f(`{"a":[1]}`, Dynamic, bag("a", Array{int64(1)}))
	f("not json", Dynamic, "not json")
	f("", Dynamic, "")
	f("5", Dynamic, int64(5))
	f(int32(5), Dynamic, int64(5))
	f(Hour, Dynamic, Hour)
}

func TestWiden(t *testing.T) {
	f := func(v Value, to Type, want Value) {
		t.Helper()
		if got := Widen(v, to); !identical(got, want) {
			t.Errorf("Widen(%#v, %v) = %#v, want %#v", v, to, got, want)
		}
	}
	f("[1]", Dynamic, "[1]")
	f(int32(1), Dynamic, int64(1))
	f(1.5, Dynamic, 1.5)
	f(int32(1), Long, int64(1))
	f(int64(1), Real, 1.0)
	f("200", Int, int32(200))
	f(nil, String, "")
	f(nil, Long, nil)
	f(int64(7), String, "7")
}

func TestToFloatAndToLong(t *testing.T) {
	for _, v := range []Value{nil, "1", true, Hour, Time(1), Array{}} {
		if _, ok := ToFloat(v); ok {
			t.Errorf("ToFloat(%#v) is a number", v)
		}
		if _, ok := ToLong(v); ok {
			t.Errorf("ToLong(%#v) is a number", v)
		}
	}
	for _, v := range []Value{int32(3), int64(3), 3.0, dec(t, "3.0")} {
		if f, ok := ToFloat(v); !ok || f != 3 {
			t.Errorf("ToFloat(%#v) = %v, %v", v, f, ok)
		}
		if n, ok := ToLong(v); !ok || n != 3 {
			t.Errorf("ToLong(%#v) = %v, %v", v, n, ok)
		}
	}
}
