package kql

import (
	"slices"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// charts are the kinds of charts that the language has, in any tool that shows them.
var charts = []string{
	"anomalychart", "areachart", "barchart", "card", "columnchart", "graph", "ladderchart", "linechart", "piechart", "pivotchart", "plotly",
	"scatterchart", "stackedareachart", "table", "timechart", "timeline", "timepivot", "treemap",
}

// setRender keeps the chart that a query asks for. It changes no row.
func (b *binder) setRender(op *syntax.Render, names *env) error {
	if !slices.Contains(charts, op.Kind.Text) {
		return errAt(op.Kind.At(), "'render' operator: There is no chart named '%s'.%s", op.Kind.Text, didYouMean(op.Kind.Text, slices.Clone(charts)))
	}
	r := &Render{Kind: op.Kind.Text}
	for _, o := range op.With {
		v, err := b.renderValue(o, o.Value, names)
		if err != nil {
			return err
		}
		if len(o.More) > 0 {
			list := []any{v}
			for _, e := range o.More {
				if v, err = b.renderValue(o, e, names); err != nil {
					return err
				}
				list = append(list, v)
			}
			v = list
		}
		r.Properties = append(r.Properties, Property{o.Name.Text, v})
	}
	b.render = r
	return nil
}

// renderValue is one value of a property of a chart: the name of a column, or a constant.
func (b *binder) renderValue(o syntax.Option, e syntax.Expr, names *env) (any, error) {
	switch e := e.(type) {
	case *syntax.NameRef:
		return e.Name.Text, nil
	case *syntax.Literal:
		return e.Value, nil
	}
	x, err := b.expr(e, &scope{env: names, op: "render"})
	if err != nil {
		return nil, err
	}
	c, ok := x.(*constant)
	if !ok {
		return nil, errAt(o.At(), "'render' operator: The property '%s' needs a constant.", o.Name.Text)
	}
	return c.v, nil
}

// getschema is one row for each column of its input.
func getschema(in node) node {
	n := &values{cols: []Column{{Name: "ColumnName", Type: value.String}, {Name: "ColumnOrdinal", Type: value.Int}, {Name: "DataType", Type: value.String}, {Name: "ColumnType", Type: value.String}}}
	for i, c := range in.columns() {
		n.rows = append(n.rows, Row{c.Name, int32(i), clrType(c.Type), c.Type.String()})
	}
	return n
}

// clrType is the name by which getschema and Kusto's first answers call a type.
func clrType(t value.Type) string {
	switch t {
	case value.Bool:
		return "System.SByte"
	case value.Int:
		return "System.Int32"
	case value.Long:
		return "System.Int64"
	case value.Real:
		return "System.Double"
	case value.Decimal:
		return "System.Data.SqlTypes.SqlDecimal"
	case value.Datetime:
		return "System.DateTime"
	case value.Timespan:
		return "System.TimeSpan"
	case value.String:
		return "System.String"
	case value.GUID:
		return "System.Guid"
	}
	return "System.Object"
}

// assertSchema checks that its input has exactly the declared columns.
func (b *binder) assertSchema(in node, op *syntax.AssertSchema) (node, error) {
	cols := in.columns()
	for _, c := range op.Columns {
		i := findColumn(cols, c.Name.Text)
		if i < 0 || cols[i].Type != c.Type {
			return nil, errAt(c.At(), "'assert-schema' operator: The input has no column '%s' of type %s.", c.Name.Text, c.Type)
		}
	}
	if len(cols) != len(op.Columns) {
		return nil, errAt(op.At(), "'assert-schema' operator: The input has %s, and %d are declared.", plural(len(cols), "column"), len(op.Columns))
	}
	return in, nil
}
