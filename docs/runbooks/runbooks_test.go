package runbooks_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts/pack"
	"github.com/endscope/endscope/docs/runbooks"
	"github.com/endscope/endscope/logs/kql/syntax"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

var (
	heading = regexp.MustCompile(`(?m)^## (.+)$`)
	asked   = regexp.MustCompile(`(?:--metric |[?&]metric=)([A-Za-z0-9_]+)`)
	command = regexp.MustCompile(`(?m)^bin/endscope query metrics --scope (\S+) --metric (\S+)(.*)$`)
	option  = regexp.MustCompile(`--(split|aggregation) (\S+)`)
	kql     = regexp.MustCompile(`query kql '([^']+)'`)
	promQL  = regexp.MustCompile(`query instant '([^']+)'`)
	enable  = regexp.MustCompile(`"parameters":\{"([a-z-]+)":\{([^}]*)\}`)
	given   = regexp.MustCompile(`"([a-z]+)":`)
	link    = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
)

// pages returns the text of each page by its id.
func pages(t *testing.T) map[string]string {
	t.Helper()
	names, err := fs.Glob(runbooks.FS(), "*.md")
	require.NoError(t, err)
	out := map[string]string{}
	for _, name := range names {
		text, err := fs.ReadFile(runbooks.FS(), name)
		require.NoError(t, err)
		out[strings.TrimSuffix(name, ".md")] = string(text)
	}
	return out
}

func rules(t *testing.T) []pack.Entry {
	t.Helper()
	p, err := pack.Load(query.NewParser())
	require.NoError(t, err)
	return p.Entries()
}

func TestEveryRuleHasItsPage(t *testing.T) {
	all := pages(t)
	for _, e := range rules(t) {
		text, ok := all[e.ID]
		if !assert.True(t, ok, "%s has no page", e.ID) {
			continue
		}
		assert.True(t, strings.HasPrefix(text, "# "+e.Title+"\n"), "%s does not begin with its title", e.ID)
		// Parameters are set as a whole, so an example that leaves one out would teach to lose it.
		var names, want []string
		for _, m := range enable.FindAllStringSubmatch(text, -1) {
			assert.Equal(t, e.ID, m[1])
			for _, g := range given.FindAllStringSubmatch(m[2], -1) {
				names = append(names, g[1])
			}
		}
		for _, p := range e.Parameters {
			want = append(want, p.Name)
		}
		assert.ElementsMatch(t, want, names, "%s: parameters", e.ID)
		delete(all, e.ID)
	}
	assert.Empty(t, all, "pages without a rule")
}

func TestPagesHaveTheSameHeadings(t *testing.T) {
	for id, text := range pages(t) {
		var got []string
		for _, m := range heading.FindAllStringSubmatch(text, -1) {
			got = append(got, m[1])
		}
		assert.Equal(t, []string{"What it means", "First look", "Causes", "What to do", "When it is a false alarm"}, got, id)
		lines := strings.Count(text, "\n")
		assert.True(t, lines >= 25 && lines <= 45, "%s has %d lines", id, lines)
	}
}

func TestMetricsOfPagesAreInTheCatalogue(t *testing.T) {
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	for id, text := range pages(t) {
		for _, m := range asked.FindAllStringSubmatch(text, -1) {
			assert.True(t, slices.ContainsFunc(scopes.Levels(), func(l scopes.Level) bool {
				_, ok := catalogue.Lookup(m[1], l)
				return ok
			}), "%s: metric %s", id, m[1])
		}
		for _, m := range command.FindAllStringSubmatch(text, -1) {
			level := scopes.Levels()[strings.Count(m[1], "/")]
			d, ok := catalogue.Lookup(m[2], level)
			if !assert.True(t, ok, "%s: metric %s of a %s", id, m[2], level) {
				continue
			}
			for _, o := range option.FindAllStringSubmatch(m[3], -1) {
				if o[1] == "split" {
					_, ok = d.Dimension(o[2])
				} else {
					a, known := scopes.ParseAggregation(o[2])
					ok = known && d.Supports(a)
				}
				assert.True(t, ok, "%s: --%s %s of %s at %s", id, o[1], o[2], m[2], level)
			}
		}
	}
}

func TestQueriesOfPagesParse(t *testing.T) {
	parser := query.NewParser()
	for id, text := range pages(t) {
		for _, m := range kql.FindAllStringSubmatch(text, -1) {
			_, err := syntax.Parse(m[1])
			assert.NoError(t, err, "%s: %s", id, m[1])
		}
		for _, m := range promQL.FindAllStringSubmatch(text, -1) {
			_, err := parser.ParseExpr(m[1])
			assert.NoError(t, err, "%s: %s", id, m[1])
		}
	}
}

func TestLinksOfPagesLeadSomewhere(t *testing.T) {
	for id, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			_, err := os.Stat(path.Clean(m[1]))
			assert.NoError(t, err, "%s: link %s", id, m[1])
		}
	}
}
