package web

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/query"
)

// answerCSV returns the answer of /api/v1/metrics as a table (RFC 4180): one line for each series and timestamp, with a column for each
// dimension that any series has. No data is an empty field. What a table has no place for is said in headers.
func answerCSV(h http.Header, a *query.Answer) []byte {
	if a.PartialFrom != nil {
		h.Set("Endscope-Partial-From", time.UnixMilli(*a.PartialFrom).UTC().Format(time.RFC3339Nano))
	}
	if t := a.Truncated; t != nil {
		h.Set("Endscope-Truncated", fmt.Sprintf("%d of %d series", t.Shown, t.Total))
	}
	for _, warning := range a.Warnings {
		h.Add("Endscope-Warning", headerText(warning))
	}
	named, ended := map[string]bool{}, a.Ended()
	values := 0
	for _, s := range a.Series {
		values += len(s.Values)
		for name := range s.Dimensions {
			named[name] = true
		}
	}
	dimensions := slices.Sorted(maps.Keys(named))
	header := slices.Concat([]string{"time", "scope", "metric", "aggregation", "unit"}, dimensions, []string{"value"})
	if a.Compared != nil {
		header = append(header, "compared_time", "compared", "difference")
	}
	b := make([]byte, 0, 256+100*values)
	b = append(append(b, strings.Join(header, ",")...), '\r', '\n')
	for _, s := range a.Series {
		name := []byte{','}
		for _, field := range []string{seriesScope(s).String(), s.Metric, strings.ToLower(string(s.Aggregation)), string(s.Unit)} {
			name = append(appendField(name, field), ',')
		}
		for _, dim := range dimensions {
			name = append(appendField(name, s.Dimensions[dim]), ',')
		}
		for i, v := range s.Values {
			b = time.UnixMilli(a.Timestamps[i]).UTC().AppendFormat(b, time.RFC3339Nano)
			b = append(b, name...)
			b = appendNumber(b, v)
			if a.Compared != nil {
				b = append(b, ',')
				b = time.UnixMilli(a.Timestamps[i]).Add(a.Compared.Start.Sub(a.Start)).UTC().AppendFormat(b, time.RFC3339Nano)
				b = appendNumber(append(b, ','), s.Compared[i])
				b = appendNumber(append(b, ','), difference(s, i, ended))
			}
			b = append(b, '\r', '\n')
		}
	}
	return b
}

// headerText is a text as a header can hold it.
func headerText(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, text)
}

func appendNumber(b []byte, v *float64) []byte {
	if v == nil {
		return b
	}
	return strconv.AppendFloat(b, *v, 'g', -1, 64)
}

// appendField writes a name. One that a spreadsheet would take for a formula gets a quote before it, as spreadsheets write it themselves.
func appendField(b []byte, text string) []byte {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		text = "'" + text
	}
	return appendExact(b, text)
}

// appendExact writes a text so that whoever reads the CSV gets just that text.
func appendExact(b []byte, text string) []byte {
	if !strings.ContainsAny(text, "\",\r\n") {
		return append(b, text...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(text, `"`, `""`)...)
	return append(b, '"')
}
