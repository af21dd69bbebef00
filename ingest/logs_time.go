package ingest

import (
	"math"
	"time"

	"github.com/endscope/endscope/internal/logrows"
)

// ticksOf returns a time as a Datetime, and false before the year 1 or after 9999.
func ticksOf(t time.Time) (int64, bool) {
	seconds := t.Unix()
	const first, last = -logrows.UnixEpoch / logrows.TicksPerSecond, (logrows.MaxDatetime - logrows.UnixEpoch) / logrows.TicksPerSecond
	if seconds < first || seconds > last {
		return 0, false
	}
	return logrows.UnixEpoch + seconds*logrows.TicksPerSecond + int64(t.Nanosecond()/100), true
}

// ticksOfNano is ticksOf for nanoseconds since the epoch, which all lie in those years.
func ticksOfNano(ns int64) int64 {
	ticks := ns / 100
	if ns%100 < 0 {
		ticks--
	}
	return logrows.UnixEpoch + ticks
}

// timeOf is the other way, for messages.
func timeOf(ticks int64) time.Time {
	ticks -= logrows.UnixEpoch
	return time.Unix(ticks/logrows.TicksPerSecond, ticks%logrows.TicksPerSecond*100).UTC()
}

// epochTicks reads a number as a time since 1970-01-01T00:00:00Z, in seconds below 10^11, in milliseconds below 10^14, in microseconds
// below 10^17 and in nanoseconds from there; it may have a fraction. It returns false beyond the year 9999.
func epochTicks(d decimal) (int64, bool) {
	shift := 0
	switch size := d.count + d.exp; { // digits before the point
	case size <= 11:
		shift = 7
	case size <= 14:
		shift = 4
	case size <= 17:
		shift = 1
	default:
		shift = -2
	}
	n, ok := d.scaled(shift)
	if !ok || n > logrows.MaxDatetime-logrows.UnixEpoch || n < -logrows.UnixEpoch {
		return 0, false
	}
	return logrows.UnixEpoch + n, true
}

// dateCache remembers the day that was read last: rows of one request are of few days.
type dateCache struct {
	known bool
	text  [10]byte
	ticks int64 // of its midnight
}

// parse reads a time of RFC 3339. Its fraction may have up to 9 digits, of which 7 count; a space may stand for the T, and without an
// offset it is UTC. A second of 60 is the next minute's first. A comma before the fraction and an offset without a colon, +0200, are what
// the loggers of Python and Java write.
func (c *dateCache) parse(s []byte) (ticks int64, ok bool) {
	// 2006-01-02T15:04:05
	if len(s) < 19 || s[13] != ':' || s[16] != ':' || s[10]|0x20 != 't' && s[10] != ' ' {
		return 0, false
	}
	if !c.known || string(s[:10]) != string(c.text[:]) {
		day, ok := parseDay(s[:10])
		if !ok {
			return 0, false
		}
		copy(c.text[:], s)
		c.known = true
		c.ticks = day * logrows.TicksPerDay
	}
	hour, minute, second := two(s[11:]), two(s[14:]), two(s[17:])
	if hour > 23 || minute > 59 || second > 60 {
		return 0, false
	}
	ticks = c.ticks + int64(hour*3600+minute*60+second)*logrows.TicksPerSecond
	i := 19
	if i < len(s) && (s[i] == '.' || s[i] == ',') {
		from := i + 1
		scale := int64(logrows.TicksPerSecond)
		for i++; i < len(s) && s[i]-'0' <= 9; i++ {
			scale /= 10
			ticks += int64(s[i]-'0') * scale
		}
		if i == from || i-from > 9 {
			return 0, false
		}
	}
	switch rest := s[i:]; {
	case len(rest) == 0, len(rest) == 1 && rest[0]|0x20 == 'z':
	case (len(rest) == 5 || len(rest) == 6 && rest[3] == ':') && (rest[0] == '+' || rest[0] == '-'):
		h, m := two(rest[1:]), two(rest[len(rest)-2:])
		if h > 23 || m > 59 {
			return 0, false
		}
		offset := int64(h*3600+m*60) * logrows.TicksPerSecond
		if rest[0] == '-' {
			offset = -offset
		}
		ticks -= offset
	default:
		return 0, false
	}
	return ticks, ticks >= 0 && ticks <= logrows.MaxDatetime
}

// two reads two digits; 100 means that there are none.
func two(s []byte) int {
	a, b := s[0]-'0', s[1]-'0'
	if a > 9 || b > 9 {
		return 100
	}
	return int(a)*10 + int(b)
}

// parseDay reads 2006-01-02 and returns the days since 0001-01-01.
func parseDay(s []byte) (int64, bool) {
	high, low, month, day := two(s), two(s[2:]), two(s[5:]), two(s[8:])
	year := high*100 + low
	if high > 99 || low > 99 || year == 0 || s[4] != '-' || s[7] != '-' || month < 1 || month > 12 || day < 1 {
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Day() != day {
		return 0, false // such as 30 February
	}
	return t.Unix()/86400 + logrows.UnixEpoch/logrows.TicksPerDay, true
}

// parseTimespan reads a time span as the query language shows it: [-][days.]hours:minutes:seconds[.fraction of up to 7 digits].
func parseTimespan(s []byte) (ticks int64, ok bool) {
	negative := len(s) > 0 && s[0] == '-'
	if negative {
		s = s[1:]
	}
	days := int64(0)
	i := 0
	for i < len(s) && i < 9 && s[i]-'0' <= 9 {
		days = days*10 + int64(s[i]-'0')
		i++
	}
	if i > 0 && i < len(s) && s[i] == '.' {
		s = s[i+1:]
	} else {
		days = 0
	}
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return 0, false
	}
	hours, minutes, seconds := two(s), two(s[3:]), two(s[6:])
	if hours > 23 || minutes > 59 || seconds > 59 || days > math.MaxInt64/logrows.TicksPerDay-1 {
		return 0, false
	}
	ticks = days*logrows.TicksPerDay + int64(hours*3600+minutes*60+seconds)*logrows.TicksPerSecond
	if fraction := s[8:]; len(fraction) > 0 {
		if fraction[0] != '.' || len(fraction) < 2 || len(fraction) > 8 {
			return 0, false
		}
		scale := int64(logrows.TicksPerSecond)
		for _, c := range fraction[1:] {
			if c-'0' > 9 {
				return 0, false
			}
			scale /= 10
			ticks += int64(c-'0') * scale
		}
	}
	if negative {
		ticks = -ticks
	}
	return ticks, true
}
