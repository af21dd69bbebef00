package fn

import (
	"strings"
	"unicode/utf8"

	"github.com/endscope/endscope/logs/kql/value"
)

// stringReplaceFunctions replace, remove and split by fixed texts.
func stringReplaceFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{Text: "replace_string(text: string, lookup: string, rewrite: string): string", Help: "Replaces every occurrence of a text by another."},
			Make: func(c *Context, _ []Arg) (Eval, error) {
				return func(a []value.Value) (value.Value, error) {
					text, lookup, rewrite := a[0].(string), a[1].(string), a[2].(string)
					if lookup == "" {
						return text, nil
					}
					if more := len(rewrite) - len(lookup); more > 0 {
						if err := c.Budget(len(text) + strings.Count(text, lookup)*more); err != nil {
							return nil, err
						}
					}
					return strings.ReplaceAll(text, lookup, rewrite), nil
				}, nil
			},
		},
		{
			Signature: Signature{
				Text: "replace_strings(text: string, lookups: dynamic, rewrites: dynamic): string",
				Help: "Replaces every occurrence of several texts by the ones at the same place of a second array.",
			},
			TakesNull: true,
			Make: func(c *Context, _ []Arg) (Eval, error) {
				return func(a []value.Value) (value.Value, error) {
					text, _ := a[0].(string)
					lookups, _ := a[1].(value.Array)
					rewrites, _ := a[2].(value.Array)
					out := replaceStrings(text, lookups, rewrites)
					return out, c.Budget(len(out))
				}, nil
			},
		},
		{
			Signature: Signature{
				Text: "translate(searchList: string, replacementList: string, text: string): string",
				Help: "Replaces characters of a list by those at the same place of a second list, whose last stands for all further ones.",
			},
			Make: simple(func(a []value.Value) value.Value {
				search, replacement := []rune(a[0].(string)), []rune(a[1].(string))
				return strings.Map(func(r rune) rune {
					for i, s := range search {
						switch {
						case s != r:
						case len(replacement) == 0:
							return -1
						default:
							return replacement[min(i, len(replacement)-1)]
						}
					}
					return r
				}, a[2].(string))
			}),
		},
		{
			Signature: Signature{
				Text: "split(text: string, delimiter: string, [index: long]): dynamic",
				Help: "Splits a text at every delimiter into an array, which has only the part at the index where that is given.",
			},
			Make: simple(func(a []value.Value) value.Value {
				text, delimiter := a[0].(string), a[1].(string)
				parts := []string{text}
				if delimiter != "" {
					parts = strings.Split(text, delimiter)
				}
				if len(a) > 2 {
					i := a[2].(int64)
					if i < 0 || i >= int64(len(parts)) {
						return value.Array{}
					}
					parts = parts[i : i+1]
				}
				out := make(value.Array, len(parts))
				for i, p := range parts {
					out[i] = p
				}
				return out
			}),
		},
		textFunction("regex_quote(text: string): string", "Returns the regular expression that matches just a text.", func(s string) value.Value {
			var b strings.Builder
			for _, r := range s {
				if r < utf8.RuneSelf && strings.ContainsRune(`\.+*?()|[]{}^$#&-~`, r) {
					b.WriteByte('\\')
				}
				b.WriteRune(r)
			}
			return b.String()
		}),
	}
}

// replaceStrings replaces the lookups in their order, each in what none before it matched. What is not text in an array is passed over: a
// lookup finds nothing then, and for a rewrite the text stays, out of reach for later lookups.
func replaceStrings(text string, lookups, rewrites value.Array) string {
	type piece struct {
		text string
		done bool
	}
	pieces := []piece{{text, false}}
	for i, v := range lookups {
		lookup, _ := v.(string)
		if lookup == "" {
			continue
		}
		rewrite := lookup
		if i < len(rewrites) {
			if s, ok := rewrites[i].(string); ok {
				rewrite = s
			}
		}
		var next []piece
		for _, p := range pieces {
			if p.done || !strings.Contains(p.text, lookup) {
				next = append(next, p)
				continue
			}
			for j, between := range strings.Split(p.text, lookup) {
				if j > 0 {
					next = append(next, piece{rewrite, true})
				}
				next = append(next, piece{between, false})
			}
		}
		pieces = next
	}
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.text)
	}
	return b.String()
}
