package console

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// generations returns the files beside path whose names begin with its name, as those do that a rotation renamed or copied, oldest first.
// Packed ones are left out.
func generations(path string) []string {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = path
	}
	dir, base := filepath.Split(real)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	type found struct {
		path string
		at   time.Time
	}
	var all []found
	for _, e := range entries {
		if e.Name() == base || !strings.HasPrefix(e.Name(), base) || isPacked(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil {
			all = append(all, found{dir + e.Name(), info.ModTime()})
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		// Written within one tick of the clock: app.log.2 is older than app.log.1, and app.log-20260102 than app.log-20260103.
		x, errA := strconv.Atoi(strings.TrimLeft(a.path[len(dir)+len(base):], ".-_"))
		y, errB := strconv.Atoi(strings.TrimLeft(b.path[len(dir)+len(base):], ".-_"))
		if errA == nil && errB == nil && max(x, y) < 1_000_000 {
			return y - x
		}
		return strings.Compare(a.path, b.path)
	})
	paths := make([]string, len(all))
	for i, f := range all {
		paths[i] = f.path
	}
	return paths
}

// isPacked reports whether a name is that of a compressed file.
func isPacked(name string) bool {
	return slices.Contains([]string{".gz", ".bz2", ".xz", ".zst", ".lz4", ".zip", ".tmp"}, filepath.Ext(name))
}
