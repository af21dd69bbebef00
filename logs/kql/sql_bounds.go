package kql

import (
	"github.com/endscope/endscope/logs/kql/value"
)

// narrow takes the bounds of TimeGenerated from a condition, so that whole days are left out.
func (g *generator) narrow(st *statement, c expr) {
	from, to, ok := timeBounds(c, st.scan.decl.Column(timeColumn), g.r)
	if ok {
		st.from, st.to = max(st.from, from), min(st.to, to)
	}
}

// timeBounds reads `TimeGenerated op constant`. r may be nil when subqueries cannot run yet.
func timeBounds(c expr, timeAt int, r *run) (from, to value.Time, ok bool) {
	cmp, isCompare := c.(*compare)
	if !isCompare || timeAt < 0 {
		return 0, 0, false
	}
	x, y, op := cmp.x, cmp.y, cmp.op
	if _, left := x.(*column); !left {
		x, y = y, x
		op = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}[op]
	}
	col, isColumn := x.(*column)
	if !isColumn || col.i != timeAt {
		return 0, 0, false
	}
	v, known := constantValue(y, r)
	t, isTime := v.(value.Time)
	if !known || !isTime {
		return 0, 0, false
	}
	switch op {
	case ">":
		return t + 1, value.MaxTime, true
	case ">=":
		return t, value.MaxTime, true
	case "<":
		return 0, t - 1, true
	case "<=":
		return 0, t, true
	case "==":
		return t, t, true
	}
	return 0, 0, false
}

// constantValue returns the value of an expression that needs no row. Subqueries run only with r.
func constantValue(e expr, r *run) (value.Value, bool) {
	if c, ok := e.(*constant); ok {
		return c.v, true
	}
	if !constantOver(e) || anyPart(e, isVolatile) {
		return nil, false
	}
	if r == nil {
		r = foldRun
		if anyPart(e, hasSubquery) {
			return nil, false
		}
	}
	f, err := r.compile(e)
	if err != nil {
		return nil, false
	}
	v, err := f(nil)
	return v, err == nil
}

func hasSubquery(e expr) bool {
	switch e := e.(type) {
	case *scalarOf, *variable:
		return true
	case *in:
		return e.sub != nil
	case *inTerms:
		return e.sub != nil
	}
	return false
}

func isVolatile(e expr) bool {
	c, ok := e.(*call)
	return ok && c.fn.Volatile
}
