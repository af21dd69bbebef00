package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/disk"
	"github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"
	"github.com/shirou/gopsutil/v3/net"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/internal/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const gib = 1 << 30

// machine is a scripted machine with four CPUs and 64 GiB; files are laid under root.
type machine struct {
	*Collector
	t    *testing.T
	cpus []cpu.TimesStat
	now  time.Time
}

func newMachine(t *testing.T, cfg Config, files map[string]string) *machine {
	t.Helper()
	m := &machine{t: t, cpus: make([]cpu.TimesStat, 4), now: time.Unix(1_700_000_000, 0)}
	root := t.TempDir()
	if _, ok := files["proc/uptime"]; !ok {
		m.lay(root, "proc/uptime", "1000.50 3000.00\n")
	}
	for name, text := range files {
		m.lay(root, name, text)
	}
	c, err := New(cfg, Settings{Root: root})
	require.NoError(t, err)
	none := errors.New("not in this test")
	c.src = sources{
		cpuTimes: func(context.Context, bool) ([]cpu.TimesStat, error) { return m.cpus, nil },
		memory: func(context.Context) (*mem.VirtualMemoryStat, error) {
			return &mem.VirtualMemoryStat{Total: 64 * gib, Available: 48 * gib}, nil
		},
		load:       func(context.Context) (*load.AvgStat, error) { return &load.AvgStat{Load1: 1.5}, nil },
		partitions: func(context.Context, bool) ([]disk.PartitionStat, error) { return nil, nil },
		usage:      func(context.Context, string) (*disk.UsageStat, error) { return nil, none },
		diskIO:     func(context.Context, ...string) (map[string]disk.IOCountersStat, error) { return nil, nil },
		netIO:      func(context.Context, bool) ([]net.IOCountersStat, error) { return nil, nil },
		now:        func() time.Time { return m.now },
	}
	m.Collector = c
	return m
}

func (m *machine) lay(root, name, text string) {
	m.t.Helper()
	path := filepath.Join(root, name)
	require.NoError(m.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(m.t, os.WriteFile(path, []byte(text), 0o644))
}

// round collects and returns the values by `name{values}`, and the error.
func (m *machine) round() (map[string]float64, error) {
	m.t.Helper()
	r := agent.Round{Time: m.now}
	err := m.Collect(m.t.Context(), &r)
	out := map[string]float64{}
	for _, x := range r.Readings {
		require.Len(m.t, x.LabelValues, len(x.Desc.Labels), x.Desc.Name)
		key := strings.TrimPrefix(x.Desc.Name, "instance_")
		if len(x.LabelValues) > 0 {
			key += "{" + strings.Join(x.LabelValues, ",") + "}"
		}
		_, twice := out[key]
		require.False(m.t, twice, "%s twice", key)
		out[key] = x.Value
	}
	return out, err
}

func (m *machine) good() map[string]float64 {
	m.t.Helper()
	out, err := m.round()
	require.NoError(m.t, err)
	return out
}

func keys(values map[string]float64, prefix string) []string {
	var out []string
	for k := range values {
		if strings.HasPrefix(k, prefix) {
			out = append(out, k)
		}
	}
	sort.Strings(out)
	return out
}

func TestTheMachinesCPU(t *testing.T) {
	m := newMachine(t, DefaultConfig(), nil)
	for i := range m.cpus {
		m.cpus[i] = cpu.TimesStat{User: 10, Nice: 1, System: 4, Idle: 80, Iowait: 3, Irq: 1, Softirq: 1, Steal: 1, Guest: 5}
	}
	v := m.good()
	require.Equal(t, 4.0, v["cpu_count"])
	require.Equal(t, 40.0, v["cpu_seconds_total{user}"])
	require.Equal(t, 12.0, v["cpu_seconds_total{iowait}"])
	require.Len(t, keys(v, "cpu_seconds_total"), 8, "guest time is in user time already")
	require.NotContains(t, v, "cpu_utilization_ratio", "a share needs two rounds")
	require.Equal(t, 1000.5, v["uptime_seconds"])
	require.Equal(t, 1.5, v["load1"])

	m.cpus[0].User += 6
	m.cpus[0].Idle += 12
	m.cpus[1].Steal += 2
	m.cpus[1].Iowait -= 3 // the kernel lets it run backwards
	require.InDelta(t, 8.0/20, m.good()["cpu_utilization_ratio"], 1e-12)
	require.NotContains(t, m.good(), "cpu_utilization_ratio", "no time has passed")
	for i := range m.cpus {
		m.cpus[i] = cpu.TimesStat{User: 1, Idle: 1} // after a resume, or in another guest
	}
	require.NotContains(t, m.good(), "cpu_utilization_ratio", "counters that went back give no share")
	m.cpus[2].System += 3
	require.Equal(t, 1.0, m.good()["cpu_utilization_ratio"])
}

func TestTheMachinesMemory(t *testing.T) {
	v := newMachine(t, DefaultConfig(), nil).good()
	require.Equal(t, 64.0*gib, v["memory_bytes{total}"])
	require.Equal(t, 48.0*gib, v["memory_bytes{available}"])
	require.Equal(t, 16.0*gib, v["memory_bytes{used}"])
	require.Equal(t, 0.25, v["memory_utilization_ratio"])
}

const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// Two containers as seen from inside, one per version of cgroups, with the smallest limits on different levels.
func v2Pod() map[string]string {
	pod := "sys/fs/cgroup/kubepods.slice/pod1.slice/"
	own := pod + "cri-containerd-" + id + ".scope/"
	return map[string]string{
		"proc/self/cgroup":                        "0::/kubepods.slice/pod1.slice/cri-containerd-" + id + ".scope\n",
		"proc/self/mountinfo":                     "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
		"proc/1/stat":                             "1 (a b) c) S " + strings.Repeat("0 ", 18) + "90050 0\n",
		"sys/fs/cgroup/kubepods.slice/cpu.max":    "max 100000\n",
		"sys/fs/cgroup/kubepods.slice/memory.max": "34359738368\n",
		pod + "cpu.max":                           "150000 100000\n",
		pod + "memory.max":                        "max\n",
		own + "cpu.max":                           "200000 100000\n",
		own + "cpuset.cpus.effective":             "0-2\n",
		own + "memory.max":                        "max\n",
		own + "memory.current":                    fmt.Sprint(9 * gib),
		own + "memory.stat":                       fmt.Sprintf("anon 1\ninactive_file %d\n", gib),
		own + "cpu.stat":                          "usage_usec 10000000\nuser_usec 7000000\nsystem_usec 3000000\n",
	}
}

func v1Container() map[string]string {
	path := "/docker/" + id
	files := map[string]string{
		"proc/self/cgroup":    "5:memory:" + path + "\n4:cpuset:" + path + "\n3:cpu,cpuacct:" + path + "\n0::/x\n",
		"proc/self/mountinfo": "",
		"proc/1/stat":         "1 (init) S " + strings.Repeat("0 ", 18) + "90050 0\n",
	}
	for _, c := range []string{"memory", "cpuset", "cpu,cpuacct"} { // a private view: the mount begins at the container
		files["proc/self/mountinfo"] += "30 23 0:26 " + path + " /sys/fs/cgroup/" + c + " ro - cgroup cgroup rw," + c + "\n"
	}
	dir := "sys/fs/cgroup/"
	files[dir+"cpu,cpuacct/cpu.cfs_quota_us"] = "-1\n"
	files[dir+"cpu,cpuacct/cpu.cfs_period_us"] = "100000\n"
	files[dir+"cpu,cpuacct/cpuacct.usage"] = "10000000000\n"
	files[dir+"cpu,cpuacct/cpuacct.stat"] = "user 700\nsystem 300\n"
	files[dir+"cpuset/cpuset.cpus"] = "1,3\n"
	files[dir+"memory/memory.limit_in_bytes"] = "9223372036854771712\n"
	files[dir+"memory/memory.usage_in_bytes"] = fmt.Sprint(9 * gib)
	files[dir+"memory/memory.stat"] = fmt.Sprintf("inactive_file 1\ntotal_inactive_file %d\nhierarchical_memory_limit %d\n", gib, 32*gib)
	return files
}

func TestAContainersLimits(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		usage string
		more  string
		limit float64
	}{
		"v2, quota and memory limit of ancestors": {v2Pod(), "sys/fs/cgroup/kubepods.slice/pod1.slice/cri-containerd-" + id + ".scope/cpu.stat", "usage_usec 19000000\nuser_usec 14000000\nsystem_usec 5000000\n", 1.5},
		"v1, cpuset and unseen ancestors":         {v1Container(), "sys/fs/cgroup/cpu,cpuacct/cpuacct.usage", "19000000000\n", 2},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, DefaultConfig(), c.files)
			v := m.good()
			require.Equal(t, c.limit, v["cpu_count"])
			require.Equal(t, []string{"cpu_seconds_total{system}", "cpu_seconds_total{user}"}, keys(v, "cpu_seconds_total"))
			require.Equal(t, 7.0, v["cpu_seconds_total{user}"])
			require.Equal(t, 32.0*gib, v["memory_bytes{total}"])
			require.Equal(t, 8.0*gib, v["memory_bytes{used}"])
			require.Equal(t, 24.0*gib, v["memory_bytes{available}"])
			require.Equal(t, 0.25, v["memory_utilization_ratio"])
			require.InDelta(t, 100, v["uptime_seconds"], 1e-9, "since process 1 of the container")
			require.NotContains(t, v, "load1", "that is the machine's")
			require.NotContains(t, v, "cpu_utilization_ratio")

			m.now = m.now.Add(10 * time.Second)
			m.lay(m.root, c.usage, c.more)
			require.InDelta(t, 9/(10*c.limit), m.good()["cpu_utilization_ratio"], 1e-12)
			m.now = m.now.Add(time.Second)
			m.lay(m.root, c.usage, strings.Replace(c.more, "19", "59", 1))
			require.Equal(t, 1.0, m.good()["cpu_utilization_ratio"], "overrun is clamped")
			m.lay(m.root, c.usage, c.more)
			m.now = m.now.Add(time.Second)
			require.NotContains(t, m.good(), "cpu_utilization_ratio", "a counter that went back gives no share")
			m.now = m.now.Add(-time.Hour)
			require.NotContains(t, m.good(), "cpu_utilization_ratio", "nor does a clock that did")
		})
	}
}

func TestAContainerWithoutLimitsShowsTheMachine(t *testing.T) {
	files := v2Pod()
	for name := range files {
		switch filepath.Base(name) {
		case "cpu.max":
			files[name] = "max 100000\n"
		case "memory.max":
			files[name] = "max\n"
		case "cpuset.cpus.effective":
			files[name] = "0-63\n"
		}
	}
	v := newMachine(t, DefaultConfig(), files).good()
	require.Equal(t, 4.0, v["cpu_count"])
	require.Len(t, keys(v, "cpu_seconds_total"), 8)
	require.Equal(t, 64.0*gib, v["memory_bytes{total}"])
}

func TestWhoseCgroupIsRead(t *testing.T) {
	service := map[string]string{
		"proc/self/cgroup":    "0::/system.slice/endscope-agent.service\n",
		"proc/self/mountinfo": "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
	}
	for _, dir := range []string{"system.slice/endscope-agent.service", "models/a"} {
		service["sys/fs/cgroup/"+dir+"/memory.max"] = "67108864\n"
		service["sys/fs/cgroup/"+dir+"/memory.current"] = "33554432\n"
		service["sys/fs/cgroup/"+dir+"/memory.stat"] = "inactive_file 0\n"
	}
	namespaced := map[string]string{
		"proc/self/cgroup":             "0::/\n",
		"proc/self/mountinfo":          "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
		"sys/fs/cgroup/cgroup.type":    "domain\n",
		"sys/fs/cgroup/memory.max":     "67108864\n",
		"sys/fs/cgroup/memory.current": "33554432\n",
		"sys/fs/cgroup/memory.stat":    "inactive_file 0\n",
	}
	f := func(files map[string]string, mode string, want float64) {
		t.Helper()
		v := newMachine(t, Config{Cgroup: mode}, files).good()
		require.Equal(t, want, v["memory_bytes{total}"])
	}
	f(service, CgroupAuto, 64*gib) // a service's limits are the agent's own
	f(service, CgroupOwn, 64<<20)
	f(service, "/models/a", 64<<20)
	f(namespaced, CgroupAuto, 64<<20)
	f(namespaced, CgroupMachine, 64*gib)
	f(nil, CgroupAuto, 64*gib) // no cgroups at all
	_, err := newMachine(t, Config{Cgroup: "/models/b"}, service).round()
	require.ErrorContains(t, err, "no cgroup /models/b")
	_, err = New(Config{Cgroup: "x"}, Settings{})
	require.Equal(t, "cgroup", config.Fields(errors.Unwrap(err))[0].Key)
}

func TestDisks(t *testing.T) {
	container := []disk.PartitionStat{
		{Device: "overlay", Mountpoint: "/", Fstype: "overlay"},
		{Device: "/dev/sda1", Mountpoint: "/etc/hosts", Fstype: "ext4", Opts: []string{"rw", "bind"}},
		{Device: "tmpfs", Mountpoint: "/dev/shm", Fstype: "tmpfs"},
	}
	onMachine := []disk.PartitionStat{
		{Device: "/dev/nvme0n1p2", Mountpoint: "/var/lib/bound", Fstype: "ext4", Opts: []string{"bind"}},
		{Device: "/dev/nvme0n1p2", Mountpoint: "/", Fstype: "ext4"},
		{Device: "/dev/nvme0n1p2", Mountpoint: "/x", Fstype: "ext4"},
		{Device: "/dev/nvme0n1p1", Mountpoint: "/boot/efi", Fstype: "vfat"},
		{Device: "/dev/loop3", Mountpoint: "/snap/core", Fstype: "squashfs"},
		{Device: "/dev/loop4", Mountpoint: "/image", Fstype: "ext4"},
		{Device: "/dev/zram0", Mountpoint: "/zram", Fstype: "ext4"},
		{Device: "/dev/fuse", Mountpoint: "/run/user", Fstype: "fuse"},
		{Device: "proc", Mountpoint: "/proc", Fstype: "proc"},
		{Device: "server:/export", Mountpoint: "/nfs", Fstype: "nfs4"},
		{Device: "overlay", Mountpoint: "/var/lib/docker/overlay2/x/merged", Fstype: "overlay"},
		{Device: "/dev/dm-1", Mountpoint: "/data", Fstype: "xfs"},
		{Device: "tank/models", Mountpoint: "/models", Fstype: "zfs"},
	}
	f := func(parts []disk.PartitionStat, size map[string]uint64, fail map[string]error, want ...string) (map[string]float64, error) {
		t.Helper()
		m := newMachine(t, DefaultConfig(), map[string]string{"etc/hosts": ""})
		m.src.partitions = func(context.Context, bool) ([]disk.PartitionStat, error) { return parts, nil }
		m.src.usage = func(_ context.Context, path string) (*disk.UsageStat, error) {
			if err := fail[path]; err != nil {
				return nil, err
			}
			return &disk.UsageStat{Total: size[path], Used: size[path] / 4, Free: size[path] / 4}, nil
		}
		v, err := m.round()
		require.Equal(t, want, keys(v, "disk_utilization"))
		return v, err
	}
	v, err := f(onMachine, map[string]uint64{"/": 400, "/boot/efi": 40, "/data": 4000, "/models": 8000}, nil,
		"disk_utilization_ratio{dm-1}", "disk_utilization_ratio{nvme0n1p1}", "disk_utilization_ratio{nvme0n1p2}", "disk_utilization_ratio{tank/models}")
	require.NoError(t, err)
	require.Equal(t, 0.5, v["disk_utilization_ratio{nvme0n1p2}"], "of what users may have: the reserve is neither used nor free")
	require.Equal(t, []float64{400, 100, 100}, []float64{v["disk_bytes{nvme0n1p2,total}"], v["disk_bytes{nvme0n1p2,used}"], v["disk_bytes{nvme0n1p2,available}"]})

	_, err = f(container, map[string]uint64{"/": 400}, nil, "disk_utilization_ratio{overlay}")
	require.NoError(t, err)
	volume := append(container, disk.PartitionStat{Device: "/dev/sda1", Mountpoint: "/data", Fstype: "ext4", Opts: []string{"bind"}})
	_, err = f(volume, map[string]uint64{"/": 400, "/data": 400}, nil, "disk_utilization_ratio{sda1}")
	require.NoError(t, err, "the overlay lies on a disk that is shown")

	_, err = f(onMachine, map[string]uint64{"/": 400, "/data": 4000, "/models": 8000}, map[string]error{"/boot/efi": os.ErrPermission, "/data": errors.New("I/O error")},
		"disk_utilization_ratio{nvme0n1p2}", "disk_utilization_ratio{tank/models}")
	require.EqualError(t, err, "disks: /data: I/O error")
}

func TestDiskIOCountsEveryByteOnce(t *testing.T) {
	m := newMachine(t, DefaultConfig(), map[string]string{"sys/class/block/sda1/partition": "1\n", "sys/class/block/sda/size": "1\n"})
	m.src.diskIO = func(context.Context, ...string) (map[string]disk.IOCountersStat, error) {
		out := map[string]disk.IOCountersStat{}
		for _, name := range []string{"sda", "sda1", "dm-0", "md127", "loop0", "ram1", "zram0", "sr0", "nvme0n1"} {
			out[name] = disk.IOCountersStat{ReadBytes: 10, WriteBytes: 20}
		}
		return out, nil
	}
	v := m.good()
	require.Equal(t, []string{"disk_io_bytes_total{nvme0n1,read}", "disk_io_bytes_total{nvme0n1,write}", "disk_io_bytes_total{sda,read}", "disk_io_bytes_total{sda,write}"}, keys(v, "disk_io"))
	require.Equal(t, 20.0, v["disk_io_bytes_total{sda,write}"])
}

func TestNetworkDevices(t *testing.T) {
	f := func(files map[string]string, want ...string) {
		t.Helper()
		m := newMachine(t, DefaultConfig(), files)
		m.src.netIO = func(context.Context, bool) ([]net.IOCountersStat, error) {
			var out []net.IOCountersStat
			for _, name := range []string{"lo", "eth0", "veth12", "docker0", "br-77", "bond0", "wg0"} {
				out = append(out, net.IOCountersStat{Name: name, BytesRecv: 3, BytesSent: 4})
			}
			return out, nil
		}
		v := m.good()
		var got []string
		for _, k := range keys(v, "network") {
			if name, ok := strings.CutSuffix(k, ",receive}"); ok {
				got = append(got, strings.TrimPrefix(name, "network_bytes_total{"))
			}
		}
		require.Equal(t, want, got)
		require.Equal(t, 4.0, v["network_bytes_total{eth0,transmit}"])
	}
	f(map[string]string{"sys/class/net/eth0/device/vendor": ""}, "eth0") // a machine
	f(nil, "bond0", "eth0")                                              // a container, whose eth0 has no hardware
}

func TestASourceThatFailsDoesNotHideTheOthers(t *testing.T) {
	all := map[string]func(m *machine, err error){
		"cpu": func(m *machine, err error) {
			m.src.cpuTimes = func(context.Context, bool) ([]cpu.TimesStat, error) { return nil, err }
		},
		"memory": func(m *machine, err error) {
			m.src.memory = func(context.Context) (*mem.VirtualMemoryStat, error) { return nil, err }
		},
		"load": func(m *machine, err error) {
			m.src.load = func(context.Context) (*load.AvgStat, error) { return nil, err }
		},
		"disks": func(m *machine, err error) {
			m.src.partitions = func(context.Context, bool) ([]disk.PartitionStat, error) { return nil, err }
		},
		"disk I/O": func(m *machine, err error) {
			m.src.diskIO = func(context.Context, ...string) (map[string]disk.IOCountersStat, error) { return nil, err }
		},
		"network": func(m *machine, err error) {
			m.src.netIO = func(context.Context, bool) ([]net.IOCountersStat, error) { return nil, err }
		},
	}
	whole := len(newMachine(t, DefaultConfig(), nil).good())
	for name, breakIt := range all {
		m := newMachine(t, DefaultConfig(), nil)
		breakIt(m, errors.New("broken"))
		v, err := m.round()
		require.EqualError(t, err, name+": broken")
		require.GreaterOrEqual(t, len(v), whole-9, name)
		require.Contains(t, v, "uptime_seconds")

		m = newMachine(t, DefaultConfig(), nil)
		breakIt(m, fmt.Errorf("open /proc/x: %w", os.ErrNotExist))
		_, err = m.round()
		require.NoError(t, err, "%s: what this machine does not have is no error", name)
	}
	m := newMachine(t, DefaultConfig(), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, m.Collect(ctx, &agent.Round{}), context.Canceled)
}

func TestCountersBeganWhenTheMachineDid(t *testing.T) {
	m := newMachine(t, DefaultConfig(), nil)
	for range 2 {
		r := agent.Round{}
		require.NoError(t, m.Collect(t.Context(), &r))
		seen := 0
		for _, x := range r.Readings {
			if x.Desc == descCPUTime {
				require.Equal(t, time.Unix(1_700_000_000, 0).Add(-1000500*time.Millisecond), x.Start.UTC().Local())
				seen++
			}
		}
		require.Equal(t, 8, seen)
		m.now = m.now.Add(time.Hour) // a clock that is set does not restart the counters
	}
}

func TestThisMachine(t *testing.T) {
	c, err := New(DefaultConfig(), Settings{})
	require.NoError(t, err)
	described := map[*agent.Desc]bool{}
	for _, d := range c.Describe() {
		described[d] = true
	}
	var r agent.Round
	for range 2 {
		r = agent.Round{Time: time.Now()}
		require.NoError(t, c.Collect(t.Context(), &r))
		end := time.Now().Add(30 * time.Millisecond)
		for time.Now().Before(end) { // so that the kernel's clock moves
		}
	}
	seen := map[string]bool{}
	for _, x := range r.Readings {
		require.True(t, described[x.Desc], x.Desc.Name)
		require.GreaterOrEqual(t, x.Value, 0.0, x.Desc.Name)
		if x.Desc.Unit == "ratio" {
			require.LessOrEqual(t, x.Value, 1.0, x.Desc.Name)
		}
		seen[x.Desc.Name] = true
	}
	for _, name := range []string{"instance_cpu_count", "instance_cpu_seconds_total", "instance_memory_bytes", "instance_memory_utilization_ratio", "instance_uptime_seconds"} {
		require.True(t, seen[name], name)
	}
}

func BenchmarkCollect(b *testing.B) {
	c, err := New(DefaultConfig(), Settings{})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		r := agent.Round{}
		if err := c.Collect(b.Context(), &r); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzCPUList(f *testing.F) {
	f.Add("0-3,8")
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := countCPUs(s); err == nil && n < 1 {
			t.Fatalf("%q: %d", s, n)
		}
	})
}
