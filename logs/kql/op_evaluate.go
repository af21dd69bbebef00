package kql

import (
	"errors"
	"slices"

	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/logs/kql/value"
)

// plugin is one use of evaluate while it is bound.
type plugin struct {
	b     *binder
	in    node // nil where evaluate begins a query
	op    *syntax.Evaluate
	name  string
	args  []syntax.Arg // by position
	named map[string]syntax.Arg
	env   *env
}

// evaluate binds `evaluate plugin(args) : (schema)`.
func (b *binder) evaluate(in node, op *syntax.Evaluate, names *env) (node, error) {
	p := &plugin{b: b, in: in, op: op, name: op.Call.Name.Text, env: names, named: map[string]syntax.Arg{}}
	bind, ok := pluginNamed(p.name)
	if !ok {
		if reason := noPlugin(p.name); reason != "" {
			return nil, errAt(op.Call.Name.At(), "The plugin '%s' is not supported: %s", p.name, reason)
		}
		return nil, errAt(op.Call.Name.At(), "Unknown plugin: '%s'.%s", p.name, didYouMean(p.name, pluginNames()))
	}
	if in == nil {
		return nil, errAt(op.At(), "The plugin '%s' needs an input before it.", p.name)
	}
	for _, a := range op.Call.Args {
		if len(a.Names) == 1 {
			p.named[a.Names[0].Text] = a
		} else {
			p.args = append(p.args, a)
		}
	}
	return bind(p)
}

// pluginNamed returns how a plugin is bound.
func pluginNamed(name string) (func(*plugin) (node, error), bool) {
	switch name {
	case "bag_unpack":
		return (*plugin).bagUnpack, true
	case "pivot":
		return (*plugin).pivot, true
	case "narrow":
		return (*plugin).narrow, true
	case "preview":
		return (*plugin).preview, true
	case "schema_merge":
		return (*plugin).schemaMerge, true
	case "rows_near":
		return (*plugin).rowsNear, true
	case "dcount_intersect":
		return (*plugin).dcountIntersect, true
	case "activity_counts_metrics":
		return (*plugin).activityCounts, true
	case "activity_metrics":
		return (*plugin).activityMetrics, true
	case "activity_engagement":
		return (*plugin).activityEngagement, true
	case "active_users_count":
		return (*plugin).activeUsers, true
	case "sliding_window_counts":
		return (*plugin).slidingWindow, true
	case "session_count":
		return (*plugin).sessionCount, true
	case "autocluster":
		return (*plugin).autocluster, true
	case "basket":
		return (*plugin).basket, true
	case "diffpatterns":
		return (*plugin).diffpatterns, true
	case "funnel_sequence":
		return (*plugin).funnelSequence, true
	case "funnel_sequence_completion":
		return (*plugin).funnelCompletion, true
	case "rolling_percentile":
		return (*plugin).rollingPercentile, true
	case "sequence_detect":
		return (*plugin).sequenceDetect, true
	case "ipv4_lookup", "ipv6_lookup":
		return (*plugin).addressLookup, true
	}
	return nil, false
}

// pluginNames are the plugins that there are, for suggestions.
func pluginNames() []string {
	return []string{"bag_unpack", "pivot", "narrow", "preview", "schema_merge", "rows_near", "dcount_intersect",
		"activity_counts_metrics", "activity_metrics", "activity_engagement", "active_users_count", "sliding_window_counts", "session_count",
		"rolling_percentile", "sequence_detect", "funnel_sequence", "funnel_sequence_completion",
		"autocluster", "basket", "diffpatterns", "ipv4_lookup", "ipv6_lookup"}
}

// noPlugin says why a plugin of the language is not here; "" for what is none.
func noPlugin(name string) string {
	switch name {
	case "http_request", "http_request_post", "sql_request", "mysql_request", "postgresql_request", "cosmosdb_sql_request",
		"azure_digital_twins_query_request", "ai_embed_text", "ai_chat_completion", "ai_chat_completion_prompt", "ai_embeddings":
		return "this server asks nothing of other servers"
	case "infer_storage_schema", "infer_storage_schema_with_suggestions":
		return "this server reads no files from elsewhere"
	case "python", "r":
		return "this server runs no programs of a query"
	case "diffpatterns_text":
		return "diffpatterns compares columns, and reduce finds patterns of texts"
	case "new_activity_metrics":
		return "activity_metrics counts who is new and who comes back"
	}
	return ""
}

func (p *plugin) errorf(at syntax.Span, format string, args ...any) error {
	return errAt(at, "The plugin '"+p.name+"': "+format, args...)
}

// count checks the number of arguments by position; most is -1 for any number.
func (p *plugin) count(least, most int) error {
	switch n := len(p.args); {
	case n < least:
		return p.errorf(p.op.Call.At(), "It takes at least %s, and %d were given.", plural(least, "argument"), n)
	case most >= 0 && n > most:
		return p.errorf(p.op.Call.At(), "It takes at most %s, and %d were given.", plural(most, "argument"), n)
	}
	return nil
}

// options checks that no other arguments have names.
func (p *plugin) options(known ...string) error {
	for name, a := range p.named {
		if !slices.Contains(known, name) {
			return p.errorf(a.At(), "There is no argument '%s'.%s", name, didYouMean(name, known))
		}
	}
	return nil
}

// arg returns an argument by position, or by name.
func (p *plugin) arg(i int, name string) (syntax.Expr, bool) {
	if a, ok := p.named[name]; ok {
		return a.Expr, true
	}
	if i < len(p.args) {
		return p.args[i].Expr, true
	}
	return nil, false
}

// row binds an argument over the columns of the input.
func (p *plugin) row(e syntax.Expr) (expr, error) {
	return p.b.expr(e, &scope{env: p.env, cols: p.in.columns(), op: "evaluate " + p.name})
}

// column binds an argument over the input, with the name of its column.
func (p *plugin) column(e syntax.Expr) (x expr, name string, err error) {
	if x, err = p.row(e); err != nil {
		return nil, "", err
	}
	if name = p.b.itemName(e, x); name == "" {
		name = "Column1"
	}
	return x, name, nil
}

// constant binds an argument that is the same for all rows and known before the query runs.
func (p *plugin) constant(e syntax.Expr, t value.Type) (value.Value, error) {
	x, err := p.b.expr(e, &scope{env: p.env, op: "evaluate " + p.name})
	if err != nil {
		return nil, err
	}
	if x, err = p.b.coerce(x, t, e.At()); err != nil {
		return nil, err
	}
	c, ok := x.(*constant)
	if !ok {
		return nil, p.errorf(e.At(), "A constant %s is expected here.", t)
	}
	return c.v, nil
}

// text is a constant text that may be left out.
func (p *plugin) text(i int, name, missing string) (string, error) {
	e, ok := p.arg(i, name)
	if !ok {
		return missing, nil
	}
	v, err := p.constant(e, value.String)
	if err != nil {
		return "", err
	}
	s, _ := v.(string)
	return s, nil
}

// read returns the rows of the input, for a plugin whose columns depend on them, and the input from which the query then reads the same.
func (p *plugin) read() (node, []Row, error) {
	shared := &sharedTable{root: p.b.optimize(p.in)}
	rows, err := p.b.run.sharedRows(shared)
	if errors.Is(err, errUnfilled) {
		return nil, nil, p.errorf(p.op.At(), "Its columns depend on rows that a subquery does not know yet; declare them, as in evaluate %s(...) : (a:string).", p.name)
	}
	if err != nil {
		return nil, nil, err
	}
	return &sharedNode{shared}, rows, nil
}

// table is rows that a plugin computes from all rows of its input.
type table struct {
	in   node
	used []expr // what it looks at, over the input
	all  bool   // it looks at every column
	cols []Column
	make func(r *run, rows []Row) ([]Row, error)
}

func (n *table) columns() []Column { return n.cols }
func (n *table) inputs() []*node   { return []*node{&n.in} }

func (n *table) require([]bool) {
	if n.all {
		n.in.require(nil)
		return
	}
	below := make([]bool, len(n.in.columns()))
	for _, x := range n.used {
		mark(below, x)
	}
	n.in.require(below)
}

func (n *table) open(r *run) (Rows, error) {
	return &lazy{make: func() ([]Row, error) {
		rows, err := r.collect(n.in)
		if err != nil {
			return nil, err
		}
		return n.make(r, rows)
	}}, nil
}
