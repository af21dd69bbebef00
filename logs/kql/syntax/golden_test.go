package syntax

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden runs every case of the golden files of a folder: a query, a line of four dashes, and what want gives for it. Cases are divided by
// lines of four equals signs. With -update the files are written anew.
func golden(t *testing.T, folder string, want func(query string) string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files in %s (%v)", folder, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, c := range strings.Split(string(data), "\n====\n") {
			query, expected, _ := strings.Cut(c, "\n----\n")
			query = strings.TrimSuffix(query, "\n")
			expected = strings.TrimSuffix(expected, "\n")
			got := want(query)
			if got != expected && !*update {
				t.Errorf("%s: %s\ngot:\n%s\nwant:\n%s", file, query, got, expected)
			}
			out = append(out, query+"\n----\n"+got)
		}
		if *update {
			if err := os.WriteFile(file, []byte(strings.Join(out, "\n====\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The trees of testdata/parse were read one by one against the language's rules.
func TestParseGolden(t *testing.T) {
	golden(t, "parse", func(query string) string {
		q, err := Parse(query)
		if err != nil {
			return err.Error()
		}
		trees := make([]string, len(q.Statements))
		for i, s := range q.Statements {
			if e, ok := s.(*ExpressionStatement); ok {
				trees[i] = dump(e.Expr, false)
			} else {
				trees[i] = dump(s, false)
			}
		}
		return strings.Join(trees, "\n")
	})
}

func TestFormatGolden(t *testing.T) {
	golden(t, "format", func(query string) string {
		q, err := Parse(query)
		if err != nil {
			return err.Error()
		}
		return Format(q)
	})
}

// Every query of the golden files and of the open cases formats to a text that has the same tree and formats to itself.
func TestFormatKeepsTree(t *testing.T) {
	queries := append(openCases(t), seeds(t)...)
	for _, query := range queries {
		checkFormat(t, query)
	}
}

// fataler is what a testing.T and a rapid.T have in common.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkFormat checks the promises of Format on one query, if it parses.
func checkFormat(t fataler, query string) {
	t.Helper()
	q, err := Parse(query)
	if err != nil {
		return
	}
	formatted := Format(q)
	again, err := Parse(formatted)
	if err != nil {
		t.Fatalf("%s\nformatted:\n%s\n%v", query, formatted, err)
	}
	if a, b := dump(q.Statements, true), dump(again.Statements, true); a != b {
		t.Fatalf("%s\nformatted:\n%s\ntree before: %s\ntree after:  %s", query, formatted, a, b)
	}
	if a, b := commentTexts(q), commentTexts(again); a != b {
		t.Fatalf("%s\nformatted:\n%s\ncomments before: %q\ncomments after: %q", query, formatted, a, b)
	}
	if twice := Format(again); twice != formatted {
		t.Fatalf("%s\nformatted:\n%s\nformatted again:\n%s\nthe first difference: %s", query, formatted, twice, difference(formatted, twice))
	}
	for _, line := range strings.Split(formatted, "\n") {
		if strings.HasSuffix(line, " ") && !strings.Contains(query, " \n") {
			t.Fatalf("%s\nformatted, with a space at the end of a line:\n%s", query, formatted)
		}
	}
}

// difference shows the first lines in which two texts differ.
func difference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			return fmt.Sprintf("line %d: %q, %q", i+1, x[max(0, i-1):min(len(x), i+2)], y[max(0, i-1):min(len(y), i+2)])
		}
	}
	return "the end"
}

func commentTexts(q *Query) string {
	var list []string
	for _, c := range q.Comments {
		list = append(list, c.Text)
	}
	return strings.Join(list, "\n")
}

// seeds are the queries of the golden files.
func seeds(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range strings.Split(string(data), "\n====\n") {
			query, _, _ := strings.Cut(c, "\n----\n")
			list = append(list, strings.TrimSuffix(query, "\n"))
		}
	}
	return list
}
