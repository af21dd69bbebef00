package ingest

import "math"

// decimal is a number as written: digits × 10^exp, exactly unless cut. The zero decimal is 0.
type decimal struct {
	negative bool
	digits   uint64 // up to 19 of them, the last not 0
	count    int    // of digits
	exp      int    // within ±maxExp
	cut      bool   // there were more digits than 19
}

const (
	maxDigits = 19 // they always fit a uint64
	maxExp    = 1 << 20
)

// parseDecimal reads a number in JSON's grammar, which the caller has checked or which isNumber has.
func parseDecimal(s []byte) (d decimal) {
	i := 0
	if i < len(s) && s[i] == '-' {
		d.negative = true
		i++
	}
	point := false
	zeros := 0 // after the last digit that is not 0
	for ; i < len(s); i++ {
		c := s[i]
		if c == '.' {
			point = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		if point {
			d.exp--
		}
		if c == '0' {
			if d.count > 0 {
				zeros++
			} else {
				continue
			}
			continue
		}
		for ; zeros > 0 && d.count < maxDigits; zeros-- {
			d.digits *= 10
			d.count++
		}
		if zeros > 0 || d.count == maxDigits {
			d.cut = true
			zeros++ // this digit is left out like the zeros before it
			continue
		}
		d.digits = d.digits*10 + uint64(c-'0')
		d.count++
	}
	d.exp += zeros
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		down := i < len(s) && s[i] == '-'
		if i < len(s) && (s[i] == '-' || s[i] == '+') {
			i++
		}
		e := 0
		for ; i < len(s); i++ {
			e = min(e*10+int(s[i]-'0'), maxExp)
		}
		if down {
			e = -e
		}
		d.exp += e
	}
	d.exp = max(min(d.exp, maxExp), -maxExp)
	return d
}

// scaled returns the number × 10^shift without its fraction, rounded down, and false if it lies beyond 64 bits.
func (d decimal) scaled(shift int) (n int64, ok bool) {
	if d.count == 0 {
		return 0, true
	}
	exp := d.exp + shift
	u, rest := d.digits, d.cut && exp <= 0
	for ; exp > 0; exp-- {
		if u > math.MaxInt64/10 {
			return 0, false
		}
		u *= 10
	}
	for ; exp < 0 && u > 0; exp++ {
		rest = rest || u%10 != 0
		u /= 10
	}
	if exp < 0 {
		rest = true // the number is not 0, and less than 1
	}
	if d.negative && rest {
		u++
	}
	switch {
	case u <= math.MaxInt64 && !d.negative:
		return int64(u), true
	case u <= math.MaxInt64+1 && d.negative:
		return int64(-u), true
	default:
		return 0, false
	}
}

// integer returns the number if it is integral. fits is false if it is so beyond 64 bits.
func (d decimal) integer() (n int64, integral, fits bool) {
	if d.exp < 0 && d.count > 0 {
		return 0, false, true // the last digit is not 0
	}
	if d.cut {
		return 0, true, false // 20 digits or more, integral or not
	}
	n, fits = d.scaled(0)
	return n, true, fits
}

// isNumber says whether s is a number in JSON's grammar and nothing else.
func isNumber(s []byte) bool {
	p := jsonScanner{s: s}
	_, ok := p.number()
	return ok && p.i == len(s)
}
