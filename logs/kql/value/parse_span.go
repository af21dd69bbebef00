package value

import (
	"math"
	"math/big"
	"strings"
)

// ParseSpan reads a timespan, with blanks around it: a number and a unit (1d, 2.5h, 25min, 15 seconds, 100ms, 5microsecond, 7tick), a clock
// ([-][d.]hh:mm[:ss[.fffffff]], also d:hh:mm:ss, hours below 24), or a bare whole number of days. It is false for anything else and for
// what does not fit.
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

// unitNanoseconds returns how many nanoseconds a unit of timespans has, or 0.
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

// parseUnitSpan reads a number and its unit. The product is exact and then cut to a tick. A number without unit is whole days.
func parseUnitSpan(s string) (uint64, bool) {
	end := 0
	for end < len(s) && (isDigit(s[end]) || s[end] == '.') {
		end++
	}
	number, unit := s[:end], strings.TrimSpace(s[end:])
	whole, frac, point := strings.Cut(number, ".")
	n := unitNanoseconds(unit)
	if n == 0 || len(whole) > 20 || point && (frac == "" || unit == "" || strings.IndexByte(frac, '.') >= 0) {
		return 0, false
	}
	frac = frac[:min(len(frac), 30)] // no digit beyond changes a tick
	ticks, ok := new(big.Int).SetString(whole+frac, 10)
	if !ok {
		return 0, false
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(frac))), nil)
	ticks.Mul(ticks, big.NewInt(n))
	ticks.Quo(ticks, scale.Mul(scale, big.NewInt(100)))
	if !ticks.IsUint64() {
		return 0, false
	}
	return ticks.Uint64(), true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// parseClockSpan reads [d.]hh:mm[:ss[.fffffff]] or d:hh:mm:ss[.fffffff].
func parseClockSpan(s string) (uint64, bool) {
	days := ""
	clock := strings.Split(s, ":")
	if d, h, ok := strings.Cut(clock[0], "."); ok {
		days, clock[0] = d, h
		if days == "" {
			return 0, false
		}
	}
	if len(clock) == 4 && days == "" {
		days, clock = clock[0], clock[1:]
	}
	if len(clock) < 2 || len(clock) > 3 {
		return 0, false
	}
	var d, h, m, sec uint64
	var ticks Span
	ok := days == "" || field(days, 8, math.MaxInt64/uint64(Day)+1, &d)
	ok = ok && field(clock[0], 2, 23, &h) && field(clock[1], 2, 59, &m)
	if ok && len(clock) == 3 {
		seconds, frac, point := strings.Cut(clock[2], ".")
		ok = field(seconds, 2, 59, &sec)
		if ok && point {
			ticks, ok = fractionTicks(frac)
		}
	}
	if !ok {
		return 0, false
	}
	return d*uint64(Day) + h*uint64(Hour) + m*uint64(Minute) + sec*uint64(Second) + uint64(ticks), true
}

// field reads a part of a clock: one to digits digits, up to limit.
func field(s string, digits int, limit uint64, n *uint64) bool {
	if s == "" || len(s) > digits {
		return false
	}
	*n = 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
		*n = *n*10 + uint64(s[i]-'0')
	}
	return *n <= limit
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
