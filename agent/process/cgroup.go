package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// maxCgroups bounds how many cgroups below the chosen one are looked into.
const maxCgroups = 1024

// cgroupDir returns the folder of the chosen cgroup, in the unified hierarchy or in the first old one that has it.
func (f *Finder) cgroupDir() (string, error) {
	base := filepath.Join(f.set.Root, "sys/fs/cgroup")
	for _, hierarchy := range []string{"", "unified", "memory", "pids", "systemd", "cpu,cpuacct", "cpu"} {
		dir := filepath.Join(base, hierarchy, f.cfg.Cgroup)
		if _, err := os.Stat(filepath.Join(dir, "cgroup.procs")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("%w: no cgroup %s", ErrNotFound, f.cfg.Cgroup)
}

// cgroupPIDs lists the processes of the chosen cgroup and of those below it. Those that this process namespace does not show are left out.
func (f *Finder) cgroupPIDs() ([]int, error) {
	dir, err := f.cgroupDir()
	if err != nil {
		return nil, err
	}
	var pids []int
	seen := 0
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if path != dir && errors.Is(err, fs.ErrNotExist) {
				return nil // it went away meanwhile
			}
			return err
		}
		if !entry.IsDir() {
			return nil
		}
		if seen++; seen > maxCgroups {
			return fmt.Errorf("cgroup %s has more than %d cgroups below it", f.cfg.Cgroup, maxCgroups)
		}
		err = eachLine(filepath.Join(path, "cgroup.procs"), func(line string) {
			if pid, err := strconv.Atoi(strings.TrimSpace(line)); err == nil && pid > 0 && !slices.Contains(pids, pid) {
				pids = append(pids, pid)
			}
		})
		if path != dir && err != nil {
			return nil // it went away meanwhile, or holds threads only
		}
		return err
	})
	return pids, err
}

// byCgroup returns the oldest process of the cgroup whose parent is not in it.
func (f *Finder) byCgroup() (stat, error) {
	pids, err := f.cgroupPIDs()
	if err != nil {
		return stat{}, err
	}
	var found []stat
	for _, pid := range pids {
		if pid == os.Getpid() {
			continue
		}
		if s, err := f.matching(pid); err == nil {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		return stat{}, fmt.Errorf("%w: cgroup %s has none", ErrNotFound, f.cfg.Cgroup)
	}
	return top(found), nil
}
