package kql

import (
	"fmt"
	"math"

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
func (g *generator) mayBeNaN(e expr) bool {
	if e.typ() != value.Real {
		return false
	}
	switch e := e.(type) {
	case *column:
		return g.below != nil && g.below.nan[e.i]
	case *constant:
		f, ok := e.v.(float64)
		return ok && (math.IsNaN(f) || math.IsInf(f, 0))
	case *convert:
		return e.x.typ() == value.Dynamic || e.x.typ() == value.String
	case *call:
		return e.name != "todouble" && e.name != "toreal" || g.mayBeNaN(e.args[0])
	}
	return true
}

// condition writes an expression that is used only for being true, so that null may stand for false.
func (g *generator) condition(e expr) (string, error) {
	switch e := e.(type) {
	case *logic:
		return g.chain(e, g.condition)
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
		return g.chain(e, g.expr)
	case *in:
		return g.in(e)
	case *inTerms:
		return g.inTerms(e)
	case *call:
		return g.call(e)
	}
	return "", nil
}

// chain writes conditions that `and` or `or` joins.
func (g *generator) chain(e *logic, write func(expr) (string, error)) (string, error) {
	op := " OR "
	if e.and {
		op = " AND "
	}
	var texts []string
	for _, c := range chain(e, e.and) {
		text, err := write(c)
		if text == "" || err != nil {
			return "", err
		}
		texts = append(texts, text)
	}
	return joined(texts, op), nil
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
	if g.mayBeNaN(e.x) || g.mayBeNaN(e.y) || sqlType(e.x.typ()) == "" || sqlType(e.y.typ()) == "" {
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
