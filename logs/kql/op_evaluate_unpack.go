package kql

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// maxUnpacked bounds the columns that bag_unpack and pivot make of data.
const maxUnpacked = 2000

func tooManyColumns() error {
	return &LimitError{What: "columns made of data", Limit: fmt.Sprint(maxUnpacked), Hint: "declare the columns, or leave keys out"}
}

// unpack makes columns of the members of a bag.
type unpack struct {
	in   node
	bag  expr
	cols []Column
	from []unpackColumn
}

// unpackColumn says where a column comes from: a key of the bag, a column of the input, or the first of them that is there.
type unpackColumn struct {
	key      string
	isKey    bool
	source   int // -1: none
	bagFirst bool
}

func (n *unpack) columns() []Column { return n.cols }
func (n *unpack) input() *node      { return &n.in }

func (n *unpack) below(i int) (int, bool) {
	f := n.from[i]
	return f.source, f.source >= 0 && !f.isKey && n.cols[i].Type == n.in.columns()[f.source].Type
}

func (n *unpack) require(need []bool) {
	below := make([]bool, len(n.in.columns()))
	for i, f := range n.from {
		if f.source >= 0 && (need == nil || need[i]) {
			below[f.source] = true
		}
	}
	mark(below, n.bag)
	n.in.require(below)
}

func (n *unpack) open(r *run) (Rows, error) {
	f, err := r.compile(n.bag)
	if err != nil {
		return nil, err
	}
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	return &mapped{in: in, each: func(batch []Row) ([]Row, error) {
		out := make([]Row, len(batch))
		for i, row := range batch {
			v, err := f(row)
			if err != nil {
				return nil, err
			}
			bag, _ := v.(*value.Bag)
			out[i] = n.row(row, bag)
		}
		return out, nil
	}}, nil
}

func (n *unpack) row(row Row, bag *value.Bag) Row {
	out := make(Row, len(n.from))
	for j, from := range n.from {
		t := n.cols[j].Type
		var inBag value.Value
		found := false
		if from.isKey && bag != nil {
			inBag, found = bag.Get(from.key)
		}
		switch {
		case found && (from.source < 0 || from.bagFirst):
			out[j] = cell(inBag, t)
		case from.source >= 0:
			out[j] = cell(row[from.source], t)
		default:
			out[j] = value.Zero(t)
		}
	}
	return out
}

// bagUnpack is bag_unpack(bag, prefix, columnsConflict, ignoredProperties): a column for each key of a bag, in place of the bag. Where the
// query declares no columns they are those of the data, which is read for that while the query is bound. They follow the columns of the
// input, in the order of their names; a key whose values have several types makes a dynamic column.
func (p *plugin) bagUnpack() (node, error) {
	if err := p.count(1, 4); err != nil {
		return nil, err
	}
	if err := p.options("OutputColumnPrefix", "columnsConflict", "ignoredProperties"); err != nil {
		return nil, err
	}
	bag, err := p.row(p.args[0].Expr)
	if err != nil {
		return nil, err
	}
	if bag.typ() != value.Dynamic {
		return nil, p.errorf(p.args[0].At(), "A dynamic is expected, and this is a %s; parse_json() makes a dynamic of a text.", bag.typ())
	}
	prefix, err := p.text(1, "OutputColumnPrefix", "")
	if err != nil {
		return nil, err
	}
	conflict, err := p.text(2, "columnsConflict", "error")
	if err != nil {
		return nil, err
	}
	if conflict != "error" && conflict != "keep_source" && conflict != "replace_source" {
		return nil, p.errorf(p.op.At(), "columnsConflict is error, keep_source or replace_source, and not '%s'.", conflict)
	}
	ignored, err := p.ignoredKeys()
	if err != nil {
		return nil, err
	}
	n := &unpack{in: p.in, bag: bag}
	drop := -1
	if c, ok := bag.(*column); ok {
		drop = c.i
	}
	if p.op.Schema != nil || p.op.Open {
		return p.declaredBag(n, drop, prefix, conflict, ignored)
	}
	in, rows, err := p.read()
	if err != nil {
		return nil, err
	}
	n.in = in
	keys, err := p.keysOf(rows, bag, ignored)
	if err != nil {
		return nil, err
	}
	for i, c := range p.in.columns() {
		if i == drop {
			continue
		}
		if k := slices.IndexFunc(keys, func(k Column) bool { return prefix+k.Name == c.Name }); k >= 0 {
			if conflict == "error" {
				return nil, p.errorf(p.op.At(), "The bag has a key '%s', and so is a column named; set a prefix or columnsConflict.", keys[k].Name)
			}
			if conflict == "replace_source" {
				continue
			}
		}
		n.cols, n.from = append(n.cols, Column{Name: c.Name, Type: c.Type}), append(n.from, unpackColumn{source: i})
	}
	for _, k := range keys {
		if findColumn(n.cols, prefix+k.Name) < 0 {
			n.cols, n.from = append(n.cols, Column{Name: prefix + k.Name, Type: k.Type}), append(n.from, unpackColumn{key: k.Name, isKey: true, source: -1})
		}
	}
	return n, nil
}

func (p *plugin) ignoredKeys() (map[string]bool, error) {
	ignored := map[string]bool{}
	e, ok := p.arg(3, "ignoredProperties")
	if !ok {
		return ignored, nil
	}
	v, err := p.constant(e, value.Dynamic)
	if err != nil {
		return nil, err
	}
	list, ok := v.(value.Array)
	if !ok && v != nil {
		return nil, p.errorf(e.At(), "ignoredProperties is an array of names.")
	}
	for _, k := range list {
		ignored[value.Text(k)] = true
	}
	return ignored, nil
}

// keysOf returns the keys in the bags of rows, sorted, each with the type that fits its values.
func (p *plugin) keysOf(rows []Row, bag expr, ignored map[string]bool) ([]Column, error) {
	f, err := p.b.run.compile(bag)
	if err != nil {
		return nil, err
	}
	types := map[string]value.Type{}
	seen := map[string]bool{} // keys with a value
	for _, row := range rows {
		v, err := f(row)
		if err != nil {
			return nil, err
		}
		b, ok := v.(*value.Bag)
		if !ok {
			continue
		}
		for i := range b.Len() {
			k, v := b.At(i)
			if ignored[k] {
				continue
			}
			if _, ok := types[k]; !ok {
				types[k] = value.Dynamic
				if len(types) > maxUnpacked {
					return nil, tooManyColumns()
				}
			}
			if v == nil {
				continue
			}
			t := value.TypeOf(v)
			if seen[k] {
				t = bothTypes(types[k], t)
			}
			seen[k], types[k] = true, t
		}
	}
	var keys []Column
	for k, t := range types {
		keys = append(keys, Column{Name: k, Type: t})
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i].Name < keys[j].Name })
	return keys, nil
}

// bothTypes is the type of a column with values of two types.
func bothTypes(a, b value.Type) value.Type {
	switch {
	case a == b:
		return a
	case a == value.Long && b == value.Real, a == value.Real && b == value.Long:
		return value.Real
	}
	return value.Dynamic
}

// declaredBag makes the columns that the query declares, of the bag or else of the input. A star in the declaration stands for the columns of
// the input.
func (p *plugin) declaredBag(n *unpack, drop int, prefix, conflict string, ignored map[string]bool) (node, error) {
	in := p.in.columns()
	if p.op.Open {
		for i, c := range in {
			if i != drop && !slices.ContainsFunc(p.op.Schema, func(d syntax.ColumnDecl) bool { return d.Name.Text == c.Name }) {
				n.cols, n.from = append(n.cols, Column{Name: c.Name, Type: c.Type}), append(n.from, unpackColumn{source: i})
			}
		}
	}
	for _, d := range p.op.Schema {
		name := d.Name.Text
		if findColumn(n.cols, name) >= 0 {
			return nil, p.errorf(d.At(), "The column '%s' is declared twice.", name)
		}
		from := unpackColumn{source: findColumn(in, name), bagFirst: conflict == "replace_source"}
		if from.source == drop {
			from.source = -1
		}
		if key, ok := strings.CutPrefix(name, prefix); ok && !ignored[key] {
			from.key, from.isKey = key, true
		}
		n.cols, n.from = append(n.cols, Column{Name: name, Type: d.Type}), append(n.from, from)
	}
	return n, nil
}
