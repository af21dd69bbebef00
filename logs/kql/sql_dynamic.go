package kql

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// plainKey are the keys of a dynamic that a JSON path can name in quotes.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_ .:/-]+$`)

// jsonPath returns the column of a dynamic and the JSON path into it that an expression such as Properties.a["b"][0] means.
func jsonPath(e expr) (col *column, text string, ok bool) {
	switch e := e.(type) {
	case *column:
		return e, "$", e.t == value.Dynamic
	case *path:
		if col, text, ok = jsonPath(e.x); !ok || !plainKey.MatchString(e.key) {
			return nil, "", false
		}
		return col, text + `."` + e.key + `"`, true
	case *element:
		i, isConst := e.i.(*constant)
		if !isConst {
			return nil, "", false
		}
		n, isNumber := i.v.(int64)
		if col, text, ok = jsonPath(e.x); !ok || !isNumber || n < 0 {
			return nil, "", false
		}
		return col, fmt.Sprintf("%s[%d]", text, n), true
	}
	return nil, "", false
}

// fromDynamic writes the conversion of a member of a stored dynamic. Members that JSON and the language write alike are converted in SQL; any
// other makes the statement leave the range of a type, whereupon the query is computed over rows.
func (g *generator) fromDynamic(x expr, to value.Type) string {
	col, path, ok := jsonPath(x)
	if !ok || path == "$" {
		return ""
	}
	p := g.arg(path)
	kind := fmt.Sprintf("json_type(c%d, %s)", col.i, p)
	text := fmt.Sprintf("json_extract_string(c%d, %s)", col.i, p)
	const beyond = "CAST(CAST(strlen(%s) AS DOUBLE) * 1e300 + 1e300 AS BIGINT)" // of a text that is there
	elsewhere := fmt.Sprintf(beyond, text)
	short := fmt.Sprintf("strlen(%s) <= 18", text) // so that the number fits a long
	var b strings.Builder
	fmt.Fprintf(&b, "(CASE WHEN %s IS NULL OR %[1]s = 'NULL' THEN %s", kind, map[bool]string{true: "''", false: "NULL"}[to == value.String])
	switch to {
	case value.String:
		fmt.Fprintf(&b, " WHEN %s IN ('VARCHAR', 'BOOLEAN') THEN %s WHEN %[1]s IN ('UBIGINT', 'BIGINT') AND %[3]s THEN %[2]s ELSE CAST(%[4]s AS VARCHAR) END)", kind, text, short, elsewhere)
	case value.Long:
		fmt.Fprintf(&b, " WHEN %s IN ('UBIGINT', 'BIGINT') AND %s THEN CAST(%s AS BIGINT) ELSE %s END)", kind, short, text, elsewhere)
	case value.Real:
		fmt.Fprintf(&b, " WHEN %s IN ('UBIGINT', 'BIGINT', 'DOUBLE') THEN CAST(%s AS DOUBLE) ELSE CAST(%s AS DOUBLE) END)", kind, text, elsewhere)
	default:
		return ""
	}
	return b.String()
}

// isNullDynamic writes isnull() of a member of a stored dynamic.
func (g *generator) isNullDynamic(x expr) string {
	col, path, ok := jsonPath(x)
	if !ok {
		return ""
	}
	if path == "$" {
		return fmt.Sprintf("(c%d IS NULL)", col.i)
	}
	return fmt.Sprintf("(coalesce(json_type(c%d, %s), 'NULL') = 'NULL')", col.i, g.arg(path))
}
