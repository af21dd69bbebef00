package kql

import (
	"slices"
	"strings"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/kql/fn"
)

// Help is a word of the language for editors: an operator, a function or a plugin.
type Help struct {
	Name    string
	Form    string // how it is written; of functions, the signature
	Help    string // one sentence
	Example string // of operators and plugins, what can stand after a table, or alone; of functions that the language itself treats, a query
	Aliases []string
}

// Tables returns the declarations of all tables in the order in which they are shown.
func (e *Engine) Tables() []*logrows.Table {
	var out []*logrows.Table
	for _, name := range e.catalog.Tables() {
		if source, ok := e.catalog.Table(name); ok {
			out = append(out, source.Declaration())
		}
	}
	return out
}

// Functions returns the scalar functions by name, with those that the language itself treats.
func (e *Engine) Functions() []Help {
	out := languageFunctions()
	for _, name := range e.lib.ScalarNames() {
		if s, ok := e.lib.Scalar(name); ok {
			out = append(out, functionHelp(name, &s.Signature)...)
		}
	}
	slices.SortStableFunc(out, func(a, b Help) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Aggregates returns the aggregates by name.
func (e *Engine) Aggregates() []Help {
	var out []Help
	for _, name := range e.lib.AggregateNames() {
		if a, ok := e.lib.Aggregate(name); ok {
			out = append(out, functionHelp(name, &a.Signature)...)
		}
	}
	return out
}

// functionHelp returns the help of a function under its own name, and nothing under its other names.
func functionHelp(name string, s *fn.Signature) []Help {
	if name != s.Name {
		return nil
	}
	return []Help{{Name: name, Form: s.Text, Help: s.Help, Aliases: slices.Clone(s.Aliases)}}
}

// Operators returns the tabular operators by name, and after them what begins a query.
func Operators() []Help {
	return []Help{
		{Name: "as", Form: "as Name", Help: "Names the rows so far for the rest of the query.", Example: "take 5 | as Some | union Some"},
		{Name: "assert-schema", Form: "assert-schema (Column: Type, ...)", Help: "Fails unless the columns are exactly these.", Example: "project Path | assert-schema (Path: string)"},
		{Name: "consume", Form: "consume", Help: "Reads all rows and answers none.", Example: "consume"},
		{Name: "count", Form: "count", Help: "Counts the rows.", Example: "count"},
		{Name: "distinct", Form: "distinct Column, ... | *", Help: "Leaves each combination of the columns once.", Example: "distinct DeploymentName"},
		{Name: "evaluate", Form: "evaluate Plugin(Argument, ...) [: (Column: Type, ...)]", Help: "Calls a plugin, such as bag_unpack, pivot or narrow.", Example: "project DeploymentName, ResponseCode | evaluate narrow()"},
		{Name: "extend", Form: "extend [Name =] Expression, ...", Help: "Adds columns, or replaces those of the same name.", Example: "extend Seconds = TotalDurationMs / 1000.0"},
		{Name: "facet", Form: "facet by Column, ... [with (Operator | ...)]", Help: "Answers a table of counts for each column.", Example: "facet by DeploymentName"},
		{Name: "fork", Form: "fork [Name =] (Operator | ...) ...", Help: "Runs several pipelines over the same rows and answers each as a table.", Example: "fork (count) (take 1)"},
		{Name: "getschema", Form: "getschema", Help: "Answers the names and types of the columns.", Example: "getschema"},
		{Name: "invoke", Form: "invoke Function(Argument, ...)", Help: "Calls a function that the query declares, with the rows as its first argument.", Example: ""},
		{Name: "join", Form: "join [kind = inner | innerunique | leftouter | rightouter | fullouter | leftsemi | rightsemi | leftanti | rightanti] (Table) on Column | $left.A == $right.B, ...", Help: "Puts rows of two tables together whose keys are equal.", Example: "join kind=inner (AmlOnlineEndpointTrafficLog | project XRequestId, Code = ResponseCode) on XRequestId"},
		{Name: "lookup", Form: "lookup [kind = leftouter | inner] (Table) on Column, ...", Help: "Adds the columns of a small table by key.", Example: "lookup (datatable(ResponseCode: int, Word: string)[200, 'fine']) on ResponseCode"},
		{Name: "make-series", Form: "make-series [Name =] Aggregate [default = Value], ... on Column [from A] [to B] step S [by Column, ...]", Help: "Makes arrays of aggregates over even steps.", Example: "make-series Requests = count() default = 0 on TimeGenerated from ago(1h) to now() step 5m by DeploymentName"},
		{Name: "mv-apply", Form: "mv-apply [Name =] Array, ... on (Operator | ...)", Help: "Runs a pipeline over the elements of an array of each row.", Example: "mv-apply Part = split(Path, '/') on (where Part != '' | take 1)"},
		{Name: "mv-expand", Form: "mv-expand [Name =] Array [to typeof(Type)], ... [limit N]", Help: "Makes a row of every element of an array.", Example: "mv-expand Part = split(Path, '/')"},
		{Name: "parse", Form: "parse [kind = simple | regex | relaxed] Column with 'text' Name[: Type] * ...", Help: "Takes columns out of a text by what stands around them.", Example: "parse Path with '/' First: string '/' *"},
		{Name: "parse-kv", Form: "parse-kv Column as (Key: Type, ...) [with (pair_delimiter = ';', kv_delimiter = '=')]", Help: "Takes columns out of a text of keys and values.", Example: "parse-kv Path as (a: long) with (pair_delimiter = '&', kv_delimiter = '=')"},
		{Name: "parse-where", Form: "parse-where [kind = ...] Column with ...", Help: "As parse, and leaves out rows whose text does not fit.", Example: "parse-where Path with '/' First: string '/' *"},
		{Name: "partition", Form: "partition [hint.strategy = native] by Column (Operator | ...)", Help: "Runs a pipeline over the rows of every value of a column.", Example: "partition by DeploymentName (top 1 by TotalDurationMs)"},
		{Name: "project", Form: "project [Name =] Expression, ...", Help: "Leaves these columns, in this order.", Example: "project TimeGenerated, Seconds = TotalDurationMs / 1000.0"},
		{Name: "project-away", Form: "project-away Column or pattern*, ...", Help: "Leaves out columns.", Example: "project-away *Ms"},
		{Name: "project-by-names", Form: "project-by-names Column, 'Pattern*', dynamic(['Name']), ...", Help: "Leaves the columns that lists of names and patterns give.", Example: "project-by-names 'Time*', DeploymentName"},
		{Name: "project-keep", Form: "project-keep Column or pattern*, ...", Help: "Leaves these columns, in their old order.", Example: "project-keep Time*, *Name"},
		{Name: "project-rename", Form: "project-rename New = Old, ...", Help: "Gives columns new names.", Example: "project-rename At = TimeGenerated"},
		{Name: "project-reorder", Form: "project-reorder Column or pattern* [asc | desc], ...", Help: "Puts columns first.", Example: "project-reorder Path, *Name asc"},
		{Name: "reduce", Form: "reduce by Column [with threshold = T]", Help: "Groups similar texts into patterns.", Example: "reduce by Path"},
		{Name: "render", Form: "render Chart [with (title = 'text', ycolumns = A, B, ...)]", Help: "Says which chart suits the answer; it must come last.", Example: "summarize count() by bin(TimeGenerated, 1h) | render timechart with (title = 'Requests')"},
		{Name: "sample", Form: "sample N", Help: "Leaves that many rows by chance.", Example: "sample 10"},
		{Name: "sample-distinct", Form: "sample-distinct N of Column", Help: "Leaves that many different values of a column.", Example: "sample-distinct 5 of Path"},
		{Name: "scan", Form: "scan [with_match_id = Name] [declare (Name: Type = Value, ...)] with (step Name: Condition => Column = Expression; ...)", Help: "Finds sequences of rows, and carries values from row to row.", Example: "sort by TimeGenerated asc | scan declare (Total: long = 0) with (step s: true => Total = s.Total + 1;)"},
		{Name: "search", Form: "search [kind = case_sensitive] [in (Table, ...)] 'text' | Condition", Help: "Finds rows in which any column has a text.", Example: "search 'timeout'"},
		{Name: "serialize", Form: "serialize [Name = Expression, ...]", Help: "Makes the order of rows count, for functions such as prev() and row_number().", Example: "serialize Row = row_number()"},
		{Name: "sort", Form: "sort by Expression [asc | desc] [nulls first | nulls last], ...", Help: "Orders rows; the largest come first where nothing is said.", Example: "sort by TimeGenerated desc", Aliases: []string{"order"}},
		{Name: "summarize", Form: "summarize [Name =] Aggregate, ... [by [Name =] Expression, ...]", Help: "Computes aggregates over groups of rows.", Example: "summarize Requests = count(), percentile(TotalDurationMs, 99) by DeploymentName, bin(TimeGenerated, 5m)"},
		{Name: "take", Form: "take N", Help: "Leaves that many rows, whichever come first.", Example: "take 10", Aliases: []string{"limit"}},
		{Name: "top", Form: "top N by Expression [asc | desc] [nulls first | nulls last]", Help: "Leaves the first rows by an order.", Example: "top 10 by TotalDurationMs desc"},
		{Name: "top-hitters", Form: "top-hitters N of Expression [by Weight]", Help: "Finds the values that occur most.", Example: "top-hitters 3 of Path"},
		{Name: "top-nested", Form: "top-nested [N] of Expression [with others = Value] by Aggregate, ...", Help: "Finds the largest values level by level.", Example: "top-nested 2 of DeploymentName by count(), top-nested 3 of Path by sum(TotalDurationMs)"},
		{Name: "union", Form: "union [kind = inner | outer] [withsource = Name] Table or pattern*, ...", Help: "Puts the rows of tables one after the other.", Example: "union (AmlOnlineEndpointTrafficLog | take 1)"},
		{Name: "where", Form: "where Condition", Help: "Leaves the rows for which a condition is true.", Example: "where ResponseCode >= 500 and Path has 'score'", Aliases: []string{"filter"}},

		{Name: "datatable", Form: "datatable (Column: Type, ...) [Value, ...]", Help: "Is a table that stands in the query.", Example: "datatable (Name: string, Size: long) ['a', 1, 'b', 2]"},
		{Name: "find", Form: "find [withsource = Name] [in (Table, ...)] where Condition [project Column, ...]", Help: "Finds rows in several tables.", Example: "find in (AmlOnlineEndpointTrafficLog) where ResponseCode == 500"},
		{Name: "let", Form: "let Name = Expression;", Help: "Names a value, a table or a function for the rest of the query.", Example: "let Limit = 500; print Limit"},
		{Name: "print", Form: "print [Name =] Expression, ...", Help: "Is a table of one row.", Example: "print Now = now()"},
		{Name: "range", Form: "range Name from A to B step S", Help: "Is a column of evenly spaced values.", Example: "range Hour from ago(1d) to now() step 1h"},
	}
}
