package kql

import (
	"fmt"
	"regexp"

	"github.com/endscope/endscope/logs/kql/fn"
	"github.com/endscope/endscope/logs/kql/value"
)

// evalFunc computes an expression for a row.
type evalFunc func(row Row) (value.Value, error)

// compile makes the closure that computes e. Subqueries in it are run now, once.
func (r *run) compile(e expr) (evalFunc, error) {
	switch e := e.(type) {
	case *constant:
		v := e.v
		return func(Row) (value.Value, error) { return v, nil }, nil
	case *column:
		i := e.i
		return func(row Row) (value.Value, error) { return row[i], nil }, nil
	case *call:
		return r.compileCall(e)
	case *arith:
		op, loose := e.op, e.t == value.Dynamic
		return r.binary(e.x, e.y, func(a, b value.Value) value.Value {
			if loose && (!value.Numeric(value.TypeOf(a)) || !value.Numeric(value.TypeOf(b))) {
				return nil
			}
			return value.Arith(op, a, b)
		})
	case *neg:
		return r.unary(e.x, value.Neg)
	case *convert:
		t := e.t
		f, err := r.compile(e.x)
		if err != nil {
			return nil, err
		}
		missing, from := value.Zero(t), e.x.typ()
		return func(row Row) (value.Value, error) {
			v, err := f(row)
			if err != nil || v == nil {
				return missing, err
			}
			if t == value.String {
				return value.TextOf(v, from), nil
			}
			return implicit(v, t), nil
		}, nil
	case *compare:
		return r.compileCompare(e)
	case *match:
		f, not, cs := matcher(e.op), e.not, e.cs
		return r.binary(e.x, e.y, func(a, b value.Value) value.Value {
			return f(value.Text(a), value.Text(b), cs) != not
		})
	case *regex:
		re, err := compileRegex(e.pattern)
		if err != nil {
			return nil, err
		}
		return r.unary(e.x, func(v value.Value) value.Value { return re.MatchString(value.Text(v)) })
	case *logic:
		return r.compileLogic(e)
	case *in:
		return r.compileIn(e)
	case *inTerms:
		return r.compileInTerms(e)
	case *path:
		key := e.key
		return r.unary(e.x, func(v value.Value) value.Value { return fn.Path(v, key) })
	case *element:
		return r.binary(e.x, e.i, elementOf)
	case *tuplePart:
		i := e.i
		return r.unary(e.x, func(v value.Value) value.Value {
			if a, ok := v.(value.Array); ok && i < len(a) {
				return a[i]
			}
			return nil
		})
	case *scalarOf:
		v, err := r.scalar(e.sub)
		if err != nil {
			return nil, err
		}
		return func(Row) (value.Value, error) { return v, nil }, nil
	case *variable:
		r.partReads++
		v := e.slot.v
		return func(Row) (value.Value, error) { return v, nil }, nil
	case *window:
		slot := e.slot
		return func(Row) (value.Value, error) { return slot.values[slot.at], nil }, nil
	}
	return nil, fmt.Errorf("expression %T has no evaluation", e)
}

// elementOf is x[i]: by index where i is a number, by key where it is a text.
func elementOf(x, i value.Value) value.Value {
	switch i := i.(type) {
	case string:
		return fn.Path(x, i)
	case int64:
		return fn.Element(x, i)
	case int32:
		return fn.Element(x, int64(i))
	}
	return nil
}

func (r *run) compileAll(list []expr) ([]evalFunc, error) {
	out := make([]evalFunc, len(list))
	for i, e := range list {
		f, err := r.compile(e)
		if err != nil {
			return nil, err
		}
		out[i] = f
	}
	return out, nil
}

// unary is f(x), null for null.
func (r *run) unary(x expr, f func(value.Value) value.Value) (evalFunc, error) {
	fx, err := r.compile(x)
	if err != nil {
		return nil, err
	}
	return func(row Row) (value.Value, error) {
		v, err := fx(row)
		if err != nil || v == nil {
			return nil, err
		}
		return f(v), nil
	}, nil
}

// binary is f(x, y), null when either is null.
func (r *run) binary(x, y expr, f func(a, b value.Value) value.Value) (evalFunc, error) {
	fx, err := r.compile(x)
	if err != nil {
		return nil, err
	}
	fy, err := r.compile(y)
	if err != nil {
		return nil, err
	}
	return func(row Row) (value.Value, error) {
		a, err := fx(row)
		if err != nil || a == nil {
			return nil, err
		}
		b, err := fy(row)
		if err != nil || b == nil {
			return nil, err
		}
		return f(a, b), nil
	}, nil
}

func (r *run) compileCall(e *call) (evalFunc, error) {
	args, err := r.compileAll(e.args)
	if err != nil {
		return nil, err
	}
	eval, takesNull, missing := e.eval, e.fn.TakesNull, value.Zero(e.t)
	if e.cols != nil {
		missing = nil
	}
	if e.lazy != nil {
		lazy := e.lazy
		var current Row
		arg := func(i int) (value.Value, error) { return args[i](current) }
		return func(row Row) (value.Value, error) {
			current = row
			v, err := lazy(arg)
			if v == nil {
				return missing, err
			}
			return v, err
		}, nil
	}
	// A call may be evaluated inside its own argument's evaluation only through another call, so each call has its own buffer.
	buf := make([]value.Value, len(args))
	return func(row Row) (value.Value, error) {
		for i, f := range args {
			v, err := f(row)
			if err != nil {
				return nil, err
			}
			if v == nil && !takesNull {
				return missing, nil
			}
			buf[i] = v
		}
		v, err := eval(buf)
		if v == nil {
			return missing, err
		}
		if text, ok := v.(string); ok && len(text) > fn.MaxText {
			return nil, &LimitError{What: "bytes of one text", Limit: fmt.Sprintf("%d MiB", fn.MaxText>>20), Hint: e.name + "() would make a longer one"}
		}
		return v, err
	}, nil
}

// compileCompare: ordering with a null is null, and so are two nulls compared for equality; one null equals nothing, so that `x != 5` keeps
// rows without x.
func (r *run) compileCompare(e *compare) (evalFunc, error) {
	fx, err := r.compile(e.x)
	if err != nil {
		return nil, err
	}
	fy, err := r.compile(e.y)
	if err != nil {
		return nil, err
	}
	test := comparison(e.op)
	return func(row Row) (value.Value, error) {
		a, err := fx(row)
		if err != nil {
			return nil, err
		}
		b, err := fy(row)
		if err != nil {
			return nil, err
		}
		if a == nil || b == nil {
			one := (a == nil) != (b == nil)
			switch {
			case one && (e.op == "==" || e.op == "=~"):
				return false, nil
			case one && (e.op == "!=" || e.op == "!~"):
				return true, nil
			}
			return nil, nil
		}
		return test(a, b), nil
	}, nil
}

func comparison(op string) func(a, b value.Value) bool {
	switch op {
	case "==":
		return equalValues
	case "!=":
		return func(a, b value.Value) bool { return !equalValues(a, b) }
	case "=~":
		return func(a, b value.Value) bool { return value.EqualFold(value.Text(a), value.Text(b)) }
	case "!~":
		return func(a, b value.Value) bool { return !value.EqualFold(value.Text(a), value.Text(b)) }
	case "<":
		return func(a, b value.Value) bool { return ordered(a, b) && value.Compare(a, b) < 0 }
	case "<=":
		return func(a, b value.Value) bool { return ordered(a, b) && value.Compare(a, b) <= 0 }
	case ">":
		return func(a, b value.Value) bool { return ordered(a, b) && value.Compare(a, b) > 0 }
	}
	return func(a, b value.Value) bool { return ordered(a, b) && value.Compare(a, b) >= 0 } // >=
}

// equalValues is == of two values that are not null: NaN equals nothing.
func equalValues(a, b value.Value) bool { return !isNaN(a) && !isNaN(b) && value.Equal(a, b) }

func isNaN(v value.Value) bool {
	f, ok := v.(float64)
	return ok && f != f
}

// ordered says whether a and b can be compared by size: no NaN, and of one kind, which two dynamics need not be.
func ordered(a, b value.Value) bool {
	if isNaN(a) || isNaN(b) {
		return false
	}
	ta, tb := value.TypeOf(a), value.TypeOf(b)
	return ta == tb || value.Numeric(ta) && value.Numeric(tb)
}

func isConst(e expr) bool {
	_, ok := e.(*constant)
	return ok
}

// compileLogic: false and anything is false, true or anything is true; otherwise a null makes null.
func (r *run) compileLogic(e *logic) (evalFunc, error) {
	fx, err := r.compile(e.x)
	if err != nil {
		return nil, err
	}
	fy, err := r.compile(e.y)
	if err != nil {
		return nil, err
	}
	decides := !e.and // the value that decides alone
	return func(row Row) (value.Value, error) {
		a, err := fx(row)
		if err != nil || a == decides {
			return a, err
		}
		b, err := fy(row)
		if err != nil || b == decides {
			return b, err
		}
		if a == nil || b == nil {
			return nil, nil
		}
		return !decides, nil
	}, nil
}

func matcher(op string) func(text, needle string, cs bool) bool {
	switch op {
	case "has":
		return value.HasTerm
	case "hasprefix":
		return value.HasPrefixTerm
	case "hassuffix":
		return value.HasSuffixTerm
	case "startswith":
		return value.StartsWith
	case "endswith":
		return value.EndsWith
	}
	return value.ContainsText
}

// members are the constants of an in list, for one look-up a row.
type members struct {
	keys map[string]bool
	fold bool // of in~: keys are texts without case
}

func (r *run) members(list []value.Value, fold bool) members {
	m := members{keys: make(map[string]bool, len(list)), fold: fold}
	for _, v := range list {
		if fold {
			m.keys[string(value.AppendFold(nil, value.Text(v)))] = true
		} else if v != nil {
			m.keys[string(value.AppendKey(nil, v))] = true
		}
	}
	return m
}

func (m *members) has(v value.Value, buf *[]byte) bool {
	if m.fold {
		*buf = value.AppendFold((*buf)[:0], value.Text(v))
		return m.keys[string(*buf)]
	}
	*buf = value.AppendKey((*buf)[:0], v)
	return m.keys[string(*buf)]
}

// splitList runs the subquery of a list and separates constants from what must be computed for each row. A constant array stands for its elements.
func (r *run) splitList(list []expr, sub *subquery) (consts []value.Value, rest []evalFunc, err error) {
	if sub != nil {
		if consts, err = r.firstColumn(sub); err != nil {
			return nil, nil, err
		}
	}
	for _, e := range list {
		if s, ok := e.(*scalarOf); ok {
			v, err := r.scalar(s.sub)
			if err != nil {
				return nil, nil, err
			}
			e = &constant{s.t, v}
		}
		if c, ok := e.(*constant); ok {
			if a, ok := c.v.(value.Array); ok {
				consts = append(consts, a...)
			} else {
				consts = append(consts, c.v)
			}
			continue
		}
		f, err := r.compile(e)
		if err != nil {
			return nil, nil, err
		}
		rest = append(rest, f)
	}
	return consts, rest, nil
}

func (r *run) compileIn(e *in) (evalFunc, error) {
	fx, err := r.compile(e.x)
	if err != nil {
		return nil, err
	}
	consts, rest, err := r.splitList(e.list, e.sub)
	if err != nil {
		return nil, err
	}
	set := r.members(consts, e.fold)
	equal := equalValues
	if e.fold {
		equal = func(a, b value.Value) bool { return value.EqualFold(value.Text(a), value.Text(b)) }
	}
	var buf []byte
	return func(row Row) (value.Value, error) {
		v, err := fx(row)
		if err != nil {
			return nil, err
		}
		if v == nil {
			return e.not, nil
		}
		if set.has(v, &buf) {
			return !e.not, nil
		}
		for _, f := range rest {
			w, err := f(row)
			if err != nil {
				return nil, err
			}
			if list, ok := w.(value.Array); ok {
				for _, x := range list {
					if x != nil && equal(v, x) {
						return !e.not, nil
					}
				}
			} else if w != nil && equal(v, w) {
				return !e.not, nil
			}
		}
		return e.not, nil
	}, nil
}

func (r *run) compileInTerms(e *inTerms) (evalFunc, error) {
	fx, err := r.compile(e.x)
	if err != nil {
		return nil, err
	}
	consts, rest, err := r.splitList(e.list, e.sub)
	if err != nil {
		return nil, err
	}
	var needles []string
	for _, v := range consts {
		needles = append(needles, value.Text(v))
	}
	return func(row Row) (value.Value, error) {
		v, err := fx(row)
		if err != nil || v == nil {
			return nil, err
		}
		text := value.Text(v)
		look := needles
		if len(rest) > 0 {
			look = append([]string(nil), needles...)
			for _, f := range rest {
				w, err := f(row)
				if err != nil {
					return nil, err
				}
				if list, ok := w.(value.Array); ok {
					for _, x := range list {
						look = append(look, value.Text(x))
					}
				} else {
					look = append(look, value.Text(w))
				}
			}
		}
		for _, needle := range look {
			if value.HasTerm(text, needle, false) != e.all {
				return !e.all, nil
			}
		}
		return e.all, nil
	}, nil
}

// compileRegex reads a pattern of the language, whose syntax is near RE2.
func compileRegex(pattern string, flags ...string) (*regexp.Regexp, error) {
	return fn.CompileRegex(pattern, flags...)
}
