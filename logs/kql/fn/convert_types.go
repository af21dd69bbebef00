package fn

import (
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// convertFunctions convert between types. The names of types are functions too: what a typed literal such as int(…) holds may be any expression.
func convertFunctions() []Scalar {
	to := func(name string, t value.Type, help string, aliases ...string) Scalar {
		return Scalar{
			Signature: Signature{Text: name + "(value: any): " + t.String(), Help: help, Aliases: aliases},
			TakesNull: t == value.String,
			Make: func(_ *Context, args []Arg) (Eval, error) {
				from := args[0].Type
				return func(a []value.Value) (value.Value, error) {
					switch {
					case a[0] == nil:
						return value.Zero(t), nil
					case t == value.String:
						return value.TextOf(a[0], from), nil
					}
					return value.Convert(a[0], t), nil
				}, nil
			},
		}
	}
	return []Scalar{
		to("tostring", value.String, "Converts a value to text; null becomes an empty string.", "string"),
		to("toint", value.Int, "Converts a value to an int; null where that is impossible.", "int"),
		to("tolong", value.Long, "Converts a value to a long; null where that is impossible.", "long"),
		to("todouble", value.Real, "Converts a value to a real; null where that is impossible.", "toreal", "real", "double"),
		to("todecimal", value.Decimal, "Converts a value to a decimal; null where that is impossible.", "decimal"),
		to("tobool", value.Bool, "Converts a value to a bool; null where that is impossible.", "toboolean", "bool", "boolean"),
		to("todatetime", value.Datetime, "Converts a value to a datetime; null where that is impossible.", "datetime", "date"),
		to("totimespan", value.Timespan, "Converts a value to a timespan; null where that is impossible.", "totime", "timespan", "time"),
		to("toguid", value.GUID, "Converts a value to a guid; null where that is impossible.", "guid", "uuid", "uniqueid"),
		{
			Signature: Signature{
				Text:    "parse_json(json: any): dynamic",
				Help:    "Reads a string as JSON; a string that is none stays one. A value that is no string, also a string in a dynamic, is returned as it is.",
				Aliases: []string{"todynamic", "parsejson", "toobject"},
			},
			Make: func(_ *Context, args []Arg) (Eval, error) {
				read := value.Widen
				if args[0].Type == value.String {
					read = value.Convert
				}
				return func(a []value.Value) (value.Value, error) {
					if a[0] == "" {
						return nil, nil
					}
					return read(a[0], value.Dynamic), nil
				}, nil
			},
		},
		{
			Signature: Signature{
				Text: "gettype(value: any): string",
				Help: "Returns the name of the type of a value; of a dynamic value, that of what it holds, such as array or dictionary.",
			},
			TakesNull: true,
			Make: func(_ *Context, args []Arg) (Eval, error) {
				static := args[0].Type
				return func(a []value.Value) (value.Value, error) {
					if static != value.Dynamic {
						return static.String(), nil
					}
					return dynamicType(a[0]), nil
				}, nil
			},
		},
	}
}

// dynamicType names the type of what a dynamic holds. Whole numbers that an int can hold are ints there.
func dynamicType(v value.Value) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case value.Array:
		return "array"
	case *value.Bag:
		return "dictionary"
	case int64:
		if x >= math.MinInt32 && x <= math.MaxInt32 {
			return "int"
		}
	}
	return value.TypeOf(v).String()
}
