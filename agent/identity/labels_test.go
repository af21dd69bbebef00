package identity

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDownwardFilesAreReadAsTheKubeletWritesThem(t *testing.T) {
	got, err := parseDownward("app=\"llama\"\nescaped=\"a \\\"b\\\" \\\\ \\n\\tü=\\u00fc\"\r\nempty=\"\"\nkubectl.kubernetes.io/last-applied-configuration=\"{\\\"a\\\":1}\\n\"\n")
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"app": "llama", "escaped": "a \"b\" \\ \n\tü=ü", "empty": "", "kubectl.kubernetes.io/last-applied-configuration": "{\"a\":1}\n",
	}, got)
	for text, want := range map[string]string{
		"a=\"1\"\nb":         `line 2 is not key="value"`,
		`a=1`:                `line 1 is not key="value"`,
		`="1"`:               `line 1 is not key="value"`,
		`a="1`:               "line 1: the value of a is not a quoted string",
		`a="1"2`:             "line 1: the value of a is not a quoted string",
		"a=\"1\"\n\na=\"2\"": "line 3: a comes twice",
	} {
		_, err := parseDownward(text)
		require.EqualError(t, err, want, text)
	}
}

func TestAFileOfTheDownwardAPIIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "annotations")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", maxPodinfo+1)), 0o600))
	_, err := readBounded(path)
	require.ErrorContains(t, err, "is larger than 2097152 bytes")
}

// FuzzDownward checks that whatever the kubelet can write is read back, and that the rest never panics.
func FuzzDownward(f *testing.F) {
	f.Add("app", "llama", "a=\"1\"\n")
	f.Add("k", "\"\\\n\x00\xff", `k="\x"`)
	f.Fuzz(func(t *testing.T, key, value, text string) {
		if got, err := parseDownward(text); err == nil {
			var again []string
			for _, k := range slices.Sorted(maps.Keys(got)) {
				again = append(again, fmt.Sprintf("%v=%q", k, got[k]))
			}
			second, err := parseDownward(strings.Join(again, "\n"))
			require.NoError(t, err)
			require.Equal(t, got, second)
		}
		if key == "" || strings.ContainsAny(key, "=\r\n") {
			return
		}
		got, err := parseDownward(fmt.Sprintf("%v=%q", key, value)) // as the kubelet's FormatMap does
		require.NoError(t, err)
		require.Equal(t, map[string]string{key: value}, got)
	})
}
