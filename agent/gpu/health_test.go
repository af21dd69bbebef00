package gpu

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryKnownXIDSaysWhatToDo(t *testing.T) {
	list, err := XIDs()
	require.NoError(t, err)
	require.Greater(t, len(list), 150)
	known := map[uint64]bool{}
	last := uint64(0)
	for _, x := range list {
		require.Greater(t, x.Code, last, "by number")
		last = x.Code
		known[x.Code] = true
		for what, text := range map[string]string{"name": x.Name, "meaning": x.Meaning, "next step": x.NextStep} {
			require.NotEmpty(t, text, "%s of %d", what, x.Code)
		}
		require.Contains(t, []string{"application", "driver", "memory", "hardware", "pcie", "nvlink", "firmware", "engine", "display", "vgpu", "security", "test", "unknown"}, x.Category, x.Code)
	}
	for _, code := range []uint64{8, 13, 31, 32, 38, 43, 44, 45, 48, 56, 57, 58, 61, 62, 63, 64, 68, 69, 74, 79, 92, 94, 95, 109, 119, 120, 121, 140,
		143, 144, 145, 146, 147, 148, 149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161} {
		require.True(t, known[code], code)
	}
	table, err := loadHealth()
	require.NoError(t, err)
	x := table.xid(4242)
	require.Equal(t, uint64(4242), x.Code)
	require.Equal(t, severityWarning, x.Severity)
	require.Equal(t, "unknown", x.Name)
}

// Whatever can be counted can be told of.
func TestEveryHealthEventSaysWhatToDo(t *testing.T) {
	table, err := loadHealth()
	require.NoError(t, err)
	for k := EventSingleBitECC; k <= EventRecoveryAction; k++ {
		kind, severity := table.health(Event{Kind: k})
		require.NotEmpty(t, table.event(kind, severity).NextStep, "%s %s", kind, severity)
	}
	for _, e := range [][2]string{{healthRemap, severityWarning}, {healthRemap, severityCritical}, {healthThermal, severityWarning}, {healthNVLink, severityWarning}, {healthLost, severityCritical}, {healthReset, severityCritical}} {
		require.NotEmpty(t, table.event(e[0], e[1]).Meaning, e)
	}
}

var update = flag.Bool("update", false, "write the table of XIDs anew")

func TestTheTableOfXIDsIsTrue(t *testing.T) {
	const page, begin, end = "../../docs/agent/gpu.md", "<!-- xids -->\n", "<!-- /xids -->"
	list, err := XIDs()
	require.NoError(t, err)
	var table strings.Builder
	table.WriteString("| XID | name | severity | sort | what to do |\n|---|---|---|---|---|\n")
	for _, x := range list {
		fmt.Fprintf(&table, "| %d | %s | %s | %s | %s |\n", x.Code, x.Name, x.Severity, x.Category, x.NextStep)
	}
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok)
	have, after, ok := strings.Cut(rest, end)
	require.True(t, ok)
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(before+begin+table.String()+end+after), 0o644))
		return
	}
	require.Equal(t, table.String(), have, "run make generate")
}
