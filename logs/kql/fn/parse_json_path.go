package fn

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// extractJSONFunctions take single values out of JSON text.
func extractJSONFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{
				Text:    "extract_json(path: string, json: string, [type: any]): any",
				Help:    "Returns the value at a JSON path such as $.a[0]['b c'] of a JSON text, converted to the type of a typeof() where one is given.",
				Aliases: []string{"extractjson"},
			},
			Result: func(args []Arg) (value.Type, error) { return optionalType("extract_json", args, 2) },
			Make: func(_ *Context, args []Arg) (Eval, error) {
				to, err := optionalType("extract_json", args, 2)
				if err != nil {
					return nil, err
				}
				var steps []value.Value
				if path, ok := args[0].Value.(string); ok && args[0].Const {
					if steps, err = parseJSONPath(path); err != nil {
						return nil, err
					}
				}
				return func(a []value.Value) (value.Value, error) {
					path := steps
					if !args[0].Const {
						var err error
						if path, err = parseJSONPath(a[0].(string)); err != nil {
							return nil, err
						}
					}
					v, ok := value.ParseJSON(a[1].(string))
					if !ok {
						return nil, nil
					}
					if v = walkJSON(v, path); v == nil {
						return nil, nil
					}
					return value.Convert(v, to), nil
				}, nil
			},
		},
	}
}

// parseJSONPath reads a path: $ for the document, then .key, ['key'], ["key"] and [index] in any number. A step is a text or a whole number.
func parseJSONPath(path string) ([]value.Value, error) {
	bad := func(rest string) error {
		return fmt.Errorf("%q is no JSON path: it must be $ and then .key, ['key'] or [index], and %q is none of them", path, rest)
	}
	rest := strings.TrimPrefix(path, "$")
	if rest == path {
		return nil, bad(path)
	}
	var steps []value.Value
	for rest != "" {
		if key, ok := strings.CutPrefix(rest, "."); ok {
			end := strings.IndexAny(key, ".[")
			if end < 0 {
				end = len(key)
			}
			if end == 0 {
				return nil, bad(rest)
			}
			steps = append(steps, key[:end])
			rest = key[end:]
			continue
		}
		inner, ok := strings.CutPrefix(rest, "[")
		if !ok || inner == "" {
			return nil, bad(rest)
		}
		if q := inner[:1]; q == "'" || q == `"` {
			key, after, closed := strings.Cut(inner[1:], q+"]")
			if !closed {
				return nil, bad(rest)
			}
			steps, rest = append(steps, key), after
			continue
		}
		text, after, closed := strings.Cut(inner, "]")
		i, err := strconv.ParseInt(text, 10, 32)
		if err != nil || !closed {
			return nil, bad(rest)
		}
		steps, rest = append(steps, i), after
	}
	return steps, nil
}

// walkJSON follows a path. What is not there is null; a negative index counts from the end.
func walkJSON(v value.Value, steps []value.Value) value.Value {
	for _, step := range steps {
		switch x := v.(type) {
		case *value.Bag:
			key, ok := step.(string)
			if !ok {
				return nil
			}
			v, _ = x.Get(key)
		case value.Array:
			i, ok := step.(int64)
			if i < 0 {
				i += int64(len(x))
			}
			if !ok || i < 0 || i >= int64(len(x)) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}
