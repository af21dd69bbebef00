package logs

import (
	"fmt"
	"strconv"

	"github.com/endscope/endscope/internal/logrows"
)

// convert gives every value the Go type of its column.
func (r *Rows) convert(batch [][]any) error {
	for c, column := range r.columns {
		for _, row := range batch {
			v, ok := as(column.Type, row[c])
			if !ok {
				return fmt.Errorf("column %s of the answer is %s, and the statement gives %v (%T): %w", column.Name, column.Type, row[c], row[c], ErrOutOfRange)
			}
			row[c] = v
		}
	}
	return nil
}

// as returns a value from DuckDB as the Go type of t.
func as(t logrows.Type, v any) (any, bool) {
	if v == nil {
		return nil, true
	}
	switch t {
	case logrows.Bool:
		_, ok := v.(bool)
		return v, ok
	case logrows.Int:
		switch n := v.(type) {
		case int32:
			return v, true
		case int64:
			return int32(n), int64(int32(n)) == n
		}
	case logrows.Long, logrows.Datetime, logrows.Timespan:
		switch n := v.(type) {
		case int64:
			return v, true
		case int32:
			return int64(n), true
		}
	case logrows.Real:
		switch n := v.(type) {
		case float64:
			return v, true
		case int32:
			return float64(n), true
		case int64:
			return float64(n), true
		case string: // a decimal
			f, err := strconv.ParseFloat(n, 64)
			return f, err == nil
		}
	default:
		_, ok := v.(string)
		return v, ok
	}
	return nil, false
}
