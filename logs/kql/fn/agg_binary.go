package fn

import "github.com/endscope/endscope/logs/kql/value"

// binaryAggregates combine the bits of all values. Their results keep the name of the column.
func binaryAggregates() []Aggregate {
	all := func(name, help string, combine func(a, b int64) int64) Aggregate {
		return Aggregate{
			Signature:   Signature{Text: name + "(expr: long): long", Help: help},
			DefaultName: func(_ []Arg, column string) string { return column },
			Make:        accumulators(func() Accumulator { return &binaryAll{combine: combine} }),
		}
	}
	return []Aggregate{
		all("binary_all_and", "Combines the bits of all values with and.", func(a, b int64) int64 { return a & b }),
		all("binary_all_or", "Combines the bits of all values with or.", func(a, b int64) int64 { return a | b }),
		all("binary_all_xor", "Combines the bits of all values with exclusive or.", func(a, b int64) int64 { return a ^ b }),
	}
}

type binaryAll struct {
	combine func(a, b int64) int64
	seen    bool
	bits    int64
}

func (a *binaryAll) Add(args []value.Value) error {
	x, ok := integral(args[0])
	switch {
	case !ok:
	case a.seen:
		a.bits = a.combine(a.bits, x)
	default:
		a.bits, a.seen = x, true
	}
	return nil
}

func (a *binaryAll) Result() value.Value {
	if !a.seen {
		return nil
	}
	return a.bits
}
