package fn

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// maxTextRepeat bounds how often strrep repeats, as the language says.
const maxTextRepeat = 1024

// stringJoinFunctions put texts together. Null has no text, so that it adds nothing.
func stringJoinFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{Text: "strcat(value: any, ...): string", Help: "Joins the texts of values."},
			TakesNull: true,
			Make: texts(func(text func(int) string, n int) value.Value {
				parts := make([]string, n)
				for i := range parts {
					parts[i] = text(i)
				}
				return join(parts, "")
			}),
		},
		{
			Signature: Signature{Text: "strcat_delim(delimiter: any, value: any, ...): string", Help: "Joins the texts of values with a delimiter between them."},
			TakesNull: true,
			Make: texts(func(text func(int) string, n int) value.Value {
				parts := make([]string, n-1)
				for i := range parts {
					parts[i] = text(i + 1)
				}
				return join(parts, text(0))
			}),
		},
		{
			Signature: Signature{Text: "strcat_array(array: dynamic, delimiter: string): string", Help: "Joins the texts of an array's elements with a delimiter between them.", Aliases: []string{"array_strcat"}},
			Make: simple(func(a []value.Value) value.Value {
				array, ok := a[0].(value.Array)
				if !ok {
					return asText(a[0])
				}
				parts := make([]string, len(array))
				for i, v := range array {
					parts[i] = asText(v)
				}
				return join(parts, a[1].(string))
			}),
		},
		{
			Signature: Signature{Text: "strrep(value: any, times: long, [delimiter: any]): string", Help: "Repeats a value's text, at most 1,024 times, with a delimiter between."},
			Make:      makeRepeatText,
		},
	}
}

func makeRepeatText(c *Context, args []Arg) (Eval, error) {
	t := typesOf(args)
	return func(a []value.Value) (value.Value, error) {
		text, delimiter := t.text(a, 0), ""
		if len(a) > 2 {
			delimiter = t.text(a, 2)
		}
		times := int(min(a[1].(int64), maxTextRepeat))
		if times <= 0 {
			return "", nil
		}
		if err := c.Budget(times * (len(text) + len(delimiter))); err != nil {
			return nil, err
		}
		return strings.Repeat(text+delimiter, times-1) + text, nil
	}, nil
}

// MaxText is the longest text that a function may make, in bytes. The engine refuses a longer one.
const MaxText = 16 << 20

// join joins texts. Where they are longer than MaxText, it makes no more than the engine needs to see that.
func join(parts []string, delimiter string) string {
	n := len(delimiter) * max(0, len(parts)-1)
	for i, p := range parts {
		if n += len(p); n > MaxText {
			return strings.Join(parts[:i+1], delimiter)
		}
	}
	return strings.Join(parts, delimiter)
}
