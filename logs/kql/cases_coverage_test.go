package kql

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// leastCases is how many cases of testdata/cases must use each operator and function.
const leastCases = 3

// pipeOperators follow a pipe, or begin the pipe in brackets of partition, mv-apply, fork and facet. Other names of one count by themselves.
var pipeOperators = []string{
	"as", "assert-schema", "consume", "count", "distinct", "evaluate", "extend", "facet", "filter", "fork", "getschema", "invoke", "join", "limit",
	"lookup", "make-series", "mv-apply", "mv-expand", "order", "parse", "parse-kv", "parse-where", "partition", "project", "project-away",
	"project-by-names", "project-keep", "project-rename", "project-reorder", "reduce", "render", "sample", "sample-distinct", "scan", "search",
	"serialize", "sort", "summarize", "take", "top", "top-hitters", "top-nested", "union", "where",
}

// sources begin a query, or a table in one.
var sources = []string{"datatable", "find", "print", "range", "search", "union"}

// joinKinds have a meaning of their own each.
var joinKinds = []string{"inner", "leftouter", "rightouter", "fullouter", "leftsemi", "rightsemi", "leftanti", "rightanti"}

// scalarOperators stand between two operands.
var scalarOperators = []string{
	"==", "!=", "=~", "!~", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "and", "or",
	"has", "!has", "has_cs", "!has_cs", "hasprefix", "!hasprefix", "hasprefix_cs", "!hasprefix_cs", "hassuffix", "!hassuffix", "hassuffix_cs", "!hassuffix_cs",
	"contains", "!contains", "contains_cs", "!contains_cs", "startswith", "!startswith", "startswith_cs", "!startswith_cs",
	"endswith", "!endswith", "endswith_cs", "!endswith_cs", "in", "!in", "in~", "!in~", "has_any", "has_all", "between", "!between", "matches regex",
}

var statementWords = []string{"let", "set", "declare query_parameters", "declare pattern"}

// TestCasesOfOperators holds the promise that every operator has cases.
func TestCasesOfOperators(t *testing.T) {
	queries := caseQueries(t)
	for _, op := range pipeOperators {
		requireUses(t, queries, `[|({]\s*`+regexp.QuoteMeta(op)+`($|[\s;)])`, op)
	}
	for _, op := range sources {
		requireUses(t, queries, `(^|[=(;,{]|\n)\s*`+op+`[\s(]`, op)
	}
	for _, kind := range joinKinds {
		requireUses(t, queries, `kind\s*=\s*`+kind+`\b`, "join kind="+kind)
	}
	for _, op := range scalarOperators {
		requireUses(t, queries, `[\w)\]'"*]\s+`+regexp.QuoteMeta(op)+`[\s(]`, op)
	}
	for _, word := range statementWords {
		requireUses(t, queries, `(^|;|{)\s*`+word+`\b`, word)
	}
	for _, plugin := range pluginNames() {
		requireUses(t, queries, `evaluate\s+(hint\.\S+\s*=\s*\S+\s+)*`+plugin+`\s*\(`, "evaluate "+plugin)
	}
}

// caseQueries returns the queries of all cases, one for each case.
func caseQueries(t *testing.T) []string {
	files, err := filepath.Glob("testdata/cases/*.txt")
	require.NoError(t, err)
	var out []string
	for _, file := range files {
		for _, c := range readCases(t, file) {
			out = append(out, c.query)
		}
	}
	return out
}

func requireUses(t *testing.T, queries []string, pattern, what string) {
	t.Helper()
	re := regexp.MustCompile(pattern)
	n := 0
	for _, q := range queries {
		if re.MatchString(q) {
			n++
		}
	}
	if n < leastCases {
		t.Errorf("%s: %d cases, want %d", what, n, leastCases)
	}
}
