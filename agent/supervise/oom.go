package supervise

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// oomKills returns how many processes of the agent's own cgroup, which the child is in too, the kernel has killed for want of memory.
// It returns false where that cannot be read.
func oomKills(root string) (uint64, bool) {
	f, err := os.Open(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		parts := strings.SplitN(lines.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		var files []string
		switch {
		case parts[0] == "0" && parts[1] == "":
			files = []string{filepath.Join("sys/fs/cgroup", parts[2], "memory.events")}
		case parts[1] == "memory":
			// In a container the path is often the host's, and the mount shows the container's own group.
			files = []string{filepath.Join("sys/fs/cgroup/memory", parts[2], "memory.oom_control"), "sys/fs/cgroup/memory/memory.oom_control"}
		}
		for _, name := range files {
			if text, err := os.ReadFile(filepath.Join(root, name)); err == nil {
				if n, ok := field(string(text), "oom_kill"); ok {
					return n, true
				}
			}
		}
	}
	return 0, false
}

func field(text, key string) (uint64, bool) {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) == 2 && words[0] == key {
			n, err := strconv.ParseUint(words[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
