package kql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// statement is a node in SQL: a SELECT whose columns are c0, c1 ... in the order of the node's columns. Columns that nobody needs are left out.
type statement struct {
	text    string
	present []bool // by column of the node
	scan    *tableScan
	from    value.Time // of TimeGenerated, what the conditions leave
	to      value.Time
	hashes  map[int]bool // columns of the table whose hidden hash stands beside them as h0, h1 ...
	bare    bool         // nothing but the table and conditions yet, so that columns are still the table's
	nan     map[int]bool // columns that may be NaN
}

// generator writes nodes as SQL. Texts, numbers and times of the query are parameters, never part of the statement.
type generator struct {
	r     *run
	args  []any
	below *statement // whose columns the expressions name that are being written
}

// openSQL opens a node as a statement of the store that holds its table. ok is false when SQL cannot say the node.
func (r *run) openSQL(n node) (Rows, bool, error) {
	if scanBelow(n) == nil {
		return nil, false, nil
	}
	g := &generator{r: r}
	st, err := g.node(n)
	if err != nil {
		return nil, false, err
	}
	if st != nil {
		rows, err := g.run(st, n.columns())
		return rows, true, err
	}
	if f, ok := n.(*filter); ok {
		return r.openPartOfFilter(f)
	}
	return nil, false, nil
}

// scanBelow returns the table of the store at the end of a chain of nodes that SQL may say.
func scanBelow(n node) *tableScan {
	for range maxNested {
		switch t := n.(type) {
		case *tableScan:
			if _, ok := t.src.(SQLSource); ok {
				return t
			}
			return nil
		case *filter:
			n = t.in
		case *project:
			n = t.in
		case *aggregate:
			n = t.in
		case *sorted:
			n = t.in
		case *take:
			n = t.in
		default:
			return nil
		}
	}
	return nil
}

// maxNested bounds the SELECTs and the expressions in each other of a statement: DuckDB refuses to read deeper ones. What is deeper runs over rows.
const maxNested = 100

// tooDeep says whether an expression is nested deeper than a statement may be. A chain of `and` or `or` is one level.
func tooDeep(e expr) bool { return deeper(e, maxNested) }

func deeper(e expr, levels int) bool {
	if levels == 0 {
		return true
	}
	below := children(e)
	if l, ok := e.(*logic); ok {
		below = chain(l, l.and)
	}
	return slices.ContainsFunc(below, func(c expr) bool { return deeper(c, levels-1) })
}

// chain returns the conditions that `and`, or `or`, joins.
func chain(e expr, and bool) []expr {
	var out []expr
	for {
		l, ok := e.(*logic)
		if !ok || l.and != and {
			out = append(out, e)
			slices.Reverse(out)
			return out
		}
		// The left side is the longer one of a chain as it is written.
		rest := chain(l.y, and)
		slices.Reverse(rest)
		out = append(out, rest...)
		e = l.x
	}
}

// joined writes a chain so that it is nested as little as can be.
func joined(texts []string, op string) string {
	if len(texts) == 1 {
		return texts[0]
	}
	middle := len(texts) / 2
	return "(" + joined(texts[:middle], op) + op + joined(texts[middle:], op) + ")"
}

// openPartOfFilter says in SQL what of a condition it can, and checks the rest over rows.
func (r *run) openPartOfFilter(f *filter) (Rows, bool, error) {
	in, err := (&generator{r: r}).node(f.in)
	if in == nil || err != nil {
		return nil, false, err
	}
	var said, rest expr
	var none bool
	for _, c := range conjuncts(f.cond) {
		g := &generator{r: r, below: in}
		text, err := g.condition(c)
		if err != nil {
			return nil, false, err
		}
		if text != "" {
			said = andOf(said, c)
		} else {
			rest = andOf(rest, c)
		}
	}
	none = said == nil || rest == nil
	if none {
		return nil, false, nil
	}
	inner := &filter{in: f.in, cond: said}
	g := &generator{r: r}
	if st, err := g.node(inner); st == nil || err != nil {
		return nil, false, err
	}
	rows, err := (&filter{in: inner, cond: rest}).open(r)
	return rows, err == nil, err
}

// conjuncts returns the conditions that an `and` joins.
func conjuncts(e expr) []expr {
	if l, ok := e.(*logic); ok && l.and {
		return append(conjuncts(l.x), conjuncts(l.y)...)
	}
	return []expr{e}
}

func andOf(a, b expr) expr {
	if a == nil {
		return b
	}
	return &logic{true, a, b}
}

// run executes a statement. Its rows have every column of the node; those that are not present are null.
func (g *generator) run(st *statement, cols []Column) (Rows, error) {
	q := SQL{Text: st.text, Args: g.args, From: st.from, To: st.to}
	var at []int
	for i, c := range cols {
		if st.present[i] {
			q.Columns = append(q.Columns, c)
			at = append(at, i)
		}
	}
	if len(at) == 0 { // rows without a cell still count
		q.Columns = append(q.Columns, Column{Name: "n", Type: value.Int})
		at = append(at, -1)
	}
	if len(st.hashes) > 0 {
		q.Text = fmt.Sprintf("SELECT %s FROM (%s) AS t", st.list(false), st.text)
	}
	g.r.statements++
	rows, err := st.scan.src.(SQLSource).Query(g.r.ctx, q)
	if err != nil {
		return nil, err
	}
	g.r.warn(rows)
	return &mapped{in: rows, each: func(batch []Row) ([]Row, error) {
		g.r.scanned += len(batch)
		if len(at) == len(cols) && (len(at) == 0 || at[0] >= 0) {
			return batch, nil
		}
		cells := make([]value.Value, len(batch)*len(cols))
		for i, row := range batch {
			wide := cells[i*len(cols) : (i+1)*len(cols) : (i+1)*len(cols)]
			for j, k := range at {
				if k >= 0 {
					wide[k] = row[j]
				}
			}
			batch[i] = wide
		}
		return batch, nil
	}}, nil
}

// node writes a node; nil means that SQL cannot say it.
func (g *generator) node(n node) (*statement, error) {
	switch n := n.(type) {
	case *tableScan:
		return g.table(n), nil
	case *filter:
		return g.filter(n)
	case *project:
		return g.project(n)
	case *aggregate:
		return g.aggregate(n)
	case *sorted:
		return g.sorted(n)
	case *take:
		in, err := g.node(n.in)
		if in == nil || err != nil {
			return nil, err
		}
		count := n.n
		if n.count != nil {
			if count, err = g.r.number(n.count); err != nil {
				return nil, err
			}
		}
		return in.over(fmt.Sprintf("SELECT %s FROM (%s) AS t LIMIT %d", in.list(false), in.text, count)), nil
	}
	return nil, nil
}

// over is a statement around another that keeps its columns.
func (s *statement) over(text string) *statement {
	out := *s
	out.text, out.bare, out.hashes = text, false, nil
	return &out
}

// list names the columns of a statement, with the hidden hashes if asked for.
func (s *statement) list(hashes bool) string {
	var names []string
	for i, p := range s.present {
		if p {
			names = append(names, fmt.Sprintf("c%d", i))
		}
		if hashes && s.hashes[i] {
			names = append(names, fmt.Sprintf("h%d", i))
		}
	}
	if len(names) == 0 {
		return "1 AS n"
	}
	return strings.Join(names, ", ")
}

func (g *generator) table(n *tableScan) *statement {
	src, ok := n.src.(SQLSource)
	if !ok {
		return nil
	}
	st := &statement{scan: n, from: n.scan.From, to: n.scan.To, present: n.need, hashes: map[int]bool{}, bare: true}
	if st.present == nil {
		st.present = allColumns(len(n.decl.Columns))
	}
	var list []string
	for i, c := range n.decl.Columns {
		if !st.present[i] {
			continue
		}
		list = append(list, fmt.Sprintf("%s AS c%d", quoteSQL(c.Name), i))
		if hidden, ok := src.HashColumn(c.Name); ok {
			list = append(list, fmt.Sprintf("%s AS h%d", quoteSQL(hidden), i))
			st.hashes[i] = true
		}
	}
	if len(list) == 0 {
		list = append(list, "1 AS n")
	}
	st.text = fmt.Sprintf("SELECT %s FROM {rows} AS t", strings.Join(list, ", "))
	return st
}

// quoteSQL writes a column's name, which the declaration of the table gives and never a query.
func quoteSQL(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func (g *generator) filter(n *filter) (*statement, error) {
	in, err := g.node(n.in)
	if in == nil || err != nil {
		return nil, err
	}
	g.below = in
	if tooDeep(n.cond) {
		return nil, nil
	}
	text, err := g.condition(n.cond)
	if text == "" || err != nil {
		return nil, err
	}
	if in.bare {
		for _, c := range conjuncts(n.cond) {
			g.narrow(in, c)
			if h := g.hashed(in, c); h != "" {
				text = h + " AND " + text
				if err := g.find(in, c); err != nil {
					return nil, err
				}
			}
		}
	}
	out := in.over(fmt.Sprintf("SELECT %s FROM (%s) AS t WHERE %s", in.list(true), in.text, text))
	out.bare, out.hashes = in.bare, in.hashes
	return out, nil
}

func (g *generator) project(n *project) (*statement, error) {
	if len(windowsOf(n.exprs)) > 0 {
		return nil, nil
	}
	in, err := g.node(n.in)
	if in == nil || err != nil {
		return nil, err
	}
	g.below = in
	out := in.over("")
	out.present, out.nan = make([]bool, len(n.exprs)), map[int]bool{}
	var list []string
	for i, x := range n.exprs {
		if n.need != nil && !n.need[i] {
			continue
		}
		if tooDeep(x) {
			return nil, nil
		}
		text, err := g.expr(x)
		if text == "" || err != nil {
			return nil, err
		}
		out.present[i], out.nan[i] = true, g.mayBeNaN(x)
		list = append(list, fmt.Sprintf("%s AS c%d", text, i))
	}
	if len(list) == 0 {
		list = append(list, "1 AS n")
	}
	out.text = fmt.Sprintf("SELECT %s FROM (%s) AS t", strings.Join(list, ", "), in.text)
	return out, nil
}

func (g *generator) sorted(n *sorted) (*statement, error) {
	in, err := g.node(n.in)
	if in == nil || err != nil {
		return nil, err
	}
	g.below = in
	var keys []string
	for _, k := range n.keys {
		if t := k.x.typ(); t == value.Dynamic || t == value.Decimal || t == value.GUID {
			return nil, nil
		}
		text, err := g.expr(k.x)
		if text == "" || err != nil {
			return nil, err
		}
		order := " ASC"
		if k.desc {
			order = " DESC"
		}
		empty := "NULLS LAST"
		if k.nullsFirst {
			empty = "NULLS FIRST"
		}
		if g.mayBeNaN(k.x) { // which stands beside null, and SQL has it greatest
			end := "ASC"
			if k.nullsFirst {
				end = "DESC"
			}
			keys = append(keys, fmt.Sprintf("CASE WHEN %s IS NULL THEN 2 WHEN isnan(%s) THEN 1 ELSE 0 END %s", text, text, end))
		}
		keys = append(keys, text+order+" "+empty)
	}
	text := fmt.Sprintf("SELECT %s FROM (%s) AS t ORDER BY %s", in.list(false), in.text, strings.Join(keys, ", "))
	if n.limit != nil {
		count, err := g.r.number(n.limit)
		if err != nil {
			return nil, err
		}
		text += fmt.Sprintf(" LIMIT %d", count)
	}
	return in.over(text), nil
}

// arg adds a parameter and returns its place.
func (g *generator) arg(v any) string {
	g.args = append(g.args, v)
	return fmt.Sprintf("$%d", len(g.args))
}
