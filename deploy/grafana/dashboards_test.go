package grafana

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write dashboards/ anew")

func TestGeneratedDashboards(t *testing.T) {
	want := Dashboards()
	for name, d := range want {
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		require.NoError(t, e.Encode(d))
		path := filepath.Join("dashboards", name)
		if *update {
			require.NoError(t, os.WriteFile(path, text.Bytes(), 0o644))
		}
		have, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, text.String(), string(have), "%s is out of date: go test ./deploy/grafana -run Generated -update", path)
	}
	files, err := filepath.Glob("dashboards/*.json")
	require.NoError(t, err)
	require.Len(t, files, len(want), "a dashboard that nothing makes")
}

// load reads the files themselves, since they are what Grafana gets.
func load(t *testing.T) map[string]Dashboard {
	files, err := filepath.Glob("dashboards/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string]Dashboard{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		var dash Dashboard
		require.NoError(t, d.Decode(&dash), path)
		all[filepath.Base(path)] = dash
	}
	return all
}

// panels lists the panels of a dashboard, those of collapsed rows too, without the rows.
func panels(list []Panel) []Panel {
	var out []Panel
	for _, p := range list {
		if p.Type == "row" {
			out = append(out, panels(p.Panels)...)
		} else {
			out = append(out, p)
		}
	}
	return out
}

func TestDashboardsAreWhatGrafanaExpects(t *testing.T) {
	uids := map[string]string{}
	all := load(t)
	for name, d := range all {
		require.NotEmpty(t, d.UID, name)
		require.LessOrEqual(t, len(d.UID), 40, "Grafana's bound")
		require.NotContains(t, uids, d.UID, "%s and %s have the same uid", name, uids[d.UID])
		uids[d.UID] = name
		require.NotEmpty(t, d.Title, name)
		require.Equal(t, 42, d.SchemaVersion, name)
		require.Equal(t, "datasource", d.Templating.List[0].Type, name)
	}
	for name, d := range all {
		var rows []string
		for _, p := range d.Panels {
			if p.Type == "row" {
				rows = append(rows, p.Title)
			}
		}
		require.Equal(t, []string{"Traffic", "Latency", "Errors", "Resources", "GPU", "Agent"}, rows, name)
		ids, titles := map[int]bool{}, map[string]bool{}
		for _, p := range d.Panels {
			require.False(t, ids[p.ID] || p.ID == 0, "%s: two panels have the id %d", name, p.ID)
			ids[p.ID] = true
		}
		for _, p := range panels(d.Panels) {
			at := name + ": " + p.Title
			require.False(t, titles[p.Title], "%s: twice", at)
			titles[p.Title] = true
			require.NotEmpty(t, p.Description, at)
			require.Equal(t, byte('.'), p.Description[len(p.Description)-1], "%s: a description is a sentence", at)
			require.NotEmpty(t, p.FieldConfig.Defaults.Unit, at)
			require.Equal(t, "${datasource}", p.Datasource.UID, at)
			require.NotEmpty(t, p.Targets, at)
			for _, q := range p.Targets {
				require.Equal(t, "${datasource}", q.Datasource.UID, at)
			}
			g := p.GridPos
			require.True(t, g.W > 0 && g.H > 0 && g.X+g.W <= 24, "%s: off the grid", at)
			for _, other := range panels(d.Panels) {
				o := other.GridPos
				if other.ID != p.ID && g.X < o.X+o.W && o.X < g.X+g.W && g.Y < o.Y+o.H && o.Y < g.Y+g.H {
					t.Errorf("%s overlaps %s", at, other.Title)
				}
			}
			for _, l := range p.FieldConfig.Defaults.Links {
				requireLink(t, all, uids, d, l)
			}
		}
		for _, l := range d.Links {
			requireLink(t, all, uids, d, l)
		}
	}
}

// requireLink checks that a link leads to one of the dashboards, hands over every variable that it has, and only such.
func requireLink(t *testing.T, all map[string]Dashboard, uids map[string]string, from Dashboard, l Link) {
	t.Helper()
	rest, ok := strings.CutPrefix(l.URL, "/d/")
	require.True(t, ok, l.URL)
	uid, query, _ := strings.Cut(rest, "?")
	require.Contains(t, uids, uid, "%s: %s leads nowhere", from.Title, l.URL)
	require.Contains(t, query, "${__url_time_range}")
	given := map[string]bool{}
	for _, pair := range strings.Split(query, "&") {
		if name, _, ok := strings.Cut(pair, "="); ok {
			given[strings.TrimPrefix(name, "var-")] = true
		}
	}
	for _, v := range all[uids[uid]].Templating.List {
		require.True(t, given[v.Name], "%s: %s does not hand over %s", from.Title, l.URL, v.Name)
		delete(given, v.Name)
	}
	require.Empty(t, given, "%s: %s", from.Title, l.URL)
}
