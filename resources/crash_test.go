package resources

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const childEnv = "ENDSCOPE_RESOURCES_TEST_DIR"

// child changes resources without end, and says of each change that it is done once it is.
func child(dir string) int {
	s, err := Open(context.Background(), DefaultConfig(), Settings{DataDir: dir, Kinds: kinds()})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	for i := 0; ; i++ {
		name := fmt.Sprintf("r%d", i%7)
		r, err := s.Put(context.Background(), Change{Kind: "alert-rule", Name: name, Spec: json.RawMessage(fmt.Sprintf(`{"text":"%d"}`, i))})
		if err != nil {
			fmt.Println("error", err)
			return 1
		}
		fmt.Println(name, r.Resource.Version, i)
	}
}

// What was acknowledged is there after SIGKILL, with its version and its entry in the audit trail.
func TestWhatIsAcknowledgedSurvivesSIGKILL(t *testing.T) {
	dir := t.TempDir()
	text, version, changes := map[string]string{}, map[string]int64{}, 0
	for round := range 3 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ { // reads on to the end, so that no line is lost
			f := strings.Fields(lines.Text())
			require.NotEqual(t, "error", f[0], lines.Text())
			text[f[0]] = f[2]
			v, err := strconv.ParseInt(f[1], 10, 64)
			require.NoError(t, err)
			version[f[0]] = v
			if changes++; n == 20+13*round {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		require.Error(t, cmd.Wait(), "it was killed")

		s := openAt(t, dir, DefaultConfig())
		all, err := s.List(t.Context(), "alert-rule")
		require.NoError(t, err)
		require.Len(t, all, 7)
		for _, r := range all {
			// The last change may be stored and not said.
			require.GreaterOrEqual(t, r.Version, version[r.Name])
			if r.Version == version[r.Name] {
				require.JSONEq(t, `{"text":"`+text[r.Name]+`"}`, string(r.Spec))
			}
		}
		trail, err := s.Audit(t.Context(), AuditQuery{Limit: maxAudit})
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(trail), changes)
		require.LessOrEqual(t, len(trail), changes+round+1)
		require.NoError(t, s.Close())
	}
}
