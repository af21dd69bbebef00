package fn

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/endscope/endscope/logs/kql/value"
)

// tm reads a datetime.
func tm(s string) value.Time {
	t, ok := value.ParseTime(s)
	if !ok {
		panic("no datetime: " + s)
	}
	return t
}

// sp reads a timespan.
func sp(s string) value.Span {
	d, ok := value.ParseSpan(s)
	if !ok {
		panic("no timespan: " + s)
	}
	return d
}

// gives makes a check of calls with constant and with other arguments against what show writes of the result.
func gives(t *testing.T) func(want, name string, args ...value.Value) {
	return func(want, name string, args ...value.Value) {
		t.Helper()
		if got := show(call(t, name, args...)); got != want {
			t.Errorf("%s%v = %s, want %s", name, args, got, want)
		}
		if got := show(callRows(t, name, args...)); got != want {
			t.Errorf("%s%v of a row = %s, want %s", name, args, got, want)
		}
	}
}

func TestStartAndEndOfPeriods(t *testing.T) {
	f := gives(t)
	wed := tm("2024-02-28T17:30:00") // a Wednesday of a leap year
	f("2024-02-28T00:00:00.0000000Z", "startofday", wed)
	f("2024-02-25T00:00:00.0000000Z", "startofday", wed, -3)
	f("2024-03-01T00:00:00.0000000Z", "startofday", wed, 2)
	f("2024-02-25T00:00:00.0000000Z", "startofweek", wed)
	f("2024-02-25T00:00:00.0000000Z", "startofweek", tm("2024-02-25")) // a Sunday starts its own week
	f("2024-02-18T00:00:00.0000000Z", "startofweek", tm("2024-02-24T23:59:59"))
	f("2024-03-10T00:00:00.0000000Z", "startofweek", wed, 2)
	f("2024-02-01T00:00:00.0000000Z", "startofmonth", wed)
	f("2023-12-01T00:00:00.0000000Z", "startofmonth", wed, -2)
	f("2025-01-01T00:00:00.0000000Z", "startofmonth", wed, 11)
	f("2024-01-01T00:00:00.0000000Z", "startofyear", wed)
	f("2021-01-01T00:00:00.0000000Z", "startofyear", wed, -3)
	f("2030-01-01T00:00:00.0000000Z", "startofyear", wed, 6)
	f("2024-02-28T23:59:59.9999999Z", "endofday", wed)
	f("2024-02-29T23:59:59.9999999Z", "endofday", wed, 1)
	f("2023-02-28T23:59:59.9999999Z", "endofday", wed, -365)
	f("2024-03-02T23:59:59.9999999Z", "endofweek", wed)
	f("2024-03-02T23:59:59.9999999Z", "endofweek", tm("2024-02-25"))
	f("2024-02-24T23:59:59.9999999Z", "endofweek", wed, -1)
	f("2024-02-29T23:59:59.9999999Z", "endofmonth", wed)
	f("2023-02-28T23:59:59.9999999Z", "endofmonth", wed, -12)
	f("2024-04-30T23:59:59.9999999Z", "endofmonth", wed, 2)
	f("2024-12-31T23:59:59.9999999Z", "endofyear", wed)
	f("2025-12-31T23:59:59.9999999Z", "endofyear", wed, 1)
	f("2000-12-31T23:59:59.9999999Z", "endofyear", wed, -24)

	// The borders of what a datetime can be.
	f("9999-12-31T23:59:59.9999999Z", "endofyear", value.MaxTime)
	f("9999-12-31T23:59:59.9999999Z", "endofweek", value.MaxTime)
	f("0001-01-01T00:00:00.0000000Z", "startofmonth", value.Time(5))
	for _, name := range []string{"startofday", "startofweek", "startofmonth", "startofyear", "endofday", "endofweek", "endofmonth", "endofyear"} {
		f("null", name, wed, int64(1)<<62)
		f("null", name, wed, int64(-1<<63))
		f("null", name, wed, int64(1<<63-1))
		f("null", name, nil)
	}
	f("null", "startofweek", value.Time(0)) // the week began in the year 0
	f("0001-01-07T00:00:00.0000000Z", "startofweek", value.Time(0), 1)
}

func TestStartIsNeverAfterEnd(t *testing.T) {
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	eval := func(name string, at value.Time, offset int64) (value.Time, bool) {
		s, _ := lib.Scalar(name)
		e, err := s.Make(testContext(), []Arg{{Type: value.Datetime}, {Type: value.Long}})
		if err != nil {
			t.Fatal(err)
		}
		v, _ := e([]value.Value{at, offset})
		out, ok := v.(value.Time)
		return out, ok
	}
	rapid.Check(t, func(t *rapid.T) {
		at := value.Time(rapid.Int64Range(7*int64(value.Day), int64(value.MaxTime)).Draw(t, "t"))
		unit := rapid.SampledFrom([]string{"day", "week", "month", "year"}).Draw(t, "unit")
		start, ok := eval("startof"+unit, at, 0)
		end, ok2 := eval("endof"+unit, at, 0)
		if !ok || !ok2 || start > at || end < at {
			t.Fatalf("%v is not within the %s from %v to %v", at, unit, start, end)
		}
		if next, ok := eval("startof"+unit, at, 1); ok && next != end+1 {
			t.Fatalf("the %s of %v ends at %v, and the next begins at %v", unit, at, end, next)
		}
	})
}

func TestDatetimeParts(t *testing.T) {
	f := gives(t)
	d := tm("2023-11-05T21:07:09.1234567") // a Sunday
	f("2023", "getyear", d)
	f("1", "getyear", value.Time(0))
	f("9999", "getyear", value.MaxTime)
	f("11", "monthofyear", d)
	f("11", "getmonth", d)
	f("2", "monthofyear", tm("2024-02-29"))
	f("5", "dayofmonth", d)
	f("29", "dayofmonth", tm("2024-02-29"))
	f("31", "dayofmonth", value.MaxTime)
	f("309", "dayofyear", d)
	f("366", "dayofyear", tm("2024-12-31"))
	f("1", "dayofyear", tm("2024-01-01"))
	f("21", "hourofday", d)
	f("0", "hourofday", tm("2023-11-05"))
	f("23", "hourofday", value.MaxTime)
	f("00:00:00", "dayofweek", d)
	f("3.00:00:00", "dayofweek", tm("2024-02-28"))
	f("6.00:00:00", "dayofweek", tm("2024-03-02T23:00:00"))
	f("1.00:00:00", "dayofweek", value.Time(0))

	f("52", "week_of_year", tm("2023-01-01")) // a Sunday, of the last week of 2022
	f("1", "week_of_year", tm("2024-12-30"))
	f("53", "week_of_year", tm("2020-12-31"))
	f("1", "weekofyear", tm("2023-01-01")) // it starts the first week with a Wednesday
	f("1", "weekofyear", tm("2024-01-01"))
	f("2", "weekofyear", tm("2024-01-07"))
	f("52", "weekofyear", tm("2022-01-01")) // a Saturday, of the last week of 2021
	f("53", "weekofyear", tm("2028-12-31"))

	for part, want := range map[string]string{
		"year": "2023", "Quarter": "4", "MONTH": "11", "week_of_year": "44", "weekofyear": "45", "day": "5", "dayOfYear": "309", "hour": "21",
		"minute": "7", "second": "9", "millisecond": "123", "microsecond": "123456", "nanosecond": "123456700",
	} {
		f(want, "datetime_part", part, d)
		f(want, "datepart", part, d)
	}
	f("1", "datetime_part", "quarter", tm("2024-03-31"))
	f("2", "datetime_part", "quarter", tm("2024-04-01"))
	f("null", "datetime_part", "year", nil)
	if msg := callError(t, "datetime_part", "century", d); !strings.Contains(msg, "'century' is no part") {
		t.Error(msg)
	}
}

func TestNowAndAgo(t *testing.T) {
	f := gives(t)
	f("2024-02-29T12:34:56.0000000Z", "now")
	f("2024-02-28T12:34:56.0000000Z", "now", -value.Day)
	f("null", "now", value.Span(1<<63-1))
	f("2024-02-29T11:34:56.0000000Z", "ago", value.Hour)
	f("2024-02-29T12:34:57.0000000Z", "ago", -value.Second)
	f("null", "ago", value.Span(-1<<63))
}

func TestDatetimeAdd(t *testing.T) {
	f := gives(t)
	d := tm("2024-01-31T22:00:00")
	f("2025-01-31T22:00:00.0000000Z", "datetime_add", "year", 1, d)
	f("2023-02-28T00:00:00.0000000Z", "datetime_add", "YEAR", -1, tm("2024-02-29"))
	f("2024-04-30T22:00:00.0000000Z", "datetime_add", "quarter", 1, d)
	f("2024-02-29T22:00:00.0000000Z", "datetime_add", "month", 1, d)
	f("2023-11-30T22:00:00.0000000Z", "datetime_add", "month", -2, d)
	f("2024-02-14T22:00:00.0000000Z", "datetime_add", "week", 2, d)
	f("2024-02-01T22:00:00.0000000Z", "datetime_add", "day", 1, d)
	f("2024-02-01T01:00:00.0000000Z", "datetime_add", "hour", 3, d)
	f("2024-01-31T21:59:00.0000000Z", "datetime_add", "minute", -1, d)
	f("2024-01-31T22:01:40.0000000Z", "datetime_add", "second", 100, d)
	f("2024-01-31T22:00:00.0150000Z", "datetime_add", "millisecond", 15, d)
	f("2024-01-31T22:00:00.0000150Z", "datetime_add", "microsecond", 15, d)
	f("2024-01-31T22:00:00.0000002Z", "datetime_add", "nanosecond", 250, d)
	f("null", "datetime_add", "year", 9000, d)
	f("null", "datetime_add", "year", int64(1)<<62, d)
	f("null", "datetime_add", "month", -12*2024, d)
	f("null", "datetime_add", "day", int64(1)<<62, d)
	f("null", "datetime_add", "day", nil, d)
	if msg := callError(t, "datetime_add", "fortnight", 1, d); !strings.Contains(msg, "'fortnight' is no period") {
		t.Error(msg)
	}
}

func TestDatetimeDiff(t *testing.T) {
	f := gives(t)
	f("1", "datetime_diff", "year", tm("2024-01-01"), tm("2023-12-31T23:59:59"))
	f("0", "datetime_diff", "year", tm("2023-12-31"), tm("2023-01-01"))
	f("-24", "datetime_diff", "year", tm("2000-06-01"), tm("2024-01-01"))
	f("1", "datetime_diff", "Quarter", tm("2024-04-01"), tm("2024-03-31"))
	f("-5", "datetime_diff", "quarter", tm("2023-01-01"), tm("2024-04-01"))
	f("14", "datetime_diff", "month", tm("2024-03-01"), tm("2023-01-31"))
	f("1", "datetime_diff", "week", tm("2024-03-03"), tm("2024-03-02")) // Sunday after Saturday
	f("0", "datetime_diff", "week", tm("2024-03-09"), tm("2024-03-03"))
	f("-1", "datetime_diff", "week", tm("2024-03-02"), tm("2024-03-03"))
	f("1", "datetime_diff", "day", tm("2024-03-01"), tm("2024-02-29T23:00:00"))
	f("2", "datetime_diff", "hour", tm("2024-03-01T02:00:00"), tm("2024-03-01T00:59:00"))
	f("-60", "datetime_diff", "minute", tm("2024-03-01T00:00:30"), tm("2024-03-01T01:00:00"))
	f("1", "datetime_diff", "second", tm("2024-03-01T00:00:01"), tm("2024-03-01T00:00:00.9"))
	f("1500", "datetime_diff", "millisecond", tm("2024-03-01T00:00:01.5"), tm("2024-03-01"))
	f("3", "datetime_diff", "microsecond", tm("2024-03-01T00:00:00.0000031"), tm("2024-03-01"))
	f("-300", "datetime_diff", "nanosecond", tm("2024-03-01"), tm("2024-03-01T00:00:00.0000003"))
	f("null", "datetime_diff", "nanosecond", value.MaxTime, value.Time(0)) // it does not fit a long
	f("null", "datetime_diff", "day", nil, tm("2024-03-01"))
	callError(t, "datetime_diff", "dayofyear", tm("2024-03-01"), tm("2024-03-01"))
}

func TestMakeDatetime(t *testing.T) {
	f := gives(t)
	f("2024-02-29T00:00:00.0000000Z", "make_datetime", 2024, 2, 29)
	f("2024-02-29T13:00:00.0000000Z", "make_datetime", 2024, 2, 29, 13)
	f("2024-02-29T13:05:00.0000000Z", "make_datetime", 2024, 2, 29, 13, 5)
	f("2024-02-29T13:05:07.2500000Z", "make_datetime", 2024, 2, 29, 13, 5, 7.25)
	f("2024-02-29T13:05:59.9999999Z", "make_datetime", 2024, 2, 29, 13, 5, 59.9999999)
	f("2024-02-29T13:05:59.9999999Z", "make_datetime", 2024, 2, 29, 13, 5, 59.99999999)
	f("2024-02-29T00:00:00.0000000Z", "make_datetime", "2024-02-29")
	f("null", "make_datetime", 2023, 2, 29)
	f("null", "make_datetime", 2023, 13, 1)
	f("null", "make_datetime", 2023, 1, 1, 24)
	f("null", "make_datetime", 2023, 1, 1, 0, 0, 60)
	f("null", "make_datetime", 2023, -1, 1)
	f("null", "make_datetime", int64(1)<<40, 1, 1)
	callError(t, "make_datetime", 2023, 2)
}

func TestMakeTimespan(t *testing.T) {
	f := gives(t)
	f("05:30:00", "make_timespan", 5, 30)
	f("05:30:12.5000000", "make_timespan", 5, 30, 12.5)
	f("2.05:30:12.5000000", "make_timespan", 2, 5, 30, 12.5)
	f("1.00:00:00", "make_timespan", value.Day)
	f("01:00:00", "make_timespan", "1h")
	f("null", "make_timespan", 24, 0)
	f("null", "make_timespan", 1, 60)
	f("null", "make_timespan", 1, 0, 60)
	f("null", "make_timespan", -1, 1, 0, 0)
	f("null", "make_timespan", int64(1)<<60, 1, 0, 0)
}

func TestUnixTime(t *testing.T) {
	f := gives(t)
	f("1970-01-01T00:00:00.0000000Z", "unixtime_seconds_todatetime", 0)
	f("2024-02-29T00:00:00.0000000Z", "unixtime_seconds_todatetime", 1709164800)
	f("1969-12-31T23:59:59.0000000Z", "unixtime_seconds_todatetime", -1)
	f("2024-02-29T00:00:00.5000000Z", "unixtime_seconds_todatetime", 1709164800.5)
	f("null", "unixtime_seconds_todatetime", int64(1)<<62)
	f("null", "unixtime_seconds_todatetime", 1e300)
	f("2024-02-29T00:00:00.0070000Z", "unixtime_milliseconds_todatetime", 1709164800007)
	f("2024-02-29T00:00:00.0075000Z", "unixtime_milliseconds_todatetime", 1709164800007.5)
	f("1969-12-31T23:59:59.9990000Z", "unixtime_milliseconds_todatetime", int32(-1))
	f("2024-02-29T00:00:00.0000070Z", "unixtime_microseconds_todatetime", 1709164800000007)
	f("1969-12-31T23:59:59.9999990Z", "unixtime_microseconds_todatetime", -1)
	f("null", "unixtime_microseconds_todatetime", nil)
	f("2024-02-29T00:00:00.0000001Z", "unixtime_nanoseconds_todatetime", 1709164800000000100)
	f("1970-01-01T00:00:00.0000000Z", "unixtime_nanoseconds_todatetime", 99)
	f("1969-12-31T23:59:59.9999999Z", "unixtime_nanoseconds_todatetime", -1)
	f("1970-01-01T00:00:00.0000002Z", "unixtime_nanoseconds_todatetime", 250.0)
}

func TestFormatDatetime(t *testing.T) {
	d, morning := tm("2009-06-05T13:04:08.0617500"), tm("0907-12-25T00:09:00")
	for _, c := range []struct{ format, want, wantMorning string }{
		{"d/dd", "5/05", "25/25"},
		{"M/MM", "6/06", "12/12"},
		{"y_yy_yyyy", "9_09_2009", "7_07_0907"},
		{"h hh H HH", "1 01 13 13", "12 12 0 00"},
		{"m:mm", "4:04", "9:09"},
		{"s ss", "8 08", "0 00"},
		{"tt", "PM", "AM"},
		{"f", "0", "0"},
		{"ff.fff.ffff", "06.061.0617", "00.000.0000"},
		{"fffff,ffffff,fffffff", "06175,061750,0617500", "00000,000000,0000000"},
		{"[F]", "[]", "[]"},
		{"FF-FFF-FFFF", "06-061-0617", "--"},
		{"FFFFF-FFFFFF-FFFFFFF", "06175-06175-06175", "--"},
		{"yyyy-MM-ddTHH:mm:ss.fffZ", "2009-06-05T13:04:08.061Z", "0907-12-25T00:09:00.000Z"},
		{"yyyyMMdd", "20090605", "09071225"},
	} {
		gives(t)(`"`+c.want+`"`, "format_datetime", d, c.format)
		gives(t)(`"`+c.wantMorning+`"`, "format_datetime", morning, c.format)
	}
	gives(t)(`""`, "format_datetime", nil, "yyyy")
	for format, part := range map[string]string{
		"":            "empty",
		"yyyyy":       "'yyyyy' at position 1",
		"dd MMM yyyy": "'MMM' at position 4",
		"HH:mm;ss":    "';' at position 6",
		"q":           "'q' at position 1",
		"t":           "'t' at position 1",
		"HHh é":       "'é' at position 5",
	} {
		if msg := callError(t, "format_datetime", d, format); !strings.Contains(msg, part) {
			t.Errorf("format %q: %s", format, msg)
		}
	}
}

func TestFormatTimespan(t *testing.T) {
	f := gives(t)
	s := sp("15.13:04:08.6175")
	f(`"15.13:04:08"`, "format_timespan", s, "d.hh:mm:ss")
	f(`"00000015"`, "format_timespan", s, "dddddddd")
	f(`"015 13 4 8"`, "format_timespan", s, "ddd H m s")
	f(`"6 61 617 6175 61750"`, "format_timespan", s, "f ff fff ffff fffff")
	f(`"6 61 617 6175 6175"`, "format_timespan", s, "F FF FFF FFFF FFFFF")
	f(`"[8.617500_6175000]"`, "format_timespan", s, "[s.ffffff_fffffff]")
	f(`"1:30"`, "format_timespan", -sp("01:30:00"), "h:mm")
	f(`"10675199"`, "format_timespan", value.Span(-1<<63), "d")
	f(`""`, "format_timespan", nil, "d")
	callError(t, "format_timespan", s, "yyyy")
	callError(t, "format_timespan", s, "ddddddddd")
	callError(t, "format_timespan", s, "")
}

func TestTimezones(t *testing.T) {
	f := gives(t)
	f("2024-07-01T14:00:00.0000000Z", "datetime_utc_to_local", tm("2024-07-01T12:00:00"), "Europe/Paris")
	f("2024-01-01T13:00:00.0000000Z", "datetime_utc_to_local", tm("2024-01-01T12:00:00"), "Europe/Paris")
	f("2024-01-01T17:45:00.0000000Z", "datetime_utc_to_local", tm("2024-01-01T12:00:00"), "Asia/Kathmandu")
	f("2024-01-01T12:00:00.0000000Z", "datetime_utc_to_local", tm("2024-01-01T12:00:00"), "UTC")
	f("2024-07-01T10:00:00.0000000Z", "datetime_local_to_utc", tm("2024-07-01T12:00:00"), "Europe/Paris")
	f("2024-01-01T11:00:00.0000000Z", "datetime_local_to_utc", tm("2024-01-01T12:00:00"), "Europe/Paris")
	f("2024-01-01T20:00:00.0000000Z", "datetime_local_to_utc", tm("2024-01-01T12:00:00"), "US/Pacific")
	f("2024-03-31T00:30:00.0000000Z", "datetime_local_to_utc", tm("2024-03-31T02:30:00"), "Europe/Paris") // there never was 2:30
	f("2024-10-27T00:30:00.0000000Z", "datetime_local_to_utc", tm("2024-10-27T02:30:00"), "Europe/Paris") // there was twice
	f("2024-10-27T02:30:00.0000000Z", "datetime_local_to_utc", tm("2024-10-27T03:30:00"), "Europe/Paris")
	f("null", "datetime_utc_to_local", value.MaxTime, "Asia/Tokyo")
	f("null", "datetime_local_to_utc", value.Time(0), "Asia/Tokyo")
	for _, zone := range []string{"Europe/Atlantis", "", "Local", "../etc/passwd"} {
		if msg := callError(t, "datetime_utc_to_local", testNow, zone); !strings.Contains(msg, "no time zone '"+zone+"'") {
			t.Error(msg)
		}
		if v := callRows(t, "datetime_utc_to_local", testNow, zone); v != nil {
			t.Errorf("zone %q of a row gives %v", zone, v)
		}
	}

	names := call(t, "datetime_list_timezones").(value.Array)
	if len(names) < 500 {
		t.Errorf("%d time zones", len(names))
	}
	for i, n := range names {
		if _, err := findZone(n.(string)); err != nil {
			t.Errorf("the list has %s, which does not load: %v", n, err)
		}
		if i > 0 && names[i-1].(string) >= n.(string) {
			t.Errorf("%s comes after %s", n, names[i-1])
		}
	}
}

func TestLocalTimesComeBack(t *testing.T) {
	names := strings.Fields(timezoneNames)
	rapid.Check(t, func(t *rapid.T) {
		loc, err := findZone(rapid.SampledFrom(names).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		utc := value.Time(rapid.Int64Range(int64(tm("1890-01-01")), int64(tm("2100-01-01"))).Draw(t, "utc"))
		local, ok := utcToLocal(utc, loc)
		if !ok {
			t.Fatal("no local time")
		}
		// Another instant than utc shows the same local time when clocks were set back; it is the earlier then.
		back, ok := localToUTC(local, loc)
		again, ok2 := utcToLocal(back, loc)
		if !ok || !ok2 || again != local || back > utc {
			t.Fatalf("%v is %v in %v, which comes back as %v and is then %v", utc, local, loc, back, again)
		}
	})
}

func FuzzFormatDatetime(f *testing.F) {
	f.Add("yyyy-MM-dd [hh:mm:ss tt]", int64(5e17))
	f.Add("FFFFFFF.d", int64(0))
	f.Add("é", int64(1))
	f.Fuzz(func(t *testing.T, format string, ticks int64) {
		if pieces, err := parseDatetimeFormat(format); err == nil {
			at := value.Time(ticks & (1<<61 - 1))
			if got := formatDatetime(at, pieces); strings.ContainsAny(got, "ydhHmsfFt") {
				t.Errorf("%q gives %q", format, got)
			}
		}
		if pieces, err := parseTimespanFormat(format); err == nil {
			if got := formatTimespan(value.Span(ticks), pieces); strings.ContainsAny(got, "dhHmsfF") {
				t.Errorf("%q gives %q", format, got)
			}
		}
	})
}
