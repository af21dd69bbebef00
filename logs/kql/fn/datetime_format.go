package fn

import (
	"fmt"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// datetimeFormatFunctions write datetimes and timespans in a given format.
func datetimeFormatFunctions() []Scalar {
	return []Scalar{
		{
			Signature: Signature{
				Text: "format_datetime(date: datetime, format: string): string",
				Help: "Writes a datetime with a format of d dd M MM y yy yyyy h hh H HH m mm s ss f…fffffff F…FFFFFFF tt and the separators space / - : , . _ [ ] (also T and Z).",
			},
			Make: func(_ *Context, args []Arg) (Eval, error) {
				find, err := constantOf("format_datetime", args, 1, parseDatetimeFormat)
				if err != nil {
					return nil, err
				}
				return func(a []value.Value) (value.Value, error) {
					format, err := find(a[1].(string))
					if err != nil {
						return nil, err
					}
					return formatDatetime(a[0].(value.Time), format), nil
				}, nil
			},
		},
		{
			Signature: Signature{
				Text: "format_timespan(timespan: timespan, format: string): string",
				Help: "Writes a timespan with a format of d…dddddddd h hh H HH m mm s ss f…fffffff F…FFFFFFF and the separators space / - : , . _ [ ]. The sign is left out.",
			},
			Make: func(_ *Context, args []Arg) (Eval, error) {
				find, err := constantOf("format_timespan", args, 1, parseTimespanFormat)
				if err != nil {
					return nil, err
				}
				return func(a []value.Value) (value.Value, error) {
					format, err := find(a[1].(string))
					if err != nil {
						return nil, err
					}
					return formatTimespan(a[0].(value.Span), format), nil
				}, nil
			},
		},
	}
}

// timePiece is one part of a format: count times verb, or (verb 0) text as it is.
type timePiece struct {
	verb  byte
	count int
	text  string
}

// timeSeparators may stand in a format as they are.
const timeSeparators = " /-:,._[]"

func parseDatetimeFormat(format string) ([]timePiece, error) {
	// T and Z are what ISO 8601 needs, and no specifiers.
	return parseTimeFormat(format, timeSeparators+"TZ", func(verb byte, n int) bool {
		switch verb {
		case 'd', 'M', 'h', 'H', 'm', 's':
			return n <= 2
		case 'y':
			return n <= 2 || n == 4
		case 'f', 'F':
			return n <= 7
		}
		return verb == 't' && n == 2
	})
}

func parseTimespanFormat(format string) ([]timePiece, error) {
	return parseTimeFormat(format, timeSeparators, func(verb byte, n int) bool {
		switch verb {
		case 'd':
			return n <= 8
		case 'h', 'H', 'm', 's':
			return n <= 2
		}
		return (verb == 'f' || verb == 'F') && n <= 7
	})
}

// parseTimeFormat splits a format into pieces. Specifiers are what known accepts.
func parseTimeFormat(format, separators string, known func(verb byte, n int) bool) ([]timePiece, error) {
	if format == "" {
		return nil, fmt.Errorf("the format is empty")
	}
	var pieces []timePiece
	for i := 0; i < len(format); {
		n := 1
		for i+n < len(format) && format[i+n] == format[i] {
			n++
		}
		run := format[i : i+n]
		switch {
		case strings.IndexByte(separators, format[i]) >= 0:
			pieces = append(pieces, timePiece{text: run})
		case known(format[i], n):
			pieces = append(pieces, timePiece{verb: format[i], count: n})
		default:
			for _, r := range format[i:] { // a whole character, not a byte of it
				if n == 1 {
					run = string(r)
				}
				break
			}
			return nil, fmt.Errorf("the format '%s' has '%s' at position %d, which is neither a specifier nor one of the separators '%s'", format, run, i+1, separators)
		}
		i += n
	}
	return pieces, nil
}

func formatDatetime(t value.Time, pieces []timePiece) string {
	y, mo, d := t.Civil()
	h, mi, s, ticks := t.Clock()
	out := make([]byte, 0, 32)
	for _, p := range pieces {
		switch p.verb {
		case 0:
			out = append(out, p.text...)
		case 'y':
			if p.count < 4 {
				out = appendPadded(out, int64(y%100), p.count)
			} else {
				out = appendPadded(out, int64(y), 4)
			}
		case 'M':
			out = appendPadded(out, int64(mo), p.count)
		case 'd':
			out = appendPadded(out, int64(d), p.count)
		case 'H':
			out = appendPadded(out, int64(h), p.count)
		case 'h':
			out = appendPadded(out, int64((h+11)%12+1), p.count)
		case 'm':
			out = appendPadded(out, int64(mi), p.count)
		case 's':
			out = appendPadded(out, int64(s), p.count)
		case 't':
			if h < 12 {
				out = append(out, "AM"...)
			} else {
				out = append(out, "PM"...)
			}
		default:
			out = appendFraction(out, ticks, p)
		}
	}
	return string(out)
}

func formatTimespan(s value.Span, pieces []timePiece) string {
	u := uint64(s) // the magnitude, also of the smallest timespan
	if s < 0 {
		u = -u
	}
	days, ticks := int64(u/uint64(value.Day)), value.Span(u%uint64(value.Day))
	out := make([]byte, 0, 32)
	for _, p := range pieces {
		switch p.verb {
		case 0:
			out = append(out, p.text...)
		case 'd':
			out = appendPadded(out, days, p.count)
		case 'h', 'H':
			out = appendPadded(out, int64(ticks/value.Hour), p.count)
		case 'm':
			out = appendPadded(out, int64(ticks/value.Minute%60), p.count)
		case 's':
			out = appendPadded(out, int64(ticks/value.Second%60), p.count)
		default:
			out = appendFraction(out, ticks%value.Second, p)
		}
	}
	return string(out)
}

// appendPadded appends n, which is not negative, with zeros before it up to width.
func appendPadded(out []byte, n int64, width int) []byte {
	var digits [20]byte
	i := len(digits)
	for ; n > 0 || len(digits)-i < width; n /= 10 {
		i--
		digits[i] = byte('0' + n%10)
	}
	return append(out, digits[i:]...)
}

// appendFraction appends the first digits of a fraction of a second. F leaves out zeros at its end.
func appendFraction(out []byte, ticks value.Span, p timePiece) []byte {
	start := len(out)
	out = appendPadded(out, int64(ticks), 7)[:start+p.count]
	if p.verb == 'F' {
		for len(out) > start && out[len(out)-1] == '0' {
			out = out[:len(out)-1]
		}
	}
	return out
}
