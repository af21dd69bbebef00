package syntax

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// Tokens and comments are in order and cover everything but spaces.
func FuzzLex(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		toks, comments := lex(text)
		spans := make([]Span, 0, len(toks)+len(comments))
		for i := 0; i < len(toks) || len(comments) > 0; {
			if len(comments) > 0 && (i == len(toks) || comments[0].Start < toks[i].Start) {
				c := comments[0]
				if text[c.Start:c.End] != c.Text {
					t.Fatalf("comment %q stands at %q", c.Text, text[c.Start:c.End])
				}
				spans = append(spans, c.Span)
				comments = comments[1:]
				continue
			}
			tok := toks[i]
			if text[tok.Start:tok.End] != tok.text {
				t.Fatalf("token %q stands at %q", tok.text, text[tok.Start:tok.End])
			}
			if tok.kind == kindBad && tok.msg == "" || tok.kind == kindString && reflect.TypeOf(tok.val).Kind() != reflect.String ||
				tok.kind == kindNumber && tok.val == nil {
				t.Fatalf("token %q has no message or value", tok.text)
			}
			if (tok.Start == tok.End) != (tok.kind == kindEnd) {
				t.Fatalf("token of kind %d at %v", tok.kind, tok.Span)
			}
			spans = append(spans, tok.Span)
			i++
		}
		at := 0
		for _, s := range spans {
			if s.Start < at {
				t.Fatalf("%v begins before %d", s, at)
			}
			if gap := strings.TrimFunc(text[at:s.Start], isSpace); gap != "" {
				t.Fatalf("%q was left out", gap)
			}
			at = s.End
		}
		if at != len(text) {
			t.Fatalf("ends at %d of %d", at, len(text))
		}
	})
}

// Nothing panics; errors have a position in the text; the spans of a tree lie in those of what holds them; Format keeps the tree.
func FuzzParse(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkParse(t, text)
	})
}

func checkParse(t fataler, text string) {
	t.Helper()
	q, err := Parse(text)
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("error of type %T", err)
		}
		if e.Start < 0 || e.End < e.Start || e.End > len(text) {
			t.Fatalf("%s: span %v of an error in %d bytes", text, e.Span, len(text))
		}
		if line, col := Position(text, e.Start); line != e.Line || col != e.Column || e.Message == "" {
			t.Fatalf("%s: %+v, position %d, %d", text, e, line, col)
		}
		return
	}
	if q.Start != 0 || q.End != len(text) {
		t.Fatalf("span %v of the query in %d bytes", q.Span, len(text))
	}
	checkSpans(t, text, reflect.ValueOf(q.Statements), q.Span)
	checkFormat(t, text)
}

// checkSpans checks that every span in a tree is one of the text, and lies inside of the span around it.
func checkSpans(t fataler, text string, v reflect.Value, outer Span) {
	t.Helper()
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		// The values of literals have no spans.
		if !v.IsNil() && strings.HasPrefix(v.Elem().Type().String(), "syntax.") || v.Kind() == reflect.Interface && v.Elem().Kind() == reflect.Pointer &&
			strings.HasPrefix(v.Elem().Type().String(), "*syntax.") {
			checkSpans(t, text, v.Elem(), outer)
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkSpans(t, text, v.Index(i), outer)
		}
	case reflect.Struct:
		if n, ok := v.Interface().(Name); ok && n.Text == "" && !n.Quoted {
			return
		}
		span := outer
		if n, ok := v.Interface().(Node); ok {
			span = n.At()
			if span.Start < outer.Start || span.End > outer.End || span.Start >= span.End {
				t.Fatalf("%s: %s at %v in %v", text, v.Type(), span, outer)
			}
		}
		for i := range v.NumField() {
			if v.Type().Field(i).Type != reflect.TypeFor[Span]() && v.Type().Field(i).Name != "Value" || v.Field(i).Type() == reflect.TypeFor[Expr]() {
				checkSpans(t, text, v.Field(i), span)
			}
		}
	}
}
