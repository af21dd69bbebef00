package conftest

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/cmd/internal/conf"
)

// Example requires that the file at path is what conf writes for defaults, and that it loads back to them. With update it writes
// the file first. Required lists the keys that have no default, so that the file alone is not valid.
func Example[T conf.Validator](t *testing.T, defaults func() T, path, header string, update bool, required []string) {
	t.Helper()
	loader, err := conf.New(defaults)
	require.NoError(t, err)
	var b bytes.Buffer
	b.WriteString(header)
	require.NoError(t, loader.WriteYAML(&b, defaults()))
	if update {
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644)) //nolint:gosec // a page for everyone
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(text), b.String()), "run make generate")

	loaded, err := loader.LoadFile(path)
	if len(required) > 0 {
		require.Error(t, err)
		for _, line := range strings.Split(err.Error(), "\n") {
			known := false
			for _, key := range required {
				known = known || strings.Contains(line, ": "+key+": ")
			}
			require.True(t, known, line)
		}
	} else {
		require.NoError(t, err)
	}
	require.Empty(t, cmp.Diff(defaults(), loaded, cmpopts.EquateEmpty()), "the example does not load to the defaults")
}

// Reference requires that the part of the page at path between <!-- name --> and <!-- /name --> is the table of all keys. With
// update it writes that part first.
func Reference[T conf.Validator](t *testing.T, defaults func() T, path, name string, update bool) {
	t.Helper()
	loader, err := conf.New(defaults)
	require.NoError(t, err)
	var table bytes.Buffer
	require.NoError(t, loader.WriteMarkdown(&table))
	Section(t, path, name, table.String(), update)
}

// Section requires that the part of the page at path between <!-- name --> and <!-- /name --> is text. With update it writes that part
// instead.
func Section(t *testing.T, path, name, text string, update bool) {
	t.Helper()
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	before, rest, ok := strings.Cut(string(page), begin)
	require.True(t, ok, "%s has no line %q", path, begin)
	old, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "%s has no line %q", path, end)
	if update {
		require.NoError(t, os.WriteFile(path, []byte(before+begin+text+end+after), 0o644)) //nolint:gosec // a page for everyone
		return
	}
	require.Empty(t, cmp.Diff(old, text), "run make generate")
}
