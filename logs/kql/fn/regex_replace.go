package fn

import (
	"fmt"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// regexReplaceFunctions replace and remove by regular expressions.
func regexReplaceFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{
				Text: "replace_regex(text: string, lookup: string, rewrite: string): string",
				Help: `Replaces every match of a regular expression; in the rewrite, \0 is the match and \1 its first group.`,
			},
			Make: func(c *Context, args []Arg) (Eval, error) { return makeReplace(c, args, 0, 1, 2) },
		},
		{
			Signature: Signature{
				Text: "replace(lookup: string, rewrite: string, text: string): string",
				Help: "Is the older replace_regex, with its arguments in another order.",
			},
			Make: func(c *Context, args []Arg) (Eval, error) { return makeReplace(c, args, 2, 0, 1) },
		},
		trimFunction("trim", "Removes all matches of a regular expression from the beginning and the end of a text.", true, true,
			func(p string) string { return `\A(?:` + p + `)+` }, func(p string) string { return `(?:` + p + `)+\z` }),
		trimFunction("trim_start", "Removes the match of a regular expression from the beginning of a text.", true, false,
			func(p string) string { return `\A(?:` + p + `)` }, nil),
		trimFunction("trim_end", "Removes the match of a regular expression from the end of a text.", false, true,
			nil, func(p string) string { return `(?:` + p + `)\z` }),
	}
}

func trimFunction(name, help string, atStart, atEnd bool, start, end func(string) string) Scalar {
	return Scalar{
		Signature: Signature{Text: name + "(regex: string, text: string): string", Help: help},
		Make: func(_ *Context, args []Arg) (Eval, error) {
			first, err := regexArg(args[0], start)
			if err != nil {
				return nil, err
			}
			last, err := regexArg(args[0], end)
			if err != nil {
				return nil, err
			}
			return func(a []value.Value) (value.Value, error) {
				text := a[1].(string)
				if atStart {
					re, err := first(a[0])
					if err != nil {
						return nil, err
					}
					if m := re.FindStringIndex(text); m != nil {
						text = text[m[1]:]
					}
				}
				if atEnd {
					re, err := last(a[0])
					if err != nil {
						return nil, err
					}
					if m := re.FindStringIndex(text); m != nil {
						text = text[:m[0]]
					}
				}
				return text, nil
			}, nil
		},
	}
}

// makeReplace makes replace_regex given which arguments are the text, the regular expression and the rewrite.
func makeReplace(c *Context, args []Arg, text, lookup, rewrite int) (Eval, error) {
	pattern, err := regexArg(args[lookup], nil)
	if err != nil {
		return nil, err
	}
	if args[lookup].Const && args[rewrite].Const && args[lookup].Value != nil {
		re, err := pattern(args[lookup].Value)
		if err != nil {
			return nil, err
		}
		w, _ := args[rewrite].Value.(string)
		if n := largestGroup(w); n > re.NumSubexp() {
			return nil, fmt.Errorf(`the rewrite has \%d, and the regular expression has %d groups`, n, re.NumSubexp())
		}
	}
	return func(a []value.Value) (value.Value, error) {
		re, err := pattern(a[lookup])
		if err != nil {
			return nil, err
		}
		s, w := a[text].(string), a[rewrite].(string)
		matches := re.FindAllStringSubmatchIndex(s, -1)
		if matches == nil {
			return s, nil
		}
		if err := c.Budget(len(s) + len(matches)*len(w)); err != nil {
			return nil, err
		}
		var out []byte
		end := 0
		for _, m := range matches {
			out = append(out, s[end:m[0]]...)
			out = appendRewrite(out, w, s, m)
			end = m[1]
		}
		return string(append(out, s[end:]...)), c.Budget(len(out))
	}, nil
}

// appendRewrite appends a rewrite of the match m of s: \0 to \9 are groups (empty where a group took no part), \\ is a backslash, and before
// anything else a backslash is itself.
func appendRewrite(dst []byte, rewrite, s string, m []int) []byte {
	for i := 0; i < len(rewrite); i++ {
		c := rewrite[i]
		if c != '\\' || i+1 == len(rewrite) {
			dst = append(dst, c)
			continue
		}
		switch next := rewrite[i+1]; {
		case next >= '0' && next <= '9':
			if g := 2 * int(next-'0'); g+1 < len(m) && m[g] >= 0 {
				dst = append(dst, s[m[g]:m[g+1]]...)
			}
			i++
		case next == '\\':
			dst = append(dst, c)
			i++
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// largestGroup returns the largest group that a rewrite names.
func largestGroup(rewrite string) int {
	n := 0
	for {
		i := strings.IndexByte(rewrite, '\\')
		if i < 0 || i+1 == len(rewrite) {
			return n
		}
		if c := rewrite[i+1]; c >= '0' && c <= '9' {
			n = max(n, int(c-'0'))
		}
		rewrite = rewrite[i+2:]
	}
}
