package fn

import (
	"errors"
	"math"

	"github.com/cockroachdb/apd/v3"

	"github.com/endscope/endscope/logs/kql/value"
)

// decimals is the arithmetic of decimals: 34 digits.
func decimals() *apd.Context { return apd.BaseContext.WithPrecision(34) }

func sumAggregates() []Aggregate {
	sum := Aggregate{
		Signature: Signature{Text: "sum(expr: number|timespan|dynamic): any", Help: "Adds the values that are not null; 0 when there are none."},
		Result:    sumType,
		Make:      makeSum,
	}
	avg := Aggregate{
		Signature: Signature{Text: "avg(expr: number|timespan|datetime|dynamic): any", Help: "Averages the values that are not null; NaN when there are none."},
		Result:    avgType,
		Make:      makeAvg,
	}
	return []Aggregate{
		sum, conditional(sum, "sumif(expr: number|timespan|dynamic, predicate: bool): any", "Adds the values of rows in which a predicate is true.", "sumif", 1),
		avg, conditional(avg, "avgif(expr: number|timespan|datetime|dynamic, predicate: bool): any", "Averages the values of rows in which a predicate is true.", "avgif", 1),
	}
}

// sumType: the sum of ints is a long, and that of dynamic values a real.
func sumType(args []Arg) (value.Type, error) {
	switch args[0].Type {
	case value.Int:
		return value.Long, nil
	case value.Dynamic:
		return value.Real, nil
	}
	return args[0].Type, nil
}

func makeSum(_ *Context, args []Arg) (func() Accumulator, error) {
	switch t, _ := sumType(args); t {
	case value.Long:
		return func() Accumulator { return &sumLongs{} }, nil
	case value.Timespan:
		return func() Accumulator { return &sumLongs{span: true} }, nil
	case value.Decimal:
		return func() Accumulator { return &sumDecimals{ctx: decimals(), sum: new(apd.Decimal)} }, nil
	}
	return func() Accumulator { return &sumReals{} }, nil
}

type sumLongs struct {
	sum  int64
	span bool
}

var errSumRange = errors.New("sum(): the total is beyond the range of 64 bits; add todouble(...) values instead")

func (a *sumLongs) Add(args []value.Value) error {
	x, ok := integral(args[0])
	if !ok {
		return nil
	}
	s := a.sum + x
	if (s > a.sum) != (x > 0) && x != 0 {
		return errSumRange
	}
	a.sum = s
	return nil
}

func (a *sumLongs) Result() value.Value {
	if a.span {
		return value.Span(a.sum)
	}
	return a.sum
}

// integral returns what a value of an integer type holds: the number, or the ticks of a datetime or timespan.
func integral(v value.Value) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int32:
		return int64(v), true
	case value.Time:
		return int64(v), true
	case value.Span:
		return int64(v), true
	}
	return 0, false
}

type sumReals struct{ sum float64 }

func (a *sumReals) Add(args []value.Value) error {
	if f, ok := value.ToFloat(args[0]); ok {
		a.sum += f
	}
	return nil
}
func (a *sumReals) Result() value.Value { return a.sum }

type sumDecimals struct {
	ctx *apd.Context
	sum *apd.Decimal
}

func (a *sumDecimals) Add(args []value.Value) error {
	if d, ok := args[0].(value.Dec); ok {
		if _, err := a.ctx.Add(a.sum, a.sum, d); err != nil {
			return errors.New("sum(): the total is beyond the range of a decimal")
		}
	}
	return nil
}
func (a *sumDecimals) Result() value.Value { return new(apd.Decimal).Set(a.sum) }

// avgType: the average of numbers is a real, but decimals, timespans and datetimes keep their type.
func avgType(args []Arg) (value.Type, error) {
	switch t := args[0].Type; t {
	case value.Decimal, value.Timespan, value.Datetime:
		return t, nil
	}
	return value.Real, nil
}

func makeAvg(_ *Context, args []Arg) (func() Accumulator, error) {
	switch t := args[0].Type; t {
	case value.Int, value.Long, value.Timespan, value.Datetime:
		return func() Accumulator { return &avgLongs{typ: t} }, nil
	case value.Decimal:
		return func() Accumulator { return &avgDecimals{sumDecimals{ctx: decimals(), sum: new(apd.Decimal)}, 0} }, nil
	}
	return func() Accumulator { return &avgReals{} }, nil
}

// avgLongs keeps the total of integers in 128 bits, for datetimes leave 64 after a handful of rows.
type avgLongs struct {
	typ value.Type
	sum int128
	n   int64
}

func (a *avgLongs) Add(args []value.Value) error {
	if x, ok := integral(args[0]); ok {
		a.sum.add(x)
		a.n++
	}
	return nil
}

func (a *avgLongs) Result() value.Value {
	switch {
	case a.typ == value.Timespan && a.n > 0:
		return value.Span(a.sum.mean(a.n))
	case a.typ == value.Datetime && a.n > 0:
		return value.Time(a.sum.mean(a.n))
	case a.typ == value.Timespan || a.typ == value.Datetime:
		return nil
	case a.n == 0:
		return math.NaN()
	}
	return a.sum.float() / float64(a.n)
}

type avgReals struct {
	sum float64
	n   int64
}

func (a *avgReals) Add(args []value.Value) error {
	if f, ok := value.ToFloat(args[0]); ok {
		a.sum += f
		a.n++
	}
	return nil
}
func (a *avgReals) Result() value.Value { return a.sum / float64(a.n) }

type avgDecimals struct {
	sumDecimals
	n int64
}

func (a *avgDecimals) Add(args []value.Value) error {
	if args[0] != nil {
		a.n++
	}
	return a.sumDecimals.Add(args)
}

func (a *avgDecimals) Result() value.Value {
	if a.n == 0 {
		return nil
	}
	mean := new(apd.Decimal)
	if _, err := a.ctx.Quo(mean, a.sum, apd.New(a.n, 0)); err != nil {
		return nil
	}
	mean.Reduce(mean)
	return mean
}
