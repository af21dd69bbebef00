package fn

import (
	"fmt"

	"github.com/endscope/endscope/logs/kql/value"
)

const (
	maxRange = 1 << 20 // elements of range(), which the reference fixes
	// freeElements is how long an array may be made without being counted against the budget of the query.
	freeElements = 1024
	elementBytes = 32
)

// arrayMakeFunctions make arrays that may be much longer than what they are made of.
func arrayMakeFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{
				Text: "range(start: any, stop: any, [step: any]): dynamic",
				Help: "Returns start, start + step and so on up to stop, at most 1,048,576 elements. The step is 1, or 1h for datetimes and timespans, by default.",
			},
			Result: func(args []Arg) (value.Type, error) {
				start, stop := args[0].Type, args[1].Type
				step := value.Dynamic
				if len(args) > 2 {
					step = args[2].Type
				}
				times := start == value.Datetime || start == value.Timespan
				bothNumbers := value.Numeric(start) && value.Numeric(stop)
				if (start == value.Dynamic || stop == value.Dynamic || bothNumbers || times && start == stop) &&
					(step == value.Dynamic || !times && value.Numeric(step) || !bothNumbers && step == value.Timespan) {
					return value.Dynamic, nil
				}
				if len(args) == 2 {
					return 0, fmt.Errorf("cannot go from a %s to a %s", start, stop)
				}
				return 0, fmt.Errorf("cannot go from a %s to a %s in steps of a %s", start, stop, step)
			},
			Make: func(c *Context, _ []Arg) (Eval, error) {
				return func(a []value.Value) (value.Value, error) {
					var step value.Value
					if len(a) > 2 {
						step = a[2]
					}
					n, element := rangeElements(a[0], a[1], step)
					if element == nil {
						return nil, nil
					}
					if err := spend(c, n); err != nil {
						return nil, err
					}
					out := make(value.Array, n)
					for i := range out {
						out[i] = element(int64(i))
					}
					return out, nil
				}, nil
			},
		},
		{
			Signature: Signature{Text: "repeat(value: any, count: long): dynamic", Help: "Returns an array of count times the value; null for a negative count."},
			TakesNull: true, // a null can be repeated
			Make: func(c *Context, _ []Arg) (Eval, error) {
				return func(a []value.Value) (value.Value, error) {
					count, ok := a[1].(int64)
					if !ok || count < 0 {
						return nil, nil
					}
					if count > maxRepeat {
						return nil, fmt.Errorf("repeat(): the count %d is above the limit of %d", count, int64(maxRepeat))
					}
					if err := spend(c, count); err != nil {
						return nil, err
					}
					v := value.Widen(a[0], value.Dynamic)
					out := make(value.Array, count)
					for i := range out {
						out[i] = v
					}
					return out, nil
				}, nil
			},
		},
		{
			Signature: Signature{Text: "zip(array1: dynamic, array2: dynamic, ...): dynamic", Help: "Returns an array of arrays with the elements at the same place of each; short arrays are filled with nulls."},
			Make: func(c *Context, _ []Arg) (Eval, error) {
				return func(a []value.Value) (value.Value, error) {
					n := 0
					for _, v := range a {
						x, ok := v.(value.Array)
						if !ok {
							return nil, nil
						}
						n = max(n, len(x))
					}
					if err := spend(c, int64(n)*int64(len(a)+1)); err != nil {
						return nil, err
					}
					out := make(value.Array, n)
					for i := range out {
						row := make(value.Array, len(a))
						for j, v := range a {
							row[j] = Element(v, int64(i))
						}
						out[i] = row
					}
					return out, nil
				}, nil
			},
		},
	}
}

// maxRepeat bounds what one call of repeat() may make, so that a wrong count is an error and not a full memory.
const maxRepeat = 1 << 24

// spend counts the elements of an array against the budget of the query.
func spend(c *Context, elements int64) error {
	if elements <= freeElements {
		return nil
	}
	return c.Budget(int(elements) * elementBytes)
}

// rangeElements returns how many elements a range has and how to compute each; element is nil for values that make no range.
func rangeElements(start, stop, step value.Value) (n int64, element func(int64) value.Value) {
	_, spans := start.(value.Span)
	t, times := start.(value.Time)
	switch {
	case step != nil:
	case spans || times:
		step = value.Hour
	default:
		step = int64(1)
	}
	switch {
	case times:
		to, ok := stop.(value.Time)
		by, ok2 := step.(value.Span)
		if ok && ok2 {
			return wholeRange(int64(t), int64(to), int64(by), func(i int64) value.Value { return value.Time(i) })
		}
		return 0, nil
	case spans:
		to, ok := stop.(value.Span)
		by, ok2 := step.(value.Span)
		if ok && ok2 {
			return wholeRange(int64(start.(value.Span)), int64(to), int64(by), func(i int64) value.Value { return value.Span(i) })
		}
		return 0, nil
	}
	a, ok := wholeNumber(start)
	b, ok2 := wholeNumber(stop)
	by, ok3 := wholeNumber(step)
	if ok && ok2 && ok3 {
		return wholeRange(a, b, by, func(i int64) value.Value { return i })
	}
	from, ok := value.ToFloat(start)
	to, ok2 := value.ToFloat(stop)
	width, ok3 := value.ToFloat(step)
	if !ok || !ok2 || !ok3 || width == 0 || width != width {
		return 0, nil
	}
	for n < maxRange {
		x := from + float64(n)*width
		if !(width > 0 && x <= to || width < 0 && x >= to) {
			break
		}
		n++
	}
	return n, func(i int64) value.Value { return from + float64(i)*width }
}

func wholeRange(a, b, by int64, of func(int64) value.Value) (int64, func(int64) value.Value) {
	if by == 0 {
		return 0, nil
	}
	element := func(i int64) value.Value { return of(a + i*by) }
	distance, width := uint64(b)-uint64(a), uint64(by) // as unsigned numbers they always fit
	if by < 0 {
		distance, width = -distance, -width
	}
	if by > 0 && a > b || by < 0 && a < b {
		return 0, element
	}
	return int64(min(distance/width, maxRange-1)) + 1, element
}
