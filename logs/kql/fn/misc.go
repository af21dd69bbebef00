package fn

import (
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"

	"github.com/endscope/endscope/logs/kql/value"
)

// miscFunctions make random values, and answer for the surroundings of a query.
func miscFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{Text: "rand([n: long]): real", Help: "Returns a random number from 0 up to but not including 1, or one of 0, 1, ..., n - 1."},
			Volatile:  true,
			Make: func(_ *Context, args []Arg) (Eval, error) {
				if len(args) > 0 && args[0].Const {
					if n, ok := args[0].Value.(int64); !ok || n < 1 {
						return nil, fmt.Errorf("n must be at least 1, got %v", args[0].Value)
					}
				}
				return func(a []value.Value) (value.Value, error) {
					if len(a) == 0 {
						return rand.Float64(), nil
					}
					n := a[0].(int64)
					if n < 1 {
						return nil, nil
					}
					return float64(rand.Int64N(n)), nil
				}, nil
			},
		},
		{
			Signature: Signature{Text: "new_guid(): guid", Help: "Returns a new random guid for each row."},
			Volatile:  true,
			Make: simple(func([]value.Value) value.Value {
				var b [16]byte
				_, _ = crand.Read(b[:])                     // it never fails
				b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // version 4, variant 1
				return value.UUID(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
			}),
		},
		{
			Signature: Signature{Text: "estimate_data_size(column: any, ...): long", Help: "Returns about how many bytes the values take."},
			TakesNull: true,
			Make: func(_ *Context, args []Arg) (Eval, error) {
				return func(a []value.Value) (value.Value, error) {
					size := int64(0)
					for i, v := range a {
						size += dataSize(args[i].Type, v)
					}
					return size, nil
				}, nil
			},
		},
		fixedText("current_cluster_endpoint", "endscope", "Returns the name of this server in the place of a cluster's."),
		fixedText("current_database", "logs", "Returns the name of the only database."),
	}
}

func fixedText(name, text, help string) Scalar {
	return Scalar{
		Signature: Signature{Text: name + "(): string", Help: help},
		Make:      simple(func([]value.Value) value.Value { return text }),
	}
}

// dataSize estimates the bytes of a value: those of its type, of a text its own, of a dynamic those of its JSON.
func dataSize(t value.Type, v value.Value) int64 {
	switch t {
	case value.Bool:
		return 1
	case value.Int:
		return 4
	case value.Long, value.Real, value.Datetime, value.Timespan:
		return 8
	case value.GUID, value.Decimal:
		return 16
	case value.String:
		s, _ := v.(string)
		return int64(len(s))
	}
	return int64(len(value.AppendJSON(nil, v)))
}
