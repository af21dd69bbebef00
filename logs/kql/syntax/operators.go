package syntax

import "github.com/endscope/endscope/logs/kql/value"

// Operator is one tabular operator: an element of a pipe, or its source.
type Operator interface {
	Node
	operator()
}

// Option is `name=value` after an operator's word: kind=inner, hint.strategy=shuffle, withsource=T, isfuzzy=true. Value is a NameRef for
// words, or a Literal.
type Option struct {
	Span
	Name  Name // with its dots: hint.strategy
	Value Expr
	More  []Expr // further values of a list: ycolumns=a, b
}

type (
	// Where is `where Pred` (or filter).
	Where struct {
		Span
		Pred Expr
	}
	// Extend is `extend a = x, ...`.
	Extend struct {
		Span
		Items []Arg
	}
	// Project is `project a, b = x, ...`; Kind is "", "away", "by-names", "keep", "rename", "reorder".
	Project struct {
		Span
		Kind  string
		Items []ProjectItem
	}
	// ProjectItem is an Arg; Order is of project-reorder only: "", asc, desc, granny-asc, granny-desc.
	ProjectItem struct {
		Arg
		Order string
	}
	// Summarize is `summarize [hints] aggs [by keys]`.
	Summarize struct {
		Span
		Options []Option
		Aggs    []Arg
		By      []Arg
	}
	// Distinct is `distinct a, b` or `distinct *` (a Star).
	Distinct struct {
		Span
		Options []Option
		Items   []Expr
	}
	// SortKey is `x [asc|desc] [nulls first|last]`; empty strings where not written.
	SortKey struct {
		Span
		Expr  Expr
		Order string // "", asc, desc
		Nulls string // "", first, last
	}
	// Sort is `sort by` / `order by`.
	Sort struct {
		Span
		Word    string // sort or order
		Options []Option
		Keys    []SortKey
	}
	// Top is `top N by key`.
	Top struct {
		Span
		Options []Option
		N       Expr
		Keys    []SortKey
	}
	// Take is `take N` or `limit N`.
	Take struct {
		Span
		Word string
		N    Expr
	}
	// Count is `count` or `count as Name`.
	Count struct {
		Span
		As Name // empty: none
	}
	// Join is `join kind=K (Right) on conds`. On holds NameRefs, or Binary == with $left and $right.
	Join struct {
		Span
		Options []Option
		Right   Expr
		On      []Expr
		Where   Expr // `where` in place of `on`, or after it; nil: none
	}
	// Lookup is like Join.
	Lookup struct {
		Span
		Options []Option
		Right   Expr
		On      []Expr
	}
	// Union is `union [options] tables`, as a source or after a pipe. A table may be a wildcard NameRef.
	Union struct {
		Span
		Options []Option
		Tables  []Expr
	}
	// MakeSeries is `make-series aggs on axis [from a] [to b] step s [by keys]` (or `in range(a, b, s)`: From, To, Step with InRange).
	MakeSeries struct {
		Span
		Options        []Option
		Aggs           []SeriesAgg
		Axis           Arg
		From, To, Step Expr // nil: not written
		InRange        bool
		By             []Arg
	}
	// SeriesAgg is `[name =] agg [default = x]`.
	SeriesAgg struct {
		Arg
		Default Expr // nil: none
	}
	// MvExpand is `mv-expand [bagexpansion=] [with_itemindex=] a [to typeof(T)], ... [limit N]`. Old is set for mvexpand.
	MvExpand struct {
		Span
		Old     bool
		Options []Option
		Items   []MvItem
		Limit   Expr
	}
	// MvItem is one expanded expression.
	MvItem struct {
		Arg
		Type *TypeRef // nil: not written
	}
	// MvApply is `mv-apply [with_itemindex=] items [limit N] [id x] on ( subquery )`. Sub has no source: its Ops apply to the rows.
	MvApply struct {
		Span
		Options []Option
		Items   []MvItem
		Limit   Expr
		ID      Expr
		Sub     []Operator
	}
	// ParseOp is `parse [kind=simple|relaxed|regex [flags=f]] x with pattern` and parse-where (IsWhere).
	ParseOp struct {
		Span
		IsWhere bool
		Kind    string // "", simple, relaxed, regex
		Flags   string
		Expr    Expr
		Pattern []ParseItem
	}
	// ParseItem is one of: a text (Literal string; Text != nil), `*` (Star), or a column with an optional type.
	ParseItem struct {
		Span
		Text   *Literal
		Star   bool
		Column Name
		Type   value.Type // String when not written
		Typed  bool       // a type was written
	}
	// ParseKV is `parse-kv x as (a:t, ...) with (options)`.
	ParseKV struct {
		Span
		Expr    Expr
		Columns []ColumnDecl
		Options []Option // pair_delimiter, kv_delimiter, quote, escape, greedy, regex
	}
	// Scan is `scan [with_match_id=x] [partition by k] [order by k] [declare (...)] with (step ...; )`.
	Scan struct {
		Span
		Options     []Option
		PartitionBy []Expr
		OrderBy     []SortKey
		Declare     []ColumnDecl
		Steps       []ScanStep
	}
	// ScanStep is `step Name [optional] [output=all|last|none]: Cond [=> a = x, ...];`.
	ScanStep struct {
		Span
		Name     Name
		Optional bool
		Output   string // "", all, last, none
		Cond     Expr
		Assign   []Arg
	}
	// Partition is `partition [hints] by Col ( subquery )` with Sub, or `{ query }` with Body (legacy: a whole expression).
	Partition struct {
		Span
		Options []Option
		By      Expr
		Sub     []Operator // nil when Body is set
		Body    Expr
	}
	// TopNested is `top-nested [N] of x [with others = e] by agg [asc|desc], ...`.
	TopNested struct {
		Span
		Levels []NestedLevel
	}
	// NestedLevel is one level.
	NestedLevel struct {
		Span
		N      Expr // nil: all
		Of     Arg
		Others Expr // nil: none
		By     Arg
		Order  string
	}
	// TopHitters is `top-hitters N of x [by y]`.
	TopHitters struct {
		Span
		N  Expr
		Of Expr
		By Expr
	}
	// Evaluate is `evaluate [hints] plugin(args) [: (schema)]`, as an operator or a source.
	Evaluate struct {
		Span
		Options []Option
		Call    *Call
		Schema  []ColumnDecl
		Open    bool // the schema has a *
	}
	// Render is `render kind [with (k=v, ...)]` (also the old form k=v without parentheses).
	Render struct {
		Span
		Kind    Name
		With    []Option
		HasWith bool
	}
	// Serialize is `serialize [a = x, ...]`.
	Serialize struct {
		Span
		Items []Arg
	}
	// Sample is `sample N`; SampleDistinct is `sample-distinct N of x`.
	Sample struct {
		Span
		N Expr
	}
	// SampleDistinct is `sample-distinct N of x`.
	SampleDistinct struct {
		Span
		N, Of Expr
	}
	// As is `as [hint.materialized=true] Name`.
	As struct {
		Span
		Options []Option
		Name    Name
	}
	// Invoke is `invoke f(args)`.
	Invoke struct {
		Span
		Call *Call
	}
	// Getschema is `getschema`.
	Getschema struct{ Span }
	// Consume is `consume`.
	Consume struct {
		Span
		Options []Option
	}
	// Search is `search [kind=k] [in (tables)] pred`, as a source or an operator. A bare string is a term to look for.
	Search struct {
		Span
		Options []Option
		In      []Expr
		Pred    Expr
	}
	// Find is `find [options] [in (tables)] where pred [project ... | project-smart | project-away ...]`.
	Find struct {
		Span
		Options []Option
		In      []Expr
		Pred    Expr
		Project []FindColumn
		Pack    bool // pack(*) was written
		Smart   bool
		Away    []Expr
	}
	// FindColumn is `name[:type]` in find's project.
	FindColumn struct {
		Span
		Name  Name
		Type  value.Type
		Typed bool
	}
	// Fork is `fork [name=] (subquery) ...`.
	Fork struct {
		Span
		Prongs []Prong
	}
	// Prong is one branch.
	Prong struct {
		Span
		Name Name
		Sub  []Operator
	}
	// Facet is `facet by a, b [with (subquery)]`.
	Facet struct {
		Span
		By  []Expr
		Sub []Operator
	}
	// Reduce is `reduce by x [with threshold=0.1, characters="..."]`.
	Reduce struct {
		Span
		Options []Option
		Expr    Expr
		With    []Option
	}
	// Datatable is `datatable (a:t, ...) [values]`. Values are literals or constant expressions, row by row.
	Datatable struct {
		Span
		Columns []ColumnDecl
		Values  []Expr
	}
	// Range is `range x from a to b step s`.
	Range struct {
		Span
		Name           Name
		From, To, Step Expr
	}
	// Print is `print a = x, ...`.
	Print struct {
		Span
		Items []Arg
	}
	// Externaldata is `externaldata (...) [...] with (...)`: parsed so that its refusal can be named.
	Externaldata struct {
		Span
		Columns []ColumnDecl
		From    []Expr
		With    []Option
	}
	// AssertSchema is `assert-schema (a:t, ...)`.
	AssertSchema struct {
		Span
		Columns []ColumnDecl
		Open    bool // a * stands among the columns
	}
	// Unsupported is an operator that the language has and we do not: make-graph, graph-match, graph-shortest-paths, macro-expand ...
	// The parser skips its text up to the next pipe at the same depth, so that the binder can refuse it by name. Text is what was skipped,
	// without the name.
	Unsupported struct {
		Span
		Name string
		Text string
	}
)

func (*Where) operator()          {}
func (*Extend) operator()         {}
func (*Project) operator()        {}
func (*Summarize) operator()      {}
func (*Distinct) operator()       {}
func (*Sort) operator()           {}
func (*Top) operator()            {}
func (*Take) operator()           {}
func (*Count) operator()          {}
func (*Join) operator()           {}
func (*Lookup) operator()         {}
func (*Union) operator()          {}
func (*MakeSeries) operator()     {}
func (*MvExpand) operator()       {}
func (*MvApply) operator()        {}
func (*ParseOp) operator()        {}
func (*ParseKV) operator()        {}
func (*Scan) operator()           {}
func (*Partition) operator()      {}
func (*TopNested) operator()      {}
func (*TopHitters) operator()     {}
func (*Evaluate) operator()       {}
func (*Render) operator()         {}
func (*Serialize) operator()      {}
func (*Sample) operator()         {}
func (*SampleDistinct) operator() {}
func (*As) operator()             {}
func (*Invoke) operator()         {}
func (*Getschema) operator()      {}
func (*Consume) operator()        {}
func (*Search) operator()         {}
func (*Find) operator()           {}
func (*Fork) operator()           {}
func (*Facet) operator()          {}
func (*Reduce) operator()         {}
func (*Datatable) operator()      {}
func (*Range) operator()          {}
func (*Print) operator()          {}
func (*Externaldata) operator()   {}
func (*AssertSchema) operator()   {}
func (*Unsupported) operator()    {}
