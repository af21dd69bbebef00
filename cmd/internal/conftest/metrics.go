package conftest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
)

// Metrics returns a table of what is registered on reg under names that are wanted, vectors without children included. Every histogram must be a native one.
func Metrics(t *testing.T, reg *prometheus.Registry, wanted func(name string) bool) string {
	t.Helper()
	// What a Desc tells has no accessors.
	pattern := regexp.MustCompile(`^Desc\{fqName: "([^"]*)", help: "((?:[^"\\]|\\.)*)", unit: "[^"]*", constLabels: \{.*\}, variableLabels: \{(.*)\}\}$`)
	families, err := reg.Gather()
	require.NoError(t, err)
	kinds := map[string]string{}
	for _, f := range families {
		kinds[f.GetName()] = strings.ToLower(f.GetType().String())
		if f.GetType() == dto.MetricType_HISTOGRAM && wanted(f.GetName()) {
			require.NotNil(t, f.Metric[0].GetHistogram().Schema, "%s is a native histogram", f.GetName())
			kinds[f.GetName()] = "native histogram"
		}
	}
	descs := make(chan *prometheus.Desc)
	go func() {
		reg.Describe(descs)
		close(descs)
	}()
	var rows []string
	for d := range descs {
		m := pattern.FindStringSubmatch(d.String())
		require.NotNil(t, m, d.String())
		name, help, labels := m[1], m[2], m[3]
		if !wanted(name) {
			continue
		}
		kind := kinds[name]
		switch { // a vector without children has no type to be asked for
		case kind != "":
		case strings.HasSuffix(name, "_total"):
			kind = "counter"
		case strings.HasSuffix(name, "_duration_seconds"):
			kind = "native histogram"
		default:
			kind = "gauge"
		}
		if labels != "" {
			labels = "`" + strings.ReplaceAll(labels, ",", "`, `") + "`"
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, kind, labels, strings.ReplaceAll(help, `\"`, `"`)))
	}
	slices.Sort(rows)
	return "| metric | type | labels | meaning |\n|---|---|---|---|\n" + strings.Join(slices.Compact(rows), "")
}
