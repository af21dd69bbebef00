package kql

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// call writes the functions that SQL computes exactly as the language does.
func (g *generator) call(e *call) (string, error) {
	if e.cols != nil {
		return "", nil
	}
	if len(e.args) == 1 && e.args[0].typ() == value.Dynamic {
		return g.callOfDynamic(e)
	}
	for _, a := range e.args {
		if _, isConst := a.(*constant); !isConst && sqlType(a.typ()) == "" {
			return "", nil
		}
	}
	switch e.name {
	case "not":
		return g.format("(NOT %s)", e.args[0])
	case "isempty":
		if e.args[0].typ() == value.String {
			return g.format("(%s = '')", e.args[0])
		}
	case "isnotempty", "notempty":
		if e.args[0].typ() == value.String {
			return g.format("(%s <> '')", e.args[0])
		}
	case "isnull":
		if e.args[0].typ() != value.String {
			return g.format("(%s IS NULL)", e.args[0])
		}
	case "isnotnull", "notnull":
		if e.args[0].typ() != value.String {
			return g.format("(%s IS NOT NULL)", e.args[0])
		}
	case "iff", "iif":
		if sqlType(e.t) != "" && e.args[1].typ() == e.t && e.args[2].typ() == e.t {
			return g.format("(CASE WHEN %s THEN %s ELSE %s END)", e.args...)
		}
	case "case":
		return g.cases(e)
	case "tostring", "tolong", "toint", "todouble", "toreal", "tobool", "toboolean":
		return g.convert(e.args[0], e.t)
	case "bin", "floor":
		return g.bin(e)
	case "strlen":
		if e.args[0].typ() == value.String {
			return g.format("CAST(length(%s) AS BIGINT)", e.args[0])
		}
	case "tolower", "toupper":
		// Only ASCII letters change alike here and there.
		return "", nil
	case "strcat":
		if slices.ContainsFunc(e.args, func(a expr) bool { return a.typ() != value.String }) {
			return "", nil
		}
		return g.format("("+strings.Repeat("%s || ", len(e.args)-1)+"%s)", e.args...)
	case "replace_string":
		if v, ok := constantValue(e.args[1], g.r); ok && v != "" {
			return g.format("replace(%s, %s, %s)", e.args...)
		}
	case "extract":
		return g.extract(e)
	case "substring":
		return g.substring(e)
	case "abs":
		if t := e.args[0].typ(); t == value.Real || t == value.Long {
			return g.format("abs(%s)", e.args[0])
		}
	case "startofday", "startofhour", "startofweek":
		if len(e.args) == 1 {
			return g.startOf(e)
		}
	case "hourofday":
		return g.format(fmt.Sprintf("CAST((%%s %%%% %d) // %d AS %s)", int64(value.Day), int64(value.Hour), sqlType(e.t)), e.args[0])
	case "dayofweek":
		return g.format(fmt.Sprintf("(((%%s // %[1]d + 1) %%%% 7) * %[1]d)", int64(value.Day)), e.args[0])
	}
	return "", nil
}

// callOfDynamic writes the functions of a member of a stored dynamic.
func (g *generator) callOfDynamic(e *call) (string, error) {
	switch e.name {
	case "tostring", "tolong", "todouble", "toreal":
		return g.fromDynamic(e.args[0], e.t), nil
	case "isnull":
		return g.isNullDynamic(e.args[0]), nil
	case "isnotnull", "notnull":
		if text := g.isNullDynamic(e.args[0]); text != "" {
			return "(NOT " + text + ")", nil
		}
	}
	return "", nil
}

func (g *generator) cases(e *call) (string, error) {
	var b strings.Builder
	b.WriteString("(CASE")
	n := len(e.args)
	if n%2 == 0 || sqlType(e.t) == "" {
		return "", nil
	}
	for i := 0; i+1 < n; i += 2 {
		if e.args[i+1].typ() != e.t {
			return "", nil
		}
		text, err := g.format(" WHEN %s THEN %s", e.args[i], e.args[i+1])
		if text == "" || err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	if e.args[n-1].typ() != e.t {
		return "", nil
	}
	text, err := g.format(" ELSE %s END)", e.args[n-1])
	if text == "" || err != nil {
		return "", err
	}
	return b.String() + text, nil
}

// bin writes bin(x, size) with a constant size: x less what it has above a multiple of size, which is never negative.
func (g *generator) bin(e *call) (string, error) {
	if len(e.args) != 2 {
		return "", nil
	}
	v, ok := constantValue(e.args[1], g.r)
	var size int64
	switch s := v.(type) {
	case value.Span:
		size = int64(s)
	case int64:
		size = s
	case int32:
		size = int64(s)
	default:
		ok = false
	}
	t := e.args[0].typ()
	if !ok || size <= 0 || e.t != t && !(t == value.Int && e.t == value.Long) {
		return "", nil
	}
	switch t {
	case value.Datetime:
		// A datetime is never negative, so one rest is enough.
		return g.format(fmt.Sprintf("(%%[1]s - %%[1]s %%%% %d)", size), e.args[0])
	case value.Timespan, value.Long, value.Int:
		return g.format(fmt.Sprintf("(CAST(%%[1]s AS BIGINT) - ((CAST(%%[1]s AS BIGINT) %%%% %[1]d) + %[1]d) %%%% %[1]d)", size), e.args[0])
	}
	return "", nil
}

// substring writes substring(text, start, length) with constants, start from 0.
func (g *generator) substring(e *call) (string, error) {
	var at [2]int64
	for i, a := range e.args[1:] {
		v, known := constantValue(a, g.r)
		n, isNumber := value.ToLong(v)
		if !known || !isNumber || n < 0 || n > math.MaxInt32 {
			return "", nil
		}
		at[i] = n
	}
	if len(e.args) == 2 {
		return g.format(fmt.Sprintf("substring(%%s, %d)", at[0]+1), e.args[0])
	}
	return g.format(fmt.Sprintf("substring(%%s, %d, %d)", at[0]+1, at[1]), e.args[0])
}

// startOf writes the start of the day, hour or week (Sunday). Day 0 is a Monday.
func (g *generator) startOf(e *call) (string, error) {
	switch e.name {
	case "startofday":
		return g.format(fmt.Sprintf("(%%[1]s - %%[1]s %%%% %d)", int64(value.Day)), e.args[0])
	case "startofhour":
		return g.format(fmt.Sprintf("(%%[1]s - %%[1]s %%%% %d)", int64(value.Hour)), e.args[0])
	}
	return g.format(fmt.Sprintf("((%%[1]s // %[1]d - (%%[1]s // %[1]d + 1) %%%% 7) * %[1]d)", int64(value.Day)), e.args[0])
}

// extract writes extract(regex, group, text).
func (g *generator) extract(e *call) (string, error) {
	if len(e.args) != 3 || e.t != value.String {
		return "", nil
	}
	pattern, ok := constantValue(e.args[0], g.r)
	text, isText := pattern.(string)
	group, ok2 := constantValue(e.args[1], g.r)
	n, isNumber := value.ToLong(group)
	if !ok || !ok2 || !isText || !isNumber {
		return "", nil
	}
	re, err := compileRegex(text)
	if err != nil || n < 0 || n > int64(re.NumSubexp()) || n > 9 {
		return "", nil
	}
	x, err := g.expr(e.args[2])
	if x == "" || err != nil {
		return "", err
	}
	return fmt.Sprintf("regexp_extract(%s, %s, %d)", x, g.arg(re.String()), n), nil
}
