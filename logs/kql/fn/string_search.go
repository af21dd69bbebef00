package fn

import (
	"fmt"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// stringSearchFunctions find texts in texts.
func stringSearchFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{
				Text: "indexof(text: any, lookup: any, [start: long], [length: long], [occurrence: long]): long",
				Help: "Returns where a text stands in another, counted in characters from 0, or -1.",
			},
			Make: func(_ *Context, args []Arg) (Eval, error) {
				t := typesOf(args)
				return func(a []value.Value) (value.Value, error) {
					w, ok := window(t.text(a, 0), a, true)
					if !ok {
						return nil, nil
					}
					return w.find(t.text(a, 1)), nil
				}, nil
			},
		},
		{
			Signature: Signature{
				Text: "indexof_regex(text: any, lookup: string, [start: long], [length: long], [occurrence: long]): long",
				Help: "Returns where a regular expression matches in a text, counted in characters from 0, or -1.",
			},
			Make: func(_ *Context, args []Arg) (Eval, error) {
				pattern, err := regexArg(args[1], nil)
				if err != nil {
					return nil, err
				}
				t := typesOf(args)
				return func(a []value.Value) (value.Value, error) {
					re, err := pattern(a[1])
					if err != nil {
						return nil, err
					}
					w, ok := window(t.text(a, 0), a, false)
					if !ok {
						return nil, nil
					}
					end := charOffset(w.text[w.start:], w.length)
					if w.length < 0 {
						end = len(w.text) - w.start
					}
					matches := re.FindAllStringIndex(w.text[w.start:w.start+end], max(int(min(w.occurrence, int64(len(w.text)+1))), 1))
					if w.occurrence < 1 || int64(len(matches)) < w.occurrence {
						return int64(-1), nil
					}
					return charCount(w.text[:w.start+matches[w.occurrence-1][0]]), nil
				}, nil
			},
		},
		{
			Signature: Signature{
				Text: "countof(text: string, search: string, [kind: string]): long",
				Help: "Counts how often a text stands in another, overlapping too, or with kind regex how often a regular expression matches.",
			},
			Make: makeCountOf,
		},
		{
			Signature: Signature{Text: "has_any_index(text: string, values: dynamic): long", Help: "Returns the index of the first of the values that is a term of a text, or -1."},
			Make: simple(func(a []value.Value) value.Value {
				values, ok := a[1].(value.Array)
				if !ok {
					values = value.Array{a[1]}
				}
				for i, v := range values {
					if v != nil && value.HasTerm(a[0].(string), asText(v), false) {
						return int64(i)
					}
				}
				return int64(-1)
			}),
		},
	}
}

// searchWindow is the part of a text in which indexof and indexof_regex look.
type searchWindow struct {
	text       string
	start      int   // the byte where it begins
	length     int64 // in characters; -1 means to the end
	occurrence int64
}

// window reads the arguments start, length and occurrence, which follow two others. It is false where the language makes the result null:
// for a negative start of indexof_regex (indexof counts it from the end), a length below -1 and a negative occurrence.
func window(text string, a []value.Value, fromEnd bool) (searchWindow, bool) {
	w := searchWindow{text, 0, -1, 1}
	if len(a) > 2 {
		start := a[2].(int64)
		if start < 0 && fromEnd {
			start += charCount(text)
		}
		if start < 0 {
			return w, false
		}
		w.start = charOffset(text, start)
	}
	if len(a) > 3 {
		w.length = a[3].(int64)
	}
	if len(a) > 4 {
		w.occurrence = a[4].(int64)
	}
	return w, w.length >= -1 && w.occurrence >= 0
}

// find returns where the occurrence of lookup begins. As in the reference's printed outputs, the search for each further occurrence looks at
// length characters again, from behind the place before it.
func (w searchWindow) find(lookup string) int64 {
	from := w.start
	for n := int64(1); n <= w.occurrence; n++ {
		part := w.text[from:]
		if w.length >= 0 {
			part = part[:charOffset(part, w.length)]
		}
		i := strings.Index(part, lookup)
		if i < 0 {
			return -1
		}
		if n == w.occurrence {
			return charCount(w.text[:from+i])
		}
		if from+i >= len(w.text) {
			return -1
		}
		from += i + charOffset(w.text[from+i:], 1)
	}
	return -1
}

func makeCountOf(_ *Context, args []Arg) (Eval, error) {
	kind := value.Value("normal")
	if len(args) > 2 {
		if kind = args[2].Value; !args[2].Const || kind != "normal" && kind != "regex" {
			return nil, fmt.Errorf(`the kind must be "normal" or "regex" (got %q)`, value.Text(kind))
		}
	}
	if kind == "normal" {
		return func(a []value.Value) (value.Value, error) { return countOverlapping(a[0].(string), a[1].(string)), nil }, nil
	}
	pattern, err := regexArg(args[1], nil)
	if err != nil {
		return nil, err
	}
	return func(a []value.Value) (value.Value, error) {
		re, err := pattern(a[1])
		if err != nil {
			return nil, err
		}
		return int64(len(re.FindAllStringIndex(a[0].(string), -1))), nil
	}, nil
}

// countOverlapping counts occurrences. An empty text occurs nowhere.
func countOverlapping(text, search string) int64 {
	if search == "" {
		return 0
	}
	n := int64(0)
	for {
		i := strings.Index(text, search)
		if i < 0 {
			return n
		}
		n++
		text = text[i+charOffset(text[i:], 1):]
	}
}
