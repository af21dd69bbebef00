package value

import (
	"math"
	"testing"
)

func TestParseLong(t *testing.T) {
	f := func(in string, want int64, wantOK bool) {
		t.Helper()
		if got, ok := ParseLong(in); ok != wantOK || ok && got != want {
			t.Errorf("ParseLong(%q) = %d, %v; want %d, %v", in, got, ok, want, wantOK)
		}
	}
	f("123", 123, true)
	f(" 7 ", 7, true)
	f("+4", 4, true)
	f("-3", -3, true)
	f("007", 7, true)
	f("9223372036854775807", math.MaxInt64, true)
	f("-9223372036854775808", math.MinInt64, true)
	f("9223372036854775808", 0, false)
	f("0x10", 16, true)
	f("0XfF", 255, true)
	f("-0x10", -16, true)
	f("0xffffffffffffffff", -1, true)
	f("0x1ffffffffffffffff", 0, false)
	for _, in := range []string{"", " ", "abc", "5.7", "5.", "1e3", "1,000", "1_000", "0x", "x10", "0x_1", "0x+1", "0b1", "0o7", "--1", "+-1", "1 2"} {
		f(in, 0, false)
	}
}

func TestParseReal(t *testing.T) {
	f := func(in string, want float64, wantOK bool) {
		t.Helper()
		got, ok := ParseReal(in)
		if ok != wantOK || ok && math.Float64bits(got) != math.Float64bits(want) && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("ParseReal(%q) = %v, %v; want %v, %v", in, got, ok, want, wantOK)
		}
	}
	f("5.7", 5.7, true)
	f("5.", 5, true)
	f(".5", 0.5, true)
	f(" -1e3 ", -1000, true)
	f("9999999999", 9999999999, true)
	f("1e-400", 0, true)
	f("nan", math.NaN(), true)
	f("NaN", math.NaN(), true)
	f("Infinity", math.Inf(1), true)
	f("+inf", math.Inf(1), true)
	f("-Inf", math.Inf(-1), true)
	for _, in := range []string{"", "abc", "1e400", "0x10", "0x1p-2", "1_0", "1,5", "1e", "e1", "1 2", "1.2.3", "infinite"} {
		f(in, 0, false)
	}
}

func TestParseDecimal(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		d, ok := ParseDecimal(in)
		if ok {
			if got := Text(d); got != want {
				t.Errorf("ParseDecimal(%q) = %s, want %s", in, got, want)
			}
		} else if want != "" {
			t.Errorf("ParseDecimal(%q) fails, want %s", in, want)
		}
	}
	f("1.50", "1.50")
	f(" -123.456 ", "-123.456")
	f("1e5", "100000")
	f("0.1", "0.1")
	f("12345678901234567890123456789012345", "12345678901234567890123456789012340")
	for _, in := range []string{"", "abc", "nan", "inf", "Infinity", "1e7000", "1e99999999999", "1.2.3", "1,5", "0x10", "--1", "e"} {
		if d, ok := ParseDecimal(in); ok {
			t.Errorf("ParseDecimal(%q) = %s, want a refusal", in, Text(d))
		}
	}
}

func TestParseBool(t *testing.T) {
	f := func(in string, want, wantOK bool) {
		t.Helper()
		if got, ok := ParseBool(in); got != want || ok != wantOK {
			t.Errorf("ParseBool(%q) = %v, %v; want %v, %v", in, got, ok, want, wantOK)
		}
	}
	f("true", true, true)
	f(" TRUE\t", true, true)
	f("False", false, true)
	f("1", true, true)
	f("0", false, true)
	f("-1", true, true)
	f("0002", true, true)
	for _, in := range []string{"", "yes", "t", "1.5", "0.0", "abc", "99999999999999999999"} {
		f(in, false, false)
	}
}

func TestParseUUID(t *testing.T) {
	const want = "74be27de-1e4e-49d9-b579-fe0b331d3642"
	for _, in := range []string{want, "74BE27DE-1E4E-49D9-B579-FE0B331D3642", " {74be27de-1e4e-49d9-b579-fe0b331d3642} ", "(74be27de1e4e49d9b579fe0b331d3642)",
		"74be27de1e4e49d9b579fe0b331d3642", "74be27de1e4e-49d9-b579-fe0b331d3642", want + "0", want + "-", want + " and more"} {
		if got, ok := ParseUUID(in); !ok || got != want {
			t.Errorf("ParseUUID(%q) = %q, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "a guid", want[:35], "7-4be27de-1e4e-49d9-b579-fe0b331d3642", "74be27de--1e4e-49d9-b579-fe0b331d3642", "{" + want, "{" + want + ")",
		"74be27de-1e4e-49d9-b579-fe0b331d364g", "-" + want} {
		if got, ok := ParseUUID(in); ok {
			t.Errorf("ParseUUID(%q) = %q, want a refusal", in, got)
		}
	}
}
