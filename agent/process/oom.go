package process

import (
	"path/filepath"
	"strconv"
	"strings"
)

// OOMKills returns how many processes the kernel has killed for lack of memory in the cgroup that m is, or was, in, and false where that cannot be
// told: outside cgroups, or once the cgroup is gone with its container.
//
// Source: memory.events (oom_kill), or memory.oom_control with the old hierarchies.
func (f *Finder) OOMKills(m Main) (int, bool) {
	if m.Cgroup == "" || strings.HasPrefix(m.Cgroup, "/..") {
		return 0, false // beyond what this cgroup namespace shows
	}
	base := filepath.Join(f.set.Root, "sys/fs/cgroup")
	for _, name := range []string{filepath.Join(base, m.Cgroup, "memory.events"), filepath.Join(base, "unified", m.Cgroup, "memory.events"), filepath.Join(base, "memory", m.Cgroup, "memory.oom_control")} {
		n, ok := 0, false
		err := eachLine(name, func(line string) {
			if value, is := strings.CutPrefix(line, "oom_kill "); is {
				v, err := strconv.Atoi(strings.TrimSpace(value))
				n, ok = v, err == nil
			}
		})
		if err == nil && ok {
			return n, true
		}
	}
	return 0, false
}
