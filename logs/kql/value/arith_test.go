package value

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestArith(t *testing.T) {
	f := func(a Value, op string, b, want Value) {
		t.Helper()
		got := Arith(op, a, b)
		if d, ok := got.(Dec); ok {
			if Text(d) != want {
				t.Errorf("%s %s %s = decimal %s, want %v", show(a), op, show(b), Text(d), want)
			}
			return
		}
		if g, ok := got.(float64); ok && math.IsNaN(g) {
			if w, ok := want.(float64); !ok || !math.IsNaN(w) {
				t.Errorf("%s %s %s = NaN, want %v", show(a), op, show(b), want)
			}
			return
		}
		if !identical(got, want) {
			t.Errorf("%s %s %s = %#v, want %#v", show(a), op, show(b), got, want)
		}
	}
	l := func(n int64) Value { return n }
	t1, t2 := at(t, "2020-01-01 10:00"), at(t, "2020-01-02")

	f(l(7), "/", l(2), l(3))
	f(l(-7), "/", l(2), l(-3))
	f(l(7), "/", l(-2), l(-3))
	f(l(1), "/", l(0), nil)
	f(l(math.MinInt64), "/", l(-1), l(math.MinInt64))
	f(l(14), "%", l(12), l(2))
	f(l(-14), "%", l(12), l(10))
	f(l(14), "%", l(-12), l(2))
	f(l(-14), "%", l(-12), l(10))
	f(l(1), "%", l(0), nil)
	f(l(-5), "%", l(math.MinInt64), l(math.MaxInt64-4))
	f(l(math.MaxInt64), "+", l(1), l(math.MinInt64))
	f(l(math.MinInt64), "-", l(1), l(math.MaxInt64))
	f(l(1<<62), "*", l(2), l(math.MinInt64))
	f(int32(7), "/", int32(2), l(3))
	f(int32(math.MaxInt32), "+", int32(1), l(1<<31))
	f(int32(7), "*", l(2), l(14))
	f(int32(1), "/", 2.0, 0.5)
	f(2.0, "-", int32(1), 1.0)
	f(l(1), "/", 2.0, 0.5)
	f(1.0, "/", l(2), 0.5)
	f(1.0, "/", l(0), math.Inf(1))
	f(-1.0, "/", 0.0, math.Inf(-1))
	f(0.0, "/", 0.0, math.NaN())
	f(-5.5, "%", 2.0, 0.5)
	f(5.5, "%", -2.0, 1.5)
	f(1.0, "%", 0.0, math.NaN())
	f(0.1, "+", 0.2, math.Nextafter(0.3, 1))
	f(dec(t, "0.1"), "+", dec(t, "0.2"), "0.3")
	f(dec(t, "7"), "/", dec(t, "2"), "3.5")
	f(dec(t, "1"), "/", l(3), "0.3333333333333333333333333333333333")
	f(dec(t, "1.5"), "*", 2.0, "3.0")
	f(0.1, "-", dec(t, "0.1"), "0.0")
	f(int32(2), "*", dec(t, "1.5"), "3.0")
	f(dec(t, "-14"), "%", l(12), "10")
	f(dec(t, "14"), "%", dec(t, "-12"), "2")
	f(dec(t, "1"), "/", l(0), nil)
	f(dec(t, "0"), "/", l(0), nil)
	f(dec(t, "1"), "%", l(0), nil)
	f(dec(t, "1"), "+", math.NaN(), nil)
	f(dec(t, "1e6000"), "*", dec(t, "1e6000"), nil)

	f(t2, "-", t1, 14*Hour)
	f(t1, "-", t2, -14*Hour)
	f(t1, "+", 14*Hour, t2)
	f(14*Hour, "+", t1, t2)
	f(t2, "-", 14*Hour, t1)
	f(Time(0), "-", Tick, nil)
	f(MaxTime, "+", Tick, nil)
	f(MaxTime, "-", Span(math.MinInt64), nil)
	f(t1, "%", Day, 10*Hour)
	f(Time(3*Hour), "/", 2*Hour, 1.5)
	f(t1, "+", t2, nil)
	f(t1, "*", l(2), nil)
	f(l(2), "+", t1, nil)
	f(Hour, "+", Minute, 61*Minute)
	f(Hour, "-", Minute, 59*Minute)
	f(Span(math.MaxInt64), "+", Tick, nil)
	f(Span(math.MinInt64), "-", Tick, nil)
	f(Tick, "-", Span(math.MinInt64), nil)
	f(Span(0), "-", Span(math.MinInt64), nil)
	f(Span(5), "+", Span(0), Span(5))
	f(Day, "/", 5*Hour, 4.8)
	f(Day, "/", Span(0), math.Inf(1))
	f(-Hour, "%", 7*Minute, 3*Minute)
	f(Hour, "%", Span(0), nil)
	f(Hour, "*", l(2), 2*Hour)
	f(int32(2), "*", Hour, 2*Hour)
	f(1.5, "*", Hour, 90*Minute)
	f(Hour, "*", dec(t, "0.5"), 30*Minute)
	f(Day, "*", l(math.MaxInt64), nil)
	f(Span(-1), "*", l(math.MinInt64), nil)
	f(Span(math.MinInt64), "*", l(-1), nil)
	f(Span(0), "*", l(math.MinInt64), Span(0))
	f(Hour, "*", 1e300, nil)
	f(Hour, "/", l(4), 15*Minute)
	f(Hour, "/", 0.5, 2*Hour)
	f(Hour, "/", l(0), nil)
	f(Hour, "/", 0.0, nil)
	f(Span(math.MinInt64), "/", l(-1), nil)
	f(l(1), "/", Hour, nil)
	f(Hour, "+", l(1), nil)
	f(Hour, "*", "x", nil)

	for _, op := range []string{"+", "-", "*", "/", "%"} {
		for _, v := range []Value{l(1), int32(1), 1.5, dec(t, "1"), t1, Hour, nil} {
			f(nil, op, v, nil)
			f(v, op, nil, nil)
			f("1", op, v, nil)
			f(v, op, "1", nil)
			f(true, op, v, nil)
			f(Array{}, op, v, nil)
		}
	}
	f(l(1), "^", l(2), nil)
}

func TestArithType(t *testing.T) {
	f := func(a Type, op string, b, want Type) {
		t.Helper()
		if got, err := ArithType(op, a, b); err != nil || got != want {
			t.Errorf("%v %s %v is %v, %v; want %v", a, op, b, got, err, want)
		}
	}
	f(Int, "+", Int, Long)
	f(Int, "/", Long, Long)
	f(Long, "%", Real, Real)
	f(Decimal, "*", Real, Decimal)
	f(Long, "-", Decimal, Decimal)
	f(Datetime, "-", Datetime, Timespan)
	f(Datetime, "-", Timespan, Datetime)
	f(Timespan, "+", Datetime, Datetime)
	f(Timespan, "-", Timespan, Timespan)
	f(Timespan, "/", Timespan, Real)
	f(Timespan, "/", Long, Timespan)
	f(Real, "*", Timespan, Timespan)
	f(Timespan, "*", Int, Timespan)
	f(Timespan, "%", Timespan, Timespan)
	f(Dynamic, "+", Long, Dynamic)
	f(Real, "*", Dynamic, Dynamic)
	f(Dynamic, "-", Dynamic, Dynamic)
	f(Dynamic, "+", Timespan, Dynamic)
	for _, c := range []struct {
		a  Type
		op string
		b  Type
	}{{String, "+", Long}, {String, "+", String}, {Datetime, "+", Datetime}, {Bool, "+", Long}, {Timespan, "+", Long}, {Long, "/", Timespan}, {Timespan, "*", Timespan},
		{Datetime, "*", Long}, {GUID, "-", GUID}, {Dynamic, "+", String}, {Timespan, "-", Datetime}} {
		if got, err := ArithType(c.op, c.a, c.b); err == nil || !strings.Contains(err.Error(), c.a.String()) || !strings.Contains(err.Error(), c.b.String()) {
			t.Errorf("%v %s %v is %v, %v; want an error that names both", c.a, c.op, c.b, got, err)
		}
	}
}

// sample draws a value of a type.
func sample(t *rapid.T, typ Type, label string) Value {
	switch typ {
	case Int:
		return rapid.Int32().Draw(t, label)
	case Long:
		return rapid.Int64().Draw(t, label)
	case Real:
		return rapid.Float64().Draw(t, label)
	case Decimal:
		d, _ := realDecimal(rapid.Float64Range(-1e20, 1e20).Draw(t, label))
		return d
	case Datetime:
		return Time(rapid.Int64Range(0, int64(MaxTime)).Draw(t, label))
	case Timespan:
		return Span(rapid.Int64().Draw(t, label))
	}
	return nil
}

func TestArithGivesTheDeclaredType(t *testing.T) {
	types := []Type{Int, Long, Real, Decimal, Datetime, Timespan}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SampledFrom(types).Draw(t, "left"), rapid.SampledFrom(types).Draw(t, "right")
		op := rapid.SampledFrom([]string{"+", "-", "*", "/", "%"}).Draw(t, "op")
		got := Arith(op, sample(t, a, "a"), sample(t, b, "b"))
		want, err := ArithType(op, a, b)
		if err != nil && got != nil {
			t.Fatalf("%v %s %v gives %#v, but its type says %v", a, op, b, got, err)
		}
		if got != nil && TypeOf(got) != want {
			t.Fatalf("%v %s %v gives %#v, want the type %v", a, op, b, got, want)
		}
		if got, ok := got.(Time); ok && !got.Valid() {
			t.Fatalf("%v %s %v is a datetime out of range", a, op, b)
		}
	})
}

func TestNeg(t *testing.T) {
	f := func(v, want Value) {
		t.Helper()
		if got := Neg(v); !Equal(got, want) || TypeOf(got) != TypeOf(want) {
			t.Errorf("-%s = %s, want %s", show(v), show(got), show(want))
		}
	}
	f(int64(5), int64(-5))
	f(int32(math.MinInt32), int64(1)<<31)
	f(1.5, -1.5)
	f(dec(t, "1.5"), dec(t, "-1.5"))
	f(Hour, -Hour)
	f(Span(math.MinInt64), nil)
	f(nil, nil)
	f("1", nil)
	f(Time(1), nil)
	if got, err := NegType(Int); err != nil || got != Long {
		t.Errorf("NegType(int) = %v, %v", got, err)
	}
	if _, err := NegType(String); err == nil {
		t.Error("a string has a negative")
	}
}
