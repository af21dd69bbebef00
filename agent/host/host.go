package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/common"
	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/disk"
	"github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"
	"github.com/shirou/gopsutil/v3/net"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator may choose about host readings.
type Config struct {
	Cgroup string `yaml:"cgroup" help:"Whose CPU and memory are read: auto (the container's limits when in one), machine, own (the agent's cgroup), or a cgroup path such as /kubepods/pod1/model."`
}

// The values of Config.Cgroup that are not paths.
const (
	CgroupAuto    = "auto"
	CgroupMachine = "machine"
	CgroupOwn     = "own"
)

// DefaultConfig reads the container's limits in a container and the machine's elsewhere.
func DefaultConfig() Config { return Config{Cgroup: CgroupAuto} }

// Validate returns a *config.FieldError for each bad key.
func (c Config) Validate() error {
	if c.Cgroup != CgroupAuto && c.Cgroup != CgroupMachine && c.Cgroup != CgroupOwn && !strings.HasPrefix(c.Cgroup, "/") {
		return config.Invalid("cgroup", fmt.Sprintf("%q", c.Cgroup), "must be auto, machine, own, or a path that begins with /")
	}
	return nil
}

// Settings is what code passes to New.
type Settings struct {
	Logger *slog.Logger // nil discards
	Root   string       // where proc and sys are found; "" means /
}

// sources are the readings that gopsutil gives; tests put others in their place.
type sources struct {
	cpuTimes   func(context.Context, bool) ([]cpu.TimesStat, error)
	memory     func(context.Context) (*mem.VirtualMemoryStat, error)
	load       func(context.Context) (*load.AvgStat, error)
	partitions func(context.Context, bool) ([]disk.PartitionStat, error)
	usage      func(context.Context, string) (*disk.UsageStat, error)
	diskIO     func(context.Context, ...string) (map[string]disk.IOCountersStat, error)
	netIO      func(context.Context, bool) ([]net.IOCountersStat, error)
	now        func() time.Time
}

// Collector reads the host. Make it with New.
type Collector struct {
	cfg  Config
	log  *slog.Logger
	root string
	env  common.EnvMap
	src  sources

	started time.Time // of the machine, or of the container
	cpuPrev cpuSample
	told    bool   // the log knows whether a container is read
	toldIn  string // and which
}

// New returns the collector. It reads nothing yet.
func New(cfg Config, set Settings) (*Collector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	if set.Root == "" {
		set.Root = "/"
	}
	return &Collector{
		cfg: cfg, log: set.Logger, root: set.Root,
		env: common.EnvMap{
			common.HostProcEnvKey: filepath.Join(set.Root, "proc"),
			common.HostSysEnvKey:  filepath.Join(set.Root, "sys"),
			// Our own mounts: with the host's process namespace, /proc/1 shows mounts that we cannot reach.
			"HOST_PROC_MOUNTINFO": filepath.Join(set.Root, "proc/self/mountinfo"),
		},
		src: sources{
			cpuTimes: cpu.TimesWithContext, memory: mem.VirtualMemoryWithContext, load: load.AvgWithContext, partitions: disk.PartitionsWithContext,
			usage: disk.UsageWithContext, diskIO: disk.IOCountersWithContext, netIO: net.IOCountersWithContext, now: time.Now,
		},
	}, nil
}

// Name returns "host".
func (*Collector) Name() string { return "host" }

// Close does nothing.
func (*Collector) Close() error { return nil }

// Collect adds what can be read. What this machine does not have is left out; what should be there and cannot be read is in the error.
func (c *Collector) Collect(ctx context.Context, r *agent.Round) error {
	ctx = context.WithValue(ctx, common.EnvKey, c.env)
	group, err := findCgroup(c.root, c.cfg.Cgroup)
	errs := []error{wrap("cgroup", err)}
	c.tell(group)
	add := func(what string, f func() error) {
		if ctx.Err() == nil { // a source that took all the time must not make the others look broken
			errs = append(errs, wrap(what, f()))
		}
	}
	add("uptime", func() error { return c.uptime(r, group) })
	add("cpu", func() error { return c.cpu(ctx, r, group) })
	add("memory", func() error { return c.memory(ctx, r, group) })
	add("network", func() error { return c.network(ctx, r) })
	add("load", func() error { return c.load(ctx, r, group) })
	add("disk I/O", func() error { return c.diskIO(ctx, r) })
	add("disks", func() error { return c.disks(ctx, r) })
	errs = append(errs, ctx.Err())
	return errors.Join(errs...)
}

// tell says in the log whose limits are read, once and when it changes.
func (c *Collector) tell(g *cgroup) {
	in := ""
	if g != nil {
		in = g.memory.dir
	}
	if c.told && in == c.toldIn {
		return
	}
	c.told, c.toldIn = true, in
	if g != nil {
		c.log.Info("reading the limits of a container", "cgroup", in)
	} else {
		c.log.Info("reading the machine")
	}
}

// wrap names the source of an error. One that does not exist on this machine is no error.
func wrap(what string, err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// uptime reads when the machine started, or process 1 of the container; the start of the counters comes from it, once, as the clock may be set later.
func (c *Collector) uptime(r *agent.Round, g *cgroup) error {
	text, err := os.ReadFile(filepath.Join(c.root, "proc/uptime"))
	if err != nil {
		return err
	}
	var up float64
	if _, err := fmt.Sscan(string(text), &up); err != nil {
		return fmt.Errorf("proc/uptime: %w", err)
	}
	if g != nil {
		if began, err := processStart(filepath.Join(c.root, "proc/1/stat")); err == nil && began <= up {
			up -= began
		}
	}
	if c.started.IsZero() {
		c.started = c.src.now().Add(-time.Duration(up * float64(time.Second))).Round(0)
	}
	r.Add(descUptime, up)
	return nil
}

// processStart returns the seconds between the machine's start and the process's, from its stat file (field 22, in ticks of 10 ms).
func processStart(path string) (float64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(text), ") ") // the name in brackets may hold spaces
	fields := strings.Fields(rest)
	if i := strings.LastIndex(string(text), ") "); ok && i >= 0 {
		fields = strings.Fields(string(text)[i+2:])
	}
	if len(fields) < 20 {
		return 0, fmt.Errorf("%s: too few fields", path)
	}
	var ticks float64
	if _, err := fmt.Sscan(fields[19], &ticks); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return ticks / userHz, nil
}

// load is the machine's, so a container has none.
func (c *Collector) load(ctx context.Context, r *agent.Round, g *cgroup) error {
	if g != nil {
		return nil
	}
	avg, err := c.src.load(ctx)
	if err != nil {
		return err
	}
	r.Add(descLoad1, avg.Load1)
	return nil
}
