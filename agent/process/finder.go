package process

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Why there is no process.
var (
	// ErrNotFound says that no process is there now; there may be one later.
	ErrNotFound = errors.New("no process of the instance was found")
	// ErrNotConfigured says that nothing tells which process it is, and so there never will be one.
	ErrNotConfigured = errors.New("nothing says which process is the instance's: set lifecycle.process.pid, pid_file, port, cgroup or command")
)

// recheck is how often a listening port is looked at again while its process lives.
const recheck = 30 * time.Second

// Settings is what code passes to New.
type Settings struct {
	Logger *slog.Logger // nil discards
	Root   string       // where proc and sys are found; "" means /
	// Target is host:port of what the proxy or the readiness probe talks to. It chooses the process when the Config does not, where the host is
	// this machine.
	Target string
	// PID returns the process that the agent itself started, and 0 when none runs. Not nil, it alone chooses the process.
	PID func() int
}

// Main is the instance's main process.
type Main struct {
	PID        int
	Start      time.Time // with a monotonic reading; from the boot clock, so that a clock that was set later does not matter
	StartTicks uint64    // of the kernel: hundredths of a second since the machine started
	Command    string    // arguments joined by spaces, at most 4 KiB; it may hold secrets
	Boot       string    // identifies the run of the machine; "" where it cannot be told
	Cgroup     string    // path; "" where there is none
}

// Same says that both are the same process, and not one that got the id of the other.
func (m Main) Same(o Main) bool {
	return m.PID == o.PID && m.StartTicks == o.StartTicks && m.Boot == o.Boot
}

// Name returns the name of the program without its folder and arguments, such as python3.
func (m Main) Name() string {
	if name, ok := strings.CutPrefix(m.Command, "["); ok {
		return strings.TrimSuffix(name, "]")
	}
	program, _, _ := strings.Cut(m.Command, " ")
	return filepath.Base(program)
}

// Finder finds the instance's processes. Make it with New.
type Finder struct {
	cfg     Config
	set     Settings
	port    int
	pattern *regexp.Regexp
	uptime  func() (time.Duration, error)

	mu      sync.Mutex
	main    Main
	inode   string // of the listening socket by which main was found
	checked time.Time
	members map[int]uint64 // start times of processes that were once seen below main
}

// New returns a Finder. It reads nothing yet.
func New(cfg Config, set Settings) (*Finder, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("process: %w", err)
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	f := &Finder{cfg: cfg, set: set, uptime: sinceBoot, members: map[int]uint64{}}
	if f.set.Root == "" {
		f.set.Root = "/"
	}
	if f.set.Root != "/" {
		f.uptime = f.uptimeFile
	}
	if cfg.Command != "" {
		f.pattern = regexp.MustCompile(cfg.Command) // Validate compiled it
	}
	if f.port = cfg.Port; len(cfg.chosen()) == 0 && f.pattern == nil {
		f.port = localPort(set.Target)
	}
	return f, nil
}

// Configured says whether anything tells which process is the instance's.
func (f *Finder) Configured() bool {
	return f.set.PID != nil || f.port != 0 || f.pattern != nil || len(f.cfg.chosen()) > 0
}

// localPort returns the port of host:port, and 0 where the host is not this machine.
func localPort(target string) int {
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 {
		return 0
	}
	if host == "" || strings.EqualFold(host, "localhost") {
		return n
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return 0
	}
	if addr = addr.Unmap(); addr.IsLoopback() || addr.IsUnspecified() {
		return n
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return 0
	}
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap() == addr.WithZone("") {
			return n
		}
	}
	return 0
}

// Find returns the main process. While it lives, this costs one small file. Errors: ErrNotConfigured; one that wraps ErrNotFound and says why.
func (f *Finder) Find() (Main, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.find()
}

func (f *Finder) find() (Main, error) {
	if !f.Configured() {
		return Main{}, ErrNotConfigured
	}
	if f.main.PID != 0 && f.keeps() {
		return f.main, nil
	}
	s, err := f.search()
	if err != nil {
		f.main, f.inode = Main{}, ""
		if errors.Is(err, ErrNotFound) {
			return Main{}, err
		}
		return Main{}, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	m, err := f.describe(s)
	if err != nil {
		return Main{}, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if !m.Same(f.main) {
		clear(f.members)
	}
	f.main, f.checked = m, time.Now()
	return m, nil
}

// keeps says that the known process is still the instance's.
func (f *Finder) keeps() bool {
	if !f.alive(f.main) {
		return false
	}
	switch {
	case f.set.PID != nil:
		return f.set.PID() == f.main.PID
	case f.cfg.PIDFile != "":
		pid, err := f.readPIDFile()
		return err != nil || pid == f.main.PID // a file that is being replaced does not end the process
	case f.port != 0 && time.Since(f.checked) >= recheck:
		// A server that hands its port over lives on until its last request ends; what counts is who listens now.
		f.checked = time.Now()
		inodes, err := f.listeners(f.port)
		if err != nil || len(inodes) == 0 || f.inode == "" {
			return true
		}
		for _, inode := range inodes {
			if inode == f.inode {
				return true
			}
		}
		return false
	}
	return true
}

func (f *Finder) search() (stat, error) {
	switch {
	case f.set.PID != nil:
		pid := f.set.PID()
		if pid <= 0 {
			return stat{}, fmt.Errorf("%w: none runs", ErrNotFound)
		}
		return f.living(pid)
	case f.cfg.PID != 0:
		return f.matching(f.cfg.PID)
	case f.cfg.PIDFile != "":
		pid, err := f.readPIDFile()
		if err != nil {
			return stat{}, err
		}
		return f.matching(pid)
	case f.port != 0:
		return f.byPort(f.port)
	case f.cfg.Cgroup != "":
		return f.byCgroup()
	}
	return f.byCommand()
}

// living returns the process unless it has ended.
func (f *Finder) living(pid int) (stat, error) {
	s, err := f.stat(pid)
	if errors.Is(err, fs.ErrNotExist) || err == nil && s.gone() {
		return stat{}, fmt.Errorf("%w: process %d is not there", ErrNotFound, pid)
	}
	return s, err
}

// matching returns the process when it lives and its command line is as it should be.
func (f *Finder) matching(pid int) (stat, error) {
	s, err := f.living(pid)
	if err != nil {
		return stat{}, err
	}
	if f.pattern != nil && !f.pattern.MatchString(f.command(s)) {
		return stat{}, fmt.Errorf("%w: process %d does not match lifecycle.process.command", ErrNotFound, pid)
	}
	return s, nil
}

func (f *Finder) readPIDFile() (int, error) {
	line, err := firstLine(f.cfg.PIDFile)
	if err != nil {
		return 0, fmt.Errorf("pid_file: %w", err)
	}
	pid, err := strconv.Atoi(line)
	if err != nil || pid <= 0 {
		return 0, fmt.Errorf("pid_file: %s holds %.20q, which is not a process id", f.cfg.PIDFile, line)
	}
	return pid, nil
}

// byCommand returns the oldest process that matches and is neither the agent nor above it.
func (f *Finder) byCommand() (stat, error) {
	all, err := f.table()
	if err != nil {
		return stat{}, err
	}
	own := ancestors(all, os.Getpid())
	var found []stat
	for pid, s := range all {
		if !own[pid] && !s.gone() && s.comm != "" && f.pattern.MatchString(f.command(s)) {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		return stat{}, fmt.Errorf("%w: no command line matches %q", ErrNotFound, f.cfg.Command)
	}
	return top(found), nil
}

// ancestors returns pid and all that it comes from.
func ancestors(all map[int]stat, pid int) map[int]bool {
	line := map[int]bool{}
	for pid > 0 && !line[pid] {
		line[pid] = true
		pid = all[pid].parent
	}
	return line
}

// top returns the oldest of those whose parent is none of them.
func top(found []stat) stat {
	in := make(map[int]bool, len(found))
	for _, s := range found {
		in[s.pid] = true
	}
	var best stat
	for _, s := range found {
		if in[s.parent] && s.parent != s.pid {
			continue
		}
		if best.pid == 0 || s.ticks < best.ticks || s.ticks == best.ticks && s.pid < best.pid {
			best = s
		}
	}
	return best
}

func (f *Finder) describe(s stat) (Main, error) {
	age, err := f.age(s.ticks)
	if err != nil {
		return Main{}, err
	}
	boot, err := firstLine(f.proc("sys/kernel/random/boot_id"))
	if err != nil {
		boot = "" // not on every kernel
	}
	return Main{PID: s.pid, Start: time.Now().Add(-age), StartTicks: s.ticks, Command: f.command(s), Boot: boot, Cgroup: f.cgroupOf(s.pid)}, nil
}

// Alive says that this very process runs.
func (f *Finder) Alive(m Main) bool { return f.alive(m) }

func (f *Finder) alive(m Main) bool {
	s, err := f.stat(m.PID)
	return err == nil && s.ticks == m.StartTicks && !s.gone()
}
