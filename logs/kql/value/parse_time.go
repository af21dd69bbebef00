package value

import "strings"

// ParseTime reads a datetime, with blanks around it. Without a zone it is UTC; digits beyond a tick are cut. It takes
//
//   - ISO 8601: 2014, 2014-05, 2014-05-25, and with T or a blank hh:mm, hh:mm:ss or hh:mm:ss.fffffff (a comma may be the point), followed by
//     Z, UTC, GMT, a zone such as EST, or an offset (+02:00, +0200, +02); also 20140525 and 20140525T082003Z;
//   - RFC 822 and RFC 850: [Sat,] 8 Nov 14 15:05:02 GMT and [Saturday,] 08-Nov-14 15:05:02 GMT, with two or four digits of the year; two
//     digits below 50 are of this century;
//   - month first: 02/17/2016 08:40:00, 12-02-2022, 12.02.2022, Nov 8, 2014; a clock may end in AM or PM.
//
// It is false for anything else, for a date that does not exist, and outside the years 1 to 9999.
func ParseTime(s string) (Time, bool) {
	p := timeParser{s: strings.TrimSpace(s)}
	if !p.date() {
		return 0, false
	}
	var h, mi, sec int
	var ticks, offset Span
	if p.i < len(p.s) {
		if !p.dateEnd() || !p.clock(&h, &mi, &sec, &ticks) || !p.zone(&offset) {
			return 0, false
		}
	}
	t, ok := MakeTime(p.year, p.month, p.day, h, mi, sec, ticks)
	if !ok || offset == 0 {
		return t, ok
	}
	return t.Add(-offset)
}

// timeParser reads one datetime. compact is set by the form without separators.
type timeParser struct {
	s                string
	i                int
	year, month, day int
	compact          bool
}

func (p *timeParser) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

func (p *timeParser) take(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.i++
	return true
}

func (p *timeParser) blanks() bool {
	start := p.i
	for p.peek() == ' ' || p.peek() == '\t' {
		p.i++
	}
	return p.i > start
}

// number reads at most limit digits and returns how many there were.
func (p *timeParser) number(limit int) (n, digits int) {
	for digits < limit && p.peek() >= '0' && p.peek() <= '9' {
		n = n*10 + int(p.s[p.i]-'0')
		p.i++
		digits++
	}
	return n, digits
}

// word reads letters.
func (p *timeParser) word() string {
	start := p.i
	for c := p.peek() | 0x20; c >= 'a' && c <= 'z'; c = p.peek() | 0x20 {
		p.i++
	}
	return p.s[start:p.i]
}

// date reads the date in any of the forms.
func (p *timeParser) date() bool {
	if c := p.peek(); c < '0' || c > '9' {
		return p.namedDate()
	}
	n, digits := p.number(8)
	switch {
	case digits == 8 && (p.peek() == 'T' || p.peek() == 0):
		p.year, p.month, p.day, p.compact = n/10000, n/100%100, n%100, true
		return true
	case digits == 4:
		p.year, p.month, p.day = n, 1, 1
		return p.isoDate()
	case digits > 2 || digits == 0:
		return false
	}
	sep := p.peek()
	switch sep {
	case '/', '-', '.':
		p.i++
		if c := p.peek(); c >= '0' && c <= '9' {
			p.month = n
			p.day, digits = p.number(2)
			return digits > 0 && p.take(sep) && p.yearOf()
		}
		p.day = n
		return p.monthName() && p.take(sep) && p.yearOf()
	case ' ':
		p.blanks()
		p.day = n
		if !p.monthName() {
			return false
		}
		p.take(',')
		return p.blanks() && p.yearOf()
	}
	return false
}

// isoDate reads what follows the year: nothing, -mm or -mm-dd; slashes do as well.
func (p *timeParser) isoDate() bool {
	sep := p.peek()
	if sep == 0 {
		return true
	}
	if sep != '-' && sep != '/' {
		return false
	}
	p.i++
	var digits int
	if p.month, digits = p.number(2); digits == 0 {
		return false
	}
	if p.peek() == 0 {
		return sep == '-'
	}
	if !p.take(sep) {
		return false
	}
	p.day, digits = p.number(2)
	return digits > 0
}

// namedDate reads a date that begins with a name: a weekday before any other form, or a month.
func (p *timeParser) namedDate() bool {
	mark := p.i
	name := p.word()
	if isWeekday(name) {
		p.take(',')
		if !p.blanks() {
			return false
		}
		if c := p.peek(); c >= '0' && c <= '9' {
			return p.date()
		}
		mark = p.i
	}
	p.i = mark
	if !p.monthName() {
		return false
	}
	p.take('.')
	if !p.blanks() {
		return false
	}
	var digits int
	if p.day, digits = p.number(2); digits == 0 {
		return false
	}
	comma := p.take(',')
	return (p.blanks() || comma) && p.yearOf()
}

// yearOf reads a year of two or four digits.
func (p *timeParser) yearOf() bool {
	n, digits := p.number(5)
	switch {
	case digits == 4:
		p.year = n
	case digits == 2 && n < 50:
		p.year = 2000 + n
	case digits == 2:
		p.year = 1900 + n
	default:
		return false
	}
	return true
}

func (p *timeParser) monthName() bool {
	p.month = nameIndex(p.word(), "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
		"november", "december") + 1
	return p.month > 0
}

func isWeekday(name string) bool {
	return nameIndex(name, "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday") >= 0
}

// nameIndex returns the index of the name that s is, in full or by at least its first three letters in any case, or -1.
func nameIndex(s string, names ...string) int {
	if len(s) < 3 {
		return -1
	}
	for i, name := range names {
		if len(s) <= len(name) && EqualFold(s, name[:len(s)]) && (len(s) <= 4 || len(s) == len(name)) {
			return i
		}
	}
	return -1
}

// dateEnd reads what stands between date and clock: T, blanks, or a comma and blanks.
func (p *timeParser) dateEnd() bool {
	if p.take('T') || p.take('t') {
		return true
	}
	comma := p.take(',')
	return p.blanks() || comma
}

func (p *timeParser) clock(h, mi, s *int, ticks *Span) bool {
	var digits int
	*h, digits = p.number(2)
	if digits == 0 || p.compact && digits != 2 {
		return false
	}
	if p.compact {
		if *mi, digits = p.number(2); digits == 1 {
			return false
		}
		if *s, digits = p.number(2); digits == 1 {
			return false
		}
	} else if p.take(':') {
		if *mi, digits = p.number(2); digits == 0 {
			return false
		}
		if p.take(':') {
			if *s, digits = p.number(2); digits == 0 {
				return false
			}
		}
	} else if next := p.s[p.i:]; !EqualFold(strings.TrimSpace(next), "am") && !EqualFold(strings.TrimSpace(next), "pm") {
		return false // an hour alone needs its half of the day
	}
	if p.take('.') || p.take(',') {
		start := p.i
		for p.peek() >= '0' && p.peek() <= '9' {
			p.i++
		}
		var ok bool
		if *ticks, ok = fractionTicks(p.s[start:p.i]); !ok {
			return false
		}
	}
	return p.halfDay(h)
}

// halfDay reads AM or PM if it is there.
func (p *timeParser) halfDay(h *int) bool {
	mark := p.i
	p.blanks()
	half := p.word()
	am, pm := EqualFold(half, "am"), EqualFold(half, "pm")
	if !am && !pm {
		p.i = mark
		return true
	}
	if *h < 1 || *h > 12 {
		return false
	}
	if *h %= 12; pm {
		*h += 12
	}
	return true
}

// zone reads the zone if it is there, and then the text has to end.
func (p *timeParser) zone(offset *Span) bool {
	p.blanks()
	if p.i == len(p.s) {
		return true
	}
	sign := p.peek()
	if sign != '+' && sign != '-' {
		ok := false
		*offset, ok = zoneOffset(p.word())
		return ok && p.i == len(p.s)
	}
	p.i++
	h, digits := p.number(2)
	if digits == 0 {
		return false
	}
	colon := p.take(':')
	m, digits := p.number(2)
	if digits == 1 || colon && digits == 0 || h > 14 || m > 59 || p.i != len(p.s) {
		return false
	}
	*offset = Span(h)*Hour + Span(m)*Minute
	if sign == '-' {
		*offset = -*offset
	}
	return true
}

// zoneOffset returns the offset of a zone that RFC 822 names.
func zoneOffset(name string) (Span, bool) {
	switch strings.ToUpper(name) {
	case "Z", "UT", "UTC", "GMT":
		return 0, true
	case "EDT":
		return -4 * Hour, true
	case "EST", "CDT":
		return -5 * Hour, true
	case "CST", "MDT":
		return -6 * Hour, true
	case "MST", "PDT":
		return -7 * Hour, true
	case "PST":
		return -8 * Hour, true
	}
	return 0, false
}
