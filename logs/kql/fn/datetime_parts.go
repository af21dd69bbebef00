package fn

import (
	"fmt"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// datetimePartsFunctions take datetimes apart: dayofweek(), datetime_part() and the like.
func datetimePartsFunctions() []Scalar {
	part := func(name, part, help string, aliases ...string) Scalar {
		f := partOf(part)
		return Scalar{
			Signature: Signature{Text: name + "(date: datetime): int", Help: help, Aliases: aliases},
			Make:      simple(func(a []value.Value) value.Value { return int32(f(a[0].(value.Time))) }),
		}
	}
	return []Scalar{
		part("getyear", "year", "Returns the year of a datetime."),
		part("monthofyear", "month", "Returns the month of a datetime, from 1.", "getmonth"),
		part("dayofmonth", "day", "Returns the day of the month, from 1."),
		part("dayofyear", "dayofyear", "Returns the day of the year, from 1."),
		part("hourofday", "hour", "Returns the hour of the day, from 0 to 23."),
		part("week_of_year", "week_of_year", "Returns the week of the year by ISO 8601: weeks start on Monday, and the first has the year's first Thursday."),
		part("weekofyear", "weekofyear", "Returns the week of the year where weeks start on Sunday and the first has the year's first Wednesday; week_of_year() counts by ISO 8601."),
		{
			Signature: Signature{
				Text: "dayofweek(date: datetime): timespan",
				Help: "Returns the whole days since the last Sunday as a timespan: 0d on a Sunday, 6d on a Saturday.",
			},
			Make: simple(func(a []value.Value) value.Value { return value.Span(a[0].(value.Time).Weekday()) * value.Day }),
		},
		{
			Signature: Signature{
				Text:    "datetime_part(part: string, date: datetime): int",
				Help:    "Returns a part of a datetime: year, quarter, month, week_of_year, day, dayofyear, hour, minute, second, millisecond, microsecond or nanosecond.",
				Aliases: []string{"datepart"},
			},
			Make: func(_ *Context, args []Arg) (Eval, error) {
				find := func(name string) (func(value.Time) int, error) {
					if f := partOf(strings.ToLower(name)); f != nil {
						return f, nil
					}
					return nil, fmt.Errorf("'%s' is no part of a datetime; the parts are year, quarter, month, week_of_year, day, dayofyear, hour, minute, second, millisecond, microsecond and nanosecond", name)
				}
				f, err := constantOf("datetime_part", args, 0, find)
				if err != nil {
					return nil, err
				}
				return func(a []value.Value) (value.Value, error) {
					f, err := f(a[0].(string))
					if err != nil {
						return nil, err
					}
					return int32(f(a[1].(value.Time))), nil
				}, nil
			},
		},
	}
}

// constantOf resolves the string argument i of a function with find: once, where it is constant, and otherwise at each call of what it returns.
func constantOf[T any](function string, args []Arg, i int, find func(string) (T, error)) (func(string) (T, error), error) {
	if !args[i].Const {
		return func(text string) (T, error) {
			found, err := find(text)
			if err != nil {
				err = fmt.Errorf("%s(): %w", function, err)
			}
			return found, err
		}, nil
	}
	text, _ := args[i].Value.(string)
	found, err := find(text)
	if err != nil {
		return nil, err
	}
	return func(string) (T, error) { return found, nil }, nil
}

// partOf returns the function that reads one part; nil for a name that is none.
func partOf(name string) func(value.Time) int {
	switch name {
	case "year":
		return func(t value.Time) int { y, _, _ := t.Civil(); return y }
	case "quarter":
		return func(t value.Time) int { _, m, _ := t.Civil(); return (m + 2) / 3 }
	case "month":
		return func(t value.Time) int { _, m, _ := t.Civil(); return m }
	case "day":
		return func(t value.Time) int { _, _, d := t.Civil(); return d }
	case "dayofyear":
		return dayOfYear
	case "week_of_year":
		return func(t value.Time) int { _, w := t.Go().ISOWeek(); return w }
	case "weekofyear":
		return sundayWeek
	case "hour":
		return func(t value.Time) int { h, _, _, _ := t.Clock(); return h }
	case "minute":
		return func(t value.Time) int { _, m, _, _ := t.Clock(); return m }
	case "second":
		return func(t value.Time) int { _, _, s, _ := t.Clock(); return s }
	case "millisecond":
		return func(t value.Time) int { return int(t % value.Time(value.Second) / value.Time(value.Millisecond)) }
	case "microsecond":
		return func(t value.Time) int { return int(t % value.Time(value.Second) / value.Time(value.Microsecond)) }
	case "nanosecond":
		return func(t value.Time) int { return int(t%value.Time(value.Second)) * 100 }
	}
	return nil
}

func dayOfYear(t value.Time) int {
	y, _, _ := t.Civil()
	first, _ := value.MakeTime(y, 1, 1, 0, 0, 0, 0)
	return int((t-first)/value.Time(value.Day)) + 1
}

// sundayWeek numbers weeks that start on Sunday; the first one of a year has at least four days in it. Days before it belong to the last
// week of the year before.
func sundayWeek(t value.Time) int {
	day := dayOfYear(t) - 1
	first := t - t%value.Time(value.Day) - value.Time(day)*value.Time(value.Day) // January 1
	start := -first.Weekday()
	if start < -3 {
		start += 7
	}
	if day >= start {
		return (day-start)/7 + 1
	}
	if first == 0 {
		return 53 // there is no year before the year 1
	}
	return sundayWeek(first - value.Time(value.Day))
}
