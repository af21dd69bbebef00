package alerts_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// The examples of the page on rules are rules, and its tables name every field that is read.
func TestPageOnRules(t *testing.T) {
	page, err := os.ReadFile("../docs/alerts/rules.md")
	require.NoError(t, err)
	kinds := map[alerts.RuleKind]int{}
	for _, m := range regexp.MustCompile("(?s)```json( processing)?\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		if m[1] != "" {
			r, err := alerts.ParseProcessingRule([]byte(m[2]))
			require.NoError(t, err, m[2])
			require.NoError(t, r.Validate(), m[2])
			kinds["processing"]++
			continue
		}
		r, err := alerts.CheckRule([]byte(m[2]), definitions(t))
		require.NoError(t, err, m[2])
		kinds[r.Kind]++
	}
	assert.Equal(t, map[alerts.RuleKind]int{alerts.KindMetric: 2, alerts.KindLog: 1, "processing": 1}, kinds)

	var written []string
	for _, file := range []string{"rule_write.go", "processing.go"} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile("`json:\"([^\",]+)").FindAllStringSubmatch(string(source), -1) {
			written = append(written, m[1])
		}
	}
	require.True(t, slices.Contains(written, "daysOfMonth") && slices.Contains(written, "noDataPolicy"))
	for _, name := range written {
		assert.True(t, strings.Contains(string(page), "`"+name) || strings.Contains(string(page), "."+name+"`") || strings.Contains(string(page), `"`+name+`"`), "%s is not on the page", name)
	}
}
