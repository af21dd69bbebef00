package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// busyThreads says which threads of this process used the processor between two looks, and where in the kernel each is now.
func busyThreads(before, after map[string]time.Duration) string {
	type thread struct {
		id  string
		cpu time.Duration
	}
	var list []thread
	for id, cpu := range after {
		if used := cpu - before[id]; used > 0 {
			list = append(list, thread{id, used})
		}
	}
	slices.SortFunc(list, func(a, b thread) int {
		return cmp.Or(cmp.Compare(b.cpu, a.cpu), cmp.Compare(a.id, b.id))
	})
	var out []string
	for _, t := range list[:min(len(list), 3)] {
		where, _ := os.ReadFile(filepath.Join("/proc/self/task", t.id, "wchan")) // empty where we may not see it
		call, _ := os.ReadFile(filepath.Join("/proc/self/task", t.id, "syscall"))
		out = append(out, fmt.Sprintf("thread %s %s (wchan %s, syscall %s)", t.id, t.cpu, strings.TrimSpace(string(where)), strings.TrimSpace(string(call))))
	}
	return strings.Join(out, "; ")
}

// threads returns the processor time of each thread, to a hundredth of a second; empty where there is no /proc.
func threads() map[string]time.Duration {
	times := map[string]time.Duration{}
	files, _ := filepath.Glob("/proc/self/task/*/stat")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 13 {
			continue
		}
		user, err1 := strconv.ParseUint(fields[11], 10, 63)
		system, err2 := strconv.ParseUint(fields[12], 10, 63)
		if err1 == nil && err2 == nil {
			times[filepath.Base(filepath.Dir(name))] = time.Duration(user+system) * (time.Second / 100)
		}
	}
	return times
}
