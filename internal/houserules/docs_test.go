package houserules

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return string(text)
}

func TestEveryDirectDependencyHasAReason(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err)
	var mod struct {
		Require []struct {
			Path, Version string
			Indirect      bool
		}
		Tool []struct{ Path string }
	}
	require.NoError(t, json.Unmarshal(out, &mod))
	doc := read(t, "docs/dependencies.md")
	row := func(path, version string) {
		line := regexp.MustCompile(`(?m)^\| ` + "`" + regexp.QuoteMeta(path) + "`" + ` \| ` + regexp.QuoteMeta(version) + ` \| [^|]{10,} \|`)
		if !line.MatchString(doc) {
			t.Errorf("docs/dependencies.md has no row \"| `%s` | %s | reason |\"", path, version)
		}
	}
	direct := map[string]bool{}
	for _, r := range mod.Require {
		direct[r.Path] = !r.Indirect
		tool := false
		for _, u := range mod.Tool {
			tool = tool || strings.HasPrefix(u.Path, r.Path+"/")
		}
		if !r.Indirect || tool {
			direct[r.Path] = true
			row(r.Path, r.Version)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(doc, -1) {
		if !direct[m[1]] {
			t.Errorf("docs/dependencies.md names %s, which go.mod does not require directly", m[1])
		}
	}
}

func TestLinksBetweenPagesLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, name := range files(t) {
		if !strings.HasSuffix(name, ".md") || strings.Contains(name, "testdata/") || strings.Contains(name, "node_modules/") {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(read(t, name), -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			}
		}
	}
}

func TestDecisionsHaveTheirParts(t *testing.T) {
	for _, name := range files(t) {
		if !strings.HasPrefix(name, "docs/adr/") {
			continue
		}
		text := read(t, name)
		for _, part := range []string{"## Context", "## Decision", "## Alternatives", "## Consequences"} {
			if !strings.Contains(text, part) {
				t.Errorf("%s has no part %q", name, part)
			}
		}
	}
}
