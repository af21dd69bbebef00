package scrape

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const readingsPage = "../../docs/agent/model-servers.md"

// The table of the page for operators says what the mappings say. With -update it is written anew.
func TestReadingsTable(t *testing.T) {
	text, err := os.ReadFile(readingsPage)
	require.NoError(t, err)
	const end = "<!-- end of readings -->"
	before, rest, ok := strings.Cut(string(text), "<!-- readings:")
	require.True(t, ok, "%s has the marker of the table", readingsPage)
	marker, rest, _ := strings.Cut(rest, "-->\n")
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "%s has the marker of the table's end", readingsPage)
	mappings, err := BuiltinMappings()
	require.NoError(t, err)
	want := before + "<!-- readings:" + marker + "-->\n" + readingsTables(mappings) + end + after
	if *update {
		require.NoError(t, os.WriteFile(readingsPage, []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, string(text), "run go test ./agent/scrape -run TestReadingsTable -update")
	for _, m := range mappings {
		assert.Contains(t, after, strings.Fields(strings.ReplaceAll(m.Title, ",", ""))[0], "%s says how to turn %s on", readingsPage, m.Kind)
	}
}

// readingsTables renders a table of engines, and one of what stands around them. Rows are in the order of canonical.go's names, columns in that of the mappings.
func readingsTables(mappings []*Mapping) string {
	var names []string
	for name := range canonicalMetrics() {
		names = append(names, name)
	}
	slices.Sort(names)
	cell := func(m *Mapping, name string) string {
		found, whole := false, false
		for i := range m.Metrics {
			if m.Metrics[i].To != name {
				continue
			}
			found = true
			for _, s := range m.Metrics[i].From {
				whole = whole || s.Sum == ""
			}
		}
		switch {
		case whole:
			return "✓"
		case found:
			return "mean"
		}
		return "–"
	}
	table := func(prefixes ...string) string {
		var kinds []*Mapping
		var rows []string
		for _, name := range names {
			if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) &&
				slices.ContainsFunc(mappings, func(m *Mapping) bool { return cell(m, name) != "–" }) {
				rows = append(rows, name)
			}
		}
		for _, m := range mappings {
			if slices.ContainsFunc(rows, func(name string) bool { return cell(m, name) != "–" }) {
				kinds = append(kinds, m)
			}
		}
		var b strings.Builder
		b.WriteString("| reading |")
		for _, m := range kinds {
			fmt.Fprintf(&b, " %s |", m.Kind)
		}
		b.WriteString("\n|---|" + strings.Repeat("---|", len(kinds)) + "\n")
		for _, name := range rows {
			fmt.Fprintf(&b, "| `%s` |", name)
			for _, m := range kinds {
				fmt.Fprintf(&b, " %s |", cell(m, name))
			}
			b.WriteByte('\n')
		}
		return b.String()
	}
	return "\n" + table("model_") + "\nWhat stands around the engine:\n\n" + table("endpoint_", "gpu_", "instance_") + "\n"
}
