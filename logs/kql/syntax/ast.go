package syntax

import "github.com/endscope/endscope/logs/kql/value"

// Span is a part of the query's text: byte offsets, the end is exclusive.
type Span struct{ Start, End int }

// At returns the span itself, so that every node that embeds one has a position.
func (s Span) At() Span { return s }

// Node is a part of the tree.
type Node interface{ At() Span }

// Query is a whole query: statements, of which the last tabular expressions are answered.
type Query struct {
	Span
	Statements []Statement
	Comments   []Comment // in the order of the text, for the formatter
}

// Comment is one // comment, without its line end and spaces before that. OwnLine says that nothing but spaces stands before it on its line.
type Comment struct {
	Span
	Text    string
	OwnLine bool
}

// Statement is a LetStatement, SetStatement, AliasStatement, DeclareStatement (query_parameters), PatternStatement or ExpressionStatement.
type Statement interface {
	Node
	statement()
}

// LetStatement is `let Name = Value`; Value is an expression, tabular or scalar, or a *Lambda.
type LetStatement struct {
	Span
	Name  Name
	Value Expr
}

// SetStatement is `set option` or `set option = value`.
type SetStatement struct {
	Span
	Name  Name
	Value Expr // nil: none
}

// AliasStatement is `alias database Name = Value`.
type AliasStatement struct {
	Span
	Name  Name
	Value Expr
}

// DeclareStatement is `declare query_parameters(...)`.
type DeclareStatement struct {
	Span
	Params []Param
}

// PatternStatement is `declare pattern Name = (a:string)[b:string] { ("x").["y"] = { statements; table }; ... }`: a table for each combination
// of texts. Without rules it is `declare pattern Name`.
type PatternStatement struct {
	Span
	Name   Name
	Params []Param
	Path   *Param // nil: none
	Rules  []PatternRule
}

// PatternRule is one combination of a pattern, and its table.
type PatternRule struct {
	Span
	Values []Expr
	Path   Expr // nil: none
	Body   []Statement
	BodyAt Span // with its braces
}

// ExpressionStatement is a query expression.
type ExpressionStatement struct {
	Span
	Expr Expr
}

func (*LetStatement) statement()        {}
func (*SetStatement) statement()        {}
func (*AliasStatement) statement()      {}
func (*DeclareStatement) statement()    {}
func (*PatternStatement) statement()    {}
func (*ExpressionStatement) statement() {}

// Name is a declared or referenced name. Quoted says that it was written as ['...'] or ["..."].
type Name struct {
	Span
	Text   string
	Quoted bool
}

// Expr is an expression, scalar or tabular; the binder decides which it must be.
type Expr interface {
	Node
	expr()
}

// Literal is a scalar literal. Value is nil for a null such as int(null). Text is as it was written. A dynamic(...) literal has its parsed
// value; Type says which type the literal has: `1` is Long, `1h` Timespan, `true` Bool.
type Literal struct {
	Span
	Type  value.Type
	Value value.Value
	Text  string
}

// NameRef is a name used as an expression: a column, a let name, a table. A wildcard (`T*`, `*_id`, `*`) has Wildcard set.
type NameRef struct {
	Span
	Name     Name
	Wildcard bool
}

// Call is `f(args)`. Each argument may be named (`f(x=1)`). For a call with a path as in `database("x").Table` or `a.f(b)` see Member.
type Call struct {
	Span
	Name Name
	Args []Arg
}

// Arg is an argument of a call, or an element of a list such as that of project: `Name = Expr` or `(A, B) = Expr`.
type Arg struct {
	Span
	Names  []Name // empty: not named; several: `(A, B) = Expr`
	Parens bool   // Names were written in parentheses, also a single one
	Expr   Expr
}

// Member is `X.Name` (a path into a dynamic, `$left.Name`, or `database("d").Table`); Sel is the name. In `X.f(args)`, as in
// cluster("c").database("d"), Call is `f(args)` and Sel its name. A wildcard (`database("d").T*`) has Wildcard set.
type Member struct {
	Span
	X        Expr
	Sel      Name
	Call     *Call // nil: none
	Wildcard bool
}

// Index is `X[Index]`.
type Index struct {
	Span
	X     Expr
	Index Expr
}

// Unary is `-X` or `+X`.
type Unary struct {
	Span
	Op string
	X  Expr
}

// Binary is `X Op Y` with Op one of: + - * / % and or == != <> < <= > >= =~ !~ has !has has_cs !has_cs contains !contains contains_cs
// !contains_cs startswith ... hasprefix ... hassuffix ... endswith ... `matches regex` : (search's has). `<>` stays as written.
type Binary struct {
	Span
	Op   string
	OpAt Span
	X, Y Expr
}

// In is `X Op (List)` with Op one of: in !in in~ !in~ has_any has_all. One element may be tabular.
type In struct {
	Span
	Op   string
	OpAt Span
	X    Expr
	List []Expr
}

// Between is `X between (Low .. High)` or !between.
type Between struct {
	Span
	Not       bool
	X         Expr
	Low, High Expr
}

// Paren is `(X)`, kept for the formatter and because it ends a pipe.
type Paren struct {
	Span
	X Expr
}

// Star is `*` as an argument (count(*), arg_max(x, *)) or as the left side in `where * has "x"`.
type Star struct{ Span }

// TypeRef is a type used as an argument: typeof(long) has Type; typeof(a:long, b:string) has Columns, and with a `*` among them is Open.
type TypeRef struct {
	Span
	Type    value.Type
	Columns []ColumnDecl // of a row schema
	Open    bool         // a row schema with a *: further columns, those of the input
}

// ColumnDecl is `Name:Type`.
type ColumnDecl struct {
	Span
	Name    Name
	Type    value.Type
	TypeAt  Span
	Default Expr // of parameters
}

// Lambda is `(a:long, T:(x:string, *), b:long=5) { statements; expression }` with an optional leading `view` word.
type Lambda struct {
	Span
	View   bool
	Params []Param
	Body   []Statement // the last is the result
}

// Param is a parameter of a lambda: scalar, or tabular with the columns it must have.
type Param struct {
	Span
	Name    Name
	Tabular bool
	Open    bool // `(*)` or `(x:long, *)`: further columns are allowed
	Columns []ColumnDecl
	Type    value.Type // of a scalar
	Default Expr       // nil: none
}

// Pipe is `Source | Ops...`. Source may also be a Datatable, Range, Print, Union, Search, Find, Evaluate ... operator used as a source.
type Pipe struct {
	Span
	Source Expr
	Ops    []Operator
}

// Source is a tabular operator that begins a pipe without input: datatable, range, print, union, search, find, externaldata, evaluate ...
type Source struct {
	Span
	Op Operator
}

func (*Literal) expr() {}
func (*NameRef) expr() {}
func (*Call) expr()    {}
func (*Member) expr()  {}
func (*Index) expr()   {}
func (*Unary) expr()   {}
func (*Binary) expr()  {}
func (*In) expr()      {}
func (*Between) expr() {}
func (*Paren) expr()   {}
func (*Star) expr()    {}
func (*TypeRef) expr() {}
func (*Lambda) expr()  {}
func (*Pipe) expr()    {}
func (*Source) expr()  {}
