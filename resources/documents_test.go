package resources

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDocumentsAreReadFromYAML(t *testing.T) {
	docs := parse(t, `# rules of the team
kind: alert-rule
name: High latency
spec:
  severity: 2
  threshold: 0.10
  big: 12345678901234567
  exponent: 1e3
  hex: 0x1F
  window: PT5M
  date: 2026-11-28T10:00:00
  yes: no
  empty:
  list: [1, "two", {three: 3}]
  query: |
    traffic
    | where StatusCode >= 500
---
# nothing here
---
{kind: action-group, name: 7, spec: {enabled: true}}
--- # the policy
kind: notification-policy
spec: {}
...
`)
	require.Len(t, docs, 3)
	require.Equal(t, Document{
		Kind: "alert-rule", Name: "High latency", File: "rules.yaml", Line: 2,
		Spec: json.RawMessage(`{"severity":2,"threshold":0.10,"big":12345678901234567,"exponent":1e3,"hex":31,"window":"PT5M","date":"2026-11-28T10:00:00",` +
			`"yes":"no","empty":null,"list":[1,"two",{"three":3}],"query":"traffic\n| where StatusCode >= 500\n"}`),
	}, docs[0])
	require.Equal(t, Document{Kind: "action-group", Name: "7", Spec: json.RawMessage(`{"enabled":true}`), File: "rules.yaml", Line: 21}, docs[1])
	require.Equal(t, Document{Kind: "notification-policy", Spec: json.RawMessage(`{}`), File: "rules.yaml", Line: 23}, docs[2])
}

func TestDocumentsAreReadFromJSON(t *testing.T) {
	one := `{"kind": "alert-rule", "name": "a", "spec": {"x": 1.50, "s": "\ud83d\ude00\/"}}`
	for name, text := range map[string]string{"one": one, "a list": "[\n" + one + ",\n" + one + "]", "a stream": one + "\n" + one, "with a mark": "\uFEFF" + one} {
		docs := parse(t, text)
		require.NotEmpty(t, docs, name)
		for i, d := range docs {
			require.JSONEq(t, `{"x":1.50,"s":"😀/"}`, string(d.Spec), name)
			require.Contains(t, string(d.Spec), "1.50")
			if name == "a list" {
				require.Equal(t, 2+i, d.Line)
			}
		}
	}
	require.Empty(t, parse(t, "[]"))
	require.Empty(t, parse(t, " \n# nothing\n"))
}

func TestWrongDocumentsAreToldWithTheirLine(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"unknown key":        {"kind: a\nname: b\nspecs: {}\n", `rules.yaml:3: a/b: specs: is no key of a document: must be one of kind, name, spec`},
		"no kind":            {"\nname: b\nspec: {}\n", `rules.yaml:2: /b: kind: must be given`},
		"no spec":            {"kind: a\nname: b\n", `rules.yaml:1: a/b: spec: must be given`},
		"spec of no mapping": {"kind: a\nname: b\nspec: [1]\n", `rules.yaml:1: a/b: spec: must be a mapping`},
		"kind of no text":    {"kind: [a]\nspec: {}\n", `rules.yaml:1: kind: must be a text`},
		"no mapping":         {"- a\n- b\n", `rules.yaml:1: must be a mapping with the keys kind, name and spec`},
		"twice":              {"kind: a\nname: b\nspec:\n  x:\n    y: 1\n    y: 2\n", `rules.yaml:6: a/b: x.y: is given twice`},
		"kind twice":         {"kind: a\nkind: b\nspec: {}\n", `rules.yaml:2: b/: kind: is given twice`},
		"second document":    {"kind: a\nspec: {}\n---\nkind: a\nspec:\n  x: .inf\n", `rules.yaml:6: a/: x: must be a text, a number, true, false, null, a list or a mapping (got ".inf")`},
		"octal":              {"kind: a\nspec:\n  x: 010\n", `rules.yaml:3: a/: x: is a number that begins with 0`},
		"large number":       {"kind: a\nspec:\n  x: [1e999]\n", `rules.yaml:3: a/: x[0]: is no number that fits (got "1e999")`},
		"anchor":             {"kind: a\nspec: &s\n  x: 1\n", `rules.yaml:2: anchors, aliases and merge keys are not allowed here`},
		"alias":              {"kind: a\nspec:\n  x: *s\n", `rules.yaml:3: anchors`},
		"merge":              {"kind: a\nspec:\n  <<: {x: 1}\n", `rules.yaml:3: anchors`},
		"tag":                {"kind: a\nspec:\n  x: !!binary aGk=\n", `rules.yaml:3: tags are not allowed here`},
		"syntax":             {"kind: a\nname: 'b\nspec: {}\n", `rules.yaml:2: is no YAML: `},
		"tabs":               {"kind: a\nspec:\n\tx: 1\n", `rules.yaml:3: is no YAML: `},
		"deep":               {"kind: a\nspec: " + strings.Repeat("[", 100_000), `rules.yaml:2: is nested deeper than 64 levels`},
		"deep hyphens":       {"kind: a\nspec:\n " + strings.Repeat("- ", 400_000), `rules.yaml:3: is nested deeper than 64 levels`},
		"deep lines":         {"kind: a\nspec:\n" + deepLines(100), `: is nested deeper than 64 levels`},
		"large":              {"kind: a\nspec: {}\n#" + strings.Repeat("x", maxDocument), `rules.yaml:1: a document must have at most 1048576 bytes`},
		"no UTF-8":           {"kind: a\nname: \xff\n", `rules.yaml:2: must be UTF-8`},
		"json unknown key":   {`[{"kind":"a","spec":{}},` + "\n" + `{"kind":"a","spec":{},"x":1}]`, `rules.yaml:2: a/: x: is no key of a document`},
		"json twice":         {`{"kind":"a","spec":{"x":[{"y":1,"y":2}]}}`, `rules.yaml:1: spec.x[0].y: is given twice`},
		"json number":        {`[1]`, `rules.yaml:1: a document must be a JSON object`},
		"json cut off":       {`{"kind":"a","spec":{}}` + "\n{", `rules.yaml:2: is no JSON: it ends too early`},
		"json deep":          {`{"kind":"a","spec":{"x":` + strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100) + `}}`, `is nested deeper than 64 levels`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseDocuments(strings.NewReader(tc.text), "rules.yaml")
			var e *DocumentError
			require.ErrorAs(t, err, &e)
			require.ErrorContains(t, err, tc.want)
			require.Less(t, len(err.Error()), 1000)
		})
	}
}

func deepLines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s a:\n", strings.Repeat(" ", i))
	}
	return b.String()
}

func TestAllWrongDocumentsAreTold(t *testing.T) {
	docs, err := ParseDocuments(strings.NewReader("kind: a\n---\nkind: a\nspec: {}\n---\nspec: {}\n"), "f")
	require.EqualError(t, err, "f:1: a/: spec: must be given\nf:6: kind: must be given")
	require.Len(t, docs, 1)
	_, err = ParseDocuments(strings.NewReader(strings.Repeat("kind: a\nspec: {}\n---\n", maxDocuments+1)), "f")
	require.ErrorContains(t, err, "there may be at most 20000 documents")
	_, err = ParseDocuments(strings.NewReader(strings.Repeat("kind: a\n---\n", 1000)), "f")
	require.Equal(t, maxProblems, strings.Count(err.Error(), "\n")+1)
}

// value draws what JSON can hold, with texts that YAML could take for something else.
func value(depth int) *rapid.Generator[any] {
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"", " ", "null", "~", "true", "No", "1", "-1", "1e3", "0x1f", "1:2", ".5", "PT5M", "2026-11-28", "a: b", "a #b", "- a", "# a", "{a}", "[a]", "a,b", "'", `"`, `\`, "%", "@", "`", "|", ">", "&a", "*a", "!a", "?", "---", "...",
		"a\nb", "a\nb\n", "a\n\nb", "a\n b\n", " a\nb", "a\n\n", "\n", "a \nb", "a\n---\nb", "a\tb\nc", "traffic\n| where x == 'a'\n| count", "a\r\nb", "\u2028", "\u0085", "\u00a0", "😀", "\uFEFF", "#\n#", "-\n-", "a:\nb:", "<<", "<secret>",
	}), rapid.StringMatching(`[ -~\n]{0,12}`))
	scalar := rapid.OneOf(
		rapid.Map(texts, func(s string) any { return s }),
		rapid.Map(rapid.Int64(), func(n int64) any { return json.Number(strconv.FormatInt(n, 10)) }),
		rapid.Map(rapid.Float64(), func(f float64) any {
			if math.IsInf(f, 0) || math.IsNaN(f) {
				return nil
			}
			text, _ := json.Marshal(f)
			return json.Number(text)
		}),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just[any](nil),
	)
	if depth == 0 {
		return scalar
	}
	return rapid.OneOf(scalar,
		rapid.Map(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return value(depth - 1) }), 0, 4), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(texts, rapid.Deferred(func() *rapid.Generator[any] { return value(depth - 1) }), 0, 4), func(m map[string]any) any { return m }),
	)
}

func TestDocumentsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var docs []Document
		for range rapid.IntRange(0, 3).Draw(t, "documents") {
			spec, err := json.Marshal(rapid.MapOfN(rapid.String(), value(3), 0, 4).Draw(t, "spec"))
			if err != nil {
				t.Fatal(err)
			}
			docs = append(docs, Document{Kind: "alert-rule", Name: rapid.StringMatching(`[a-z 0-9]{0,4}`).Draw(t, "name"), Spec: spec})
		}
		roundTrip(t, docs)
	})
}

// roundTrip writes documents, reads them, and writes what was read.
func roundTrip(t interface{ Fatalf(string, ...any) }, docs []Document) {
	var text, again bytes.Buffer
	if err := WriteDocuments(&text, docs); err != nil {
		t.Fatalf("write: %v", err)
	}
	got, err := ParseDocuments(bytes.NewReader(text.Bytes()), "")
	if err != nil {
		t.Fatalf("%v\nof\n%s", err, text.String())
	}
	if len(got) != len(docs) {
		t.Fatalf("%d documents of %d in\n%s", len(got), len(docs), text.String())
	}
	for i, d := range got {
		want := docs[i]
		if d.Kind != want.Kind || d.Name != want.Name || !sameJSON(d.Spec, want.Spec) {
			t.Fatalf("%s/%q %s\nis not\n%s/%q %s\nin\n%s", d.Kind, d.Name, d.Spec, want.Kind, want.Name, want.Spec, text.String())
		}
	}
	if err := WriteDocuments(&again, got); err != nil || !bytes.Equal(text.Bytes(), again.Bytes()) {
		t.Fatalf("%v: written again\n%s\nis not\n%s", err, again.String(), text.String())
	}
}

// sameJSON compares two JSON texts token by token, so that the order of keys and the digits of numbers count, and escapes do not.
func sameJSON(a, b json.RawMessage) bool {
	da, db := json.NewDecoder(bytes.NewReader(a)), json.NewDecoder(bytes.NewReader(b))
	da.UseNumber()
	db.UseNumber()
	for {
		ta, errA := da.Token()
		tb, errB := db.Token()
		if errA != nil || errB != nil {
			return errA == errB
		}
		if ta != tb {
			return false
		}
	}
}

func TestWrittenDocumentsAreReadable(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, WriteDocuments(&out, []Document{
		{Kind: "alert-rule", Name: "High latency", Spec: json.RawMessage(`{"severity":2,"scopes":["credit-default/*"],"criteria":{"allOf":[{"name":"c1","threshold":0.10,"dimensions":[]},{"query":"traffic\n| where x\n"}]},"on":"yes"}`)},
		{Kind: "notification-policy", Spec: json.RawMessage(`{}`)},
	}))
	require.Equal(t, `kind: alert-rule
name: High latency
spec:
  severity: 2
  scopes:
    - "credit-default/*"
  criteria:
    allOf:
      - name: c1
        threshold: 0.10
        dimensions: []
      - query: |
          traffic
          | where x
  "on": "yes"
---
kind: notification-policy
spec: {}
`, out.String())
	require.ErrorContains(t, WriteDocuments(&out, []Document{{Kind: "a", Name: "b", Spec: json.RawMessage(`1`)}}), "a/b: spec: must be a JSON object")
}

func FuzzParseDocuments(f *testing.F) {
	for _, text := range []string{
		"kind: alert-rule\nname: a\nspec:\n  severity: 2\n", "{}", "[]", "---\n---", `[{"kind":"a","spec":{"x":[1,"2",null]}}]`, "kind: a\nspec: &a [*a]", "kind: a\nspec: |\n x\n  y\n", "a: >-\n  b\n\n  c", "? a\n: b",
		"kind: a\nspec: {x: 0b11, y: 0o7, z: 1_000, w: 1.5e400}", "kind: \"\\ud83d\"\nspec: {}", "%YAML 1.2\n---\na", "kind: a\r\nspec: {}\r\n", "kind: a\nspec: {a: {b: {c: [[[[]]]]}}}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		docs, err := ParseDocuments(bytes.NewReader(text), "f")
		if err != nil && !utf8.ValidString(err.Error()) {
			t.Fatalf("an error that is no text: %q", err)
		}
		for _, d := range docs {
			if err := checkJSON(d.Spec); err != nil {
				t.Fatalf("%s of %q", err, text)
			}
		}
		roundTrip(t, docs)
	})
}

func TestLoadFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	doc := func(name string) string { return "kind: alert-rule\nname: " + name + "\nspec: {}\n" }
	names := func(paths ...string) (all []string) {
		t.Helper()
		docs, err := LoadFiles(paths)
		require.NoError(t, err)
		for _, d := range docs {
			all = append(all, d.Name)
		}
		return all
	}
	b := write("d/b.yaml", doc("b"))
	write("d/a.yml", doc("a"))
	write("d/c.json", `{"kind":"alert-rule","name":"c","spec":{}}`)
	write("d/.hidden.yaml", "no document")
	write("d/readme.txt", "no document")
	write("d/e/below.yaml", doc("below"))
	require.NoError(t, os.Symlink(filepath.Join("e", "below.yaml"), filepath.Join(dir, "d", "link.yaml")))
	odd := write("odd[1].yaml", doc("odd"))

	require.Equal(t, []string{"a", "b", "c", "below"}, names(filepath.Join(dir, "d")))
	require.Equal(t, []string{"b", "a", "c", "below"}, names(b, filepath.Join(dir, "d")), "each file once")
	require.Equal(t, []string{"a"}, names(filepath.Join(dir, "d", "*.yml")))
	require.Equal(t, []string{"below"}, names(filepath.Join(dir, "d", "*", "*.yaml")))
	require.Equal(t, []string{"odd"}, names(odd), "a path that exists is no pattern")
	require.Empty(t, names(filepath.Join(dir, "d", "*.none")))
	require.Empty(t, names())

	for _, missing := range []string{filepath.Join(dir, "none.yaml"), filepath.Join(dir, "none", "*.yaml")} {
		_, err := LoadFiles([]string{missing})
		require.ErrorIs(t, err, os.ErrNotExist)
		require.ErrorContains(t, err, filepath.Join(dir, "none"))
	}
	bad, worse := write("bad.yaml", "kind: alert-rule\n"), write("worse.yaml", "name: x\n")
	_, err := LoadFiles([]string{bad, b, worse})
	require.ErrorContains(t, err, bad+":1: alert-rule/: spec: must be given\n"+worse+":1: /x: kind: must be given")
}
