package fn

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCompileRegexMatches(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          []string
	}{
		{`a.c`, "abc\na\nc", []string{"abc"}},
		{`\d+`, "7 and ٣٤", []string{"7", "٣٤"}},
		{`(?-u)\d+`, "7 and ٣٤", []string{"7"}},
		{`(?-u:\w)+`, "né_1", []string{"n", "_1"}},
		{`\w+`, "né_1 Ⓐ-日本", []string{"né_1", "Ⓐ", "日本"}},
		{`\W+`, "a, é", []string{", "}},
		{`\S+`, "a\u00a0b\u2003c", []string{"a", "b", "c"}},
		{`a\sb`, "a\vb", []string{"a\vb"}},
		{`(?-u)a\sb`, "a\vb", []string{"a\vb"}},
		{`\D+`, "12ab3", []string{"ab"}},

		// Classes.
		{`[a-y&&xyz]+`, "wxyz", []string{"xy"}},
		{`[0-9&&[^4]]+`, "34567", []string{"3", "567"}},
		{`[0-9--4]+`, "34567", []string{"3", "567"}},
		{`[a-g~~b-h]+`, "abgh", []string{"a", "h"}},
		{`[x[^xyz]]+`, "xyzw", []string{"x", "w"}},
		{`[\[\]]+`, "a[]b", []string{"[]"}},
		{`[a&&b]`, "ab", nil},
		{`[^a-z&&b]+`, "abc", []string{"a", "c"}},
		{`[\pL--\p{Greek}&&\p{Uppercase}]+`, "aAβΒB", []string{"A", "B"}},
		{`[\p{Greek}[:digit:]]+`, "aβ1b", []string{"β1"}},
		{`[[:^alpha:]]+`, "ab12cd", []string{"12"}},
		{`[[:punct:]]+`, "a-_b", []string{"-_"}},
		{`[]a]+`, "]a[", []string{"]a"}},
		{`[^]a]+`, "]ab[", []string{"b["}},
		{`[a-]+`, "a-b", []string{"a-"}},
		{`[-a]+`, "a-b", []string{"a-"}},
		{`[^[]+`, "ab[c", []string{"ab", "c"}},
		{`[a[b]+`, "a[b]", []string{"a[b"}},
		{`[\d.]+`, "1.5s", []string{"1.5"}},
		{`[^\w\s]+`, "a! ?b", []string{"!", "?"}},
		{`[\x41-\x{43}\u0044\n]+`, "xABCD\n", []string{"ABCD\n"}},
		{`[\w&&\p{ascii}]+`, "aé_1", []string{"a", "_1"}},

		// Case.
		{`(?i)STRASSE|k`, "strasse \u212a", []string{"strasse", "\u212a"}},
		{`(?i)[a-c&&b]+`, "aBbC", []string{"Bb"}},
		{`(?i)[^b]+`, "aBc", []string{"a", "c"}},
		{`(?i)a+(?-i)b+`, "AaB AAbB", []string{"AAb"}},
		{`(?i:a)b`, "Ab AB", []string{"Ab"}},
		{`(?i)\p{Lu}+`, "aB1", []string{"aB"}},

		// Flags and groups.
		{`(?x) a b # a comment` + "\n" + ` c`, "abc a b c", []string{"abc"}},
		{`(?x) a\ b [ c d ]`, "a bc a b ", []string{"a bc"}},
		{`(?x: a b )c d`, "abc d", []string{"abc d"}},
		{`(?R).+`, "ab\r\ncd", []string{"ab", "cd"}},
		{`(?m)^b$`, "a\nb\nc", []string{"b"}},
		{`(?s)a.c`, "a\nc", []string{"a\nc"}},
		{`(?U)a+`, "aaa", []string{"a", "a", "a"}},
		{`(?P<n>a)(?<m>b)`, "ab", []string{"ab"}},

		// Repetitions.
		{`(?:ab){2}`, "ababab", []string{"abab"}},
		{`a{2}{2}`, "aaaaa", []string{"aaaa"}},
		{`a+*b`, "aab b", []string{"aab", "b"}},
		{`a{,3}`, "a{,3}", []string{"a{,3}"}},
		{`{x}`, "{x}", []string{"{x}"}},
		{`ab??`, "ab", []string{"a"}},

		// Escapes.
		{`\u00e9\u{e9}\x{E9}\U000000e9`, "éééé", []string{"éééé"}},
		{`\101\x42\t`, "AB\t", []string{"AB\t"}},
		{`\Qa.b\E+`, "a.bb a+b", []string{"a.bb"}},
		{`\<ab\>`, "ab cab", []string{"ab"}},
		{`\b{start}a\b{end}`, "a ab", []string{"a"}},
		{`\.\-\_\/\ \"\é`, `.-_/ "é`, []string{`.-_/ "é`}},
		{`\p{Letter}+\P{L}`, "ab1", []string{"ab1"}},
		{`\p{script=Greek}+`, "aβγ", []string{"βγ"}},
		{`\Aa\z`, "a", []string{"a"}},
		{`^$|x`, "", []string{""}},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			re, err := CompileRegex(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := re.FindAllString(tt.text, -1); !slices.Equal(got, tt.want) {
				t.Errorf("%q in %q: %q, want %q (as %s)", tt.pattern, tt.text, got, tt.want, re)
			}
		})
	}
}

func TestCompileRegexFlagArguments(t *testing.T) {
	tests := []struct {
		flags, pattern, text, want string
	}{
		{"", "a.b", "xA\nB", ""},
		{"is", "a.b", "xA\nB", "A\nB"},
		{"U", "a+", "aaa", "a"},
		{"x", "a b", "ab", "ab"},
		{"im", "^B", "a\nb", "b"},
	}
	for _, tt := range tests {
		re, err := CompileRegex(tt.pattern, tt.flags)
		if err != nil {
			t.Fatal(err)
		}
		if got := re.FindString(tt.text); got != tt.want {
			t.Errorf("flags %q, %q in %q: %q, want %q", tt.flags, tt.pattern, tt.text, got, tt.want)
		}
	}
	if re, err := CompileRegex("a.b", "i", "s"); err != nil || !re.MatchString("A\nB") {
		t.Errorf("several flags: %v, %v", re, err)
	}
}

func TestCompileRegexErrors(t *testing.T) {
	tests := []struct{ pattern, flags, want string }{
		{`(a`, "", "missing closing )"},
		{`a)`, "", "unexpected )"},
		{`[a`, "", "missing closing ]"},
		{`*`, "", "missing argument to repetition operator"},
		{`a\`, "", "backslash ends the pattern"},
		{`(?=a)`, "", "look-around `(?=`"},
		{`(?<!a)`, "", "look-around `(?<!`"},
		{`(a)\1`, "", `back reference \1`},
		{`(?q)a`, "", `flag "q"`},
		{`(?i-)a`, "", "no flag after"},
		{`a`, "ik", `flag "k"`},
		{`(?mR)^a`, "", "flags m and R"},
		{`\b{end-half}`, "", "look around"},
		{`\y`, "", `unknown escape \y`},
		{`\p{Klingon}`, "", `"Klingon"`},
		{`\pq`, "", `"q"`},
		{`[z-a]`, "", "`z-a` runs backwards"},
		{`[\b]`, "", `\b has no meaning in a class`},
		{`\x{110000}`, "", "no character code"},
		{`\u12`, "", "no character code"},
		{`a{1001}`, "", "invalid repeat count"},
		{strings.Repeat("a", maxPattern+1), "", "limit of 65536 bytes"},
		{strings.Repeat("[", maxClassDepth+2) + strings.Repeat("]", maxClassDepth+3), "", "limit of 100"},
		{strings.Repeat(`[\W--\W]`, 500), "", "limit of 65536 ranges"},
		{"a\xff", "", "is not UTF-8"},
	}
	for _, tt := range tests {
		_, err := CompileRegex(tt.pattern, tt.flags)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.40q: error %v, want one with %q", tt.pattern, err, tt.want)
		}
	}
}

// What both our front and Go's package take must mean the same: the front only adds.
func FuzzCompileRegex(f *testing.F) {
	for _, s := range []string{`a+b*?(c|d){2,3}`, `(?i)[a-z0-9_]+`, `^(?P<n>x)?$`, `[[:alpha:]]+`, `(?x) a # b`, `[a-y&&xyz]`, `\p{L}\d\Q.\E`, `[^[]`, `a{2}{3}`, `(?m-s:^.$)`, `\u00e9[\x41-\x{5a}]`, `(?R).`} {
		f.Add(s)
	}
	const text = "abc xyz ABC 0129 a.b-c [d] {2} a\nb\r\nc \u00e9\u0101 ((x)) aaa bbb ccc ,;:_#"
	f.Fuzz(func(t *testing.T, pattern string) {
		ours, err := CompileRegex(pattern)
		theirs, goErr := regexp.Compile(pattern)
		if !utf8.ValidString(pattern) && err == nil {
			t.Fatalf("%q is not UTF-8 and compiles", pattern)
		}
		if err != nil || goErr != nil || differsFromGo(pattern) {
			return
		}
		if ours.NumSubexp() != theirs.NumSubexp() || !slices.Equal(ours.SubexpNames(), theirs.SubexpNames()) {
			t.Fatalf("%q: groups %q, Go has %q", pattern, ours.SubexpNames(), theirs.SubexpNames())
		}
		if got, want := ours.FindAllString(text, -1), theirs.FindAllString(text, -1); !slices.Equal(got, want) {
			t.Fatalf("%q: %q, Go finds %q (as %s)", pattern, got, want, ours)
		}
	})
}

// differsFromGo says whether a pattern may have something that the language and Go read differently.
func differsFromGo(pattern string) bool {
	for _, s := range []string{`\`, `&&`, `--`, `~~`, `(?`} {
		if strings.Contains(pattern, s) {
			return true
		}
	}
	return strings.Count(pattern, "[") > 1 // perhaps a class in a class
}

func BenchmarkCompileRegex(b *testing.B) {
	for _, p := range []string{`error: (\d+)`, `[\w.-]+@[\w.-]+`, `(?i)[a-z]+\w`} {
		b.Run(p, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := CompileRegex(p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
