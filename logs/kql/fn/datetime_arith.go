package fn

import (
	"fmt"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// datetimeArithFunctions compute with datetimes: now(), ago(), datetime_add(), datetime_diff().
func datetimeArithFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{
				Text: "now([offset: timespan]): datetime",
				Help: "Returns the time at which the query started, plus an offset; it is the same in the whole query.",
			},
			Make: func(c *Context, _ []Arg) (Eval, error) {
				now := c.Now
				return func(a []value.Value) (value.Value, error) {
					if len(a) == 0 {
						return now, nil
					}
					return timeOrNull(now.Add(a[0].(value.Span))), nil
				}, nil
			},
		},
		{
			Signature: Signature{
				Text: "ago(timespan: timespan): datetime",
				Help: "Returns the time that lies a timespan before the start of the query.",
			},
			Make: func(c *Context, _ []Arg) (Eval, error) {
				now := c.Now
				return func(a []value.Value) (value.Value, error) {
					s := a[0].(value.Span)
					if s == -s && s != 0 { // the smallest timespan has no negative
						return nil, nil
					}
					return timeOrNull(now.Add(-s)), nil
				}, nil
			},
		},
		{
			Signature: Signature{
				Text: "datetime_add(period: string, amount: long, datetime: datetime): datetime",
				Help: "Adds a number of periods: year, quarter, month, week, day, hour, minute, second, millisecond, microsecond or nanosecond. A day that the month does not have becomes its last.",
			},
			Make: func(_ *Context, args []Arg) (Eval, error) {
				find, err := constantOf("datetime_add", args, 0, findPeriod)
				if err != nil {
					return nil, err
				}
				return func(a []value.Value) (value.Value, error) {
					p, err := find(a[0].(string))
					if err != nil {
						return nil, err
					}
					return timeOrNull(p.add(a[2].(value.Time), a[1].(int64))), nil
				}, nil
			},
		},
		{
			Signature: Signature{
				Text: "datetime_diff(period: string, datetime1: datetime, datetime2: datetime): long",
				Help: "Returns how many borders of a period (year, quarter, month, week, day, hour, minute, second, millisecond, microsecond, nanosecond) lie between datetime2 and datetime1.",
			},
			Make: func(_ *Context, args []Arg) (Eval, error) {
				find, err := constantOf("datetime_diff", args, 0, findPeriod)
				if err != nil {
					return nil, err
				}
				return func(a []value.Value) (value.Value, error) {
					p, err := find(a[0].(string))
					if err != nil {
						return nil, err
					}
					n, ok := p.diff(a[1].(value.Time), a[2].(value.Time))
					if !ok {
						return nil, nil
					}
					return n, nil
				}, nil
			},
		},
	}
}

// datetimePeriod is a unit of datetime_add and datetime_diff: of months, or of ticks; nanoseconds are a hundredth of a tick.
type datetimePeriod struct {
	months int64
	ticks  value.Span
	nanos  bool
}

func findPeriod(name string) (datetimePeriod, error) {
	switch strings.ToLower(name) {
	case "year":
		return datetimePeriod{months: 12}, nil
	case "quarter":
		return datetimePeriod{months: 3}, nil
	case "month":
		return datetimePeriod{months: 1}, nil
	case "week":
		return datetimePeriod{ticks: 7 * value.Day}, nil
	case "day":
		return datetimePeriod{ticks: value.Day}, nil
	case "hour":
		return datetimePeriod{ticks: value.Hour}, nil
	case "minute":
		return datetimePeriod{ticks: value.Minute}, nil
	case "second":
		return datetimePeriod{ticks: value.Second}, nil
	case "millisecond":
		return datetimePeriod{ticks: value.Millisecond}, nil
	case "microsecond":
		return datetimePeriod{ticks: value.Microsecond}, nil
	case "nanosecond":
		return datetimePeriod{nanos: true}, nil
	}
	return datetimePeriod{}, fmt.Errorf("'%s' is no period; the periods are year, quarter, month, week, day, hour, minute, second, millisecond, microsecond and nanosecond", name)
}

func (p datetimePeriod) add(t value.Time, n int64) (value.Time, bool) {
	switch {
	case p.nanos:
		return t.Add(value.Span(n / 100))
	case p.months == 0:
		return addUnits(t, n, p.ticks)
	}
	months, ok := mulInt(n, p.months)
	if !ok {
		return 0, false
	}
	y, m, d := t.Civil()
	start, ok := monthStart(int64(y)*12+int64(m-1), months)
	if !ok {
		return 0, false
	}
	y, m, _ = start.Civil()
	return start + value.Time(min(d, value.DaysIn(y, m))-1)*value.Time(value.Day) + t%value.Time(value.Day), true
}

// diff returns the borders between b and a, negative where b is later; false where the number does not fit.
func (p datetimePeriod) diff(a, b value.Time) (int64, bool) {
	switch {
	case p.nanos:
		return mulInt(int64(a-b), 100)
	case p.months == 0:
		return p.index(a) - p.index(b), true
	}
	ya, ma, _ := a.Civil()
	yb, mb, _ := b.Civil()
	return (int64(ya)*12+int64(ma-1))/p.months - (int64(yb)*12+int64(mb-1))/p.months, true
}

// index counts the whole periods since the year 1. Weeks start on Sunday, and the year 1 on a Monday.
func (p datetimePeriod) index(t value.Time) int64 {
	if p.ticks == 7*value.Day {
		t += value.Time(value.Day)
	}
	return int64(t) / int64(p.ticks)
}
