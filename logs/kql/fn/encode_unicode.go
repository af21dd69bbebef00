package fn

import (
	"fmt"
	"unicode/utf8"

	"github.com/endscope/endscope/logs/kql/value"
)

// encodeUnicodeFunctions turn text into code points and back.
func encodeUnicodeFunctions() []Scalar {
	return []Scalar{
		textFunction("unicode_codepoints_from_string(text: string): dynamic", "Returns the code points of a text as an array of numbers.",
			func(s string) value.Value {
				out := make(value.Array, 0, len(s))
				for _, r := range s {
					out = append(out, int64(r))
				}
				return out
			}, "to_utf8"),
		{
			Signature: Signature{
				Text:    "unicode_codepoints_to_string(codepoints: any, ...): string",
				Help:    "Returns the text of code points, given as numbers or arrays of them.",
				Aliases: []string{"make_string"},
			},
			Result: func(args []Arg) (value.Type, error) {
				for i, a := range args {
					if t := a.Type; t != value.Int && t != value.Long && t != value.Dynamic {
						return 0, fmt.Errorf("argument %d must be a whole number or an array of them, got %s", i+1, t)
					}
				}
				return value.String, nil
			},
			Make: simple(func(a []value.Value) value.Value {
				var out []byte
				ok := true
				for _, v := range a {
					if list, isArray := v.(value.Array); isArray {
						for _, e := range list {
							out, ok = appendCodePoint(out, e, ok)
						}
					} else {
						out, ok = appendCodePoint(out, v, ok)
					}
				}
				if !ok {
					return nil
				}
				return string(out)
			}),
		},
	}
}

func appendCodePoint(dst []byte, v value.Value, ok bool) ([]byte, bool) {
	n, isNumber := value.ToLong(v)
	if !isNumber || n < 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
		return dst, false
	}
	return utf8.AppendRune(dst, rune(n)), ok
}
