package scopes

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// TestCatalogueGolden compares the whole catalogue with the page that documents it, so that a change of a definition is
// a change of the documentation.
func TestCatalogueGolden(t *testing.T) {
	c, err := LoadCatalogue()
	require.NoError(t, err)
	got := renderCatalogue(c)
	file := filepath.Join("..", "docs", "metrics-catalogue.md")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "run `go test ./scopes -update` and review docs/metrics-catalogue.md")
}

func renderCatalogue(c *Catalogue) string {
	var b strings.Builder
	b.WriteString(`# Metric catalogue

Written by ` + "`go test ./scopes -update`" + ` from ` + "`scopes/catalogue/*.yaml`" + `; do not edit. Names marked ● have the name and the
meaning of a metric in Azure Monitor. Ask for a metric with ` + "`GET /api/v1/metrics?scope=SCOPE&metric=NAME`" + `, at any of its levels;
the first aggregation is the one used where none is asked for.
`)
	for _, category := range []Category{CategoryTraffic, CategoryResource} {
		fmt.Fprintf(&b, "\n## %s\n\n| Metric | | Unit | Levels | Aggregations | Dimensions | Computed from |\n|---|---|---|---|---|---|---|\n", category)
		for _, d := range c.All() {
			if d.Category != category {
				continue
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", d.Name, map[bool]string{true: "●"}[d.Azure], d.Unit,
				joinStrings(d.Levels), joinStrings(d.Aggregations), renderDimensions(d.Dimensions), renderSource(d.Source))
		}
	}
	b.WriteString("\n## What they mean\n\n")
	seen := map[string]bool{}
	for _, d := range c.All() {
		if !seen[d.Name] {
			fmt.Fprintf(&b, "- **%s** (`%s`): %s\n", d.DisplayName, d.Name, d.Description)
		}
		seen[d.Name] = true
	}
	return b.String()
}

func joinStrings[S ~string](values []S) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}

func renderDimensions(ds []Dimension) string {
	out := make([]string, len(ds))
	for i, d := range ds {
		out[i] = "`" + d.Name + "`"
	}
	return strings.Join(out, ", ")
}

func renderSource(s Source) string {
	text := string(s.Kind)
	if s.Series != "" {
		text += " of `" + s.Series + "`"
	}
	if s.Quantile > 0 {
		text += fmt.Sprintf(" at %v", s.Quantile)
	}
	if s.Share != nil {
		text += fmt.Sprintf(" where `%s=~%q`", s.Share.Label, s.Share.Match)
	}
	if s.Factor != 1 {
		text += fmt.Sprintf(" × %v", s.Factor)
	}
	if s.Per != "" {
		text += " per " + string(s.Per)
	}
	return text
}

// TestCatalogueHoldsTheAnchorsNames lists azure-monitor.md §2.1 and §2.2: names, units, aggregations and dimensions that a
// script written for Azure Monitor may use must all be there.
func TestCatalogueHoldsTheAnchorsNames(t *testing.T) {
	c, err := LoadCatalogue()
	require.NoError(t, err)
	check := func(level Level, name string, unit Unit, aggregations, dimensions string) {
		t.Helper()
		d, ok := c.Lookup(name, level)
		require.True(t, ok, "%s at %s", name, level)
		require.Equal(t, name, d.Name)
		require.True(t, d.Azure, name)
		require.Equal(t, unit, d.Unit, name)
		for _, text := range strings.Fields(aggregations) {
			a, ok := ParseAggregation(text)
			require.True(t, ok)
			require.True(t, d.Supports(a), "%s at %s: %s", name, level, a)
		}
		for _, dim := range strings.Fields(dimensions) {
			got, ok := d.Dimension(dim)
			require.True(t, ok, "%s at %s: %s", name, level, dim)
			require.Equal(t, dim, got.Name)
		}
	}
	const all = "Min Max Average"
	e, d := LevelEndpoint, LevelDeployment
	check(e, "ConnectionsActive", "Count", "Average", "")
	check(e, "DataCollectionErrorsPerMinute", "Count", all, "deployment reason type")
	check(e, "DataCollectionEventsPerMinute", "Count", all, "deployment type")
	check(e, "NetworkBytes", "BytesPerSecond", "Average", "")
	check(e, "NewConnectionsPerSecond", "CountPerSecond", "Average", "")
	check(e, "RequestLatency", "Milliseconds", "Average", "deployment")
	for _, p := range []string{"50", "90", "95", "99"} {
		check(e, "RequestLatency_P"+p, "Milliseconds", "Average", "deployment")
		check(d, "RequestLatency_P"+p, "Milliseconds", "Average", "")
	}
	check(e, "RequestsPerMinute", "Count", "Average", "deployment statusCode statusCodeClass modelStatusCode")
	check(d, "CpuMemoryUtilizationPercentage", "Percent", all, "instanceId")
	check(d, "CpuUtilizationPercentage", "Percent", all, "instanceId")
	check(d, "DataCollectionErrorsPerMinute", "Count", all, "instanceId reason type")
	check(d, "DataCollectionEventsPerMinute", "Count", all, "instanceId type")
	check(d, "DeploymentCapacity", "Count", all, "instanceId State")
	check(d, "DiskUtilization", "Percent", all, "instanceId disk")
	check(d, "GpuEnergyJoules", "Count", all, "instanceId")
	check(d, "GpuMemoryUtilizationPercentage", "Percent", all, "instanceId")
	check(d, "GpuUtilizationPercentage", "Percent", all, "instanceId")
	check(d, "RequestsPerMinute", "Count", "Average", "envoy_response_code")
}

func TestEveryDefinitionOffersEveryLevelAndTheInstance(t *testing.T) {
	c, err := LoadCatalogue()
	require.NoError(t, err)
	for _, d := range c.All() {
		_, ok := d.Dimension("INSTANCEID")
		require.True(t, ok, "%s has no dimension instanceId", d.Name)
		for _, level := range Levels() {
			_, ok := c.Lookup(strings.ToUpper(d.Name), level)
			require.True(t, ok, "%s is not defined for level %s", d.Name, level)
		}
	}
}

func TestParseDefinitionsRefusesAloud(t *testing.T) {
	const good = `
metrics:
  - name: Things
    display_name: Things
    description: Things in a minute.
    category: Traffic
    unit: Count
    levels: [endpoint]
    aggregations: [Average]
    source: {kind: counter, series: things_total, per: minute}
    dimensions:
      - {name: kind, label: kind}
`
	_, err := parseDefinitions([]byte(good))
	require.NoError(t, err)
	for _, tc := range []struct{ name, old, new, want string }{
		{"unknown key", "category:", "kategory:", "kategory"},
		{"unknown unit", "unit: Count", "unit: Bananas", `unit "Bananas" is unknown`},
		{"unknown level", "[endpoint]", "[workspace]", `level "workspace"`},
		{"aggregation of another kind", "[Average]", "[Count]", `aggregation "Count"`},
		{"unknown kind", "kind: counter", "kind: guess", `kind "guess"`},
		{"a rate without its time", ", per: minute", "", `per "" does not fit`},
		{"a gauge with a time", "kind: counter", "kind: gauge", `per "minute" does not fit`},
		{"no series", "series: things_total, ", "", `series "" does not fit`},
		{"bad series", "things_total", "things-total", `"things-total" is no metric name`},
		{"bad dimension", "label: kind}", "label: k-d}", `"k-d" is no label name`},
		{"bad expression", "label: kind}", `derive: {from: kind, match: "(", value: x}}`, "missing closing )"},
		{"both label and derive", "label: kind}", `label: kind, derive: {from: kind, match: ".", value: x}}`, "either label or derive"},
		{"quantiles of a counter", "unit: Count", "unit: Count\n    quantiles: [50]", "quantiles need kind histogram_mean"},
		{"no description", "Things in a minute.", `""`, "description must be given"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.Replace(good, tc.old, tc.new, 1)
			require.NotEqual(t, good, text)
			_, err := parseDefinitions([]byte(text))
			require.ErrorContains(t, err, tc.want)
		})
	}
	ds, err := parseDefinitions([]byte(good))
	require.NoError(t, err)
	_, err = newCatalogue(append(ds, ds...))
	require.ErrorContains(t, err, "metric Things: is defined twice for level endpoint")
}

func FuzzParseDefinitions(f *testing.F) {
	names, err := catalogueFiles.ReadDir("catalogue")
	require.NoError(f, err)
	for _, n := range names {
		text, err := catalogueFiles.ReadFile("catalogue/" + n.Name())
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		ds, err := parseDefinitions(text)
		for _, d := range ds {
			if err == nil && (len(d.Aggregations) == 0 || len(d.Levels) == 0) {
				t.Fatalf("accepted %+v", d)
			}
		}
	})
}
