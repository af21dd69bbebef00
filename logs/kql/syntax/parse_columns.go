package syntax

import (
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// typeWords are the names of types, for suggestions.
var typeWords = []string{"bool", "int", "long", "real", "double", "decimal", "datetime", "date", "timespan", "time", "string", "guid", "dynamic"}

// typeName reads the name of a scalar type. Only a type can stand here, so that DateTime and String, as people who write C# have it, are read too.
func (p *parser) typeName() (value.Type, Span) {
	t := p.peek()
	if t.kind == kindName {
		if typ, ok := value.TypeByName(strings.ToLower(t.text)); ok {
			p.pos++
			return typ, t.Span
		}
	}
	p.unexpected("the name of a type", typeWords...)
	return 0, Span{}
}

// schema reads `(a:long, b:string)`, where a `*` may stand for further columns.
func (p *parser) schema() (columns []ColumnDecl, open bool) {
	at := p.open("(", "before the declaration of columns")
	for !p.isPunct(")") {
		if p.acceptPunct("*") {
			open = true
		} else {
			columns = append(columns, p.columnDecl(false))
		}
		if !p.acceptPunct(",") {
			break
		}
	}
	p.close(at)
	return columns, open
}

// closedSchema reads a schema that cannot have a `*`.
func (p *parser) closedSchema(of string) []ColumnDecl {
	start := p.peek().Start
	columns, open := p.schema()
	if open {
		p.fail(p.from(start), "the columns of %s must all be named, * is not possible", of)
	}
	return columns
}

func (p *parser) columnDecl(defaults bool) ColumnDecl {
	start := p.peek().Start
	c := ColumnDecl{Name: p.name("the name of a column")}
	p.expectPunct(":", "and a type after the column "+c.Name.Text)
	c.Type, c.TypeAt = p.typeName()
	if defaults && p.acceptPunct("=") {
		c.Default = p.expr()
	}
	c.Span = p.from(start)
	return c
}

// typeRef reads `typeof(...)`, from the word on.
func (p *parser) typeRef() *TypeRef {
	start := p.take().Start
	r := &TypeRef{}
	if p.ahead(2).is(")") && p.ahead(1).kind == kindName {
		open := p.open("(", "after typeof")
		r.Type, _ = p.typeName()
		p.close(open)
	} else {
		r.Columns, r.Open = p.schema()
	}
	r.Span = p.from(start)
	return r
}
