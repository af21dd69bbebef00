package subproc

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of CPU time in /proc: USER_HZ, which is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// CPU returns the user and system time that the process has used since its start, in steps of 10 ms.
//
// Source: /proc/PID/stat, fields utime and stime. It returns an error once the process is gone.
func (p *Process) CPU() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of %s: %w", p, err)
	}
	return parseStat(b)
}

// parseStat returns utime + stime of a line of /proc/PID/stat, whose second field, the name, may hold spaces and brackets.
func parseStat(b []byte) (time.Duration, error) {
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:]) // from the third field on
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/PID/stat has %d fields after the name, want at least 13", len(fields))
	}
	user, err := strconv.ParseInt(string(fields[11]), 10, 64)
	sys, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	return time.Duration(user+sys) * tick, errors.Join(err, err2)
}

// PeakRSS returns the most physical memory that the process has held so far, in bytes.
//
// Source: /proc/PID/status, VmHWM. It returns an error once the process is gone.
func (p *Process) PeakRSS() (int64, error) { return p.status("VmHWM") }

// RSS returns the physical memory that the process holds now, in bytes.
//
// Source: /proc/PID/status, VmRSS. It returns an error once the process is gone.
func (p *Process) RSS() (int64, error) { return p.status("VmRSS") }

func (p *Process) status(key string) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, fmt.Errorf("read the memory of %s: %w", p, err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, key+":"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib * 1024, err
		}
	}
	return 0, fmt.Errorf("read the memory of %s: no %s", p, key)
}

// Machine is the CPU time of all cores since the machine started.
type Machine struct {
	Busy  time.Duration // user, nice, system and interrupts of every process
	Steal time.Duration // time that the hypervisor gave to others while we wanted to run
}

// ReadMachine returns the machine's CPU times, in steps of 10 ms. Source: /proc/stat, first line.
func ReadMachine() (Machine, error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return Machine{}, fmt.Errorf("read the machine's CPU time: %w", err)
	}
	first, _, _ := strings.Cut(string(b), "\n")
	fields := strings.Fields(first)
	if len(fields) < 9 {
		return Machine{}, fmt.Errorf("/proc/stat begins with %q, want at least eight times", first)
	}
	var v [9]int64 // cpu user nice system idle iowait irq softirq steal
	for i := 1; i < 9; i++ {
		if v[i], err = strconv.ParseInt(fields[i], 10, 64); err != nil {
			return Machine{}, fmt.Errorf("read the machine's CPU time: %w", err)
		}
	}
	return Machine{Busy: time.Duration(v[1]+v[2]+v[3]+v[6]+v[7]) * tick, Steal: time.Duration(v[8]) * tick}, nil
}

// DiskUsage returns the bytes that are allocated for the files under dir, a file that another name links to counted once. Files that
// vanish while it walks are left out.
func DiskUsage(dir string) (int64, error) {
	var total int64
	seen := map[uint64]bool{}
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && !seen[st.Ino] {
			seen[st.Ino] = true
			total += st.Blocks * 512
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("measure %s: %w", dir, err)
	}
	return total, nil
}

// FreeAddr returns a loopback address, host:port, on which nothing listens now.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}
