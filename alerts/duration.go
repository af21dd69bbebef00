package alerts

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/internal/strict"
)

// MaxDuration is the longest duration that ParseDuration reads: 100 years of 365 days.
const MaxDuration = 100 * 365 * 24 * time.Hour

// ParseDuration reads a duration of ISO 8601: PT5M, PT1H30M, P1D, P1DT12H, P2W, PT0.5S. Years and months are refused, since their length
// is not known; so are signs, and durations above MaxDuration. Only the last number may have a fraction, of at most nine digits.
func ParseDuration(s string) (time.Duration, error) {
	wrong := func() (time.Duration, error) {
		return 0, fmt.Errorf("%q is no ISO 8601 duration such as PT5M, PT1H30M or P1D", strict.Shorten(s))
	}
	if len(s) > 64 {
		return wrong()
	}
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || rest == "" {
		return wrong()
	}
	units := []durationUnit{{'W', 7 * 24 * time.Hour}, {'D', 24 * time.Hour}}
	inTime, fraction := false, false
	var sum time.Duration
	for rest != "" {
		if rest[0] == 'T' {
			if inTime || len(rest) == 1 || fraction {
				return wrong()
			}
			inTime, rest = true, rest[1:]
			units = []durationUnit{{'H', time.Hour}, {'M', time.Minute}, {'S', time.Second}}
			continue
		}
		n := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if n <= 0 || fraction {
			return wrong()
		}
		i := unitIndex(units, rest[n])
		if i < 0 {
			return wrong()
		}
		d, ok := times(rest[:n], units[i].length)
		if !ok {
			return wrong()
		}
		fraction = strings.Contains(rest[:n], ".")
		units, rest = units[i+1:], rest[n+1:]
		if sum += d; sum > MaxDuration {
			return 0, fmt.Errorf("%q is longer than 100 years", s)
		}
	}
	return sum, nil
}

type durationUnit struct {
	letter byte
	length time.Duration
}

func unitIndex(units []durationUnit, letter byte) int {
	for i, u := range units {
		if u.letter == letter {
			return i
		}
	}
	return -1
}

// times returns number units; false where the number is none or the product above MaxDuration.
func times(number string, unit time.Duration) (time.Duration, bool) {
	whole, fraction, hasFraction := strings.Cut(number, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > int64(MaxDuration/unit) {
		return 0, false
	}
	d := time.Duration(n) * unit
	if !hasFraction {
		return d, true
	}
	if fraction == "" || len(fraction) > 9 {
		return 0, false
	}
	f, err := strconv.ParseInt(fraction, 10, 64)
	if err != nil {
		return 0, false
	}
	// The parts are below 10^9 and the units are whole seconds, so each product below is exact in 64 bits.
	scale := int64(1)
	for range fraction {
		scale *= 10
	}
	return d + time.Duration(f*int64(unit/time.Second)*(int64(time.Second)/scale)), true
}

// FormatDuration writes a duration as ParseDuration reads it: days, hours, minutes and seconds. Zero is PT0S; negative ones, which no
// field may have, are written with a sign that ParseDuration refuses.
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "PT0S"
	}
	var b strings.Builder
	if d < 0 {
		b.WriteByte('-')
	}
	b.WriteByte('P')
	rest := d.Abs()
	if days := rest / (24 * time.Hour); days > 0 {
		fmt.Fprintf(&b, "%dD", days)
		rest -= days * 24 * time.Hour
	}
	if rest == 0 {
		return b.String()
	}
	b.WriteByte('T')
	if h := rest / time.Hour; h > 0 {
		fmt.Fprintf(&b, "%dH", h)
		rest -= h * time.Hour
	}
	if m := rest / time.Minute; m > 0 {
		fmt.Fprintf(&b, "%dM", m)
		rest -= m * time.Minute
	}
	if rest > 0 {
		whole, part := rest/time.Second, rest%time.Second
		b.WriteString(strconv.FormatInt(int64(whole), 10))
		if part > 0 {
			b.WriteString(strings.TrimRight(fmt.Sprintf(".%09d", part), "0"))
		}
		b.WriteByte('S')
	}
	return b.String()
}
