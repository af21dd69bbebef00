package kql

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/kql/value"
)

// traffic is a catalog of one table without rows.
type traffic struct{}

func (traffic) Table(name string) (Source, bool) {
	return traffic{}, name == traffic{}.Declaration().Name
}
func (traffic) Tables() []string { return []string{traffic{}.Declaration().Name} }

func (traffic) Declaration() *logrows.Table {
	return &logrows.Table{Name: "AmlOnlineEndpointTrafficLog", Columns: []Column{
		{Name: "TimeGenerated", Type: value.Datetime}, {Name: "DeploymentName", Type: value.String}, {Name: "Path", Type: value.String}, {Name: "XRequestId", Type: value.String},
		{Name: "ResponseCode", Type: value.Int}, {Name: "TotalDurationMs", Type: value.Int},
	}}
}

func (traffic) Scan(context.Context, Scan) (Rows, error) { return &slice{}, nil }

func TestExamplesOfOperatorsRun(t *testing.T) {
	e, err := NewEngine(traffic{})
	require.NoError(t, err)
	alone := false
	for _, op := range Operators() {
		require.True(t, strings.HasSuffix(op.Help, "."), op.Name)
		require.Contains(t, op.Form, op.Name)
		alone = alone || op.Name == "datatable"
		if op.Example == "" {
			require.Equal(t, "invoke", op.Name, "it needs a declared function, and has no example of its own")
			continue
		}
		require.Contains(t, op.Example, op.Name)
		query := op.Example
		if !alone {
			query = "AmlOnlineEndpointTrafficLog | " + query
		}
		p, err := e.Prepare(t.Context(), Request{Query: query})
		require.NoError(t, err, query)
		_, err = p.Collect(t.Context())
		require.NoError(t, err, query)
		for _, alias := range op.Aliases {
			_, err := e.Prepare(t.Context(), Request{Query: strings.Replace(query, op.Name, alias, 1)})
			require.NoError(t, err, alias)
		}
	}
}

func TestExamplesOfFunctionsRun(t *testing.T) {
	e, err := NewEngine(traffic{})
	require.NoError(t, err)
	for _, f := range languageFunctions() {
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			require.True(t, name == "typeof" || isWindow(name) || special(name) != nil, name)
			query := strings.ReplaceAll(f.Example, f.Name+"(", name+"(")
			require.Contains(t, query, name+"(")
			p, err := e.Prepare(t.Context(), Request{Query: query})
			require.NoError(t, err, query)
			_, err = p.Collect(t.Context())
			require.NoError(t, err, query)
		}
	}
}

func TestHelpOfPlugins(t *testing.T) {
	e, err := NewEngine(traffic{})
	require.NoError(t, err)
	var names []string
	for _, p := range Plugins() {
		names = append(names, p.Name)
		require.True(t, strings.HasSuffix(p.Help, "."), p.Name)
		require.True(t, strings.HasPrefix(p.Form, p.Name+"("), p.Form)
		require.Contains(t, p.Example, "evaluate "+p.Name+"(")
		q, err := e.Prepare(t.Context(), Request{Query: "AmlOnlineEndpointTrafficLog | " + p.Example})
		require.NoError(t, err, p.Example)
		_, err = q.Collect(t.Context())
		require.NoError(t, err, p.Example)
	}
	require.Equal(t, slices.Sorted(slices.Values(pluginNames())), names)
}

func TestHelpNamesEveryFunctionOnce(t *testing.T) {
	e, err := NewEngine(traffic{})
	require.NoError(t, err)
	for _, list := range [][]Help{e.Functions(), e.Aggregates()} {
		var names []string
		for _, f := range list {
			require.NotEmpty(t, f.Help, f.Name)
			require.True(t, strings.HasPrefix(f.Form, f.Name+"("), f.Form)
			names = append(append(names, f.Name), f.Aliases...)
		}
		slices.Sort(names)
		require.Equal(t, slices.Compact(slices.Clone(names)), names)
	}
	listed := map[string]bool{}
	for _, f := range e.Functions() {
		listed[f.Name] = true
	}
	for _, name := range windowFunctions {
		require.True(t, listed[name], name)
	}
	require.Len(t, e.Tables(), 1)
}
