package console

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// candidate is a file that a pattern matches.
type candidate struct {
	path string
	info os.FileInfo
}

// candidates lists the regular files that the patterns match, each name once, and the paths that cannot be looked at.
func candidates(patterns []string) (found []candidate, failed map[string]error) {
	seen := map[string]bool{}
	failed = map[string]error{}
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil {
			failed[pattern] = err // Validate has refused it
			continue
		}
		for _, name := range names {
			if seen[name] || isPacked(name) {
				continue
			}
			seen[name] = true
			info, err := os.Stat(name)
			switch {
			case errors.Is(err, fs.ErrNotExist): // a link that leads nowhere yet
			case err != nil:
				failed[name] = err
			case info.Mode().IsRegular():
				found = append(found, candidate{name, info})
			}
		}
	}
	return found, failed
}

// scan looks for files that are not followed yet.
func (t *tailer) scan(now time.Time) {
	t.scanned = now
	if t.first {
		t.resumeAll(now)
	}
	found, failed := candidates(t.p.cfg.Files)
	followed := 0
	for _, f := range t.files {
		if f.gone.IsZero() {
			followed++
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return b.info.ModTime().Compare(a.info.ModTime()) })
	leftOut := 0
	for _, c := range found {
		id := idOf(c.info)
		if slices.ContainsFunc(t.files, func(f *file) bool { return f.id == id || f.path == c.path && f.gone.IsZero() }) || t.isCopy(c) {
			continue
		}
		if followed >= t.p.cfg.MaxFiles {
			leftOut++
			continue
		}
		if err := t.follow(c.path); err != nil {
			failed[c.path] = err
			continue
		}
		followed++
	}
	if leftOut != t.overflow {
		t.overflow = leftOut
		if leftOut > 0 {
			t.p.log.Warn("more files match than may be followed; those that changed longest ago are left out", "left_out", leftOut, "console.max_files", t.p.cfg.MaxFiles)
		}
	}
	for path, err := range failed {
		t.say(path, "log file cannot be read; it is tried again", err)
		if t.first {
			t.existed[path] = true
		}
	}
	t.forgetPaths(failed)
	t.first = false
	t.p.metrics.files.WithLabelValues("followed").Set(float64(followed))
	t.p.metrics.files.WithLabelValues("unreadable").Set(float64(len(failed)))
	t.p.metrics.files.WithLabelValues("left_out").Set(float64(leftOut))
	t.forget(now)
}

// forgetPaths ends what is remembered of paths that are gone, so that names which come and go do not take memory for ever.
func (t *tailer) forgetPaths(failed map[string]error) {
	gone := func(path string) bool {
		if _, ok := failed[path]; ok || slices.ContainsFunc(t.files, func(f *file) bool { return f.path == path }) {
			return false
		}
		_, err := os.Lstat(path) // a folder that cannot be looked into now may still hold it
		return errors.Is(err, fs.ErrNotExist)
	}
	maps.DeleteFunc(t.told, func(path, _ string) bool { return gone(path) })
	maps.DeleteFunc(t.existed, func(path string, _ bool) bool { return gone(path) })
}

// isCopy reports whether a file is a copy that a rotation has made, or makes, of one that is followed: its name begins with that file's, and so does
// its content. What it holds has been read from the other.
func (t *tailer) isCopy(c candidate) bool {
	for _, f := range t.files {
		if f.head.Len == 0 || len(c.path) <= len(f.path) || !strings.HasPrefix(c.path, f.path) {
			continue
		}
		o, err := openRegular(c.path)
		if err != nil {
			continue
		}
		same := f.head.holds(o, 0) && !t.knows(o, idOf(c.info))
		_ = o.Close()
		if same {
			return true
		}
	}
	return false
}

// open opens the file that name leads to, to be read as a generation of path.
func (t *tailer) open(path, name string) *file {
	f, err := openRegular(name)
	if err != nil {
		t.say(path, "log file cannot be read; it is tried again", err)
		return nil
	}
	info, err := f.Stat()
	if err != nil || beginsPacked(f) {
		_ = f.Close()
		return nil
	}
	return newFile(t.p, path, f, info, t.take)
}

// beginsPacked reports whether a file is compressed whatever its name says.
func beginsPacked(f io.ReaderAt) bool {
	b := make([]byte, 4)
	n, _ := f.ReadAt(b, 0)
	for _, magic := range []string{"\x1f\x8b", "BZh", "\x28\xb5\x2f\xfd", "\xfd7zX", "PK\x03\x04"} {
		if bytes.HasPrefix(b[:n], []byte(magic)) {
			return true
		}
	}
	return false
}

// follow begins to read the file at path, from where it was left, or from where the configuration says.
func (t *tailer) follow(path string) error {
	raw, err := openRegular(path)
	if err != nil {
		return err
	}
	info, err := raw.Stat()
	if err != nil || beginsPacked(raw) {
		_ = raw.Close()
		return err
	}
	f := newFile(t.p, path, raw, info, t.take)
	t.say(path, "", nil)
	if p, ok := t.known[f.id]; ok && p.Offset <= f.size && p.matches(raw) {
		t.goOn(path, raw, info, p)
		return nil
	}
	if t.hasFollowed(path) || t.isNew(path) {
		f.begin(0)
	} else {
		f.begin(lineStart(raw, f.size))
	}
	delete(t.existed, path) // only the first file of a path was there before
	t.dirty = true
	t.files = append(t.files, f)
	return nil
}

// isNew reports whether a file that was not followed before came after the agent began to look, so that it is read from its beginning.
func (t *tailer) isNew(path string) bool {
	if t.p.cfg.From == FromBeginning || !t.first && !t.existed[path] {
		return true
	}
	at, ok := born(path)
	return ok && !t.since.IsZero() && at.After(t.since)
}

// hasFollowed reports whether path was followed before, so that the file that it names now took the place of another, or was truncated.
func (t *tailer) hasFollowed(path string) bool {
	for _, p := range t.known {
		if p.Path == path {
			return true
		}
	}
	return false
}

// resumeAll takes up what was left of files that were rotated or truncated while no agent ran.
func (t *tailer) resumeAll(now time.Time) {
	left := map[string][]position{}
	for _, p := range t.known {
		if !p.Done {
			left[p.Path] = append(left[p.Path], p)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(left)) {
		slices.SortFunc(left[path], func(a, b position) int { return a.First.Compare(b.First) })
		replaced, current := true, func() {}
		for _, p := range left[path] {
			if _, err := os.Stat(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				replaced = false // it cannot be looked at now, and will be followed when it can
				continue
			}
			if f, info, err := openFile(path); err == nil {
				if idOf(info) == p.fileID && p.Offset <= info.Size() && p.matches(f) {
					replaced = false
					current = func() { t.goOn(path, f, info, p) } // held open: it may be renamed before the scan comes to it
					continue
				}
				_ = f.Close()
			}
			t.resume(path, p, now)
		}
		if last := left[path][len(left[path])-1]; replaced {
			t.between(path, last, last.Seen)
		}
		current() // after the older ones
	}
}

// openFile opens a regular file and looks at it.
func openFile(path string) (*os.File, os.FileInfo, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// goOn follows a file from where it was left, if the patterns still match its path.
func (t *tailer) goOn(path string, raw *os.File, info os.FileInfo, p position) {
	if !slices.ContainsFunc(t.p.cfg.Files, func(pattern string) bool { ok, err := filepath.Match(pattern, path); return ok && err == nil }) {
		_ = raw.Close()
		return
	}
	f := newFile(t.p, path, raw, info, t.take)
	f.begin(p.Offset)
	f.first, f.kept = p.First, p
	t.files = append(t.files, f)
}

// resume opens the file that was read up to last, or a copy of it, wherever a rotation has put it.
func (t *tailer) resume(path string, last position, now time.Time) {
	var old *os.File
	for _, name := range generations(path) {
		f, info, err := openFile(name)
		if err != nil {
			continue
		}
		if idOf(info) == last.fileID && last.Offset <= info.Size() && last.matches(f) && !t.isOpen(idOf(info)) {
			old = f
			break
		}
		_ = f.Close()
	}
	if old == nil {
		old = t.copyOf(path, last)
	}
	last.Done = true
	t.known[last.fileID] = last
	if old == nil {
		// A file that is gone for good, or had been rotated and read to its end, took nothing that is known of.
		if _, err := os.Stat(path); last.Size > last.Offset || err == nil && !last.Rotated {
			t.lost(path, last.Size-last.Offset, "it was rotated away while no agent ran", now)
		}
		return
	}
	info, err := old.Stat()
	if err != nil {
		_ = old.Close()
		return
	}
	f := newFile(t.p, path, old, info, t.take)
	f.gone, f.first = now, last.First
	f.begin(last.Offset)
	t.files = append(t.files, f)
}

// lineStart returns where the line begins that the byte at size would belong to.
func lineStart(f io.ReaderAt, size int64) int64 {
	n := min(size, 256<<10)
	b := make([]byte, n)
	if _, err := f.ReadAt(b, size-n); err != nil {
		return size
	}
	if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
		return size - n + int64(i) + 1
	}
	if n == size {
		return 0
	}
	return size
}
