package value

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestParseSpan(t *testing.T) {
	f := func(in string, want Span) {
		t.Helper()
		if got, ok := ParseSpan(in); !ok || got != want {
			t.Errorf("ParseSpan(%q) = %s, %v; want %s", in, SpanText(got), ok, SpanText(want))
		}
	}
	f("1d", Day)
	f("-1d", -Day)
	f("+1d", Day)
	f("2", 2*Day)
	f("1.5h", 90*Minute)
	f("0.1s", 100*Millisecond)
	f("30m", 30*Minute)
	f("25min", 25*Minute)
	f(" 15 seconds ", 15*Second)
	f("100ms", 100*Millisecond)
	f("3millis", 3*Millisecond)
	f("10microsecond", 10*Microsecond)
	f("7tick", 7)
	f("150nanoseconds", 1)
	f("1.99999999s", 19999999)
	f("2days", 2*Day)
	f("3hrs", 3*Hour)
	f("00:01:02.5", Minute+2500*Millisecond)
	f("1.02:03:04", Day+2*Hour+3*Minute+4*Second)
	f("1.2:3:4.0000001", Day+2*Hour+3*Minute+4*Second+1)
	f("-1.02:03:04", -(Day + 2*Hour + 3*Minute + 4*Second))
	f("0.00:03:00", 3*Minute)
	f("1:02:03:04.5", Day+2*Hour+3*Minute+4500*Millisecond)
	f("02:03", 2*Hour+3*Minute)
	f("5.02:03", 5*Day+2*Hour+3*Minute)
	f("001.02:03:03", Day+2*Hour+3*Minute+3*Second)
	f("00:00:00.00000009", 0)
	f("10675199.02:48:05.4775807", math.MaxInt64)
	f("-10675199.02:48:05.4775808", math.MinInt64)
	f("9223372036854775807ticks", math.MaxInt64)
}

func TestParseSpanRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ", "-", "d", "x", "abc", "1.23", "1.", "1.d", ".5d", "1..5d", "1.5.5d", "1w", "1 month", "1D", "--1d", "- 1d", "1d2h", "1e3s", "24:00:00",
		"02:60:00", "02:03:60", "02:03:04.", "02:03:04.x", "1.-2:3:4", "1.2.3:4", ":", "1:", ":1", "1:2:3:4:5", "1.2:3:4:5", "02:003", "10675199.02:48:05.4775808",
		"99999999999d", "123456789.00:00:00", "9223372036854775808tick", "99999999999999999999999d", "0x10", "1 2",
	} {
		if v, ok := ParseSpan(in); ok {
			t.Errorf("ParseSpan(%q) = %s, want a refusal", in, SpanText(v))
		}
	}
}

func TestSpanTextReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Span(rapid.Int64().Draw(t, "ticks"))
		if got, ok := ParseSpan(SpanText(s)); !ok || got != s {
			t.Fatalf("%d is written %s and read %d, %v", s, SpanText(s), got, ok)
		}
	})
}

func FuzzParseSpan(f *testing.F) {
	for _, s := range []string{"1.02:03:04.5", "2.5h", "-7tick", "1:2:3:4", "99999999999999999999d", "00:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, ok := ParseSpan(s)
		if !ok {
			return
		}
		if again, ok := ParseSpan(SpanText(v)); !ok || again != v {
			t.Fatalf("ParseSpan(%q) = %d, which is written %s and read %d, %v", s, v, SpanText(v), again, ok)
		}
	})
}
