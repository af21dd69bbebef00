package kql

import (
	"fmt"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// maxHashes bounds the texts of a list whose hashes are compared first.
const maxHashes = 100

// hashed adds the comparison of the hidden hash to `column == text` and `column in (texts)`.
func (g *generator) hashed(st *statement, c expr) string {
	col, list := equalsOf(c)
	if cmp, ok := c.(*compare); ok && cmp.op == "==" && col == nil {
		x, y := cmp.x, cmp.y
		if _, left := x.(*column); !left {
			x, y = y, x
		}
		if v, known := constantValue(y, g.r); known { // such as toscalar
			col, _ = x.(*column)
			list = []expr{&constant{y.typ(), v}}
		}
	}
	if col == nil || !st.hashes[col.i] || len(list) == 0 || len(list) > maxHashes {
		return ""
	}
	var hashes []string
	for _, e := range list {
		text, ok := e.(*constant).v.(string)
		if !ok {
			return ""
		}
		hashes = append(hashes, fmt.Sprintf("CAST(%s AS INTEGER)", g.arg(st.scan.src.(SQLSource).Hash(text))))
	}
	if len(hashes) == 1 {
		return fmt.Sprintf("h%d = %s", col.i, hashes[0]) // which DuckDB checks while it reads
	}
	return fmt.Sprintf("h%d IN (%s)", col.i, strings.Join(hashes, ", "))
}

// farApart is the time from which on rows with a hash are looked for before all their columns are read: reading a column of many days costs more
// than reading it of one.
const farApart = 2 * value.Time(value.Day)

// find narrows a statement over many days to the time in which rows satisfy `column == text`, a condition that has a hash. The rows were
// acknowledged before the query, so they do not change in between.
func (g *generator) find(st *statement, c expr) error {
	timeAt := st.scan.decl.Column(timeColumn)
	if timeAt < 0 || st.to-st.from < farApart {
		return nil
	}
	col, list := equalsOf(c)
	if col == nil {
		return nil
	}
	key := fmt.Sprint(st.scan.decl.Name, " ", col.i, " ", st.from, " ", st.to)
	for _, e := range list {
		key += fmt.Sprintf(" %q", value.Text(e.(*constant).v))
	}
	span, known := g.r.spans[key]
	if !known {
		// The same table with nothing but the time and the column.
		need := make([]bool, len(st.scan.decl.Columns))
		need[timeAt], need[col.i] = true, true
		small := &generator{r: g.r}
		in := small.table(&tableScan{src: st.scan.src, decl: st.scan.decl, need: need, scan: Scan{From: st.from, To: st.to}})
		condition, err := small.condition(c)
		if condition == "" || err != nil {
			return err
		}
		out := in.over(fmt.Sprintf("SELECT min(c%d) AS c0, max(c%d) AS c1 FROM (%s) AS t WHERE %s AND %s", timeAt, timeAt, in.text, small.hashed(in, c), condition))
		out.present = []bool{true, true}
		rows, err := small.run(out, []Column{{Name: "first", Type: value.Datetime}, {Name: "last", Type: value.Datetime}})
		if err != nil {
			return err
		}
		found, err := g.r.drain(rows)
		if err != nil {
			return err
		}
		span = [2]value.Time{1, 0} // nowhere
		if first, ok := found[0][0].(value.Time); ok {
			span = [2]value.Time{first, found[0][1].(value.Time)}
		}
		g.r.spans[key] = span
	}
	st.from, st.to = max(st.from, span[0]), min(st.to, span[1])
	return nil
}
