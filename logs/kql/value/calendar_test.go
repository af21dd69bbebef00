package value

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCalendarAgreesWithGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := Time(rapid.Int64Range(0, int64(MaxTime)).Draw(t, "ticks"))
		g := v.Go()
		y, mo, d := v.Civil()
		h, mi, s, ticks := v.Clock()
		want := time.Date(y, time.Month(mo), d, h, mi, s, int(ticks)*100, time.UTC)
		if !g.Equal(want) {
			t.Fatalf("%d is %s by Go and %s by Civil and Clock", v, g, want)
		}
		if v.Weekday() != int(g.Weekday()) {
			t.Fatalf("%s: Weekday %d, want %d", g, v.Weekday(), g.Weekday())
		}
		if FromGo(g) != v {
			t.Fatalf("FromGo(%s) = %d, want %d", g, FromGo(g), v)
		}
		if again, ok := MakeTime(y, mo, d, h, mi, s, ticks); !ok || again != v {
			t.Fatalf("MakeTime of the parts of %s = %d, %v; want %d", g, again, ok, v)
		}
		if n := time.Date(y, time.Month(mo)+1, 0, 0, 0, 0, 0, time.UTC).Day(); DaysIn(y, mo) != n {
			t.Fatalf("DaysIn(%d, %d) = %d, want %d", y, mo, DaysIn(y, mo), n)
		}
	})
}

func TestMakeTimeRefuses(t *testing.T) {
	f := func(y, mo, d, h, mi, s int, ticks Span) {
		t.Helper()
		if v, ok := MakeTime(y, mo, d, h, mi, s, ticks); ok {
			t.Errorf("MakeTime(%d, %d, %d, %d, %d, %d, %d) = %s, want a refusal", y, mo, d, h, mi, s, ticks, TimeText(v))
		}
	}
	f(0, 1, 1, 0, 0, 0, 0)
	f(10000, 1, 1, 0, 0, 0, 0)
	f(2020, 0, 1, 0, 0, 0, 0)
	f(2020, 13, 1, 0, 0, 0, 0)
	f(2021, 2, 29, 0, 0, 0, 0)
	f(2021, 1, 0, 0, 0, 0, 0)
	f(2021, 1, 1, 24, 0, 0, 0)
	f(2021, 1, 1, 0, 60, 0, 0)
	f(2021, 1, 1, 0, 0, 60, 0)
	f(2021, 1, 1, 0, 0, 0, Second)
	f(2021, 1, 1, 0, 0, 0, -1)
}

func TestTimeBounds(t *testing.T) {
	if got := FromGo(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)); got != 0 {
		t.Errorf("year 0 is %d, want 0", got)
	}
	if got := FromGo(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)); got != MaxTime {
		t.Errorf("year 10000 is %d, want %d", got, MaxTime)
	}
	if got := FromGo(time.Date(1970, 1, 1, 1, 0, 0, 199, time.FixedZone("", 3600))); got != at(t, "1970-01-01")+1 {
		t.Errorf("199 ns after the epoch is %s", TimeText(got))
	}
	f := func(t0 Time, s Span, want Time, wantOK bool) {
		t.Helper()
		if got, ok := t0.Add(s); ok != wantOK || ok && got != want {
			t.Errorf("%d.Add(%d) = %d, %v; want %d, %v", t0, s, got, ok, want, wantOK)
		}
	}
	f(5, -5, 0, true)
	f(5, -6, 0, false)
	f(MaxTime, 0, MaxTime, true)
	f(MaxTime, 1, 0, false)
	f(MaxTime, 1<<63-1, 0, false)
	f(0, -1<<63, 0, false)
	f(0, Span(MaxTime), MaxTime, true)
}
