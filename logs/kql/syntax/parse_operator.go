package syntax

import "strings"

// operatorWords are the words that may follow a pipe, for suggestions. Old spellings are not suggested.
var operatorWords = []string{
	"as", "assert-schema", "consume", "count", "distinct", "evaluate", "extend", "facet", "filter", "fork", "getschema", "graph-match",
	"graph-shortest-paths", "graph-to-table", "invoke", "join", "limit", "lookup", "make-graph", "make-series", "mv-apply", "mv-expand", "order", "parse",
	"parse-kv", "parse-where", "partition", "project", "project-away", "project-by-names", "project-keep", "project-rename", "project-reorder", "reduce",
	"render", "sample", "sample-distinct", "scan", "search", "serialize", "sort", "summarize", "take", "top", "top-hitters", "top-nested",
	"union", "where",
}

// operator reads one operator after a pipe.
func (p *parser) operator() Operator {
	start := p.peek().Start
	word, n := p.dashedAhead()
	read := p.reader(word)
	if read == nil {
		// The longest word need not be the operator: `count-x` would be one word.
		if word != "" && n > 1 && p.reader(p.peek().text) != nil && nearest(word, operatorWords) == "" {
			n = 1
			read = p.reader(p.peek().text)
		} else {
			p.unknownOperator(word, n)
		}
	}
	p.pos += n
	return read(start)
}

// unknownOperator fails at what stands in place of an operator.
func (p *parser) unknownOperator(word string, n int) {
	if word == "" {
		expected := "an operator after '|'"
		if p.isPunct("|") && p.touching(0) {
			expected += " ('||' is written 'or')"
		}
		p.unexpected(expected)
	}
	at := Span{p.peek().Start, p.ahead(n - 1).End}
	hint := ""
	if w := nearest(word, operatorWords); w != "" {
		hint = "; did you mean '" + w + "'?"
	} else if w, ok := infixOrSource(word); ok {
		hint = "; " + w
	}
	p.fail(at, "'%s' is not an operator%s", word, hint)
}

// infixOrSource explains words of the language that stand in the wrong place.
func infixOrSource(word string) (string, bool) {
	switch word {
	case "print", "range", "datatable", "externaldata", "find":
		return "'" + word + "' begins a query and has no input", true
	case "let", "set":
		return "'" + word + "' is a statement of its own, with ';' before and after it", true
	}
	return "", false
}

// reader returns the method that reads the operator after its word, or nil for no operator.
func (p *parser) reader(word string) func(start int) Operator {
	switch word {
	case "where", "filter":
		return p.where
	case "extend":
		return p.extend
	case "project", "project-away", "project-by-names", "project-keep", "project-rename", "project-reorder":
		return func(start int) Operator { return p.project(start, word) }
	case "summarize":
		return p.summarize
	case "distinct":
		return p.distinct
	case "sort", "order":
		return func(start int) Operator { return p.sort(start, word) }
	case "top":
		return p.top
	case "take", "limit":
		return func(start int) Operator { return p.takeRows(start, word) }
	case "count":
		return p.count
	case "join":
		return p.join
	case "lookup":
		return p.lookup
	case "union":
		return p.union
	case "make-series":
		return p.makeSeries
	case "mv-expand", "mvexpand":
		return func(start int) Operator { return p.mvExpand(start, word == "mvexpand") }
	case "mv-apply", "mvapply":
		return p.mvApply
	case "parse", "parse-where":
		return func(start int) Operator { return p.parseOperator(start, word == "parse-where") }
	case "parse-kv":
		return p.parseKV
	case "scan":
		return p.scan
	case "partition":
		return p.partition
	case "top-nested":
		return p.topNested
	case "top-hitters":
		return p.topHitters
	case "evaluate":
		return p.evaluate
	case "render":
		return p.render
	case "serialize":
		return p.serialize
	case "sample":
		return p.sample
	case "sample-distinct":
		return p.sampleDistinct
	case "as":
		return p.as
	case "invoke":
		return p.invoke
	case "getschema":
		return func(start int) Operator { return &Getschema{Span: p.from(start)} }
	case "consume":
		return p.consume
	case "search":
		return p.search
	case "fork":
		return p.fork
	case "facet":
		return p.facet
	case "reduce":
		return p.reduce
	case "assert-schema":
		return func(start int) Operator {
			columns, open := p.schema()
			return &AssertSchema{Span: p.from(start), Columns: columns, Open: open}
		}
	case "make-graph", "graph-match", "graph-shortest-paths", "graph-to-table", "graph-mark-components", "graph-where-nodes",
		"graph-where-edges", "graph-merge", "macro-expand", "execute-and-cache":
		return func(start int) Operator { return p.unsupported(start, word) }
	}
	return nil
}

// unsupported skips the text of an operator or statement that is refused by name later: up to the next pipe, semicolon or closing bracket
// at the same depth.
func (p *parser) unsupported(start int, name string) *Unsupported {
	begin := p.pos
	for inside := 0; ; {
		t := p.peek()
		if t.kind == kindEnd || p.pos >= inside && (t.is("|") || t.is(";") || t.is(")") || t.is("]") || t.is("}")) {
			break
		}
		inside = max(inside, int(p.match[p.pos])+1)
		p.take()
	}
	u := &Unsupported{Span: p.from(start), Name: name}
	if p.pos > begin {
		u.Text = strings.TrimLeftFunc(p.text[p.toks[begin-1].End:u.End], isSpace) // with the comments in it
	}
	return u
}

// options reads `name=value` pairs after an operator's word: those of the given names, and hints.
func (p *parser) options(names ...string) []Option {
	var list []Option
	for {
		n := p.optionAhead(names)
		if n == 0 {
			return list
		}
		list = append(list, p.option())
	}
}

// optionAhead returns the number of tokens of the option's name here, 0 when there is none.
func (p *parser) optionAhead(names []string) int {
	t := p.peek()
	if t.kind != kindName {
		return 0
	}
	if t.text == "hint" && p.ahead(1).is(".") && p.ahead(2).kind == kindName && p.ahead(3).is("=") {
		return 3
	}
	if !p.ahead(1).is("=") {
		return 0
	}
	for _, n := range names {
		if n == t.text || n == anyOption {
			return 1
		}
	}
	return 0
}

// anyOption in the names of options stands for every name, where nothing else with a = can follow.
const anyOption = "*"

// option reads one `name=value`.
func (p *parser) option() Option {
	start := p.peek().Start
	o := Option{Name: p.dotted("the name of an option")}
	p.expectPunct("=", "after the option "+o.Name.Text)
	o.Value = p.optionValue()
	o.Span = p.from(start)
	return o
}

// dotted reads a name with dots in it, as hint.strategy.
func (p *parser) dotted(what string) Name {
	n := p.name(what)
	for p.isPunct(".") && p.ahead(1).kind == kindName {
		p.take()
		m := p.name(what)
		n.Text += "." + m.Text
		n.End = m.End
	}
	return n
}

// optionList reads `( name=value, name=value )`; of names the operator, for messages.
func (p *parser) optionList(of string) []Option {
	open := p.open("(", "before the properties of "+of)
	var list []Option
	for !p.isPunct(")") {
		list = append(list, p.listOption())
		if !p.acceptPunct(",") {
			break
		}
	}
	p.close(open)
	return list
}

// listOption reads an option whose value may be a list: `ycolumns=a, b` up to the next `name=`.
func (p *parser) listOption() Option {
	o := p.option()
	for p.isPunct(",") && !(p.ahead(1).kind == kindName && (p.ahead(2).is("=") || p.ahead(2).is("."))) && !p.ahead(1).is(")") {
		p.take()
		o.More = append(o.More, p.optionValue())
		o.End = p.from(o.Start).End
	}
	return o
}
