package kql

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// sqlType is how a type is held in SQL; "" for those that SQL only hands through.
func sqlType(t value.Type) string {
	switch t {
	case value.Bool:
		return "BOOLEAN"
	case value.Int:
		return "INTEGER"
	case value.Long, value.Datetime, value.Timespan:
		return "BIGINT"
	case value.Real:
		return "DOUBLE"
	case value.String:
		return "VARCHAR"
	}
	return ""
}

// mayBeNaN says whether a real may be NaN, which SQL orders and compares in a way of its own. Stored reals and constants of the query are not.
func mayBeNaN(e expr) bool {
	if e.typ() != value.Real {
		return false
	}
	switch e := e.(type) {
	case *column:
		return false
	case *constant:
		f, ok := e.v.(float64)
		return ok && (math.IsNaN(f) || math.IsInf(f, 0))
	case *convert:
		return e.x.typ() == value.Dynamic || e.x.typ() == value.String
	case *call:
		return e.name != "todouble" && e.name != "toreal" || mayBeNaN(e.args[0])
	}
	return true
}

// condition writes an expression that is used only for being true, so that null may stand for false.
func (g *generator) condition(e expr) (string, error) {
	switch e := e.(type) {
	case *logic:
		x, err := g.condition(e.x)
		if x == "" || err != nil {
			return "", err
		}
		y, err := g.condition(e.y)
		if y == "" || err != nil {
			return "", err
		}
		if e.and {
			return fmt.Sprintf("(%s AND %s)", x, y), nil
		}
		return fmt.Sprintf("(%s OR %s)", x, y), nil
	case *compare:
		return g.compare(e, true)
	}
	return g.expr(e)
}

// expr writes an expression over the columns c0, c1 ...; "" means that SQL cannot say it.
func (g *generator) expr(e expr) (string, error) {
	if !anyPart(e, func(p expr) bool { _, ok := p.(*column); return ok }) {
		if anyPart(e, isVolatile) {
			return "", nil
		}
		if _, ok := e.(*constant); !ok {
			f, err := g.r.compile(e)
			if err != nil {
				return "", err
			}
			v, err := f(nil)
			if err != nil {
				return "", err
			}
			e = &constant{e.typ(), v}
		}
	}
	switch e := e.(type) {
	case *constant:
		return g.constant(e), nil
	case *column:
		return fmt.Sprintf("c%d", e.i), nil
	case *arith:
		return g.arith(e)
	case *neg:
		if t := e.typ(); t != value.Long && t != value.Real && t != value.Timespan {
			return "", nil
		}
		return g.format("(-%s)", e.x)
	case *convert:
		return g.convert(e.x, e.t)
	case *compare:
		return g.compare(e, false)
	case *match:
		return g.match(e)
	case *regex:
		re, err := compileRegex(e.pattern)
		if err != nil {
			return "", err
		}
		x, err := g.expr(e.x)
		if x == "" || err != nil {
			return "", err
		}
		return fmt.Sprintf("regexp_matches(%s, %s)", x, g.arg(re.String())), nil
	case *logic:
		op := " OR "
		if e.and {
			op = " AND "
		}
		return g.format("(%s"+op+"%s)", e.x, e.y)
	case *in:
		return g.in(e)
	case *inTerms:
		return g.inTerms(e)
	case *call:
		return g.call(e)
	}
	return "", nil
}

// format writes the parts of an expression into a form.
func (g *generator) format(form string, parts ...expr) (string, error) {
	texts := make([]any, len(parts))
	for i, p := range parts {
		text, err := g.expr(p)
		if text == "" || err != nil {
			return "", err
		}
		texts[i] = text
	}
	return fmt.Sprintf(form, texts...), nil
}

// constant writes a value as a parameter with its type.
func (g *generator) constant(e *constant) string {
	t := sqlType(e.t)
	if t == "" {
		return ""
	}
	if e.v == nil {
		return "CAST(NULL AS " + t + ")"
	}
	var v any = e.v
	switch x := e.v.(type) {
	case value.Time:
		v = int64(x)
	case value.Span:
		v = int64(x)
	}
	return fmt.Sprintf("CAST(%s AS %s)", g.arg(v), t)
}

func (g *generator) arith(e *arith) (string, error) {
	tx, ty := e.x.typ(), e.y.typ()
	whole := func(t value.Type) bool { return t == value.Int || t == value.Long }
	switch {
	case whole(tx) && whole(ty):
		switch e.op {
		case "+", "-", "*":
			return g.format("(CAST(%s AS BIGINT) "+e.op+" CAST(%s AS BIGINT))", e.x, e.y)
		case "/":
			return g.format("(CAST(%s AS BIGINT) // CAST(%s AS BIGINT))", e.x, e.y)
		}
	case value.Numeric(tx) && value.Numeric(ty) && e.t == value.Real && e.op != "%":
		return g.format("(CAST(%s AS DOUBLE) "+e.op+" CAST(%s AS DOUBLE))", e.x, e.y)
	case tx == value.Datetime && ty == value.Datetime && e.op == "-", tx == value.Timespan && ty == value.Timespan && (e.op == "-" || e.op == "+"):
		return g.format("(%s "+e.op+" %s)", e.x, e.y)
	case e.t == value.Datetime && (e.op == "+" || e.op == "-"):
		sum, err := g.format("(%s "+e.op+" %s)", e.x, e.y)
		if sum == "" || err != nil {
			return "", err
		}
		return fmt.Sprintf("(CASE WHEN %s BETWEEN 0 AND %d THEN %s END)", sum, int64(value.MaxTime), sum), nil
	case tx == value.Timespan && ty == value.Timespan && e.op == "/":
		return g.format("(CAST(%s AS DOUBLE) / CAST(%s AS DOUBLE))", e.x, e.y)
	}
	return "", nil
}

// convert writes a conversion whose result SQL gives exactly.
func (g *generator) convert(x expr, to value.Type) (string, error) {
	from := x.typ()
	whole := func(t value.Type) bool { return t == value.Int || t == value.Long }
	switch {
	case from == value.Dynamic:
		return g.fromDynamic(x, to), nil
	case from == to && sqlType(to) != "":
		return g.expr(x)
	case whole(from) && (to == value.Long || to == value.Real):
		return g.format("CAST(%s AS "+sqlType(to)+")", x)
	case whole(from) && to == value.Int:
		return g.format("TRY_CAST(%s AS INTEGER)", x)
	case whole(from) && to == value.String:
		return g.format("coalesce(CAST(%s AS VARCHAR), '')", x)
	case whole(from) && to == value.Bool:
		return g.format("(%s <> 0)", x)
	}
	return "", nil
}

func (g *generator) compare(e *compare, onlyTrue bool) (string, error) {
	if mayBeNaN(e.x) || mayBeNaN(e.y) || sqlType(e.x.typ()) == "" || sqlType(e.y.typ()) == "" {
		return "", nil
	}
	if e.op == "=~" || e.op == "!~" {
		return g.equalFold(e)
	}
	x, err := g.expr(e.x)
	if x == "" || err != nil {
		return "", err
	}
	y, err := g.expr(e.y)
	if y == "" || err != nil {
		return "", err
	}
	never := neverNull(e.x) && neverNull(e.y)
	switch {
	case e.op == "==" && (onlyTrue || never):
		return fmt.Sprintf("(%s = %s)", x, y), nil
	case e.op == "!=" && never:
		return fmt.Sprintf("(%s <> %s)", x, y), nil
	case e.op == "!=" && onlyTrue:
		return fmt.Sprintf("(%s IS DISTINCT FROM %s)", x, y), nil
	case e.op == "==":
		return fmt.Sprintf("(CASE WHEN %[1]s IS NULL AND %[2]s IS NULL THEN NULL ELSE %[1]s IS NOT DISTINCT FROM %[2]s END)", x, y), nil
	case e.op == "!=":
		return fmt.Sprintf("(CASE WHEN %[1]s IS NULL AND %[2]s IS NULL THEN NULL ELSE %[1]s IS DISTINCT FROM %[2]s END)", x, y), nil
	}
	return fmt.Sprintf("(%s %s %s)", x, e.op, y), nil
}

// neverNull says whether an expression has a value in every row.
func neverNull(e expr) bool {
	if c, ok := e.(*constant); ok {
		return c.v != nil
	}
	return e.typ() == value.String
}

// equalFold writes =~ and !~ with a constant of ASCII.
func (g *generator) equalFold(e *compare) (string, error) {
	x, y := e.x, e.y
	v, ok := constantValue(y, g.r)
	if !ok {
		x, y = y, x
		v, ok = constantValue(y, g.r)
	}
	text, isText := v.(string)
	if !ok || !isText || !isASCII(text) {
		return "", nil
	}
	cell, err := g.expr(x)
	if cell == "" || err != nil {
		return "", err
	}
	text = strings.ToLower(text)
	return fmt.Sprintf("(%s %s %s)", lowerFor(cell, text), map[string]string{"=~": "=", "!~": "<>"}[e.op], g.arg(text)), nil
}

// lowerFor writes a text in lower case, to be compared with a needle of lower-case ASCII. To the language no other letter is the same as an
// ASCII one, but SQL makes an i of U+0130 and a k of U+212A; so these are made another letter first, where that matters.
func lowerFor(text, needle string) string {
	if strings.ContainsAny(needle, "ik") {
		return "lower(replace(replace(" + text + ", chr(304), chr(233)), chr(8490), chr(233)))"
	}
	return "lower(" + text + ")"
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// match writes a string operator with a constant needle. A term is a run of letters and digits, so `has` is the needle with no letter or
// digit beside it; that it is contained at all is checked first, which is much faster.
func (g *generator) match(e *match) (string, error) {
	v, ok := constantValue(e.y, g.r)
	needle, isText := v.(string)
	if !ok || !isText || !e.cs && !isASCII(needle) {
		return "", nil
	}
	x, err := g.expr(e.x)
	if x == "" || err != nil {
		return "", err
	}
	exact := x
	if !e.cs {
		needle = strings.ToLower(needle)
		exact, x = lowerFor(x, needle), "lower("+x+")"
	}
	var text string
	switch e.op {
	case "contains":
		if text = fmt.Sprintf("contains(%s, %s)", x, g.arg(needle)); exact != x {
			text = fmt.Sprintf("(%s AND contains(%s, %s))", text, exact, g.arg(needle))
		}
	case "startswith":
		text = fmt.Sprintf("starts_with(%s, %s)", exact, g.arg(needle))
	case "endswith":
		text = fmt.Sprintf("ends_with(%s, %s)", exact, g.arg(needle))
	default:
		if text = g.term(e.op, x, exact, needle); text == "" {
			return "", nil
		}
	}
	if e.not {
		return "(NOT " + text + ")", nil
	}
	return text, nil
}

// term writes has, hasprefix or hassuffix of a text that has the needle's case already; "" where only the language's own code decides. x is
// quick to compute and contains the needle wherever exact does.
func (g *generator) term(op, x, exact, needle string) string {
	if needle == "" || !isAlphanumericASCII(needle) {
		return ""
	}
	const border = `[^\p{L}\p{Nd}]`
	before, after := "(^|"+border+")", "("+border+"|$)"
	if op == "hasprefix" {
		after = ""
	}
	if op == "hassuffix" {
		before = ""
	}
	return fmt.Sprintf("(contains(%s, %s) AND regexp_matches(%s, %s))", x, g.arg(needle), exact, g.arg("(?s)"+before+needle+after))
}

func isAlphanumericASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return false
		}
	}
	return true
}

// maxList bounds the constants of a list in a statement.
const maxList = 10_000

func (g *generator) in(e *in) (string, error) {
	t := sqlType(e.x.typ())
	if t == "" || t == "DOUBLE" {
		return "", nil
	}
	consts, rest, err := g.r.splitList(e.list, e.sub)
	if err != nil || len(rest) > 0 || len(consts) > maxList {
		return "", err
	}
	x, err := g.expr(e.x)
	if x == "" || err != nil {
		return "", err
	}
	if e.fold {
		x = lowerFor(x, "ik")
	}
	var list []string
	for _, v := range consts {
		if v == nil {
			continue
		}
		same := value.TypeOf(v) == e.x.typ() || value.TypeOf(v) == value.Long && e.x.typ() == value.Int || value.TypeOf(v) == value.Int && e.x.typ() == value.Long
		if s, ok := v.(string); e.fold && ok && isASCII(s) {
			list = append(list, g.arg(strings.ToLower(s)))
			continue
		}
		if !same || e.fold {
			return "", nil
		}
		list = append(list, g.constant(&constant{value.TypeOf(v), v}))
	}
	text := "false"
	if len(list) > 0 {
		text = fmt.Sprintf("(%s IN (%s))", x, strings.Join(list, ", "))
		if !neverNull(e.x) {
			text = "coalesce(" + text + ", false)"
		}
	}
	if e.not {
		return "(NOT " + text + ")", nil
	}
	return text, nil
}

func (g *generator) inTerms(e *inTerms) (string, error) {
	consts, rest, err := g.r.splitList(e.list, e.sub)
	if err != nil || len(rest) > 0 || len(consts) == 0 || len(consts) > 100 {
		return "", err
	}
	x, err := g.expr(e.x)
	if x == "" || err != nil {
		return "", err
	}
	var list []string
	for _, v := range consts {
		s, ok := v.(string)
		if !ok {
			return "", nil
		}
		needle := strings.ToLower(s)
		text := g.term("has", "lower("+x+")", lowerFor(x, needle), needle)
		if text == "" || !isASCII(s) {
			return "", nil
		}
		list = append(list, text)
	}
	if e.all {
		return "(" + strings.Join(list, " AND ") + ")", nil
	}
	return "(" + strings.Join(list, " OR ") + ")", nil
}

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
