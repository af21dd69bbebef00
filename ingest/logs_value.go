package ingest

import (
	"bytes"
	"math"
	"strconv"
	"unsafe"

	"github.com/endscope/endscope/internal/logrows"
)

// What values must be, as faults say it.
const (
	ruleBool     = `is no bool: must be true or false, as words or text, or 1 or 0`
	ruleInt      = `is no int: must be an integral number from -2147483648 to 2147483647, or text of one`
	ruleLong     = `is no long: must be an integral number of 64 bits, or text of one`
	ruleReal     = `is no real: must be a finite number, or text of one or of NaN, Infinity or -Infinity`
	ruleDecimal  = `is no decimal: must be a number, or text of one`
	ruleDatetime = `is no datetime: must be a time of RFC 3339 such as 2006-01-02T15:04:05.9999999Z, or seconds, milliseconds, microseconds or nanoseconds since 1970, of the years 1 to 9999`
	ruleTimespan = `is no timespan: must be text such as 1.02:03:04.5, [-][days.]hours:minutes:seconds[.fraction]`
	ruleGUID     = `is no guid: must be text such as 01234567-89ab-cdef-0123-456789abcdef`
)

var rules = [...]string{logrows.Bool: ruleBool, logrows.Int: ruleInt, logrows.Long: ruleLong, logrows.Real: ruleReal, logrows.Decimal: ruleDecimal,
	logrows.Datetime: ruleDatetime, logrows.Timespan: ruleTimespan, logrows.GUID: ruleGUID}

// setFromText sets a column that is not of strings from text. Empty text is a missing value, as it is in the tables.
func (b *logBatch) setFromText(c int, v []byte) {
	if len(v) == 0 {
		b.unset(c)
		return
	}
	switch b.t.columns[c].Type {
	case logrows.Bool:
		switch {
		case bytes.EqualFold(v, []byte("true")), string(v) == "1":
			b.setBool(c, true)
		case bytes.EqualFold(v, []byte("false")), string(v) == "0":
			b.setBool(c, false)
		default:
			b.wrongType(c, v)
		}
	case logrows.Datetime:
		ticks, ok := b.dates.parse(v)
		switch {
		case ok:
			b.setLong(c, ticks)
		case isNumber(v):
			b.setFromNumber(c, v)
		default:
			b.wrongType(c, v)
		}
	case logrows.Timespan:
		ticks, ok := parseTimespan(v)
		if !ok {
			b.wrongType(c, v)
			return
		}
		b.setLong(c, ticks)
	case logrows.GUID:
		guid, ok := parseGUID(v)
		if !ok {
			b.wrongType(c, v)
			return
		}
		b.setText(c, guid[:])
	case logrows.Real:
		switch string(v) {
		case "NaN":
			b.setReal(c, math.NaN())
			return
		case "Infinity":
			b.setReal(c, math.Inf(1))
			return
		case "-Infinity":
			b.setReal(c, math.Inf(-1))
			return
		}
		fallthrough
	default:
		if !isNumber(v) {
			b.wrongType(c, v)
			return
		}
		b.setFromNumber(c, v)
	}
}

// setFromNumber sets a column from a number in JSON's grammar.
func (b *logBatch) setFromNumber(c int, v []byte) {
	switch b.t.columns[c].Type {
	case logrows.String, logrows.Decimal:
		b.setText(c, v)
	case logrows.Int, logrows.Long:
		n, integral, fits := parseDecimal(v).integer()
		if !integral || !fits {
			b.wrongType(c, v)
			return
		}
		b.setInteger(c, n, v)
	case logrows.Real:
		f, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(v), len(v)), 64)
		if err != nil {
			b.wrongType(c, v)
			return
		}
		b.setReal(c, f)
	case logrows.Datetime:
		ticks, ok := epochTicks(parseDecimal(v))
		if !ok {
			b.wrongType(c, v)
			return
		}
		b.setLong(c, ticks)
	case logrows.Bool:
		n, integral, fits := parseDecimal(v).integer()
		if !integral || !fits || n != 0 && n != 1 {
			b.wrongType(c, v)
			return
		}
		b.setBool(c, n == 1)
	default:
		b.wrongType(c, v)
	}
}

// setInteger sets an Int or Long that was written as text.
func (b *logBatch) setInteger(c int, n int64, text []byte) {
	if b.t.columns[c].Type == logrows.Int && n != int64(int32(n)) {
		b.wrongType(c, text)
		return
	}
	b.setLong(c, n)
}

func (b *logBatch) wrongType(c int, v []byte) {
	b.fault(ReasonType, b.t.columns[c].Name, v, rules[b.t.columns[c].Type])
}

// parseGUID reads 8-4-4-4-12 hexadecimal digits and returns them in lower case.
func parseGUID(v []byte) (guid [36]byte, ok bool) {
	if len(v) != len(guid) {
		return guid, false
	}
	for i, c := range v {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return guid, false
			}
		case c >= 'A' && c <= 'F':
			c += 'a' - 'A'
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f':
		default:
			return guid, false
		}
		guid[i] = c
	}
	return guid, true
}
