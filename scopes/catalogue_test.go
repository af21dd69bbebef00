package scopes

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
meaning of a metric in Azure Monitor. Ask for a metric with ` + "`GET /api/v1/metrics?scope=SCOPE&metric=NAME`" + `, at endpoint, deployment or instance
scope; the first aggregation is the one used where none is asked for. Dimensions with a level in parentheses are there at that level only. How
each kind is computed is described in [Drill-down](drill-down.md#how-values-are-computed).

A metric has values as soon as the series that it is computed from come in, whoever sends them: the agent sends ` + "`instance_*`" + ` and ` + "`gpu_*`" + `, and with its proxy and scraping
` + "`endpoint_*`" + ` and ` + "`model_*`" + ` ([Metrics](metrics.md), [the agent](agent/README.md)); so may any other program of yours. To feed a metric, push the series named in its row, with its base unit (seconds, bytes,
ratios from 0 to 1), the labels ` + "`endpoint`, `deployment` and `instance`" + `, and for its dimensions labels of their own (` + "`statusCode`" + ` is ` + "`status_code`, `modelStatusCode`" + ` is
` + "`model_status_code`" + `); a histogram is best native. ` + "`GpuXidErrors`" + ` is empty until a GPU has a first error.
`)
	var order []string
	byName := map[string][]*Definition{}
	for _, d := range c.All() {
		key := quantileSuffix.ReplaceAllString(d.Name, "") + string(d.Source.Kind) + string(d.Category)
		if byName[key] == nil {
			order = append(order, key)
		}
		byName[key] = append(byName[key], d)
	}
	for _, category := range Categories() {
		fmt.Fprintf(&b, "\n## %s\n\n| Metric | | Unit | Aggregations | Dimensions | Computed from |\n|---|---|---|---|---|---|\n", category)
		for _, key := range order {
			ds := byName[key]
			if d := ds[0]; d.Category == category {
				fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", renderNames(ds), map[bool]string{true: "●"}[slices.ContainsFunc(ds, func(d *Definition) bool { return d.Azure })],
					d.Unit, list(d.Aggregations), renderDimensions(ds), renderSource(ds))
			}
		}
	}
	b.WriteString("\n## What they mean\n\n")
	seen := map[string]bool{}
	for _, d := range c.All() {
		if !seen[d.Name] && d.Source.Quantile == 0 {
			fmt.Fprintf(&b, "- **%s** (`%s`): %s\n", d.DisplayName, d.Name, d.Description)
		}
		seen[d.Name] = true
	}
	return b.String()
}

var quantileSuffix = regexp.MustCompile(`_P[0-9]+$`)

// renderNames writes the first name in full, and of the others the suffix.
func renderNames(ds []*Definition) string {
	var out []string
	for _, d := range ds {
		name := "`" + d.Name + "`"
		if len(out) > 0 {
			name = "`" + quantileSuffix.FindString(d.Name) + "`"
		}
		if !slices.Contains(out, name) && (len(out) == 0 || d.Name != ds[0].Name) {
			out = append(out, name)
		}
	}
	return strings.Join(out, ", ")
}

// renderDimensions writes the dimensions of one metric at its levels.
func renderDimensions(ds []*Definition) string {
	at := map[string][]Level{}
	var names []string
	for _, d := range ds {
		for _, dim := range d.Dimensions {
			if !slices.Contains(names, dim.Name) {
				names = append(names, dim.Name)
			}
			for _, l := range d.Levels {
				if !slices.Contains(at[dim.Name], l) {
					at[dim.Name] = append(at[dim.Name], l)
				}
			}
		}
	}
	for i, name := range names {
		names[i] = "`" + name + "`"
		if len(at[name]) < len(Levels()) {
			names[i] += " (" + list(at[name]) + ")"
		}
	}
	return strings.Join(names, ", ")
}

func renderSource(ds []*Definition) string {
	s := ds[0].Source
	text := string(s.Kind)
	where := func(r *LabelRule) string {
		if r == nil {
			return ""
		}
		return strings.ReplaceAll(fmt.Sprintf(" where `%s=~%q`", r.Label, r.Match), "|", `\|`)
	}
	term := func(t *Term) string {
		out := "`" + t.Series + "`" + where(t.Where)
		if t.Stat != "" {
			out = string(t.Stat) + " of " + out
		}
		return out
	}
	if s.Series != "" {
		text += " of `" + s.Series + "`" + where(s.Where)
	}
	if s.Quantile > 0 {
		var qs []string
		for _, d := range ds {
			if q := fmt.Sprint(d.Source.Quantile); !slices.Contains(qs, q) {
				qs = append(qs, q)
			}
		}
		text += " at " + strings.Join(qs, ", ")
	}
	if s.Num != nil {
		text += ": " + term(s.Num) + " ÷ " + term(s.Den)
	}
	if s.Complement {
		text += ", 1 minus that"
	}
	if s.Factor != 1 {
		text += fmt.Sprintf(" × %.4g", s.Factor)
	}
	if s.Per != "" {
		text += " per " + string(s.Per)
	}
	return text
}

// anchor is azure-monitor.md §2.1 and §2.2, row by row: level, category where the table has one, display name, REST name, unit,
// aggregations, dimensions.
const anchor = `
endpoint||Connections Active|ConnectionsActive|Count|Average|
endpoint||Data Collection Errors Per Minute|DataCollectionErrorsPerMinute|Count|Min Max Average|deployment reason type
endpoint||Data Collection Events Per Minute|DataCollectionEventsPerMinute|Count|Min Max Average|deployment type
endpoint||Network Bytes|NetworkBytes|BytesPerSecond|Average|
endpoint||New Connections Per Second|NewConnectionsPerSecond|CountPerSecond|Average|
endpoint||Request Latency|RequestLatency|Milliseconds|Average|deployment
endpoint||Request Latency P50|RequestLatency_P50|Milliseconds|Average|deployment
endpoint||Request Latency P90|RequestLatency_P90|Milliseconds|Average|deployment
endpoint||Request Latency P95|RequestLatency_P95|Milliseconds|Average|deployment
endpoint||Request Latency P99|RequestLatency_P99|Milliseconds|Average|deployment
endpoint||Requests Per Minute|RequestsPerMinute|Count|Average|deployment statusCode statusCodeClass modelStatusCode
deployment|Resource|CPU Memory Utilization Percentage|CpuMemoryUtilizationPercentage|Percent|Min Max Average|instanceId
deployment|Resource|CPU Utilization Percentage|CpuUtilizationPercentage|Percent|Min Max Average|instanceId
deployment|Resource|Data Collection Errors Per Minute|DataCollectionErrorsPerMinute|Count|Min Max Average|instanceId reason type
deployment|Resource|Data Collection Events Per Minute|DataCollectionEventsPerMinute|Count|Min Max Average|instanceId type
deployment|Resource|Deployment Capacity|DeploymentCapacity|Count|Min Max Average|instanceId State
deployment|Resource|Disk Utilization|DiskUtilization|Percent|Min Max Average|instanceId disk
deployment|Resource|GPU Energy in Joules|GpuEnergyJoules|Count|Min Max Average|instanceId
deployment|Resource|GPU Memory Utilization Percentage|GpuMemoryUtilizationPercentage|Percent|Min Max Average|instanceId
deployment|Resource|GPU Utilization Percentage|GpuUtilizationPercentage|Percent|Min Max Average|instanceId
deployment|Traffic|Request Latency P50|RequestLatency_P50|Milliseconds|Average|
deployment|Traffic|Request Latency P90|RequestLatency_P90|Milliseconds|Average|
deployment|Traffic|Request Latency P95|RequestLatency_P95|Milliseconds|Average|
deployment|Traffic|Request Latency P99|RequestLatency_P99|Milliseconds|Average|
deployment|Traffic|Requests Per Minute|RequestsPerMinute|Count|Average|envoy_response_code
`

// TestCatalogueIsTheAnchors compares with Azure Monitor's tables: what they have is marked as theirs and has the same names and unit
// and at least the same aggregations and dimensions, with the same primary aggregation; nothing else is marked.
func TestCatalogueIsTheAnchors(t *testing.T) {
	c, err := LoadCatalogue()
	require.NoError(t, err)
	type key struct {
		level Level
		name  string
	}
	theirs := map[key]bool{}
	for _, line := range strings.Split(strings.TrimSpace(anchor), "\n") {
		row := strings.Split(line, "|")
		require.Len(t, row, 7, line)
		d, ok := c.Lookup(row[3], Level(row[0]))
		require.True(t, ok, line)
		require.True(t, d.Azure, line)
		require.Equal(t, Level(row[0]), d.Levels[0], line)
		require.Equal(t, []string{row[2], row[3], row[4]}, []string{d.DisplayName, d.Name, string(d.Unit)})
		if row[1] != "" {
			require.Equal(t, Category(row[1]), d.Category, line)
		}
		for _, text := range strings.Fields(row[5]) {
			a, ok := ParseAggregation(text)
			require.True(t, ok)
			require.True(t, d.Supports(a), "%s: %s", line, a)
		}
		require.Equal(t, Average, d.Aggregations[0], line)
		for _, dim := range strings.Fields(row[6]) {
			got, ok := d.Dimension(dim)
			require.True(t, ok, "%s: %s", line, dim)
			require.Equal(t, dim, got.Name)
		}
		theirs[key{Level(row[0]), row[3]}] = true
	}
	for _, d := range c.All() {
		require.Equal(t, d.Azure, theirs[key{d.Levels[0], d.Name}], "%s at %v", d.Name, d.Levels)
		require.False(t, d.Azure && slices.Contains(d.Levels[1:], LevelDeployment), "%s: Azure is said of the first level", d.Name)
	}
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

func TestParseCatalogueRefusesAloud(t *testing.T) {
	const good = `
dimensions:
  - {name: kind, label: kind}
  - {name: other, label: other, levels: [deployment]}
metrics:
  - name: Things
    display_name: Things
    description: Things in a minute.
    category: Traffic
    unit: Count
    levels: [endpoint]
    aggregations: [Average]
    source: {kind: counter, series: things_total, per: minute}
    dimensions: [kind]
  - name: Share
    display_name: Share
    description: Share of things.
    category: Model
    unit: Ratio
    aggregations: [Average]
    source:
      kind: ratio
      num: {series: good_total, stat: increase, where: {label: kind, match: "a|b"}}
      den: {series: all_total, stat: increase, without: [kind]}
    dimensions: [kind]
  - name: Delay
    display_name: Delay
    description: Delay of things.
    category: Traffic
    unit: Milliseconds
    aggregations: [Average, Total, Count]
    quantiles: [50, 99]
    source: {kind: histogram_mean, series: delay_seconds}
`
	parse := func(text string) (*Catalogue, error) {
		return parseCatalogue(catalogueFile{"things.yaml", []byte(text)})
	}
	c, err := parse(good)
	require.NoError(t, err)
	require.Len(t, c.All(), 5)
	for _, tc := range []struct{ name, old, new, want string }{
		{"unknown key", "category: Traffic", "kategory: Traffic", "kategory"},
		{"unknown key of a source", "per: minute", "pro: minute", "pro"},
		{"unknown key of a term", "without: [kind]", "bar: [kind]", "bar"},
		{"unknown key of a dimension", "label: kind}\n", "label: kind, colour: red}\n", "colour"},
		{"wrong type", "[50, 99]", "[half]", "half"},
		{"unknown category", "category: Traffic", "category: Weather", `metric Things: category "Weather" must be one of Traffic, Model, Resource`},
		{"unknown unit", "unit: Count", "unit: Bananas", `metric Things: unit "Bananas" is unknown; it must be one of Count`},
		{"unknown level", "levels: [endpoint]", "levels: [workspace]", `metric Things: levels: level "workspace"`},
		{"unknown level of a dimension", "levels: [deployment]}", "levels: [node]}", `dimension "other": levels: level "node"`},
		{"azure at a level that it has not", "levels: [endpoint]", "levels: [endpoint]\n    azure: [deployment]", `azure: level "deployment" is none of the metric's`},
		{"aggregation of another kind", "[Average]", "[Count]", `metric Things: aggregation "Count"`},
		{"aggregation twice", "[Average]", "[Average, Average]", `aggregation "Average" is given twice`},
		{"minimum per second", "[Average]\n    source: {kind: counter, series: things_total, per: minute}", "[Minimum]\n    source: {kind: counter, series: things_total, per: second}", `aggregation "Minimum" needs per minute`},
		{"unknown kind", "kind: counter", "kind: guess", `kind "guess" is unknown; it must be one of gauge, gauge_sum`},
		{"a rate without its time", ", per: minute", "", `per "" does not fit`},
		{"a gauge with a time", "kind: counter", "kind: gauge", `per "minute" does not fit`},
		{"no series", "series: things_total, ", "", `series "" does not fit`},
		{"bad series", "things_total", "things-total", `"things-total" is no metric name`},
		{"a series that a rule writes", "things_total", "things:total", `"things:total" is no metric name`},
		{"negative factor", "per: minute", "per: minute, factor: -1", "factor -1 must be positive"},
		{"terms of a counter", "per: minute", "per: minute, num: {series: x, stat: increase}", "num and den must be given"},
		{"ratio without a term", "      den: {series: all_total, stat: increase, without: [kind]}\n", "", "num and den must be given"},
		{"ratio of no statistic", "series: good_total, stat: increase", "series: good_total", `num: stat "" must be one of increase, observations, total`},
		{"unknown statistic", "all_total, stat: increase", "all_total, stat: mode", `den: stat "mode"`},
		{"bad series of a term", "good_total", "good total", `num: series "good total" is no metric name`},
		{"bad label of a term", "label: kind, match", "label: k-d, match", `num: where: label "k-d" is no label name`},
		{"bad expression of a term", `"a|b"`, `"(a"`, `num: where: match "(a"`},
		{"empty expression of a term", `"a|b"`, `""`, "match must be given"},
		{"without what it has not", "without: [kind]", "without: [colour]", `without "colour" is no dimension`},
		{"complement of a counter", "per: minute", "per: minute, complement: true", `complement does not fit kind "counter"`},
		{"devices of a counter", "per: minute", "per: minute, devices: [gpu]", `devices ["gpu"] does not fit`},
		{"undeclared dimension", "dimensions: [kind]", "dimensions: [sort]", `dimension "sort" is not declared`},
		{"dimension in another case", "dimensions: [kind]", "dimensions: [Kind]", `dimension "Kind" is not declared`},
		{"dimension twice", "dimensions: [kind]", "dimensions: [kind, kind]", `dimension "kind" is given twice`},
		{"dimension declared twice", "name: other", "name: KIND", `dimension "KIND": is declared twice`},
		{"bad dimension", "label: kind}", "label: k-d}", `"k-d" is no label name`},
		{"bad expression", "label: kind}", `derive: {from: kind, match: "(", value: x}}`, "missing closing )"},
		{"both label and derive", "label: kind}", `label: kind, derive: {from: kind, match: ".", value: x}}`, "either label or derive"},
		{"quantiles of a counter", "levels: [endpoint]", "levels: [endpoint]\n    quantiles: [50]", `quantiles need kind histogram_mean (got "counter")`},
		{"quantile out of range", "[50, 99]", "[50, 100]", "metric Delay: quantiles: 100"},
		{"quantile twice", "[50, 99]", "[50, 50]", "quantiles: 50 is given twice"},
		{"no description", "Things in a minute.", `""`, "description must be given"},
		{"defined twice", "name: Share", "name: things", "metric things: name must be"},
		{"defined twice at one level", "name: Share", "name: Things", "metric Things: is defined twice for level endpoint"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.Replace(good, tc.old, tc.new, 1)
			require.NotEqual(t, good, text)
			_, err := parse(text)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func FuzzParseCatalogue(f *testing.F) {
	names, err := catalogueFiles.ReadDir("catalogue")
	require.NoError(f, err)
	dimensions, err := catalogueFiles.ReadFile("catalogue/dimensions.yaml")
	require.NoError(f, err)
	for _, n := range names {
		text, err := catalogueFiles.ReadFile("catalogue/" + n.Name())
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseCatalogue(catalogueFile{"dimensions.yaml", dimensions}, catalogueFile{"fuzz.yaml", text})
		if err != nil {
			return
		}
		for _, d := range c.All() {
			if len(d.Aggregations) == 0 || len(d.Levels) == 0 {
				t.Fatalf("accepted %+v", d)
			}
		}
	})
}
