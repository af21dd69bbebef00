package supervise

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOOMKillsAreRead(t *testing.T) {
	root := t.TempDir()
	put := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
	}
	_, ok := oomKills(root)
	require.False(t, ok)
	put("proc/self/cgroup", "4:memory:/pod/x\n0::/\n")
	put("sys/fs/cgroup/memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n")
	n, ok := oomKills(root)
	require.True(t, ok)
	require.EqualValues(t, 3, n)
	put("proc/self/cgroup", "0::/service\n")
	put("sys/fs/cgroup/service/memory.events", "low 0\noom 1\noom_kill 0\noom_group_kill 0\n")

	w := &watcher{}
	set := w.settings("sh", "-c", "sed -i 's/oom_kill 0/oom_kill 1/' "+filepath.Join(root, "sys/fs/cgroup/service/memory.events")+"; kill -KILL $$")
	set.Root = root
	_, wait := start(t, never(), set)
	require.Error(t, wait())
	require.True(t, w.of(Exited)[0].OOMKilled)
}
