package host

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// userHz is the unit of the kernel's old counters; 100 on every architecture that Linux still has users on.
const userHz = 100

// containerPath matches the cgroup paths that container managers make: a 64-digit identifier, or a name of theirs.
var containerPath = regexp.MustCompile(`[0-9a-f]{64}|kubepods|docker|libpod|(^|/)lxc[/.]|(^|/)ecs/|garden/|crio-`)

// cgroup is where the instance's limits and usage are read. A nil cgroup means the machine.
type cgroup struct {
	v2                           bool
	cpu, cpuacct, cpuset, memory place // with v2 all the same
}

// place is one cgroup of one hierarchy. Limits hold from dir up to base.
type place struct{ base, dir string }

type mount struct {
	kind, root, point string
	options           []string
}

// findCgroup returns the cgroup to read, and nil where the machine is to be read: with mode machine, or with auto outside containers. A service
// manager's cgroup around the agent is no container: its limits are the agent's and not the instance's.
func findCgroup(root, mode string) (*cgroup, error) {
	if mode == CgroupMachine {
		return nil, nil
	}
	text, err := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	if err != nil {
		return nil, err
	}
	mounts, err := cgroupMounts(filepath.Join(root, "proc/self/mountinfo"))
	if err != nil {
		return nil, err
	}
	paths := map[string]string{} // by controller; "" is v2
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) != 3 {
			return nil, fmt.Errorf("proc/self/cgroup: bad line %q", line)
		}
		for controller := range strings.SplitSeq(parts[1], ",") {
			paths[controller] = parts[2]
		}
	}
	_, v1 := paths["memory"]
	if _, ok := paths["cpu"]; ok {
		v1 = true
	}
	g := &cgroup{v2: !v1}
	contained := false
	find := func(controller string) place {
		for _, m := range mounts {
			if (controller == "") != (m.kind == "cgroup2") || controller != "" && !contains(m.options, controller) {
				continue
			}
			p, ok := paths[controller]
			if !ok {
				return place{}
			}
			if strings.HasPrefix(mode, "/") {
				p = mode
			}
			contained = contained || containerPath.MatchString(p) || m.root != "/" || strings.HasPrefix(p, "/..")
			return locate(root, m, p, p == mode)
		}
		return place{}
	}
	if g.v2 {
		all := find("")
		g.cpu, g.cpuacct, g.cpuset, g.memory = all, all, all, all
		// Only a cgroup that is not the machine's root has a type: seen at the top, it is a container with a cgroup namespace of its own.
		contained = contained || all.dir != "" && exists(filepath.Join(all.base, "cgroup.type"))
	} else {
		g.cpu, g.cpuacct, g.cpuset, g.memory = find("cpu"), find("cpuacct"), find("cpuset"), find("memory")
	}
	contained = contained || exists(filepath.Join(root, "run/systemd/container"))
	if mode == CgroupAuto && !contained {
		return nil, nil
	}
	if strings.HasPrefix(mode, "/") && !exists(g.memory.dir) && !exists(g.cpu.dir) {
		return nil, fmt.Errorf("no cgroup %s", mode)
	}
	return g, nil
}

// locate turns a cgroup's path into a folder below its mount: the nearest that can be seen, unless it must be that very one.
func locate(root string, m mount, p string, exact bool) place {
	base := filepath.Join(root, m.point)
	rel := p
	if m.root != "/" {
		var ok bool
		if rel, ok = strings.CutPrefix(p, m.root); !ok {
			rel = "/"
		}
	}
	if strings.HasPrefix(rel, "/..") { // outside what we may see
		rel = "/"
	}
	dir := filepath.Join(base, path.Clean("/"+rel))
	for dir != base && !exact && !exists(dir) {
		dir = filepath.Dir(dir)
	}
	return place{base: base, dir: dir}
}

func cgroupMounts(file string) ([]mount, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var mounts []mount
	for line := range strings.Lines(string(text)) {
		left, right, ok := strings.Cut(line, " - ")
		a, b := strings.Fields(left), strings.Fields(right)
		if !ok || len(a) < 5 || len(b) < 3 || !strings.HasPrefix(b[0], "cgroup") {
			continue
		}
		mounts = append(mounts, mount{kind: b[0], root: a[3], point: a[4], options: strings.Split(b[2], ",")})
	}
	return mounts, nil
}

// up calls f for every folder from the cgroup to the top that can be seen.
func (p place) up(f func(dir string) error) error {
	if p.dir == "" {
		return nil
	}
	for dir := p.dir; ; dir = filepath.Dir(dir) {
		if err := f(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if dir == p.base || len(dir) <= len(p.base) {
			return nil
		}
	}
}

// cpuLimit returns how many CPUs the instance may use by quota and by cpuset, +Inf where nothing limits it.
func (g *cgroup) cpuLimit() (float64, error) {
	limit := math.Inf(1)
	err := g.cpu.up(func(dir string) error {
		var quota, period string
		if g.v2 {
			text, err := readWord(filepath.Join(dir, "cpu.max"))
			if err != nil {
				return err
			}
			quota, period, _ = strings.Cut(text, " ")
		} else {
			var err error
			if quota, err = readWord(filepath.Join(dir, "cpu.cfs_quota_us")); err != nil {
				return err
			}
			if period, err = readWord(filepath.Join(dir, "cpu.cfs_period_us")); err != nil {
				return err
			}
		}
		if quota == "max" || strings.HasPrefix(quota, "-") {
			return nil
		}
		q, err1 := strconv.ParseFloat(quota, 64)
		p, err2 := strconv.ParseFloat(period, 64)
		if err := errors.Join(err1, err2); err != nil || p <= 0 || q <= 0 {
			return fmt.Errorf("%s: bad quota %q of period %q", dir, quota, period)
		}
		limit = min(limit, q/p)
		return nil
	})
	if err != nil {
		return 0, err
	}
	names := []string{"cpuset.cpus.effective"}
	if !g.v2 {
		names = []string{"cpuset.effective_cpus", "cpuset.cpus"}
	}
	err = g.cpuset.up(func(dir string) error {
		for _, name := range names {
			text, err := readWord(filepath.Join(dir, name))
			if errors.Is(err, fs.ErrNotExist) || err == nil && text == "" {
				continue
			}
			if err != nil {
				return err
			}
			n, err := countCPUs(text)
			if err != nil {
				return fmt.Errorf("%s: %w", dir, err)
			}
			limit = min(limit, float64(n))
			return nil
		}
		return nil
	})
	return limit, err
}

// cpuUsage returns the seconds of CPU time that the cgroup has used, in all, by user code and by the kernel.
func (g *cgroup) cpuUsage() (all, user, system float64, err error) {
	if g.cpuacct.dir == "" {
		return 0, 0, 0, fs.ErrNotExist
	}
	if g.v2 {
		stat, err := readStat(filepath.Join(g.cpuacct.dir, "cpu.stat"))
		return stat["usage_usec"] / 1e6, stat["user_usec"] / 1e6, stat["system_usec"] / 1e6, err
	}
	text, err := readWord(filepath.Join(g.cpuacct.dir, "cpuacct.usage"))
	if err != nil {
		return 0, 0, 0, err
	}
	if all, err = strconv.ParseFloat(text, 64); err != nil {
		return 0, 0, 0, err
	}
	stat, err := readStat(filepath.Join(g.cpuacct.dir, "cpuacct.stat"))
	return all / 1e9, stat["user"] / userHz, stat["system"] / userHz, err
}

// memoryLimit returns the smallest limit in bytes, +Inf where there is none.
func (g *cgroup) memoryLimit() (float64, error) {
	limit := math.Inf(1)
	name := "memory.max"
	if !g.v2 {
		name = "memory.limit_in_bytes"
	}
	err := g.memory.up(func(dir string) error {
		text, err := readWord(filepath.Join(dir, name))
		if err != nil || text == "max" {
			return err
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		if v < 1<<62 { // v1 writes no limit as a huge number
			limit = min(limit, v)
		}
		return nil
	})
	if err == nil && !g.v2 && g.memory.dir != "" { // knows of ancestors that we cannot see
		stat, statErr := readStat(filepath.Join(g.memory.dir, "memory.stat"))
		if v := stat["hierarchical_memory_limit"]; statErr == nil && v > 0 && v < 1<<62 {
			limit = min(limit, v)
		}
	}
	return limit, err
}

// memoryUsed returns the bytes in use without the file cache that can be reclaimed at once.
func (g *cgroup) memoryUsed() (float64, error) {
	name, inactive := "memory.current", "inactive_file"
	if !g.v2 {
		name, inactive = "memory.usage_in_bytes", "total_inactive_file"
	}
	text, err := readWord(filepath.Join(g.memory.dir, name))
	if err != nil {
		return 0, err
	}
	used, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, err
	}
	stat, err := readStat(filepath.Join(g.memory.dir, "memory.stat"))
	return max(used-stat[inactive], 0), err
}

func readWord(file string) (string, error) {
	b, err := os.ReadFile(file)
	return strings.TrimSpace(string(b)), err
}

// readStat reads a file of lines `name number`.
func readStat(file string) (map[string]float64, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	stat := map[string]float64{}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		name, text, _ := strings.Cut(lines.Text(), " ")
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			stat[name] = v
		}
	}
	return stat, nil
}

// countCPUs counts a list such as 0-3,8.
func countCPUs(list string) (int, error) {
	n := 0
	for part := range strings.SplitSeq(list, ",") {
		first, last, ranged := strings.Cut(part, "-")
		a, err := strconv.Atoi(first)
		if err != nil {
			return 0, fmt.Errorf("bad CPU list %q", list)
		}
		b := a
		if ranged {
			if b, err = strconv.Atoi(last); err != nil || b < a {
				return 0, fmt.Errorf("bad CPU list %q", list)
			}
		}
		n += b - a + 1
	}
	return n, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
