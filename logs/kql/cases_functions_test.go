package kql

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/logs/kql/fn"
)

// TestCasesOfFunctions does so for every function; other names of a function count for it.
func TestCasesOfFunctions(t *testing.T) {
	queries := caseQueries(t)
	lib, err := fn.NewLibrary()
	require.NoError(t, err)
	names := map[string][]string{}
	for _, name := range lib.ScalarNames() {
		f, _ := lib.Scalar(name)
		names[f.Name] = append([]string{f.Name}, f.Aliases...)
	}
	for _, name := range lib.AggregateNames() {
		f, _ := lib.Aggregate(name)
		names[f.Name] = append([]string{f.Name}, f.Aliases...)
	}
	for _, name := range append(windowFunctions, "toscalar", "materialize", "column_ifexists", "iscolumnexists", "bin_auto", "pack_all", "column_names_of") {
		names[name] = []string{name}
	}
	names["column_ifexists"] = append(names["column_ifexists"], "columnifexists")
	for name, all := range names {
		requireUses(t, queries, `\b(`+strings.Join(all, "|")+`)\s*\(`, name+"()")
	}
}
