package fn

import (
	"math"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/endscope/endscope/logs/kql/value"
)

func decimal(s string) value.Dec {
	d, ok := value.ParseDecimal(s)
	if !ok {
		panic("no decimal: " + s)
	}
	return d
}

// near makes a check of calls against a number, within one part in 10^12.
func near(t *testing.T) func(want float64, name string, args ...value.Value) {
	return func(want float64, name string, args ...value.Value) {
		t.Helper()
		got, ok := call(t, name, args...).(float64)
		if !ok || !(math.Abs(got-want) <= 1e-12*math.Max(1, math.Abs(want))) && !(math.IsNaN(got) && math.IsNaN(want)) && got != want {
			t.Errorf("%s%v = %v, want %v", name, args, got, want)
		}
	}
}

var nan, inf = math.NaN(), math.Inf(1)

func TestRounding(t *testing.T) {
	f := gives(t)
	f("7", "abs", -7)
	f("7", "abs", int32(-7))
	f("2147483648", "abs", int32(math.MinInt32)) // an int becomes a long
	f("2.5", "abs", -2.5)
	f("1.25", "abs", decimal("-1.25"))
	f("02:00:00", "abs", -2*value.Hour)
	f("null", "abs", value.Span(math.MinInt64))
	f("null", "abs", nil)
	callError(t, "abs", "x")

	f("2.0", "ceiling", 1.2)
	f("-1.0", "ceiling", -1.9)
	f("5", "ceiling", 5)
	f("2", "ceiling", decimal("1.01"))
	f("-1", "ceiling", decimal("-1.99"))

	f("3.0", "round", 2.5)
	f("-3.0", "round", -2.5)
	f("2.35", "round", 2.346, 2)
	f("1230.0", "round", 1234.5, -1)
	f("0.0", "round", 1234.5, -4)
	f("0.0", "round", 1234.5, -400)
	f("0.1", "round", 0.1, 30)
	f("1E+300", "round", 1e300, 5)
	f("1300", "round", 1250, -2)
	f("-1300", "round", -1250, -2)
	f("1200", "round", 1249, -2)
	f("1249", "round", 1249, 2)
	f("0", "round", 1249, -19)
	f("9223372036854775800", "round", int64(math.MaxInt64), -1) // up would not fit
	f("50", "round", int32(45), -1)
	f("1.35", "round", decimal("1.345"), 2)
	f("-2", "round", decimal("-1.5"))
	f("1.5", "round", decimal("1.5"), 6)
	f("null", "round", nil, 1)
	if v := call(t, "round", nan, 2).(float64); !math.IsNaN(v) {
		t.Errorf("round(NaN) = %v", v)
	}

	f("1.0", "sign", 17)
	f("-1.0", "sign", -0.25)
	f("0.0", "sign", 0)
	f("-1.0", "sign", decimal("-3"))
	f("null", "sign", nil)
}

func TestRoundIsTheNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-1<<62, 1<<62).Draw(t, "n")
		digits := rapid.IntRange(-18, 0).Draw(t, "digits")
		unit := int64(math.Pow10(-digits))
		got := roundLong(n, digits)
		if got%unit != 0 || got-n > unit/2 || n-got > unit/2 {
			t.Fatalf("round(%d, %d) = %d", n, digits, got)
		}
	})
}

func TestPowersAndLogarithms(t *testing.T) {
	f, n := gives(t), near(t)
	n(math.Pi, "pi")
	n(1024, "pow", 2, 10)
	n(0.25, "pow", 2.0, -2)
	n(1.5, "pow", decimal("2.25"), 0.5)
	f("null", "pow", nil, 1)
	n(1.5, "sqrt", 2.25)
	n(0, "sqrt", 0)
	f("null", "sqrt", -1)
	n(math.E, "exp", 1)
	n(1, "exp", 0)
	n(1/math.E, "exp", -1)
	n(8, "exp2", 3)
	n(0.5, "exp2", -1)
	n(math.Sqrt2, "exp2", 0.5)
	n(1000, "exp10", 3)
	n(0.01, "exp10", -2)
	n(1, "exp10", decimal("0"))
	n(0, "log", 1)
	n(1, "log", math.E)
	f("null", "log", -0.5)
	n(-inf, "log", 0)
	n(10, "log2", 1024)
	n(-1, "log2", 0.5)
	f("null", "log2", -2)
	n(6, "log10", 1000000)
	n(-3, "log10", 0.001)
	f("null", "log10", -10)
	f("null", "log10", nil)
}

func TestKindsOfReals(t *testing.T) {
	f := gives(t)
	f("true", "isnan", nan)
	f("false", "isnan", inf)
	f("false", "isnan", 3)
	f("true", "isinf", -inf)
	f("false", "isinf", nan)
	f("false", "isinf", int32(3))
	f("true", "isfinite", 1.5)
	f("false", "isfinite", inf)
	f("false", "isfinite", nan)
	f("null", "isfinite", nil)
}

func TestTrigonometry(t *testing.T) {
	f, n := gives(t), near(t)
	n(0.5, "sin", math.Pi/6)
	n(0, "sin", 0)
	n(-1, "sin", -math.Pi/2)
	n(0.5, "cos", math.Pi/3)
	n(1, "cos", 0)
	n(-1, "cos", math.Pi)
	n(1, "tan", math.Pi/4)
	n(0, "tan", 0)
	n(-1, "tan", -math.Pi/4)
	n(1, "cot", math.Pi/4)
	n(math.Sqrt(3), "cot", math.Pi/6)
	n(inf, "cot", 0)
	n(math.Pi/6, "asin", 0.5)
	n(-math.Pi/2, "asin", -1)
	f("null", "asin", 1.01)
	n(math.Pi/3, "acos", 0.5)
	n(math.Pi, "acos", -1)
	f("null", "acos", -2)
	n(math.Pi/4, "atan", 1)
	n(0, "atan", 0)
	n(-math.Pi/2, "atan", -inf)
	n(3*math.Pi/4, "atan2", 1, -1)
	n(-math.Pi/2, "atan2", -2, 0)
	n(0, "atan2", 0, 5)
	n(180, "degrees", math.Pi)
	n(45, "degrees", math.Pi/4)
	n(-90, "degrees", -math.Pi/2)
	n(math.Pi, "radians", 180)
	n(math.Pi/2, "radians", 90)
	n(-math.Pi/4, "radians", -45)
}

func TestBits(t *testing.T) {
	f := gives(t)
	f("8", "binary_and", 12, 10)
	f("0", "binary_and", 1, 2)
	f("255", "binary_and", -1, 255)
	f("14", "binary_or", 12, 10)
	f("3", "binary_or", 1, 2)
	f("-1", "binary_or", -1, 4)
	f("6", "binary_xor", 12, 10)
	f("0", "binary_xor", 9, 9)
	f("-8", "binary_xor", -1, 7)
	f("-1", "binary_not", 0)
	f("-101", "binary_not", 100)
	f("0", "binary_not", -1)
	f("40", "binary_shift_left", 5, 3)
	f("10", "binary_shift_left", 5, 65)
	f("null", "binary_shift_left", 5, -1)
	f("5", "binary_shift_right", 40, 3)
	f("-3", "binary_shift_right", -6, 1)
	f("null", "binary_shift_right", 6, -1)
	f("0", "bitset_count_ones", 0)
	f("3", "bitset_count_ones", 0b10101)
	f("64", "bitset_count_ones", -1)
	f("null", "bitset_count_ones", nil)
	f(`"1f"`, "tohex", 31)
	f(`"ffffffffffffffff"`, "tohex", -1)
	f(`"ffffffff"`, "tohex", int32(-1))
	f(`"0000001f"`, "tohex", 31, 8)
	f(`"000000000000001f"`, "tohex", 31, 99)
	f(`"fffffffe"`, "tohex", int32(-2), 4)
	f(`"1f"`, "tohex", 31, -5)
	f(`""`, "tohex", nil)
}

func TestGammaAndErrorFunctions(t *testing.T) {
	f, n := gives(t), near(t)
	n(120, "gamma", 6)
	n(math.Sqrt(math.Pi), "gamma", 0.5)
	n(1, "gamma", 1)
	n(math.Log(120), "loggamma", 6)
	n(0, "loggamma", 2)
	n(359.1342053695754, "loggamma", 100)
	n(0, "erf", 0)
	n(0.8427007929497149, "erf", 1)
	n(-1, "erf", -inf)
	n(1, "erfc", 0)
	n(0.1572992070502851, "erfc", 1)
	n(2, "erfc", -30)
	f("null", "erf", nil)
}

func TestBetaDistribution(t *testing.T) {
	f, n := gives(t), near(t)
	n(0.6875, "beta_cdf", 0.5, 2, 3) // 6x^2 - 8x^3 + 3x^4
	n(0.0081, "beta_cdf", 0.3, 4, 1) // x^4
	n(0.5, "beta_cdf", 0.5, 700.5, 700.5)
	n(0, "beta_cdf", 0, 2, 3)
	n(1, "beta_cdf", 1, 2, 3)
	n(nan, "beta_cdf", 1.01, 2, 3)
	n(nan, "beta_cdf", 0.5, 0, 3)
	n(nan, "beta_cdf", 0.5, 2, 10001)
	n(1.5, "beta_pdf", 0.5, 2, 2) // 6x(1-x)
	n(1, "beta_pdf", 0.9, 1, 1)
	n(12*0.25*0.25*0.75, "beta_pdf", 0.25, 3, 2)
	n(nan, "beta_pdf", 1, 2, 2)
	n(nan, "beta_pdf", 0.5, 2, -1)
	n(0.5, "beta_inv", 0.6875, 2, 3)
	n(0.3, "beta_inv", 0.0081, 4, 1)
	n(1, "beta_inv", 1, 4, 1)
	n(nan, "beta_inv", 0.5, 0, 1)
	f("null", "beta_inv", 0, 4, 1)
	f("null", "beta_inv", 1.5, 4, 1)
	f("null", "beta_cdf", nil, 4, 1)
}

func TestBetaInverseUndoesBetaCDF(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64Range(0.1, 200).Draw(t, "a"), rapid.Float64Range(0.1, 200).Draw(t, "b")
		p := rapid.Float64Range(1e-6, 1-1e-6).Draw(t, "p")
		x := betaInverse(p, a, b)
		if got := betaCDF(x, a, b); x < 0 || x > 1 || math.Abs(got-p) > 1e-9 && math.Abs(betaCDF(math.Nextafter(x, 2), a, b)-betaCDF(math.Nextafter(x, -1), a, b)) < 1e-9 {
			t.Fatalf("beta_inv(%v, %v, %v) = %v, where beta_cdf is %v", p, a, b, x, got)
		}
		if y := 1 - betaCDF(1-x, b, a); x > 0.01 && x < 0.99 && math.Abs(y-betaCDF(x, a, b)) > 1e-9 {
			t.Fatalf("the distribution is not its own mirror image at %v: %v", x, y)
		}
	})
}

func TestWelch(t *testing.T) {
	f, n := gives(t), near(t)
	n(1, "welch_test", 5, 2, 10, 5, 3, 12) // equal means
	// With two values each and equal variances there are 2 degrees of freedom, for which the share beyond t is 1 - t/sqrt(2+t^2); t is 2.
	n(1-2/math.Sqrt(6), "welch_test", 4.0, 1.0, 2, 2.0, 1.0, 2)
	n(nan, "welch_test", 4, 1, 1, 2, 1, 2)
	n(nan, "welch_test", 4, 0, 5, 4, 0, 5)
	f("null", "welch_test", nil, 1, 2, 3, 4, 5)
}

func TestBin(t *testing.T) {
	f := gives(t)
	f("20", "bin", 27, 10)
	f("-30", "bin", -27, 10)
	f("2.5", "bin", 2.9, 0.5)
	f("2024-02-28T00:00:00.0000000Z", "bin", tm("2024-02-28T17:00:00"), value.Day)
	f("01:15:00", "floor", sp("01:29:00"), 15*value.Minute)
	f("null", "bin", 27, 0)
	f("null", "bin", nil, 10)
	f("6", "bin_at", 7, 5, 1)
	f("-4", "bin_at", -1, 5, 1)
	f("2024-02-28T06:00:00.0000000Z", "bin_at", tm("2024-02-28T17:00:00"), value.Day, tm("2020-01-01T06:00:00"))
	f("null", "bin_at", 7, nil, 1)
	if msg := callError(t, "bin", "text", 5); !strings.Contains(msg, "cannot round a string to a multiple of a long") {
		t.Error(msg)
	}
	callError(t, "bin_at", testNow, value.Day, "x")
}

func TestExtremeOf(t *testing.T) {
	f := gives(t)
	f("-3", "min_of", 4, -3, 12)
	f("1.5", "min_of", 2, 1.5)
	f("2", "min_of", nil, 2, nil)
	f("null", "min_of", nil, nil)
	f(`"a"`, "min_of", "b", "a")
	f("12", "max_of", 4, -3, 12)
	f("2.0", "max_of", 2, 1.5)
	f("2024-02-29T12:34:56.0000000Z", "max_of", testNow, tm("2020-01-01"))
	f("7", "max_of", int32(7), int64(3), decimal("6.5"))
	callError(t, "max_of", 1, "a")
	callError(t, "max_of", testNow, value.Hour)
	if v, ok := call(t, "min_of", 1, 2.0).(float64); !ok || v != 1 {
		t.Errorf("min_of(1, 2.0) is %v, want a real", v)
	}
	if v, ok := call(t, "max_of", 1, apd.New(2, 0)).(value.Dec); !ok {
		t.Errorf("max_of(1, decimal(2)) is %v, want a decimal", v)
	}
}

func TestRandomValues(t *testing.T) {
	seen := map[value.Value]bool{}
	for range 200 {
		if x := call(t, "rand").(float64); x < 0 || x >= 1 {
			t.Fatalf("rand() = %v", x)
		}
		x := call(t, "rand", 3).(float64)
		if x != 0 && x != 1 && x != 2 {
			t.Fatalf("rand(3) = %v", x)
		}
		seen[x] = true
		g := call(t, "new_guid").(value.UUID)
		if u, ok := value.ParseUUID(string(g)); !ok || u != g || g[14] != '4' || !strings.ContainsRune("89ab", rune(g[19])) || seen[g] {
			t.Fatalf("new_guid() = %v", g)
		}
		seen[g] = true
	}
	if len(seen) != 203 {
		t.Errorf("rand(3) does not give 0, 1 and 2 in 200 calls")
	}
	callError(t, "rand", 0)
	if v := callRows(t, "rand", -1); v != nil {
		t.Errorf("rand(-1) = %v", v)
	}
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rand", "new_guid"} {
		if s, _ := lib.Scalar(name); !s.Volatile {
			t.Errorf("%s may be folded", name)
		}
	}
}
