package value

import (
	"strings"
	"testing"
)

// logLine is as long as a console line usually is.
const logLine = `2024-05-16 13:45:07,123 INFO [worker-3] azmlinfsrv - POST /score?verbose=1 finished 200 in 153.2ms request=5f2b7e0c-6b1f-4f3e-9d57-0f6c2b1a8e44`

func BenchmarkHasTerm(b *testing.B) {
	for _, c := range []struct {
		name, needle string
		cs           bool
	}{{"miss", "timeout", false}, {"hit", "finished", false}, {"phrase", "/score", false}, {"cs", "timeout", true}, {"unicode", "zeitüberschreitung", false}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(logLine)))
			for b.Loop() {
				HasTerm(logLine, c.needle, c.cs)
			}
		})
	}
}

func BenchmarkContainsText(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(logLine)))
	for b.Loop() {
		ContainsText(logLine, "Exception", false)
	}
}

func BenchmarkText(b *testing.B) {
	for _, c := range []struct {
		name string
		v    Value
	}{{"long", int64(123456789)}, {"real", 153.25}, {"datetime", Time(638514675071230000)}, {"timespan", 1500 * Millisecond}, {"bag", bag("a", int64(1), "b", "x")}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Text(c.v)
			}
		})
	}
}

func BenchmarkAppendKey(b *testing.B) {
	for _, c := range []struct {
		name string
		v    Value
	}{{"long", int64(123456789)}, {"real", 153.25}, {"string", "chat-prod"}, {"bag", bag("a", int64(1), "b", "x")}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 64)
			for b.Loop() {
				buf = AppendKey(buf[:0], c.v)
			}
		})
	}
}

func BenchmarkCompare(b *testing.B) {
	for _, c := range []struct {
		name string
		x, y Value
	}{{"long", int64(1), int64(2)}, {"string", "chat-prod-1", "chat-prod-2"}, {"mixed", int64(1), 1.5}, {"datetime", Time(1), Time(2)}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Compare(c.x, c.y)
			}
		})
	}
}

func BenchmarkParseJSON(b *testing.B) {
	text := `{"level":"INFO","duration":153.25,"tags":["a","b"],"request":{"id":"` + strings.Repeat("x", 36) + `","code":200}}`
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, ok := ParseJSON(text); !ok {
			b.Fatal("not JSON")
		}
	}
}

func BenchmarkParseTime(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := ParseTime("2014-05-25T08:20:03.123456Z"); !ok {
			b.Fatal("no datetime")
		}
	}
}

func BenchmarkArith(b *testing.B) {
	var x, y Value = int64(7), int64(2)
	b.ReportAllocs()
	for b.Loop() {
		Arith("%", x, y)
	}
}
