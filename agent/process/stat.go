package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// userHz is the unit of start times in /proc: 100 on every Linux that Go runs on.
const userHz = 100

// stat is what one line of /proc/PID/stat tells that matters here.
type stat struct {
	pid, parent, group, session int
	state                       byte
	comm                        string // at most 15 bytes, as the kernel keeps it
	ticks                       uint64 // start, in 1/userHz seconds since the machine started
}

// gone says that the process has ended, also when nobody has waited for it yet.
func (s stat) gone() bool { return s.state == 'Z' || s.state == 'X' || s.state == 'x' }

var errStat = errors.New("not a line of /proc/PID/stat")

// parseStat reads the line. The second field, the name, may hold spaces, brackets and line feeds.
func parseStat(text string) (stat, error) {
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return stat{}, errStat
	}
	s := stat{comm: text[open+1 : end]}
	var err error
	if s.pid, err = strconv.Atoi(strings.TrimSpace(text[:open])); err != nil || s.pid <= 0 {
		return stat{}, errStat
	}
	fields := strings.Fields(text[end+1:])
	if len(fields) < 20 || len(fields[0]) != 1 {
		return stat{}, errStat
	}
	s.state = fields[0][0]
	for i, to := range []*int{&s.parent, &s.group, &s.session} {
		if *to, err = strconv.Atoi(fields[i+1]); err != nil {
			return stat{}, errStat
		}
	}
	if s.ticks, err = strconv.ParseUint(fields[19], 10, 64); err != nil {
		return stat{}, errStat
	}
	return s, nil
}

// stat reads the line of a process. It returns an error once the process is gone.
func (f *Finder) stat(pid int) (stat, error) {
	text, err := os.ReadFile(f.proc(strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, err
	}
	s, err := parseStat(string(text))
	if err != nil {
		return stat{}, fmt.Errorf("process %d: %w", pid, err)
	}
	return s, nil
}

// table reads every process that can be seen, by its id. Those that end meanwhile are left out.
func (f *Finder) table() (map[int]stat, error) {
	pids, err := f.pids()
	if err != nil {
		return nil, err
	}
	all := make(map[int]stat, len(pids))
	for _, pid := range pids {
		if s, err := f.stat(pid); err == nil {
			all[pid] = s
		}
	}
	return all, nil
}

// pids lists the processes that can be seen.
func (f *Finder) pids() ([]int, error) {
	dir, err := os.Open(f.proc())
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// maxCommand bounds what is kept of a command line.
const maxCommand = 4096

// command returns the arguments joined by spaces, at most maxCommand bytes, and the name in brackets where there are none.
func (f *Finder) command(s stat) string {
	text, err := readBounded(f.proc(strconv.Itoa(s.pid), "cmdline"), maxCommand)
	text = strings.TrimRight(text, "\x00")
	if err != nil || text == "" {
		return "[" + s.comm + "]"
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", " "), "\uFFFD")
}

func (f *Finder) proc(parts ...string) string {
	return filepath.Join(append([]string{f.set.Root, "proc"}, parts...)...)
}

// age returns how long ago ticks was.
func (f *Finder) age(ticks uint64) (time.Duration, error) {
	up, err := f.uptime()
	if err != nil {
		return 0, err
	}
	return max(up-time.Duration(ticks)*(time.Second/userHz), 0), nil
}

// uptimeFile reads how long the machine has run, in steps of 10 ms, from a file under another root.
func (f *Finder) uptimeFile() (time.Duration, error) {
	text, err := os.ReadFile(f.proc("uptime"))
	if err != nil {
		return 0, err
	}
	word, _, _ := strings.Cut(string(text), " ")
	seconds, err := strconv.ParseFloat(strings.TrimSpace(word), 64)
	if err != nil || seconds < 0 || seconds > 1e10 {
		return 0, fmt.Errorf("proc/uptime: %q is not a number of seconds", word)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
