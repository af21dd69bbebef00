package value

import (
	"time"

	"github.com/endscope/endscope/internal/logrows"
)

const (
	daysPer400Years = 146097
	// marchEpoch is the number of days from 0000-03-01 to 0001-01-01 in the proleptic Gregorian calendar.
	marchEpoch = 306
)

// Valid says whether t lies in the range of datetimes, 0001-01-01 to the last tick of 9999.
func (t Time) Valid() bool { return t >= 0 && t <= MaxTime }

// Civil returns the date in the proleptic Gregorian calendar, UTC. Month and day count from 1.
func (t Time) Civil() (year, month, day int) {
	// Years that begin in March put the leap day at the end, so that the lengths of the months before it follow one formula.
	n := int(int64(t)/int64(Day)) + marchEpoch
	era := n / daysPer400Years
	doe := n - era*daysPer400Years
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	m := (5*doy + 2) / 153
	day = doy - (153*m+2)/5 + 1
	year = era*400 + yoe
	if m < 10 {
		return year, m + 3, day
	}
	return year + 1, m - 9, day
}

// Clock returns the time of the day: hour, minute, second and the ticks of the second that has begun.
func (t Time) Clock() (h, m, s int, ticks Span) {
	d := Span(int64(t) % int64(Day))
	return int(d / Hour), int(d / Minute % 60), int(d / Second % 60), d % Second
}

// Weekday returns the day of the week, 0 for Sunday.
func (t Time) Weekday() int { return int((int64(t)/int64(Day) + 1) % 7) } // 0001-01-01 was a Monday

// MakeTime returns the datetime of a date and a time of the day. It is false when a part is out of its range, such as a 30th of February
// or an hour of 24, or when ticks is not within one second.
func MakeTime(y, mo, d, h, mi, s int, ticks Span) (Time, bool) {
	if y < 1 || y > 9999 || mo < 1 || mo > 12 || d < 1 || d > DaysIn(y, mo) || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 59 ||
		ticks < 0 || ticks >= Second {
		return 0, false
	}
	if mo <= 2 {
		y, mo = y-1, mo+12
	}
	days := 365*y + y/4 - y/100 + y/400 + (153*(mo-3)+2)/5 + d - 1 - marchEpoch
	return Time(int64(days)*int64(Day) + int64(h)*int64(Hour) + int64(mi)*int64(Minute) + int64(s)*int64(Second) + int64(ticks)), true
}

// DaysIn returns the number of days of a month, which counts from 1.
func DaysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// Go returns t as a Go time in UTC.
func (t Time) Go() time.Time {
	u := int64(t) - logrows.UnixEpoch
	sec, rest := u/int64(Second), u%int64(Second)
	return time.Unix(sec, rest*100).UTC()
}

// FromGo returns a Go time as a datetime, cut to a tick. Times before year 1 and after 9999 become the first and the last datetime.
func FromGo(g time.Time) Time {
	sec := g.Unix() + logrows.UnixEpoch/int64(Second)
	if sec < 0 {
		return 0
	}
	if sec > int64(MaxTime)/int64(Second) {
		return MaxTime
	}
	return Time(sec*int64(Second) + int64(g.Nanosecond())/100)
}

// Add returns t + s. It is false when the sum is no datetime.
func (t Time) Add(s Span) (Time, bool) {
	// Both fit in 63 bits and t is not negative, so only a positive s can overflow.
	if s > 0 && int64(s) > int64(MaxTime)-int64(t) {
		return 0, false
	}
	u := Time(int64(t) + int64(s))
	return u, u.Valid()
}
