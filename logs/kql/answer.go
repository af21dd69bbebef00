package kql

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// AppendCell appends a cell as the query API writes it in JSON: datetimes and timespans as text, dynamics as their JSON text in a string,
// reals that JSON has no number for as "NaN", "Infinity" and "-Infinity".
func AppendCell(dst []byte, v value.Value, t value.Type) []byte {
	switch v := v.(type) {
	case nil:
		if t == value.String {
			return append(dst, `""`...)
		}
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int32:
		return strconv.AppendInt(dst, int64(v), 10)
	case int64:
		if t != value.Dynamic {
			return strconv.AppendInt(dst, v, 10)
		}
	case float64:
		if t != value.Dynamic {
			return appendReal(dst, v)
		}
	}
	return appendText(dst, CellText(v, t))
}

func appendReal(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64)
}

// appendText appends a JSON string. Bytes that are no UTF-8 become U+FFFD.
func appendText(dst []byte, s string) []byte {
	plain := true
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			plain = false
			break
		}
	}
	if plain {
		return append(append(append(dst, '"'), s...), '"')
	}
	quoted, err := json.Marshal(strings.ToValidUTF8(s, "\uFFFD"))
	if err != nil { // it cannot happen for a string
		return append(dst, `""`...)
	}
	return append(dst, quoted...)
}

// CellText returns a cell as plain text, as in CSV: "" for null.
func CellText(v value.Value, t value.Type) string {
	switch v := v.(type) {
	case nil:
		return ""
	case value.Time:
		if t != value.Dynamic {
			return isoText(v)
		}
	}
	return value.Text(v)
}

// isoText is a datetime as answers write it: seven digits of the second, and none where they are zero.
func isoText(t value.Time) string {
	text := value.TimeText(t)
	return strings.Replace(text, ".0000000Z", "Z", 1)
}
