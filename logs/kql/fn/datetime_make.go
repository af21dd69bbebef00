package fn

import (
	"fmt"
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// datetimeMakeFunctions make datetimes and timespans of numbers.
func datetimeMakeFunctions() []Scalar {
	unix := func(unit, help string, ticks float64) Scalar {
		return Scalar{
			Signature: Signature{Text: "unixtime_" + unit + "_todatetime(number: number): datetime", Help: help},
			Make:      simple(func(a []value.Value) value.Value { return unixTime(a[0], ticks) }),
		}
	}
	return []Scalar{
		{
			Signature: Signature{
				Text: "make_datetime(year: any, [month: number], [day: number], [hour: number], [minute: number], [second: number]): datetime",
				Help: "Returns the datetime of a year, month, day, hour, minute and second; null where there is no such time. With one argument it converts that.",
			},
			Result: func(args []Arg) (value.Type, error) {
				if len(args) == 2 {
					return 0, fmt.Errorf("expected 1 or from 3 to 6 arguments, got 2")
				}
				return value.Datetime, nil
			},
			Make: simple(makeDatetime),
		},
		{
			Signature: Signature{
				Text: "make_timespan(first: any, [second: number], [third: number], [fourth: number]): timespan",
				Help: "Returns the timespan of hours and minutes; of hours, minutes and seconds; or of days, hours, minutes and seconds. With one argument it converts that.",
			},
			Make: simple(makeTimespan),
		},
		unix("seconds", "Returns the datetime that lies some seconds after 1970-01-01.", float64(value.Second)),
		unix("milliseconds", "Returns the datetime that lies some milliseconds after 1970-01-01.", float64(value.Millisecond)),
		unix("microseconds", "Returns the datetime that lies some microseconds after 1970-01-01.", float64(value.Microsecond)),
		unix("nanoseconds", "Returns the datetime that lies some nanoseconds after 1970-01-01, in whole ticks of 100 ns.", 0.01),
	}
}

// unixEpoch is 1970-01-01.
const unixEpoch = 719162 * value.Time(value.Day)

// unixTime returns the datetime that lies v units of some ticks after 1970; null where that is out of range.
func unixTime(v value.Value, ticks float64) value.Value {
	if n, ok := wholeNumber(v); ok {
		if ticks < 1 {
			d := n / 100
			if n%100 < 0 {
				d--
			}
			return timeOrNull(unixEpoch.Add(value.Span(d)))
		}
		d, ok := mulInt(n, int64(ticks))
		if !ok {
			return nil
		}
		return timeOrNull(unixEpoch.Add(value.Span(d)))
	}
	f, ok := value.ToFloat(v)
	if !ok {
		return nil
	}
	whole, frac := math.Modf(f)
	d := math.Floor(whole*ticks + math.Round(frac*ticks))
	if math.IsNaN(d) || math.Abs(d) > float64(value.MaxTime) {
		return nil
	}
	return timeOrNull(unixEpoch.Add(value.Span(d)))
}

// wholeNumber returns an int or long as int64.
func wholeNumber(v value.Value) (int64, bool) {
	switch n := v.(type) {
	case int32:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}

func makeDatetime(a []value.Value) value.Value {
	if len(a) == 1 {
		if _, ok := a[0].(value.Time); ok {
			return a[0]
		}
		return value.Convert(a[0], value.Datetime)
	}
	n := [6]int{5: 0}
	for i := 0; i < len(a) && i < 5; i++ {
		v, ok := value.ToLong(value.Convert(a[i], value.Long))
		if !ok || v < 0 || v > 9999 {
			return nil
		}
		n[i] = int(v)
	}
	var sub value.Span
	if len(a) == 6 {
		s, ok := secondsOf(a[5])
		if !ok {
			return nil
		}
		n[5], sub = int(s/value.Second), s%value.Second
	}
	return timeOrNull(value.MakeTime(n[0], n[1], n[2], n[3], n[4], n[5], sub))
}

// secondsOf returns seconds from 0 to 59.9999999 as a timespan.
func secondsOf(v value.Value) (value.Span, bool) {
	f, ok := value.ToFloat(v)
	if !ok || !(f >= 0 && f < 60) {
		return 0, false
	}
	return min(value.Span(math.Round(f*float64(value.Second))), value.Minute-1), true
}

func makeTimespan(a []value.Value) value.Value {
	if len(a) == 1 {
		if _, ok := a[0].(value.Span); ok {
			return a[0]
		}
		return value.Convert(a[0], value.Timespan)
	}
	var days int64
	if len(a) == 4 {
		d, ok := value.ToLong(value.Convert(a[0], value.Long))
		if !ok || d < 0 || d > math.MaxInt64/int64(value.Day)-1 {
			return nil
		}
		days, a = d, a[1:]
	}
	hours, ok := value.ToLong(value.Convert(a[0], value.Long))
	minutes, ok2 := value.ToLong(value.Convert(a[1], value.Long))
	if !ok || !ok2 || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 {
		return nil
	}
	s := value.Span(days)*value.Day + value.Span(hours)*value.Hour + value.Span(minutes)*value.Minute
	if len(a) == 3 {
		sec, ok := secondsOf(a[2])
		if !ok {
			return nil
		}
		s += sec
	}
	return s
}
