package value

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestHasTerm(t *testing.T) {
	f := func(text, needle string, cs, want bool) {
		t.Helper()
		if got := HasTerm(text, needle, cs); got != want {
			t.Errorf("HasTerm(%q, %q, %v) = %v", text, needle, cs, got)
		}
	}
	f("KustoExplorerQueryRun", "Explorer", false, false)
	f("Kusto Explorer run", "explorer", false, true)
	f("Kusto Explorer run", "explorer", true, false)
	f("North America", "amer", false, false)
	f("error", "error", false, true)
	f("errors", "error", false, false)
	f("errors and an error", "ERROR", false, true)
	f("a_b", "a", false, true)
	f("a1", "a", false, false)
	f("éa", "a", false, false)
	f("aé", "a", false, false)
	f("a é", "a", false, true)
	f("ad67d136-c1db-4f9f-88ef-d94f3b6b0b5a", "4f9f", false, true)
	f("GET /health HTTP", "/health", false, true)
	f("GET x/health HTTP", "/health", false, true)
	f("GET /healthz", "/health", false, false)
	f("online/x/1 up", "online/x/1", false, true)
	f("online/x/12", "online/x/1", false, false)
	f("xa b", "a ", false, false)
	f("a b", "a ", false, true)
	f("x ab y", " a", false, false)
	f("b .b-", " ", false, true)
	f("b.b", " ", false, false)
	f("", "", false, true)
	f("abc", "", true, true)
	f("", "a", false, false)
	f("ÄRGER im Büro", "ärger", false, true)
	f("ÄRGER im Büro", "ärger", true, false)
	f("ärgerlich", "Ärger", false, false)
	f("aaaa aaa", "AAA", false, true)
}

func TestHasPrefixAndSuffixTerm(t *testing.T) {
	f := func(text, needle string, prefix, suffix bool) {
		t.Helper()
		if got := HasPrefixTerm(text, needle, false); got != prefix {
			t.Errorf("HasPrefixTerm(%q, %q) = %v", text, needle, got)
		}
		if got := HasSuffixTerm(text, needle, false); got != suffix {
			t.Errorf("HasSuffixTerm(%q, %q) = %v", text, needle, got)
		}
	}
	f("the error", "ERR", true, false)
	f("an errorlog", "error", true, false)
	f("an errorlog", "log", false, true)
	f("an errorlog", "or", false, false)
	f("err or", "r o", false, false)
	f("x-error", "-err", true, false)
	f("xa b", "a ", false, true)
	f("x ab y", " a", true, false)
	f("North America", "ica", false, true)
	f("abc", "", true, true)
	if HasPrefixTerm("the error", "ERR", true) || !HasPrefixTerm("the error", "err", true) || HasSuffixTerm("ERROR", "or", true) {
		t.Error("case does not matter where it should")
	}
}

func TestContainsStartsEnds(t *testing.T) {
	f := func(text, needle string, contains, starts, ends bool) {
		t.Helper()
		if got := ContainsText(text, needle, false); got != contains {
			t.Errorf("ContainsText(%q, %q) = %v", text, needle, got)
		}
		if got := StartsWith(text, needle, false); got != starts {
			t.Errorf("StartsWith(%q, %q) = %v", text, needle, got)
		}
		if got := EndsWith(text, needle, false); got != ends {
			t.Errorf("EndsWith(%q, %q) = %v", text, needle, got)
		}
	}
	f("KustoExplorer", "EXPLORER", true, false, true)
	f("KustoExplorer", "kusto", true, true, false)
	f("abc", "", true, true, true)
	f("", "a", false, false, false)
	f("abc", "abcd", false, false, false)
	f("user_id", "R_I", true, false, false)
	f("xÄy", "äY", true, false, true)
	f("Ⱥx", "ⱥ", true, true, false) // two and three bytes
	f("xȺ", "ⱥ", true, false, true)
	f("\u212A", "k", false, false, false) // the Kelvin sign is not the letter
	f("ſ", "S", false, false, false)
	f("Σσς", "ΣΣΣ", true, true, true)
	f("日本語", "本", true, false, false)
	if ContainsText("Abc", "abc", true) || StartsWith("Abc", "a", true) || EndsWith("abC", "c", true) || !EndsWith("abC", "C", true) {
		t.Error("case does not matter where it should")
	}
}

func TestEqualFold(t *testing.T) {
	f := func(a, b string, want bool) {
		t.Helper()
		if got := EqualFold(a, b); got != want {
			t.Errorf("EqualFold(%q, %q) = %v", a, b, got)
		}
		if got := EqualFold(b, a); got != want {
			t.Errorf("EqualFold(%q, %q) = %v", b, a, got)
		}
	}
	f("", "", true)
	f("aBc1", "AbC1", true)
	f("abc", "abcd", false)
	f("ÄÖ", "äö", true)
	f("ß", "SS", false)
	f("k", "\u212A", false)
	f("@", "`", false) // they differ by the bit that tells cases apart
	f("[", "{", false)
}

func TestTerms(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		if got := Terms(text); !slices.Equal(got, want) {
			t.Errorf("Terms(%q) = %q, want %q", text, got, want)
		}
	}
	f("")
	f(" -- ")
	f("ad67d136-c1db-4f9f-88ef-d94f3b6b0b5a;KustoExplorerQueryRun", "ad67d136", "c1db", "4f9f", "88ef", "d94f3b6b0b5a", "KustoExplorerQueryRun")
	f("a_b\xffc 日本!x", "a", "b", "c", "日本", "x")
}

// foldSlow is the folding that the fast searches have to agree with, character by character.
func foldSlow(s string) string {
	var b strings.Builder
	for _, r := range s {
		best := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if (f < utf8.RuneSelf) == (r < utf8.RuneSelf) {
				best = min(best, f)
			}
		}
		b.WriteRune(best)
	}
	return b.String()
}

func FuzzTerms(f *testing.F) {
	f.Add("GET /Health 200", "health")
	f.Add("aaaaAab", "aab")
	f.Add("xÄrger Ⱥ", "ä")
	f.Add("kK\u212A", "K")
	f.Add("_a_", "A_")
	f.Fuzz(func(t *testing.T, text, needle string) {
		text, needle = text[:min(len(text), 200)], needle[:min(len(needle), 50)] // the slow search takes the cube of the length
		if !utf8.ValidString(text) || !utf8.ValidString(needle) {
			HasTerm(text, needle, false) // must not panic
			EndsWith(text, needle, false)
			return
		}
		a, b := foldSlow(text), foldSlow(needle)
		check := func(name string, got, want bool) {
			t.Helper()
			if got != want {
				t.Errorf("%s(%q, %q) = %v, want %v", name, text, needle, got, want)
			}
		}
		check("ContainsText", ContainsText(text, needle, false), strings.Contains(a, b))
		check("StartsWith", StartsWith(text, needle, false), strings.HasPrefix(a, b))
		check("EndsWith", EndsWith(text, needle, false), strings.HasSuffix(a, b))
		check("EqualFold", EqualFold(text, needle), a == b)
		check("HasTerm", HasTerm(text, needle, false), findSlow(a, b, true, true))
		check("HasTerm cs", HasTerm(text, needle, true), findSlow(text, needle, true, true))
		check("HasPrefixTerm", HasPrefixTerm(text, needle, false), findSlow(a, b, true, false))
		check("HasSuffixTerm", HasSuffixTerm(text, needle, false), findSlow(a, b, false, true))
		for _, term := range Terms(text) {
			check("HasTerm of the term "+term, HasTerm(text, strings.ToUpper(term), false), findSlow(a, foldSlow(strings.ToUpper(term)), true, true))
			check("HasTerm of the term "+term, HasTerm(text, term, true), true)
		}
	})
}

// findSlow tries every place.
func findSlow(text, needle string, left, right bool) bool {
	tr, nr := []rune(text), []rune(needle)
	alnum := func(r []rune, i int) bool {
		return i >= 0 && i < len(r) && (unicode.IsLetter(r[i]) || unicode.IsDigit(r[i]))
	}
	for i := 0; i+len(nr) <= len(tr); i++ {
		if slices.Equal(tr[i:i+len(nr)], nr) &&
			!(left && alnum(nr, 0) && alnum(tr, i-1)) && !(right && alnum(nr, len(nr)-1) && alnum(tr, i+len(nr))) {
			return true
		}
	}
	return false
}

func TestTermSearchDoesNotAllocate(t *testing.T) {
	text := strings.Repeat("Request finished with status 200 in ÄÖ ms; ", 5)
	if n := testing.AllocsPerRun(100, func() {
		HasTerm(text, "timeout", false)
		ContainsText(text, "Äx", false)
		EqualFold(text, text)
		EndsWith(text, "MS; ", false)
	}); n != 0 {
		t.Errorf("searching allocates %v times", n)
	}
}
