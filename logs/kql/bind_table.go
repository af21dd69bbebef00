package kql

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/syntax"
)

// table binds a tabular expression.
func (b *binder) table(e syntax.Expr, names *env) (node, error) {
	if err := b.countPart(e.At()); err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case *syntax.Paren:
		return b.table(e.X, names)
	case *syntax.Pipe:
		src, err := b.table(e.Source, names)
		if err != nil {
			return nil, err
		}
		return b.pipe(src, e.Ops, names)
	case *syntax.Source:
		return b.source(e.Op, names)
	case *syntax.NameRef:
		if e.Wildcard {
			tables, err := b.tablesNamed(e, names, 0)
			if err != nil {
				return nil, err
			}
			return unionOf(tables, false, ""), nil
		}
		return b.tableNamed(e.Name.Text, e.At(), names)
	case *syntax.Member:
		if isQualifier(e.X) {
			return b.tableNamed(e.Sel.Text, e.Sel.At(), nil)
		}
		if c := patternCall(e.X, names); c != nil {
			return b.patternTable(c, e.Sel.Text, names)
		}
	case *syntax.Call:
		return b.tableCall(e, names)
	}
	return nil, errAt(e.At(), "A table is expected here.")
}

// inner binds a table that stands inside of a scalar expression.
func (b *binder) inner(e syntax.Expr, names *env) (node, error) {
	b.tables++
	defer func() { b.tables-- }()
	return b.table(e, names)
}

// tableNamed binds the name of a table: what a let statement says, else a table of the catalog.
func (b *binder) tableNamed(name string, at syntax.Span, names *env) (node, error) {
	if n, ok := names.find(name); ok {
		switch {
		case n.table != nil:
			return n.table()
		case n.lambda != nil:
			return b.tableLambda(n, name, at, nil, names)
		case n.rules != nil:
			return nil, errAt(at, "'%s' is a pattern and needs its arguments.", name)
		}
		return nil, errAt(at, "'%s' is a scalar, and a table is expected here.", name)
	}
	src, ok := b.engine.catalog.Table(name)
	if !ok {
		return nil, noTable(at, "Failed to resolve table or tabular expression named '%s'.%s", name, didYouMean(name, append(b.engine.catalog.Tables(), names.names()...)))
	}
	return b.scanOf(src), nil
}

// tableCall binds a call that gives a table.
func (b *binder) tableCall(e *syntax.Call, names *env) (node, error) {
	name := e.Name.Text
	if n, ok := names.find(name); ok && n.lambda != nil {
		return b.tableLambda(n, name, e.At(), e.Args, names)
	}
	if patternCall(e, names) != nil {
		return b.patternTable(e, "", names)
	}
	switch name {
	case "materialize":
		if len(e.Args) != 1 {
			return nil, errAt(e.At(), "materialize() takes 1 argument, and %d were given.", len(e.Args))
		}
		root, err := b.table(e.Args[0].Expr, names)
		if err != nil {
			return nil, err
		}
		return &sharedNode{&sharedTable{root: b.optimize(root)}}, nil
	case "table":
		if len(e.Args) == 1 {
			x, err := b.expr(e.Args[0].Expr, &scope{env: names, op: "table"})
			if err != nil {
				return nil, err
			}
			if text, ok := constText(x); ok {
				return b.tableNamed(text, e.Args[0].At(), names)
			}
		}
		return nil, errAt(e.At(), "table() needs the table's name as a constant text.")
	}
	if n, ok := names.find(name); ok && n.table != nil && len(e.Args) == 0 {
		return n.table()
	}
	return nil, noTable(e.At(), "Unknown function: '%s'.%s", name, didYouMean(name, names.names()))
}

// tableLambda binds a call of a function that the query declares, whose result is a table.
func (b *binder) tableLambda(n entry, name string, at syntax.Span, args []syntax.Arg, names *env) (out node, err error) {
	inner, body, err := b.callLambda(n, name, at, args, &scope{env: names, op: name})
	if err != nil {
		return nil, err
	}
	err = b.inFunction(inner, body, at, func(last syntax.Expr, names *env) error {
		out, err = b.table(last, names)
		return err
	})
	return out, err
}

// source binds an operator that begins a pipe.
func (b *binder) source(op syntax.Operator, names *env) (node, error) {
	switch op := op.(type) {
	case *syntax.Datatable:
		return b.datatable(op, names)
	case *syntax.Range:
		return b.rangeOf(op, names)
	case *syntax.Print:
		return b.print(op, names)
	case *syntax.Union:
		return b.union(nil, op, names)
	case *syntax.Search:
		return b.search(nil, op, names)
	case *syntax.Find:
		return b.find(op, names)
	case *syntax.Evaluate:
		return b.evaluate(nil, op, names)
	case *syntax.Externaldata:
		return nil, errAt(op.At(), "externaldata is not supported: this server reads nothing from elsewhere.")
	case *syntax.Unsupported:
		return nil, errAt(op.At(), "The operator '%s' is not supported.", op.Name)
	}
	return nil, errAt(op.At(), "The operator needs an input before it.")
}

// pipe binds one operator after the other.
func (b *binder) pipe(in node, ops []syntax.Operator, names *env) (node, error) {
	for i, op := range ops {
		if _, ok := in.(*branches); ok {
			if _, ok := op.(*syntax.Render); !ok {
				return nil, errAt(op.At(), "Nothing can follow an operator that gives several tables.")
			}
		}
		if b.render != nil && i > 0 {
			if _, ok := ops[i-1].(*syntax.Render); ok {
				return nil, errAt(op.At(), "render must be the last operator.")
			}
		}
		if as, ok := op.(*syntax.As); ok {
			shared := &sharedTable{root: b.optimize(in)}
			in = &sharedNode{shared}
			names = names.with(as.Name.Text, entry{table: func() (node, error) { return &sharedNode{shared}, nil }})
			continue
		}
		var err error
		if in, err = b.operatorOn(in, op, names); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// operatorOn binds one operator on its input.
func (b *binder) operatorOn(in node, op syntax.Operator, names *env) (node, error) {
	switch op := op.(type) {
	case *syntax.Where:
		return b.where(in, op, names)
	case *syntax.Extend:
		return b.extend(in, op.Items, "extend", names)
	case *syntax.Project:
		return b.project(in, op, names)
	case *syntax.Summarize:
		return b.summarize(in, op, names)
	case *syntax.Distinct:
		return b.distinct(in, op, names)
	case *syntax.Sort:
		return b.sort(in, op.Keys, op.Word, nil, names)
	case *syntax.Top:
		return b.sort(in, op.Keys, "top", op.N, names)
	case *syntax.Take:
		return b.take(in, op, names)
	case *syntax.Count:
		return b.count(in, op), nil
	case *syntax.Join:
		return b.join(in, op, names)
	case *syntax.Lookup:
		return b.lookup(in, op, names)
	case *syntax.Union:
		return b.union(in, op, names)
	case *syntax.MakeSeries:
		return b.makeSeries(in, op, names)
	case *syntax.MvExpand:
		return b.mvExpand(in, op, names)
	case *syntax.MvApply:
		return b.mvApply(in, op, names)
	case *syntax.ParseOp:
		return b.parse(in, op, names)
	case *syntax.ParseKV:
		return b.parseKV(in, op, names)
	case *syntax.Scan:
		return b.scan(in, op, names)
	case *syntax.Partition:
		return b.partition(in, op, names)
	case *syntax.TopNested:
		return b.topNested(in, op, names)
	case *syntax.TopHitters:
		return b.topHitters(in, op, names)
	case *syntax.Evaluate:
		return b.evaluate(in, op, names)
	case *syntax.Render:
		return in, b.setRender(op, names)
	case *syntax.Serialize:
		return b.extend(in, op.Items, "serialize", names)
	case *syntax.Sample:
		return b.sample(in, op, names)
	case *syntax.SampleDistinct:
		return b.sampleDistinct(in, op, names)
	case *syntax.Invoke:
		return b.invoke(in, op, names)
	case *syntax.Getschema:
		return getschema(in), nil
	case *syntax.Consume:
		return &take{in: in, n: 0}, nil
	case *syntax.Search:
		return b.search(in, op, names)
	case *syntax.Fork:
		return b.fork(in, op, names)
	case *syntax.Facet:
		return b.facet(in, op, names)
	case *syntax.Reduce:
		return b.reduce(in, op, names)
	case *syntax.AssertSchema:
		return b.assertSchema(in, op)
	case *syntax.Unsupported:
		return nil, errAt(op.At(), "The operator '%s' is not supported.", op.Name)
	}
	return nil, errAt(op.At(), "This operator cannot stand after a pipe.")
}

// invoke is `T | invoke f(args)`: f(T, args).
func (b *binder) invoke(in node, op *syntax.Invoke, names *env) (node, error) {
	shared := &sharedTable{root: b.optimize(in)}
	hidden := "invoke input" // no name of a query has a blank unless it is quoted
	names = names.with(hidden, entry{table: func() (node, error) { return &sharedNode{shared}, nil }})
	c := *op.Call
	c.Args = append([]syntax.Arg{{Span: op.At(), Expr: &syntax.NameRef{Span: op.At(), Name: syntax.Name{Span: op.At(), Text: hidden}}}}, c.Args...)
	return b.tableCall(&c, names)
}

// option returns the text of a word or literal option of an operator, such as kind=inner.
func option(options []syntax.Option, name string) (string, bool) {
	for _, o := range options {
		if strings.EqualFold(o.Name.Text, name) {
			switch v := o.Value.(type) {
			case *syntax.NameRef:
				return v.Name.Text, true
			case *syntax.Literal:
				if s, ok := v.Value.(string); ok {
					return s, true
				}
				return v.Text, true
			}
		}
	}
	return "", false
}

// resultName is the name of a column that a query did not name; "" where the language gives none.
func (b *binder) resultName(e syntax.Expr) string {
	switch e := unparen(e).(type) {
	case *syntax.NameRef:
		return e.Name.Text
	case *syntax.Member:
		if n, ok := e.X.(*syntax.NameRef); ok && strings.HasPrefix(n.Name.Text, "$") {
			return e.Sel.Text
		}
		return joinNames(b.resultName(e.X), e.Sel.Text)
	case *syntax.Index:
		if l, ok := unparen(e.Index).(*syntax.Literal); ok {
			text := l.Text
			if s, ok := l.Value.(string); ok {
				text = s
			}
			return joinNames(b.resultName(e.X), text)
		}
		return b.resultName(e.X)
	case *syntax.Call:
		return b.callResultName(e)
	}
	return ""
}

func joinNames(a, b string) string {
	if a == "" {
		return b
	}
	return a + "_" + b
}
