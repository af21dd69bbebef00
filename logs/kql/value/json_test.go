package value

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestAppendJSON(t *testing.T) {
	f := func(v Value, want string) {
		t.Helper()
		got := string(AppendJSON(nil, v))
		if got != want {
			t.Errorf("AppendJSON(%#v) = %s, want %s", v, got, want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("AppendJSON(%#v) = %s, which is not JSON", v, got)
		}
	}
	f(nil, "null")
	f(true, "true")
	f(int32(5), "5")
	f(int64(-5), "-5")
	f(1.0, "1.0")
	f(1e20, "1E+20")
	f(math.NaN(), `"NaN"`)
	f(math.Inf(-1), `"-Infinity"`)
	f("", `""`)
	f("a\"\\/\n\r\t\b\f\x01<é", `"a\"\\/\n\r\t\b\f\u0001<é"`)
	f("a\xffb", "\"a\uFFFDb\"")
	f(at(t, "2020-01-01"), `"2020-01-01T00:00:00.0000000Z"`)
	f(2*Day, `"2.00:00:00"`)
	f(UUID("74be27de-1e4e-49d9-b579-fe0b331d3642"), `"74be27de-1e4e-49d9-b579-fe0b331d3642"`)
	f(dec(t, "1.50"), `"1.50"`)
	f(Array{Array{}, &Bag{}, nil}, `[[],{},null]`)
	f(bag("k\"", Array{1.5}, "", "x"), `{"k\"":[1.5],"":"x"}`)
}

func TestParseJSON(t *testing.T) {
	f := func(in string, want Value) {
		t.Helper()
		got, ok := ParseJSON(in)
		if !ok || !identical(got, want) {
			t.Errorf("ParseJSON(%q) = %#v, %v; want %#v", in, got, ok, want)
		}
	}
	f("null", nil)
	f(" true\n", true)
	f("false", false)
	f("0", int64(0))
	f("-0", int64(0))
	f("-12", int64(-12))
	f("9223372036854775807", int64(math.MaxInt64))
	f("9223372036854775808", 9223372036854775808.0)
	f("1.0", 1.0)
	f("1e2", 100.0)
	f("-1.5E-3", -0.0015)
	f(`"plain"`, "plain")
	f(`"é"`, "é")
	f(`"a\"\\\/\n\r\t\b\fA"`, "a\"\\/\n\r\t\b\fA")
	f(`"😀"`, "😀")
	f(`"\ud83dx"`, "\uFFFDx")
	f(`"\ud83d\n"`, "\uFFFD\n")
	f(`"\ud83dA"`, "\uFFFDA")
	f("\"é\xff\"", "é\uFFFD")
	f(`"\ud83d\ude00\u0041"`, "😀A")
	f("[]", Array{})
	f(" [ 1 , [ ] , { } ] ", Array{int64(1), Array{}, &Bag{}})
	f(`{"b":1,"a":2,"b":3}`, bag("b", int64(3), "a", int64(2)))
	f(`{"":{"x":null}}`, bag("", bag("x", nil)))
}

func TestParseJSONRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ", "nul", "nulll", "True", "01", "1.", ".5", "+1", "-", "1e", "1e400", "--1", "NaN", "'a'", `"a`, `"\x"`, `"\u12g4"`, "\"\n\"", "[", "[1",
		"[1,]", "[,1]", "[1 2]", "{", `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{1:1}`, "1 2", "[] []", "\"\\", "\uFEFF1",
	} {
		if v, ok := ParseJSON(in); ok {
			t.Errorf("ParseJSON(%q) = %#v, want a refusal", in, v)
		}
	}
}

func TestParseJSONBoundsDepth(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if _, ok := ParseJSON(deep(maxJSONDepth)); !ok {
		t.Errorf("%d levels are refused", maxJSONDepth)
	}
	if _, ok := ParseJSON(deep(maxJSONDepth + 1)); ok {
		t.Errorf("%d levels are taken", maxJSONDepth+1)
	}
	if _, ok := ParseJSON(strings.Repeat(`{"a":`, 5_000_000)); ok {
		t.Error("an endless nest is taken")
	}
}

// identical is equality that tells types apart, also 1 from 1.0, and the order of keys.
func identical(a, b Value) bool {
	switch x := a.(type) {
	case Array:
		y, ok := b.(Array)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !identical(x[i], y[i]) {
				return false
			}
		}
		return true
	case *Bag:
		y, ok := b.(*Bag)
		if !ok || x.Len() != y.Len() {
			return false
		}
		for i := range x.Len() {
			kx, vx := x.At(i)
			ky, vy := y.At(i)
			if kx != ky || !identical(vx, vy) {
				return false
			}
		}
		return true
	}
	return a == b
}

// FuzzParseJSON compares the parser with encoding/json on what is JSON, and checks that values survive writing and reading.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"xé",null,true],"b":{}}`, `"\ud83d\ude00"`, "[1e308,-0.0,1e-400]", `{"a":1,"a":2}`, "[[[", `"\ud800"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, ok := ParseJSON(s)
		if ok != json.Valid([]byte(s)) && !tooBig(s) {
			t.Fatalf("ParseJSON(%q) says %v, encoding/json does not", s, ok)
		}
		if !ok {
			return
		}
		out := string(AppendJSON(nil, v))
		again, ok := ParseJSON(out)
		if !ok || !identical(v, again) {
			t.Fatalf("%q was written as %q and read as %#v, %v", s, out, again, ok)
		}
		if !Equal(v, again) || string(AppendKey(nil, v)) != string(AppendKey(nil, again)) {
			t.Fatalf("%q changed by writing and reading", s)
		}
	})
}

// tooBig says whether s is beyond the limits that ParseJSON sets itself.
func tooBig(s string) bool {
	if strings.Count(s, "[")+strings.Count(s, "{") > maxJSONDepth {
		return true
	}
	d := json.NewDecoder(strings.NewReader(s))
	var v any
	return d.Decode(&v) != nil // a number out of range is an error of type here
}
