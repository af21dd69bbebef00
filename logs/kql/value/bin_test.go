package value

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestBin(t *testing.T) {
	f := func(v, size, want Value) {
		t.Helper()
		got := Bin(v, size)
		if d, ok := got.(Dec); ok {
			got = Text(d)
		}
		if !identical(got, want) {
			t.Errorf("Bin(%s, %s) = %#v, want %#v", show(v), show(size), got, want)
		}
	}
	f(int64(7), int64(5), int64(5))
	f(int64(-7), int64(5), int64(-10))
	f(int64(-10), int64(5), int64(-10))
	f(int64(7), int64(0), nil)
	f(int64(7), int64(-5), nil)
	f(int64(math.MinInt64), int64(10), nil)
	f(int64(math.MinInt64), int64(1), int64(math.MinInt64))
	f(int32(7), int32(5), int32(5))
	f(int32(-7), int32(5), int32(-10))
	f(int32(math.MinInt32), int32(10), nil)
	f(int32(7), int32(0), nil)
	f(int32(7), int64(5), int64(5))
	f(int64(7), int32(5), int64(5))
	f(4.5, int64(1), 4.0)
	f(-7.5, int64(1), -8.0)
	f(7.5, 0.5, 7.5)
	f(int64(7), 2.5, 5.0)
	f(int32(7), 2.5, 5.0)
	f(4.5, 0.0, nil)
	f(4.5, -1.0, nil)
	f(4.5, math.NaN(), nil)
	f(4.5, math.Inf(1), nil)
	f(math.Inf(1), 1.0, math.Inf(1))
	f(1e300, 1e-300, 1e300)
	f(0.58, 0.01, 0.5700000000000001)
	f(dec(t, "7.5"), dec(t, "2"), "6.0")
	f(dec(t, "-7.5"), int64(2), "-8.0")
	f(int64(7), dec(t, "2.5"), "5.0")
	f(dec(t, "7"), int64(0), nil)
	f(at(t, "1970-05-11 13:45:07"), Day, at(t, "1970-05-11"))
	f(at(t, "2024-05-16 13:45"), 7*Day, at(t, "2024-05-13")) // a Monday
	f(at(t, "2024-05-16 13:47:01"), 5*Minute, at(t, "2024-05-16 13:45"))
	f(at(t, "2024-05-16"), Span(0), nil)
	f(at(t, "2024-05-16"), -Day, nil)
	f(at(t, "2024-05-16"), int64(1), nil)
	f(-Hour, Day, -Day)
	f(25*Hour, Day, Day)
	f(Hour, Span(0), nil)
	f(Span(math.MinInt64), Day, nil)
	f(nil, int64(1), nil)
	f(int64(1), nil, nil)
	f(1.5, nil, nil)
	f(at(t, "2024-05-16"), nil, nil)
	f("7", int64(1), nil)
	f(int64(7), "1", nil)
}

func TestBinAt(t *testing.T) {
	f := func(v, size, origin, want Value) {
		t.Helper()
		if got := BinAt(v, size, origin); !identical(got, want) {
			t.Errorf("BinAt(%s, %s, %s) = %#v, want %#v", show(v), show(size), show(origin), got, want)
		}
	}
	f(6.5, 2.5, int64(7), 4.5)
	f(int64(6), int64(5), int64(2), int64(2))
	f(int64(1), int64(5), int64(2), int64(-3))
	f(Hour, Day, 12*Hour, -12*Hour)
	f(at(t, "2017-05-15 10:20:00"), Day, at(t, "1970-01-01 12:00"), at(t, "2017-05-14 12:00"))
	f(at(t, "2017-05-17 10:20:00"), 7*Day, at(t, "2017-06-04"), at(t, "2017-05-14")) // a Sunday
	f(at(t, "2017-05-17"), Span(0), at(t, "2017-06-04"), nil)
	f(at(t, "0001-01-01"), 7*Day, at(t, "2017-06-04"), nil)
	f(at(t, "2017-05-17"), Day, int64(5), nil)
	f(int64(5), int64(0), int64(0), nil)
	f(nil, int64(1), int64(0), nil)
	f(int64(1), nil, int64(0), nil)
	f(int64(1), int64(1), nil, nil)
	f(Hour, Day, nil, nil)
	f(Hour, Day, int64(1), nil)
}

func TestBinType(t *testing.T) {
	f := func(v, size, want Type) {
		t.Helper()
		if got, err := BinType(v, size); err != nil || got != want {
			t.Errorf("BinType(%v, %v) = %v, %v; want %v", v, size, got, err, want)
		}
	}
	f(Int, Int, Int)
	f(Int, Long, Long)
	f(Real, Long, Real)
	f(Long, Real, Real)
	f(Decimal, Long, Decimal)
	f(Datetime, Timespan, Datetime)
	f(Timespan, Timespan, Timespan)
	f(Dynamic, Long, Dynamic)
	for _, c := range [][2]Type{{Datetime, Long}, {String, Long}, {Timespan, Long}, {Long, Timespan}, {Bool, Bool}} {
		if got, err := BinType(c[0], c[1]); err == nil {
			t.Errorf("BinType(%v, %v) = %v, want an error", c[0], c[1], got)
		}
	}
}

func TestBinIsBelowAndBinsToItself(t *testing.T) {
	types := [][2]Type{{Int, Int}, {Int, Long}, {Long, Long}, {Real, Real}, {Long, Real}, {Decimal, Decimal}, {Decimal, Long}, {Datetime, Timespan}, {Timespan, Timespan}}
	rapid.Check(t, func(t *rapid.T) {
		pair := rapid.SampledFrom(types).Draw(t, "types")
		v, size := sample(t, pair[0], "v"), sample(t, pair[1], "size")
		if pair[1] == Real { // sizes and values of which reals have all multiples
			size = rapid.SampledFrom([]float64{1, 3, 2.5, 0.125, 1024}).Draw(t, "step")
			if pair[0] == Real {
				v = float64(rapid.IntRange(-1<<40, 1<<40).Draw(t, "near")) / 1024
			} else {
				v = rapid.Int64Range(-1<<40, 1<<40).Draw(t, "near")
			}
		}
		got := Bin(v, size)
		if got == nil {
			return
		}
		if want, _ := BinType(pair[0], pair[1]); TypeOf(got) != want {
			t.Fatalf("Bin(%s, %s) = %#v, want the type %v", show(v), show(size), got, want)
		}
		if Compare(got, v) > 0 {
			t.Fatalf("Bin(%s, %s) = %s, which is above", show(v), show(size), show(got))
		}
		if again := Bin(got, size); !Equal(again, got) {
			t.Fatalf("Bin(%s, %s) = %s, which bins to %s", show(v), show(size), show(got), show(again))
		}
		if next := Arith("+", got, size); next != nil && Compare(next, got) > 0 && Compare(next, v) <= 0 {
			t.Fatalf("Bin(%s, %s) = %s, but the next multiple %s is not above either", show(v), show(size), show(got), show(next))
		}
	})
}
