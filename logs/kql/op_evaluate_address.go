package kql

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// addressLookup is ipv4_lookup and ipv6_lookup(table, address, range, further keys..., return_unmatched): the rows with those of a table of
// address ranges that the address lies in, the narrowest range first.
func (p *plugin) addressLookup() (node, error) {
	if err := p.count(3, -1); err != nil {
		return nil, err
	}
	if err := p.options("return_unmatched"); err != nil {
		return nil, err
	}
	lookup, err := p.b.table(p.args[0].Expr, p.env)
	if err != nil {
		return nil, err
	}
	address, err := p.row(p.args[1].Expr)
	if err != nil {
		return nil, err
	}
	there := lookup.columns()
	ranges, err := p.b.expr(p.args[2].Expr, &scope{env: p.env, cols: there, op: "evaluate " + p.name})
	if err != nil {
		return nil, err
	}
	if address.typ() != value.String || ranges.typ() != value.String {
		return nil, p.errorf(p.op.Call.At(), "The address is a string and so is the range, and they are a %s and a %s.", address.typ(), ranges.typ())
	}
	n := &addressLookup{in: p.in, lookup: lookup, address: address, ranges: ranges}
	extra := p.args[3:]
	unmatched, ok := p.named["return_unmatched"]
	if !ok && len(extra) > 0 {
		if _, isColumn := extra[len(extra)-1].Expr.(*syntax.NameRef); !isColumn {
			unmatched, ok, extra = extra[len(extra)-1], true, extra[:len(extra)-1]
		}
	}
	if ok {
		v, err := p.constant(unmatched.Expr, value.Bool)
		if err != nil {
			return nil, err
		}
		n.unmatched = v == true
	}
	for _, a := range extra {
		ref, ok := a.Expr.(*syntax.NameRef)
		if !ok {
			return nil, p.errorf(a.At(), "A further key is a column of both tables.")
		}
		i, j := findColumn(p.in.columns(), ref.Name.Text), findColumn(there, ref.Name.Text)
		if i < 0 || j < 0 {
			return nil, p.errorf(a.At(), "'%s' is not a column of both tables.", ref.Name.Text)
		}
		n.left, n.right = append(n.left, i), append(n.right, j)
	}
	for _, c := range p.in.columns() {
		n.cols = append(n.cols, Column{Name: c.Name, Type: c.Type})
	}
	for j, c := range there {
		if !slices.Contains(n.right, j) {
			n.take = append(n.take, j)
			n.cols = append(n.cols, Column{Name: freeName(n.cols, c.Name), Type: c.Type})
		}
	}
	return n, nil
}

type addressLookup struct {
	in, lookup  node
	address     expr // over in
	ranges      expr // over lookup
	left, right []int
	take        []int // columns of lookup
	cols        []Column
	unmatched   bool
}

func (n *addressLookup) columns() []Column { return n.cols }
func (n *addressLookup) inputs() []*node   { return []*node{&n.in, &n.lookup} }

func (n *addressLookup) require([]bool) {
	n.in.require(nil)
	n.lookup.require(nil)
}

// addressRange is a range of the table with the rows that have it.
type addressRange struct {
	of   netip.Prefix
	rows []Row
}

func (n *addressLookup) open(r *run) (Rows, error) {
	f, err := r.compile(n.ranges)
	if err != nil {
		return nil, err
	}
	address, err := r.compile(n.address)
	if err != nil {
		return nil, err
	}
	rows, err := r.collect(n.lookup)
	if err != nil {
		return nil, err
	}
	byRange := map[netip.Prefix]*addressRange{}
	var bits []int // lengths of prefixes that there are, the longest first
	for _, row := range rows {
		v, err := f(row)
		if err != nil {
			return nil, err
		}
		of, ok := parsePrefix(value.Text(v))
		if !ok {
			continue
		}
		if byRange[of] == nil {
			byRange[of] = &addressRange{of: of}
			if !slices.Contains(bits, of.Bits()) {
				bits = append(bits, of.Bits())
			}
		}
		byRange[of].rows = append(byRange[of].rows, row)
	}
	slices.SortFunc(bits, func(a, b int) int { return cmp.Compare(b, a) })
	in, err := r.open(n.in)
	if err != nil {
		return nil, err
	}
	return &mapped{in: in, each: func(batch []Row) ([]Row, error) {
		var out []Row
		for _, row := range batch {
			v, err := address(row)
			if err != nil {
				return nil, err
			}
			before := len(out)
			if addr, ok := parseAddress(value.Text(v)); ok {
				for _, b := range bits {
					of, err := addr.Prefix(b)
					if err != nil || byRange[of] == nil {
						continue
					}
					for _, found := range byRange[of].rows {
						if n.sameKeys(row, found) {
							out = append(out, n.row(row, found))
						}
					}
				}
			}
			if len(out) == before && n.unmatched {
				out = append(out, n.row(row, nil))
			}
		}
		return out, nil
	}}, nil
}

// parseAddress reads an address of either version; an IPv4 address within IPv6 is that of IPv4.
func parseAddress(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.TrimSpace(text))
	return addr.Unmap(), err == nil
}

// parsePrefix reads a range such as 10.1.0.0/16; an address alone is a range of one.
func parsePrefix(text string) (netip.Prefix, bool) {
	if of, err := netip.ParsePrefix(strings.TrimSpace(text)); err == nil {
		return of.Masked(), true
	}
	addr, ok := parseAddress(text)
	return netip.PrefixFrom(addr, addr.BitLen()), ok
}

func (n *addressLookup) sameKeys(row, found Row) bool {
	for i := range n.left {
		if a, b := row[n.left[i]], found[n.right[i]]; a == nil || b == nil || !value.Equal(a, b) {
			return false
		}
	}
	return true
}

// row puts a row of the table behind a row; without one its columns are missing.
func (n *addressLookup) row(row, found Row) Row {
	out := append(make(Row, 0, len(n.cols)), row...)
	for _, j := range n.take {
		if found == nil {
			out = append(out, value.Zero(n.cols[len(out)].Type))
		} else {
			out = append(out, found[j])
		}
	}
	return out
}
