package syntax

import (
	"errors"
	"strings"
	"testing"
)

func TestLimits(t *testing.T) {
	deep := func(open, inner, shut string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(shut, n)
	}
	const many = 50_000
	for _, c := range []struct {
		name, query string
		want        error
	}{
		{"parentheses", "print " + deep("(", "1", ")", many), ErrTooDeep},
		{"calls", "print " + deep("f(", "1", ")", many), ErrTooDeep},
		{"conversions", "print " + deep("int(", "x", ")", 2000), ErrTooDeep},
		{"signs", "print " + strings.Repeat("-", many) + "1", ErrTooDeep},
		{"indexes", "print " + deep("a[", "1", "]", many), ErrTooDeep},
		{"dynamic", "print dynamic(" + deep("[", "1", "]", many) + ")", ErrTooDeep},
		{"dynamic in dynamic", "print " + deep("dynamic(", "1", ")", 2000), ErrTooDeep},
		{"in", "print " + deep("a in (", "1", ")", many), ErrTooDeep},
		{"between", "print " + deep("a between (1 .. ", "1", ")", 50_000), ErrTooDeep},
		{"subqueries", "T | " + deep("mv-apply x on (", "count", ")", 50_000), ErrTooDeep},
		{"partitions", "T | " + deep("partition by x { T | ", "count", "}", 40_000), ErrTooDeep},
		{"tables", deep("datatable(a:long)[", "1", "]", 40_000), ErrTooDeep},
		{"lambdas", deep("let f = () { ", "1", " }", 50_000), ErrTooDeep},
		{"unions", deep("union (", "T", ")", many), ErrTooDeep},
		{"operators", "print 1" + strings.Repeat("+1", many), ErrTooDeep},
		{"members", "print a" + strings.Repeat(".b", many), ErrTooDeep},
		{"length", "print 1 //" + strings.Repeat("x", MaxLength), ErrTooLong},
		{"open brackets only", strings.Repeat("(", MaxLength), ErrTooDeep},
		{"less deep", "print " + deep("(", "1", ")", 200), nil},
		{"a long or", "T | where x == 1" + strings.Repeat(" or x == 1", 9000), nil},
		{"a long list", "T | where x in (1" + strings.Repeat(",1", many) + ")", nil},
		{"many operators", "T" + strings.Repeat("|count", 50_000), nil},
		{"many values", "datatable(a:long)[" + strings.Repeat("-1,", many) + "]", nil},
		{"as long as may be", "print 1 //" + strings.Repeat("x", MaxLength-10), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, err := Parse(c.query)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err == nil {
				if again, err := Parse(Format(q)); err != nil && len(Format(q)) <= MaxLength {
					t.Fatal(err)
				} else if err == nil && dump(q.Statements, true) != dump(again.Statements, true) {
					t.Fatal("Format changed the tree")
				}
			}
		})
	}
}

// Brackets that do not match take no time that grows with the square of their number.
func TestBracketsThatDoNotMatch(t *testing.T) {
	for _, q := range []string{
		strings.Repeat("[", MaxLength/2) + strings.Repeat(")", MaxLength/2),
		strings.Repeat("([", MaxLength/4) + strings.Repeat(")", MaxLength/2),
		strings.Repeat("int(", MaxLength/8) + strings.Repeat(")", MaxLength/8),
	} {
		if _, err := Parse(q); err == nil {
			t.Error("no error")
		}
	}
}

func TestPosition(t *testing.T) {
	text := "a\nbü c\r\nd\re"
	for _, c := range []struct{ offset, line, col int }{
		{0, 1, 1}, {1, 1, 2}, {2, 2, 1}, {3, 2, 2}, {5, 2, 3}, {6, 2, 4}, {9, 3, 1}, {11, 4, 1}, {12, 4, 2}, {-5, 1, 1}, {99, 4, 2},
	} {
		if line, col := Position(text, c.offset); line != c.line || col != c.col {
			t.Errorf("offset %d: line %d, column %d, want %d, %d", c.offset, line, col, c.line, c.col)
		}
	}
}

func TestInvalidUTF8(t *testing.T) {
	_, err := Parse("print 'a\xff'")
	var e *Error
	if !errors.As(err, &e) || e.Start != 8 || e.Column != 9 || !strings.Contains(e.Message, "UTF-8") {
		t.Fatalf("%v", err)
	}
	if _, err := Parse("print '\uFFFD'"); err != nil {
		t.Fatal(err)
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"wehre", "where"}, {"summarise", "summarize"}, {"Project", "project"}, {"mvexpand", "mv-expand"}, {"xyz", ""}, {"makeseries", "make-series"},
		{"project_away", "project-away"}, {strings.Repeat("where", 50), ""}, {"jion", "join"}, {"tak", "take"}, {"a", "as"}, {"b", ""},
	} {
		if got := nearest(c.word, operatorWords); got != c.want {
			t.Errorf("%s: %q, want %q", c.word, got, c.want)
		}
	}
}
