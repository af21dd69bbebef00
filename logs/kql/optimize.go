package kql

import "github.com/endscope/endscope/logs/kql/value"

// optimize prepares a bound table for running, once: filters move down to where they cost least, tables that SQL does not read learn their
// bounds, and every table learns which of its columns are needed. A query without SQL, which others are compared with, stays as it is written.
func (b *binder) optimize(n node) node {
	if b.req.Naive {
		return n
	}
	n = pushFilters(n)
	n.require(nil)
	return n
}

// transparent is a node with one input, of which some columns pass through unchanged, so that a condition on these may be checked before it.
// It gives each row of its input any number of times, whatever other rows there are.
type transparent interface {
	node
	input() *node
	// below returns the column of the input that column i is.
	below(i int) (int, bool)
}

func (n *project) input() *node { return &n.in }

func (n *project) below(i int) (int, bool) {
	if len(windowsOf(n.exprs)) > 0 {
		return 0, false // rows around count
	}
	c, ok := n.exprs[i].(*column)
	if !ok {
		return 0, false
	}
	return c.i, true
}

// pushFilters moves the conditions of filters below the nodes that hand their columns through.
func pushFilters(n node) node {
	switch t := n.(type) {
	case *filter:
		var stay expr
		in := t.in
		for _, c := range conjuncts(t.cond) {
			if pushed, ok := pushCondition(in, c); ok {
				in = pushed
			} else {
				stay = andOf(stay, c)
			}
		}
		in = pushFilters(in)
		if stay == nil {
			return in
		}
		bound(in, stay)
		return &filter{in: in, cond: stay}
	case transparent:
		in := t.input()
		*in = pushFilters(*in)
	case *aggregate:
		t.in = pushFilters(t.in)
	case *sorted:
		t.in = pushFilters(t.in)
		return topFirst(t)
	case *take:
		t.in = pushFilters(t.in)
	case *join:
		t.left, t.right = pushFilters(t.left), pushFilters(t.right)
	case *union:
		for i := range t.legs {
			t.legs[i].in = pushFilters(t.legs[i].in)
		}
	case opaque:
		for _, in := range t.inputs() {
			*in = pushFilters(*in)
		}
	}
	return n
}

// opaque is a node that lets no condition through, over inputs in which filters may still move.
type opaque interface {
	node
	inputs() []*node
}

// topFirst takes the first rows before it computes columns that their order does not need.
func topFirst(s *sorted) node {
	p, ok := s.in.(*project)
	if s.limit == nil || !ok {
		return s
	}
	below := &sorted{in: p.in, limit: s.limit}
	for _, k := range s.keys {
		through := true
		k.x = mapColumns(k.x, func(c *column) expr {
			i, ok := p.below(c.i)
			through = through && ok
			return &column{i, c.name, c.t}
		})
		if !through {
			return s
		}
		below.keys = append(below.keys, k)
	}
	top := *p
	top.in = topFirst(below)
	return &top
}

// pushCondition puts a condition below n, or says that it has to stay above.
func pushCondition(n node, c expr) (node, bool) {
	if anyPart(c, isVolatile) || len(windowsOf([]expr{c})) > 0 {
		return n, false
	}
	switch t := n.(type) {
	case *filter:
		return &filter{in: t.in, cond: andOf(t.cond, c)}, true
	case *sorted:
		if t.limit != nil {
			return n, false
		}
		t.in = addCondition(t.in, c)
		return n, true
	case *union:
		for i := range t.legs {
			l := &t.legs[i]
			l.in = addCondition(l.in, mapColumns(c, func(col *column) expr {
				switch k := l.from[col.i]; {
				case k >= 0:
					return &column{k, col.name, col.t}
				case k == sourceColumn:
					return &constant{value.String, l.name}
				}
				return &constant{col.t, value.Zero(col.t)}
			}))
		}
		return n, true
	case transparent:
		through := true
		moved := mapColumns(c, func(col *column) expr {
			i, ok := t.below(col.i)
			through = through && ok
			return &column{i, col.name, col.t}
		})
		if !through {
			return n, false
		}
		in := t.input()
		*in = addCondition(*in, moved)
		return n, true
	}
	return n, false
}

// addCondition puts a condition directly above n, or further down.
func addCondition(n node, c expr) node {
	if pushed, ok := pushCondition(n, c); ok {
		return pushed
	}
	return &filter{in: n, cond: c}
}

// bound tells a table what a condition directly above it leaves: the time, and texts that columns must equal. It stays checked above.
func bound(in node, cond expr) {
	t, ok := in.(*tableScan)
	if !ok {
		return
	}
	timeAt := t.decl.Column(timeColumn)
	for _, c := range conjuncts(cond) {
		if from, to, ok := timeBounds(c, timeAt, nil); ok {
			t.scan.From, t.scan.To = max(t.scan.From, from), min(t.scan.To, to)
		}
		if cmp, ok := c.(*compare); ok && cmp.op == "==" {
			col, isColumn := cmp.x.(*column)
			text, isText := constText(cmp.y)
			if isColumn && isText && col.t == value.String {
				if t.scan.Equal == nil {
					t.scan.Equal = map[int]value.Value{}
				}
				t.scan.Equal[col.i] = text
			}
		}
	}
}
