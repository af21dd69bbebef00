package fn

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// parseCSVFunctions split records of comma-separated values.
func parseCSVFunctions() []Scalar {
	return []Scalar{
		textFunction("parse_csv(text: string): dynamic", "Returns the fields of the first record of comma-separated values.",
			func(s string) value.Value { return parseCSV(s) }),
	}
}

// parseCSV reads to the end of the first record. A field in quotes may have commas, line breaks and doubled quotes; what follows its closing
// quote belongs to it as it stands.
func parseCSV(s string) value.Array {
	out := value.Array{}
	for {
		var field strings.Builder
		if rest, ok := strings.CutPrefix(s, `"`); ok {
			s = rest
			for {
				part, after, closed := strings.Cut(s, `"`)
				field.WriteString(part)
				s = after
				if !closed || !strings.HasPrefix(s, `"`) {
					break
				}
				field.WriteByte('"')
				s = s[1:]
			}
		}
		end := strings.IndexAny(s, ",\r\n")
		if end < 0 {
			field.WriteString(s)
			return append(out, field.String())
		}
		field.WriteString(s[:end])
		out = append(out, field.String())
		if s[end] != ',' {
			return out
		}
		s = s[end+1:]
	}
}
