package pack_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/endscope/endscope/alerts/pack"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

var update = flag.Bool("update", false, "write the tables of docs/alerts/starter-pack.md anew")

const page = "../../docs/alerts/starter-pack.md"

func load(t testing.TB) *pack.Pack {
	t.Helper()
	p, err := pack.Load(query.NewParser())
	require.NoError(t, err)
	return p
}

// Every ready-made rule, turned on for the endpoint as it is, is asked what it would have done in the two days: it fires for its
// incidents in time, names where they are, resolves after them, and does nothing else.
func TestBacktest(t *testing.T) {
	played := incidents()
	w := newWorld(t, played)
	var lines []line
	for _, c := range played {
		lines = append(lines, c.lines...)
	}
	now := end.Add(time.Hour)
	p := newPreviewer(t, newSources(t, w.db, newLogs(t, lines), now), now)
	rules := load(t)
	results := map[string][]*firing{}
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(4)
	for _, e := range rules.Entries() {
		rule, err := rules.Rule(e, pack.Choice{Scope: scopes.Pattern{Endpoint: endpoint}})
		require.NoError(t, err)
		g.Go(func() error {
			// Agents begin at the first day's midnight, and nothing is known of their heartbeats before.
			found, err := p.preview(t.Context(), rule, begin.Add(10*time.Minute), end)
			if err != nil {
				return fmt.Errorf("%s: %w", rule.Name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			results[e.ID] = found
			return nil
		})
	}
	require.NoError(t, g.Wait())
	told := map[string]bool{}
	var table strings.Builder
	table.WriteString("| incident, and how long it takes | rule | names | fires after | for |\n|---|---|---|---|---|\n")
	for _, c := range played {
		if len(c.tells) == 0 {
			fmt.Fprintf(&table, "| %s, %s | none | | | |\n", c.name, minutes(c.to.Sub(c.from)))
		}
		for _, want := range c.tells {
			told[want.rule] = true
			var f *firing
			f, results[want.rule] = take(results[want.rule], c, want)
			if !assert.NotNil(t, f, "%s must fire for: %s (of %v)", want.rule, c.name, want.dims) {
				continue
			}
			after := f.at.Sub(c.from)
			assert.LessOrEqual(t, after, want.within, "%s fires too late for: %s", want.rule, c.name)
			lasts := "still fires"
			if assert.False(t, f.resolved.IsZero(), "%s must resolve after: %s", want.rule, c.name) {
				lasts = minutes(f.resolved.Sub(f.at))
				assert.LessOrEqual(t, f.resolved.Sub(c.to), 45*time.Minute, "%s resolves too late after: %s", want.rule, c.name)
			}
			name := "`" + want.rule + "`"
			if want.alert != "" {
				name += " " + want.alert
			}
			fmt.Fprintf(&table, "| %s, %s | %s | %s | %s | %s |\n", c.name, minutes(c.to.Sub(c.from)), name, named(f), minutes(after), lasts)
		}
	}
	others := 0
	for _, e := range rules.Entries() {
		assert.True(t, told[e.ID], "no incident is for %s", e.ID)
		for _, f := range results[e.ID] {
			others++
			t.Errorf("%s %s of %s fires from %s to %s without an incident", e.ID, f.alert, named(f), f.at.Format(time.DateTime), f.resolved.Format(time.DateTime))
		}
	}
	fmt.Fprintf(&table, "\nOther firings of these %d rules in the two days: %d.\n", len(told), others)
	golden(t, "backtest", table.String())
}

// take returns the firing that tells of an incident, and the others. One that fires in the time of an incident and an hour after it may be
// about it.
func take(list []*firing, c incident, want telling) (*firing, []*firing) {
	i := slices.IndexFunc(list, func(f *firing) bool {
		for k, v := range want.dims {
			if f.dims[k] != v {
				return false
			}
		}
		return f.alert == want.alert && f.at.After(c.from) && !f.at.After(c.to.Add(time.Hour))
	})
	if i < 0 {
		return nil, list
	}
	return list[i], slices.Delete(slices.Clone(list), i, i+1)
}

// named is what a firing names, below the endpoint.
func named(f *firing) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(f.dims)) {
		switch k {
		case "severity", "alertname", "uuid", "EndpointName", "DeploymentName", "InstanceId", "deployment":
		case "endpoint":
			if f.dims["deployment"] == "" {
				all = append(all, f.dims[k])
			}
		default:
			all = append(all, k+" "+f.dims[k])
		}
	}
	if d := f.dims["deployment"]; d != "" && f.dims["instance"] == "" {
		all = append([]string{"deployment " + d}, all...)
	}
	return strings.Join(all, ", ")
}

func minutes(d time.Duration) string {
	return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
}

// golden compares a part of the page with what it should be, or writes it.
func golden(t *testing.T, mark, want string) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	first, last := "<!-- "+mark+" -->\n", "<!-- /"+mark+" -->"
	before, rest, ok := strings.Cut(string(text), first)
	require.True(t, ok, "the page has no %s", first)
	got, after, ok := strings.Cut(rest, last)
	require.True(t, ok, "the page has no %s", last)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+first+want+last+after), 0o644))
		return
	}
	require.Equal(t, want, got, "go test ./test/pack -update writes it")
}
