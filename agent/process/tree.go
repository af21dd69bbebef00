package process

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

// PIDs returns the processes of the instance now: the main one and its tree, in order. It returns nil when there is none.
func (f *Finder) PIDs() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, err := f.find()
	if err != nil {
		return nil
	}
	return f.tree(m.PID)
}

// Tree returns pid and the processes that belong to it, in order, and nil once it is gone: those below it; those that lost their parent but are in
// its session, its process group or its cgroup where that is its own, or that were seen below it before. With Config.Cgroup, all processes of the
// cgroup belong to the main process. Never the agent or one that the agent comes from.
func (f *Finder) Tree(pid int) []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tree(pid)
}

func (f *Finder) tree(pid int) []int {
	all, err := f.table()
	if err != nil {
		return nil
	}
	root, ok := all[pid]
	if !ok || root.gone() {
		return nil
	}
	own := ancestors(all, os.Getpid())
	if f.set.Root != "/" {
		own = nil
	}
	in := map[int]bool{pid: true}
	add := func(p int) {
		if s, ok := all[p]; ok && !own[p] && !s.gone() {
			in[p] = true
		}
	}
	remembers := pid == f.main.PID && root.ticks == f.main.StartTicks
	if remembers {
		for p, ticks := range f.members {
			if s, ok := all[p]; ok && s.ticks == ticks {
				add(p)
			} else {
				delete(f.members, p)
			}
		}
		if f.cfg.Cgroup != "" && f.set.PID == nil {
			pids, _ := f.cgroupPIDs() // what can be read
			for _, p := range pids {
				add(p)
			}
		}
	}
	group := f.ownCgroup(all, root)
	for p, s := range all {
		// The kernel does not give out the id of a session or a group again while one is left in it.
		if s.session == pid || s.group == pid || group != "" && f.cgroupOf(p) == group {
			add(p)
		}
	}
	children := map[int][]int{}
	for p, s := range all {
		children[s.parent] = append(children[s.parent], p)
	}
	var pids []int
	for p := range in {
		pids = append(pids, p)
	}
	for i := 0; i < len(pids); i++ {
		for _, c := range children[pids[i]] {
			if !in[c] && !own[c] && !all[c].gone() {
				in[c] = true
				pids = append(pids, c)
			}
		}
	}
	slices.Sort(pids)
	if remembers {
		for _, p := range pids {
			f.members[p] = all[p].ticks
		}
	}
	return pids
}

// ownCgroup returns the cgroup of the process when it is the one that everything in it comes from, such as a service or the first process of a
// container, and "" when others that started it are in there too.
func (f *Finder) ownCgroup(all map[int]stat, s stat) string {
	group := f.cgroupOf(s.pid)
	if group == "" || group == "/" {
		return ""
	}
	if s.pid != 1 {
		if _, seen := all[s.parent]; !seen || f.cgroupOf(s.parent) == group {
			return ""
		}
	}
	for p := range ancestors(all, os.Getpid()) {
		if f.set.Root == "/" && f.cgroupOf(p) == group {
			return "" // the agent lives in there, too
		}
	}
	return group
}

// cgroupOf returns the path of the process's cgroup: of the unified hierarchy, or else of the longest path of the old ones.
func (f *Finder) cgroupOf(pid int) string {
	text, err := readBounded(f.proc(strconv.Itoa(pid), "cgroup"), 1<<16)
	if err != nil {
		return ""
	}
	longest := ""
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		if parts[0] == "0" && parts[2] != "/" {
			return parts[2]
		}
		if len(parts[2]) > len(longest) {
			longest = parts[2]
		}
	}
	return longest
}
