package houserules

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// files lists what git tracks or would track, relative to the root.
func files(t *testing.T) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-co", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err, "the house rules are tested in a git checkout")
	var all []string
	for _, name := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if info, err := os.Stat(filepath.Join(root, name)); err == nil && info.Mode().IsRegular() {
			all = append(all, name)
		}
	}
	return all
}

func TestNothingIsLeftUndoneInTheSource(t *testing.T) {
	// Written so that this file does not match itself.
	rules := []struct {
		pattern *regexp.Regexp
		only    string
		reason  string
	}{
		{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`), "", "finish it, or open an issue"},
		{regexp.MustCompile(`\b[tbf]\.Skip` + `(f|Now)?\(`), ".go", "a test that does not run proves nothing"},
		{regexp.MustCompile(`(^|[\s"'=(` + "`" + `])/(ho` + `me|ro` + `ot|Us` + `ers|wo` + `rk)/[A-Za-z]`), "", "a path of one machine means nothing on another"},
		{regexp.MustCompile(`^<<<<<` + `<< |^>>>>>` + `>> `), "", "a merge was left halfway"},
	}
	for _, name := range files(t) {
		switch {
		case strings.HasSuffix(name, ".go"), strings.HasSuffix(name, ".sh"), strings.HasSuffix(name, ".yaml"), strings.HasSuffix(name, ".md"),
			strings.HasSuffix(name, ".ts"), strings.HasSuffix(name, ".tsx"), strings.HasSuffix(name, ".txtar"), strings.HasPrefix(name, "scripts/"), name == "Makefile":
		default:
			continue
		}
		if strings.Contains(name, "testdata/upstream") {
			continue // kept as it came
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		for i, line := range strings.Split(string(text), "\n") {
			for _, rule := range rules {
				if strings.HasSuffix(name, rule.only) && rule.pattern.MatchString(line) {
					t.Errorf("%s:%d: %q: %s", name, i+1, strings.TrimSpace(line), rule.reason)
				}
			}
		}
	}
}

func TestUpstreamsConstructorIsCalledOnce(t *testing.T) {
	var calls []string
	for _, name := range files(t) {
		if !strings.HasSuffix(name, ".go") || strings.HasPrefix(name, "internal/houserules/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		if strings.Contains(string(text), ".New"+"API(") && strings.Contains(string(text), `prometheus/web/api/v1"`) {
			calls = append(calls, name)
		}
	}
	require.Len(t, calls, 1, "44 positional parameters belong in exactly one file")
}

func TestPanicsAndExitsStayInMain(t *testing.T) {
	exit := regexp.MustCompile(`\b(os\.Exit|log\.Fatal(f|ln)?)\(`)
	for _, name := range files(t) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "/main.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		for i, line := range strings.Split(string(text), "\n") {
			if code, _, _ := strings.Cut(line, "//"); exit.MatchString(code) {
				t.Errorf("%s:%d: only main ends the process: %s", name, i+1, strings.TrimSpace(line))
			}
		}
	}
}
