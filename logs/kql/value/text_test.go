package value

import (
	"math"
	"testing"
)

// dec returns a decimal for tests.
func dec(t testing.TB, s string) Dec {
	t.Helper()
	d, ok := ParseDecimal(s)
	if !ok {
		t.Fatalf("ParseDecimal(%q) failed", s)
	}
	return d
}

// at returns a datetime for tests.
func at(t testing.TB, s string) Time {
	t.Helper()
	v, ok := ParseTime(s)
	if !ok {
		t.Fatalf("ParseTime(%q) failed", s)
	}
	return v
}

func bag(pairs ...any) *Bag {
	b := &Bag{}
	for i := 0; i < len(pairs); i += 2 {
		b.Set(pairs[i].(string), pairs[i+1])
	}
	return b
}

func TestText(t *testing.T) {
	f := func(v Value, want string) {
		t.Helper()
		if got := Text(v); got != want {
			t.Errorf("Text(%#v) = %q, want %q", v, got, want)
		}
		if got := string(AppendText([]byte("x"), v)); got != "x"+want {
			t.Errorf("AppendText(%#v) = %q, want %q", v, got, "x"+want)
		}
	}
	f(nil, "")
	f("", "")
	f("a\"b", "a\"b")
	f(true, "true")
	f(false, "false")
	f(int32(-7), "-7")
	f(int64(math.MinInt64), "-9223372036854775808")
	f(0.0, "0.0")
	f(1.0, "1.0")
	f(-1.5, "-1.5")
	f(0.1, "0.1")
	f(100000.0, "100000.0")
	f(123456789012345.0, "123456789012345.0")
	f(1e15, "1E+15")
	f(1.5e300, "1.5E+300")
	f(0.0001, "0.0001")
	f(0.00001, "1E-05")
	f(math.Pi, "3.141592653589793")
	f(math.NaN(), "NaN")
	f(math.Inf(1), "Infinity")
	f(math.Inf(-1), "-Infinity")
	f(dec(t, "1.50"), "1.50")
	f(dec(t, "-0.000001"), "-0.000001")
	f(dec(t, "1e30"), "1000000000000000000000000000000")
	f(dec(t, "1e60"), "1E+60")
	f(dec(t, "1e-60"), "1E-60")
	f(Time(0), "0001-01-01T00:00:00.0000000Z")
	f(MaxTime, "9999-12-31T23:59:59.9999999Z")
	f(at(t, "2020-02-29 01:02:03.04"), "2020-02-29T01:02:03.0400000Z")
	f(Span(0), "00:00:00")
	f(Day, "1.00:00:00")
	f(-Day, "-1.00:00:00")
	f(Day+2*Hour+3*Minute+4*Second+Tick, "1.02:03:04.0000001")
	f(-1500*Millisecond, "-00:00:01.5000000")
	f(Span(math.MaxInt64), "10675199.02:48:05.4775807")
	f(Span(math.MinInt64), "-10675199.02:48:05.4775808")
	f(UUID("74be27de-1e4e-49d9-b579-fe0b331d3642"), "74be27de-1e4e-49d9-b579-fe0b331d3642")
	f(Array{}, "[]")
	f(Array{int64(1), "a", nil, 2.0}, `[1,"a",null,2.0]`)
	f(bag("b", int64(1), "a", Array{true}), `{"b":1,"a":[true]}`)
	if got := TimeText(at(t, "2020-01-01")); got != "2020-01-01T00:00:00.0000000Z" {
		t.Errorf("TimeText = %q", got)
	}
	if got := SpanText(90 * Minute); got != "01:30:00" {
		t.Errorf("SpanText = %q", got)
	}
}

func TestTextOfBool(t *testing.T) {
	f := func(v Value, from Type, want string) {
		t.Helper()
		if got := TextOf(v, from); got != want {
			t.Errorf("TextOf(%v, %v) = %q, want %q", v, from, got, want)
		}
	}
	f(true, Bool, "True")
	f(false, Bool, "False")
	f(true, Dynamic, "true")
	f(nil, Bool, "")
	f(1.0, Real, "1.0")
}

func TestTextDoesNotAllocateForStrings(t *testing.T) {
	var v Value = "some text"
	if n := testing.AllocsPerRun(100, func() { Text(v) }); n != 0 {
		t.Errorf("Text of a string allocates %v times", n)
	}
}
