package value

import (
	"math"
	"math/big"
	"strings"
)

// ParseSpan reads a timespan, with blanks around it: a number and a unit (1d, 2.5h, 25min, 15 seconds, 100ms, 5microsecond, 7tick), a clock
// ([-][d.]hh:mm[:ss[.fffffff]], also d:hh:mm:ss), or a bare number of days. It is false for anything else and for what does not fit.
func ParseSpan(s string) (Span, bool) {
	s = strings.TrimSpace(s)
	rest, neg := strings.CutPrefix(s, "-")
	if !neg {
		rest = strings.TrimPrefix(rest, "+")
	}
	if rest == "" || rest[0] < '0' || rest[0] > '9' {
		return 0, false
	}
	var u uint64
	var ok bool
	if strings.IndexByte(rest, ':') >= 0 {
		u, ok = parseClockSpan(rest)
	} else {
		u, ok = parseUnitSpan(rest)
	}
	switch {
	case !ok || u > 1<<63 || u == 1<<63 && !neg:
		return 0, false
	case neg:
		return Span(-u), true
	}
	return Span(u), true
}

// unitTicks returns how many nanoseconds a unit of timespans has, or 0.
func unitNanoseconds(unit string) int64 {
	const tick = 100
	switch unit {
	case "", "d", "day", "days":
		return int64(Day) * tick
	case "h", "hr", "hrs", "hour", "hours":
		return int64(Hour) * tick
	case "m", "min", "minute", "minutes":
		return int64(Minute) * tick
	case "s", "sec", "second", "seconds":
		return int64(Second) * tick
	case "ms", "milli", "millis", "millisec", "millisecond", "milliseconds":
		return int64(Millisecond) * tick
	case "micro", "micros", "microsec", "microsecond", "microseconds", "us":
		return int64(Microsecond) * tick
	case "nano", "nanos", "nanosec", "nanosecond", "nanoseconds", "ns":
		return 1
	case "t", "tick", "ticks":
		return tick
	}
	return 0
}

// parseUnitSpan reads a number and its unit. The product is exact and then cut to a tick.
func parseUnitSpan(s string) (uint64, bool) {
	i, whole, frac, point := 0, uint64(0), "", false
	for ; i < len(s); i++ {
		c := s[i]
		if c == '.' && !point {
			point = true
			frac = s[i+1:]
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		if !point {
			if whole > (math.MaxUint64-9)/10 {
				return 0, false
			}
			whole = whole*10 + uint64(c-'0')
		}
	}
	n := unitNanoseconds(strings.TrimSpace(s[i:]))
	if n == 0 {
		return 0, false
	}
	if point {
		frac = frac[:len(frac)-(len(s)-i)]
		if frac == "" {
			return 0, false
		}
		frac = frac[:min(len(frac), 30)] // no digit beyond changes a tick
	}
	num, _ := new(big.Int).SetString(frac, 10)
	if num == nil {
		num = new(big.Int)
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(frac))), nil)
	num.Add(num, new(big.Int).Mul(scale, new(big.Int).SetUint64(whole)))
	num.Mul(num, big.NewInt(n))
	num.Quo(num, scale.Mul(scale, big.NewInt(100)))
	if !num.IsUint64() {
		return 0, false
	}
	return num.Uint64(), true
}

// parseClockSpan reads [d.]hh:mm[:ss[.fffffff]] or d:hh:mm:ss[.fffffff].
func parseClockSpan(s string) (uint64, bool) {
	var parts [4]uint64
	var ends [4]byte // what follows each part
	n := 0
	for n < 4 {
		i := 0
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			if i >= 8 {
				return 0, false
			}
			parts[n] = parts[n]*10 + uint64(s[i]-'0')
			i++
		}
		if i == 0 {
			return 0, false
		}
		if i == len(s) {
			n++
			s = ""
			break
		}
		ends[n] = s[i]
		s = s[i+1:]
		n++
		if ends[n-1] == '.' && n > 1 {
			break // the fraction
		}
		if ends[n-1] != '.' && ends[n-1] != ':' {
			return 0, false
		}
	}
	var d, h, m, sec uint64
	switch {
	case n == 2 && ends[0] == ':' && ends[1] == 0:
		h, m = parts[0], parts[1]
	case n == 3 && ends[0] == ':' && ends[1] == ':':
		h, m, sec = parts[0], parts[1], parts[2]
	case n == 3 && ends[0] == '.' && ends[1] == ':' && ends[2] == 0:
		d, h, m = parts[0], parts[1], parts[2]
	case n == 4 && ends[1] == ':' && ends[2] == ':':
		d, h, m, sec = parts[0], parts[1], parts[2], parts[3]
	default:
		return 0, false
	}
	if m > 59 || sec > 59 || n == 4 && h > 23 {
		return 0, false
	}
	var ticks Span
	if last := ends[n-1]; last == '.' {
		var ok bool
		if ticks, ok = fractionTicks(s); !ok {
			return 0, false
		}
	} else if last != 0 {
		return 0, false
	}
	if d > uint64(math.MaxInt64/int64(Day))+1 {
		return 0, false
	}
	return d*uint64(Day) + h*uint64(Hour) + m*uint64(Minute) + sec*uint64(Second) + uint64(ticks), true
}

// fractionTicks reads the digits after the point of a second; digits beyond a tick are cut.
func fractionTicks(s string) (Span, bool) {
	if s == "" {
		return 0, false
	}
	var t, unit Span = 0, Second
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		unit /= 10
		t += unit * Span(s[i]-'0')
	}
	return t, true
}
