package fn

import (
	"strings"
	"unicode/utf8"

	"github.com/endscope/endscope/logs/kql/value"
)

// stringBasicFunctions measure, test and cut text, and change its case.
func stringBasicFunctions() []Scalar {
	return []Scalar{
		textFunction("strlen(text: string): long", "Returns the number of characters of a text.",
			func(s string) value.Value { return charCount(s) }),
		textFunction("string_size(text: string): long", "Returns the number of bytes of a text in UTF-8.",
			func(s string) value.Value { return int64(len(s)) }),
		textFunction("tolower(text: string): string", "Returns a text in lower case.",
			func(s string) value.Value { return strings.ToLower(s) }),
		textFunction("toupper(text: string): string", "Returns a text in upper case.",
			func(s string) value.Value { return strings.ToUpper(s) }),
		textFunction("isascii(text: string): bool", "Says whether a text has ASCII characters only.",
			func(s string) value.Value { return isASCII(s) }),
		textFunction("isutf8(text: string): bool", "Says whether a text is valid UTF-8.",
			func(s string) value.Value { return utf8.ValidString(s) }),
		{
			Signature: Signature{Text: "substring(text: string, start: long, [length: long]): string", Help: "Returns the part of a text from a position on, which counts from 0, or from the end where it is negative."},
			Make: simple(func(a []value.Value) value.Value {
				length := int64(-1)
				if len(a) > 2 {
					if length = a[2].(int64); length < 0 {
						return ""
					}
				}
				return cutChars(a[0].(string), a[1].(int64), length)
			}),
		},
		{
			Signature: Signature{Text: "strcmp(first: string, second: string): long", Help: "Compares two texts by code points: -1, 0 or 1."},
			Make: simple(func(a []value.Value) value.Value {
				return int64(strings.Compare(a[0].(string), a[1].(string)))
			}),
		},
		{
			Signature: Signature{Text: "reverse(value: any): string", Help: "Returns the characters of a value's text in the opposite order."},
			Make:      texts(func(text func(int) string, _ int) value.Value { return reverseText(text(0)) }),
		},
		{
			Signature: Signature{Text: "isempty(value: any): bool", Help: "Says whether a value is null or an empty text."},
			TakesNull: true,
			Make:      simple(func(a []value.Value) value.Value { return a[0] == nil || a[0] == "" }),
		},
		{
			Signature: Signature{Text: "isnotempty(value: any): bool", Help: "Says whether a value is neither null nor an empty text.", Aliases: []string{"notempty"}},
			TakesNull: true,
			Make:      simple(func(a []value.Value) value.Value { return a[0] != nil && a[0] != "" }),
		},
	}
}
