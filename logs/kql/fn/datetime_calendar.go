package fn

import (
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// datetimeCalendarFunctions are startof*() and endof*(): the borders of the day, week (from Sunday), month and year that a datetime is in,
// moved by a number of them.
func datetimeCalendarFunctions() []Scalar {
	units := []struct {
		name  string
		start func(t value.Time, offset int64) (value.Time, bool)
	}{
		{"day", startOfDay}, {"week", startOfWeek}, {"month", startOfMonth}, {"year", startOfYear},
	}
	var table []Scalar
	for _, u := range units {
		start := u.start
		table = append(table,
			Scalar{
				Signature: Signature{
					Text: "startof" + u.name + "(date: datetime, [offset: long]): datetime",
					Help: "Returns the first instant of the " + u.name + " that the date is in, moved by offset " + u.name + "s.",
				},
				Make: simple(func(a []value.Value) value.Value {
					t, ok := start(a[0].(value.Time), offsetArg(a))
					return timeOrNull(t, ok)
				}),
			},
			Scalar{
				Signature: Signature{
					Text: "endof" + u.name + "(date: datetime, [offset: long]): datetime",
					Help: "Returns the last tick of the " + u.name + " that the date is in, moved by offset " + u.name + "s.",
				},
				Make: simple(func(a []value.Value) value.Value {
					t, offset := a[0].(value.Time), offsetArg(a)
					if _, ok := start(t, offset); !ok || offset == math.MaxInt64 {
						return nil
					}
					next, ok := start(t, offset+1)
					if !ok {
						return value.MaxTime // the last one that there is
					}
					return next - 1
				}),
			})
	}
	return table
}

func offsetArg(a []value.Value) int64 {
	if len(a) < 2 {
		return 0
	}
	return a[1].(int64)
}

func timeOrNull(t value.Time, ok bool) value.Value {
	if !ok {
		return nil
	}
	return t
}

func startOfDay(t value.Time, offset int64) (value.Time, bool) {
	return addUnits(t-t%value.Time(value.Day), offset, value.Day)
}

func startOfWeek(t value.Time, offset int64) (value.Time, bool) {
	day := t - t%value.Time(value.Day) - value.Time(t.Weekday())*value.Time(value.Day)
	if day < 0 && offset <= 0 {
		return 0, false
	}
	return addUnits(day, offset, 7*value.Day)
}

func startOfMonth(t value.Time, offset int64) (value.Time, bool) {
	y, m, _ := t.Civil()
	return monthStart(int64(y)*12+int64(m-1), offset)
}

func startOfYear(t value.Time, offset int64) (value.Time, bool) {
	y, _, _ := t.Civil()
	months, ok := mulInt(offset, 12)
	if !ok {
		return 0, false
	}
	return monthStart(int64(y)*12, months)
}

// monthStart returns the first instant of a month, counted from January of the year 0, plus offset months.
func monthStart(month, offset int64) (value.Time, bool) {
	if offset > 12*10000 || offset < -12*10000 {
		return 0, false
	}
	month += offset
	if month < 12 || month >= 12*10000 {
		return 0, false
	}
	return value.MakeTime(int(month/12), int(month%12)+1, 1, 0, 0, 0, 0)
}

// addUnits returns t + n units; false where that is no datetime.
func addUnits(t value.Time, n int64, unit value.Span) (value.Time, bool) {
	ticks, ok := mulInt(n, int64(unit))
	if !ok {
		return 0, false
	}
	return t.Add(value.Span(ticks))
}

// mulInt returns a * b, and whether that fits.
func mulInt(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	c := a * b
	if c/b != a || (a == -1 && b == math.MinInt64) || (b == -1 && a == math.MinInt64) {
		return 0, false
	}
	return c, true
}
