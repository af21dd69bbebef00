package receivers

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// field is one line of a table: what a service documents of one field of its payloads.
type field struct {
	path  string // attachments[].title
	kinds []string
	need  bool
	rule  string
}

// checkFields checks a payload against testdata/fields/<name>.txt: each field of the table has its type and rule, what is needed is there,
// and nothing is there that the table does not have. Lines are `path  types  required|optional  [rule]`; a rule is a regular expression
// or max=N characters.
func checkFields(t *testing.T, name string, payload any) {
	t.Helper()
	text, err := os.ReadFile("testdata/fields/" + name + ".txt")
	require.NoError(t, err)
	var table []field
	for _, l := range strings.Split(string(text), "\n") {
		parts := strings.Fields(l)
		if len(parts) == 0 || strings.HasPrefix(parts[0], "#") {
			continue
		}
		require.GreaterOrEqual(t, len(parts), 3, l)
		f := field{path: parts[0], kinds: strings.Split(parts[1], "|"), need: parts[2] == "required"}
		if len(parts) > 3 {
			f.rule = strings.Join(parts[3:], " ")
		}
		table = append(table, f)
	}
	for _, e := range mismatches(table, payload) {
		t.Errorf("%s: %s", name, e)
	}
}

func mismatches(table []field, payload any) (wrong []string) {
	seen := map[string]bool{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		if path != "" && !strings.HasSuffix(path, "[]") || path == "[]" {
			i := slices.IndexFunc(table, func(f field) bool { return f.path == path })
			if i < 0 {
				wrong = append(wrong, fmt.Sprintf("%s is not documented", path))
				return
			}
			seen[path] = true
			if e := table[i].check(v); e != "" {
				wrong = append(wrong, path+" "+e)
			}
			if slices.Contains(table[i].kinds, "map") {
				return
			}
		}
		switch v := v.(type) {
		case map[string]any:
			for name, e := range v {
				child := name
				if path != "" {
					child = path + "." + name
				}
				walk(child, e)
			}
			for _, f := range table {
				rest, below := strings.CutPrefix(f.path, path+".")
				if path == "" {
					rest, below = f.path, true
				}
				if _, there := v[rest]; below && f.need && !strings.ContainsAny(rest, ".[") && !there {
					wrong = append(wrong, f.path+" is missing")
				}
			}
		case []any:
			for _, e := range v {
				walk(path+"[]", e)
			}
		}
	}
	walk("", payload)
	return wrong
}

func (f field) check(v any) string {
	kind := "null"
	text := ""
	switch v := v.(type) {
	case string:
		kind, text = "string", v
	case float64:
		kind, text = "number", strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		kind, text = "bool", strconv.FormatBool(v)
	case map[string]any:
		kind = "object"
		if slices.Contains(f.kinds, "map") {
			return ""
		}
	case []any:
		kind = "array"
	}
	if !slices.Contains(f.kinds, kind) {
		return fmt.Sprintf("is %s and must be %s", kind, strings.Join(f.kinds, " or "))
	}
	if most, ok := strings.CutPrefix(f.rule, "max="); ok {
		n, _ := strconv.Atoi(most)
		if len([]rune(text)) > n {
			return fmt.Sprintf("has %d characters and must have at most %d", len([]rune(text)), n)
		}
		return ""
	}
	if f.rule != "" && kind != "null" && !regexp.MustCompile("^(?:"+f.rule+")$").MatchString(text) {
		return fmt.Sprintf("is %q and must match %s", text, f.rule)
	}
	return ""
}

func TestATableFindsWhatIsWrong(t *testing.T) {
	table := []field{{"a", []string{"string"}, true, "x+"}, {"b", []string{"array"}, true, ""}, {"b[].c", []string{"number"}, true, ""}, {"m", []string{"map"}, false, ""}, {"s", []string{"string"}, false, "max=3"}}
	f := func(payload any, want ...string) {
		t.Helper()
		require.ElementsMatch(t, want, mismatches(table, payload))
	}
	object := func(kv ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	f(object("a", "xx", "b", []any{object("c", 1.0)}, "m", object("any", "thing")))
	f(object("a", "y", "b", []any{}), `a is "y" and must match x+`)
	f(object("a", "x"), "b is missing")
	f(object("a", "x", "b", []any{object()}), "b[].c is missing")
	f(object("a", "x", "b", []any{object("c", "1")}), "b[].c is string and must be number")
	f(object("a", "x", "b", []any{}, "z", 1.0), "z is not documented")
	f(object("a", "x", "b", []any{}, "s", "four"), "s has 4 characters and must have at most 3")
}
