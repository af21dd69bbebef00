package kql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// aggregate writes a summarize whose keys and aggregates SQL computes exactly.
func (g *generator) aggregate(n *aggregate) (*statement, error) {
	in, err := g.node(n.in)
	if in == nil || err != nil {
		return nil, err
	}
	g.below = in
	nan := map[int]bool{}
	var list, keys []string
	deep := slices.ContainsFunc(n.keys, tooDeep) || slices.ContainsFunc(n.aggs, func(a *aggCall) bool { return slices.ContainsFunc(a.args, tooDeep) })
	if deep {
		return nil, nil
	}
	for i, k := range n.keys {
		if sqlType(k.typ()) == "" || g.mayBeNaN(k) {
			return nil, nil
		}
		text, err := g.expr(k)
		if text == "" || err != nil {
			return nil, err
		}
		list = append(list, fmt.Sprintf("%s AS c%d", text, i))
		keys = append(keys, fmt.Sprint(i+1))
	}
	at := len(n.keys)
	for _, a := range n.aggs {
		texts, err := g.aggCall(a)
		if texts == nil || err != nil {
			return nil, err
		}
		for _, text := range texts {
			list = append(list, fmt.Sprintf("%s AS c%d", text, at))
			nan[at] = a.name == "avg" || a.name == "avgif" // of nothing
			at++
		}
	}
	out := in.over(fmt.Sprintf("SELECT %s FROM (%s) AS t", strings.Join(list, ", "), in.text))
	if len(keys) > 0 {
		out.text += " GROUP BY " + strings.Join(keys, ", ")
	}
	out.present, out.nan = allColumns(len(n.cols)), nan
	return out, nil
}

// aggCall writes one aggregate, one text for each of its columns; nil means that SQL cannot say it.
func (g *generator) aggCall(a *aggCall) ([]string, error) {
	one := func(text string, err error) ([]string, error) {
		if text == "" || err != nil {
			return nil, err
		}
		return []string{text}, nil
	}
	name, args, where := a.name, a.args, ""
	switch name {
	case "arg_max", "arg_min":
		return g.extreme(a)
	}
	for _, x := range args {
		if g.mayBeNaN(x) {
			return nil, nil
		}
	}
	switch name {
	case "sumif", "avgif", "minif", "maxif", "dcountif", "count_distinctif":
		cond, err := g.condition(args[1])
		if cond == "" || err != nil {
			return nil, err
		}
		name, args, where = strings.TrimSuffix(name, "if"), append([]expr{args[0]}, args[2:]...), " FILTER (WHERE "+cond+")"
	}
	var t value.Type
	if len(args) > 0 {
		if t = args[0].typ(); sqlType(t) == "" {
			return nil, nil
		}
	}
	number := t == value.Int || t == value.Long || t == value.Real
	switch name {
	case "count":
		if len(args) == 0 {
			return []string{"count(*)"}, nil
		}
	case "countif":
		cond, err := g.condition(args[0])
		if cond == "" || err != nil {
			return nil, err
		}
		return []string{"count(*) FILTER (WHERE " + cond + ")"}, nil
	case "sum":
		if t == value.Real {
			return one(g.format("coalesce(sum(%s)"+where+", 0)", args[0]))
		}
		if number || t == value.Timespan {
			return one(g.format("CAST(coalesce(sum(%s)"+where+", 0) AS BIGINT)", args[0]))
		}
	case "avg":
		if number {
			return one(g.format("coalesce(avg(%s)"+where+", CAST('NaN' AS DOUBLE))", args[0]))
		}
	case "stdev":
		if number {
			return one(g.format("coalesce(stddev_samp(CAST(%s AS DOUBLE)), 0)", args[0]))
		}
	case "variance":
		if number {
			return one(g.format("coalesce(var_samp(CAST(%s AS DOUBLE)), 0)", args[0]))
		}
	case "min", "max":
		if number || t == value.Datetime || t == value.Timespan {
			return one(g.format(name+"(%s)"+where, args[0]))
		}
	case "dcount", "count_distinct":
		return one(g.format("count(DISTINCT %s)"+where, args[0]))
	case "take_any":
		if len(args) == 1 && t != value.String {
			return one(g.format("any_value(%s)", args[0]))
		}
	case "percentile", "percentiles":
		if number || t == value.Datetime || t == value.Timespan {
			return g.percentiles(args)
		}
	}
	return nil, nil
}

// extreme writes arg_max and arg_min: the cells of the row where the first argument is greatest or least. Where it is always null, any row is.
func (g *generator) extreme(a *aggCall) ([]string, error) {
	var by string
	limit := map[string]string{"arg_max": "-9223372036854775808", "arg_min": "9223372036854775807"}[a.name]
	switch a.args[0].typ() {
	case value.Datetime, value.Long, value.Timespan, value.Int:
	default:
		return nil, nil
	}
	var cells []string
	for i, x := range a.args {
		text, err := g.expr(x)
		if err != nil {
			return nil, err
		}
		if text == "" || g.mayBeNaN(x) {
			return nil, nil
		}
		if i == 0 {
			by = fmt.Sprintf("coalesce(CAST(%s AS BIGINT), %s)", text, limit)
		}
		cells = append(cells, fmt.Sprintf("v%d := %s", i, text))
	}
	out := make([]string, len(cells))
	for i := range cells {
		out[i] = fmt.Sprintf("struct_extract(%s(struct_pack(%s), %s), 'v%d')", a.name, strings.Join(cells, ", "), by, i)
	}
	return out, nil
}

// percentiles writes nearest-rank percentiles. One aggregate computes all of them.
func (g *generator) percentiles(args []expr) ([]string, error) {
	x, err := g.expr(args[0])
	if x == "" || err != nil {
		return nil, err
	}
	if args[0].typ() == value.Int {
		x = "CAST(" + x + " AS BIGINT)"
	}
	var ps []string
	for _, a := range args[1:] {
		v, ok := constantValue(a, g.r)
		p, isNumber := value.ToFloat(v)
		if !ok || !isNumber || p < 0 || p > 100 {
			return nil, nil
		}
		ps = append(ps, fmt.Sprintf("%v", p/100))
	}
	out := make([]string, len(ps))
	for i := range ps {
		out[i] = fmt.Sprintf("quantile_disc(%s, [%s])[%d]", x, strings.Join(ps, ", "), i+1)
	}
	return out, nil
}
