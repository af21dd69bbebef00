package kql

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// parse takes columns out of a text by a pattern of texts and columns.
type parse struct {
	in   node
	x    expr
	cols []Column
	to   []int // column of each extracted value
	// extract returns a value for each of to; ok is false when the text does not match, and the values are then missing.
	extract func(text string) (vals []value.Value, ok bool)
	where   bool // rows that do not match are dropped
}

func (n *parse) columns() []Column { return n.cols }

func (n *parse) require(need []bool) {
	below := make([]bool, len(n.in.columns()))
	for i := range below {
		_, through := n.below(i)
		below[i] = through && (need == nil || need[i])
	}
	mark(below, n.x)
	n.in.require(below)
}

func (n *parse) input() *node { return &n.in }

func (n *parse) below(i int) (int, bool) {
	for _, to := range n.to {
		if to == i {
			return 0, false
		}
	}
	return i, true
}

func (n *parse) open(r *run) (Rows, error) {
	f, err := r.compile(n.x)
	if err != nil {
		return nil, err
	}
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	return &mapped{in: in, each: func(batch []Row) ([]Row, error) {
		out := make([]Row, 0, len(batch))
		for _, row := range batch {
			v, err := f(row)
			if err != nil {
				return nil, err
			}
			vals, ok := n.extract(value.Text(v))
			if !ok && n.where {
				continue
			}
			made := make(Row, len(n.cols))
			copy(made, row)
			for i, to := range n.to {
				made[to] = value.Zero(n.cols[to].Type)
				if ok && vals[i] != nil {
					made[to] = vals[i]
				}
			}
			out = append(out, made)
		}
		return out, nil
	}}, nil
}

// parse binds parse and parse-where.
func (b *binder) parse(in node, op *syntax.ParseOp, names *env) (node, error) {
	word := "parse"
	if op.IsWhere {
		word = "parse-where"
	}
	if op.IsWhere && op.Kind == "relaxed" {
		return nil, errAt(op.At(), "'parse-where' operator: There is no kind 'relaxed'; there are simple and regex.")
	}
	if op.Flags != "" && op.Kind != "regex" {
		return nil, errAt(op.At(), "'%s' operator: flags belong to kind=regex.", word)
	}
	x, err := b.expr(op.Expr, &scope{env: names, cols: in.columns(), op: word})
	if err != nil {
		return nil, err
	}
	n := &parse{in: in, x: toText(x), where: op.IsWhere}
	for _, c := range in.columns() {
		n.cols = append(n.cols, Column{Name: c.Name, Type: c.Type})
	}
	given := map[string]bool{}
	for _, item := range op.Pattern {
		if item.Text != nil || item.Star {
			continue
		}
		name := item.Column.Text
		if given[name] {
			return nil, errAt(item.At(), "'%s' operator: The column '%s' is named twice.", word, name)
		}
		given[name] = true
		to := findColumn(n.cols, name)
		if to < 0 {
			to = len(n.cols)
			n.cols = append(n.cols, Column{Name: name})
		}
		n.cols[to].Type = item.Type
		n.to = append(n.to, to)
	}
	if op.Kind == "regex" {
		n.extract, err = regexPattern(op)
		if err != nil {
			return nil, errAt(op.At(), "'%s' operator: %s", word, err)
		}
		return n, nil
	}
	p := &textPattern{items: op.Pattern, columns: len(n.to), relaxed: op.Kind == "relaxed"}
	n.extract = p.extract
	return n, nil
}

// textPattern is a pattern whose texts stand for themselves. They are looked for one after the other, the first occurrence each time.
type textPattern struct {
	items   []syntax.ParseItem
	columns int
	relaxed bool // a value that does not convert is missing; otherwise all are
}

func (p *textPattern) extract(text string) ([]value.Value, bool) {
	vals := make([]value.Value, 0, p.columns)
	rest := text
	for i := 0; i < len(p.items); i++ {
		item := &p.items[i]
		switch {
		case item.Text != nil:
			after, ok := strings.CutPrefix(rest, textOf(item))
			if !ok {
				return nil, false
			}
			rest = after
		case item.Star:
			next := p.textAt(i + 1)
			if next == nil {
				continue // the columns that follow begin here; at the end anything may follow
			}
			_, after, ok := strings.Cut(rest, textOf(next))
			if !ok {
				return nil, false
			}
			rest = after
			i++
		default:
			part := rest
			next := p.textAt(i + 1)
			switch {
			case next != nil:
				before, after, ok := strings.Cut(rest, textOf(next))
				if !ok {
					return nil, false
				}
				part, rest = before, after
				i++
			case i+1 == len(p.items):
				rest = ""
			case item.Type == value.String:
				if p.items[i+1].Star {
					part = p.upTo(i+2, rest)
				} else {
					part = "" // the next column begins here
				}
				rest = rest[len(part):]
			default:
				part = rest[:prefixOf(rest, item.Type)] // a column without a text behind it ends where its type does
				rest = rest[len(part):]
			}
			v := parsed(part, item.Type)
			if v == nil && !p.relaxed {
				return nil, false
			}
			vals = append(vals, v)
		}
	}
	return vals, true
}

// upTo returns the beginning of a text that a string column takes when only a star stands between it and item i: up to the text there, else all.
func (p *textPattern) upTo(i int, text string) string {
	if next := p.textAt(i); next != nil {
		if at := strings.Index(text, textOf(next)); at >= 0 {
			return text[:at]
		}
	}
	return text
}

// textAt returns the item at i if it is a text.
func (p *textPattern) textAt(i int) *syntax.ParseItem {
	if i < len(p.items) && p.items[i].Text != nil {
		return &p.items[i]
	}
	return nil
}

func textOf(item *syntax.ParseItem) string {
	s, _ := item.Text.Value.(string)
	return s
}

// parsed reads a part of a text as a type; null when it is none.
func parsed(text string, t value.Type) value.Value {
	if t == value.String {
		return text
	}
	return value.Convert(strings.TrimSpace(text), t)
}

// longestValue bounds how far a value of a type reaches that has blanks or signs in it, in bytes.
const longestValue = 40

// prefixOf returns the length of the longest beginning of a text that is a value of a type that is no string.
func prefixOf(text string, t value.Type) int {
	switch t {
	case value.Int, value.Long:
		n := 0
		if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
			n = 1
		}
		return n + digits(text[n:])
	case value.Real, value.Decimal:
		n := len(text) - len(strings.TrimLeft(text, "+-0123456789.eE"))
		for n > 0 && parsed(text[:n], t) == nil {
			n--
		}
		return n
	}
	n := min(len(text), longestValue)
	for n > 0 && parsed(text[:n], t) == nil {
		n--
	}
	return n
}
