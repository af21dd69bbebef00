package console

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/endscope/endscope/agent/records"
)

// between takes up generations that came and went between two looks: younger than the one that was read last, and never seen. That one was
// written until since, where it is not there any more to tell.
func (t *tailer) between(path string, last position, since time.Time) {
	names := generations(path)
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && idOf(info) == last.fileID {
			since = info.ModTime()
		}
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil || idOf(info) == last.fileID || t.isOpen(idOf(info)) || info.ModTime().Before(since) {
			continue
		}
		o := t.open(path, name)
		if o == nil {
			continue
		}
		if t.knows(o.f, o.id) || last.Head.Len > 0 && last.Head.holds(o.f, 0) { // or a copy
			_ = o.f.Close()
			continue
		}
		o.gone = time.Now()
		o.begin(0)
		t.files = append(t.files, o)
	}
}

// knows reports whether a file was read before. Its number alone does not tell: a file system gives those of deleted files to new ones.
func (t *tailer) knows(f io.ReaderAt, id fileID) bool {
	p, ok := t.known[id]
	return ok && p.matches(f)
}

// truncated goes on after a file was truncated in place. What had not been read by then may be in a copy that was made just before.
func (t *tailer) truncated(f *file, now time.Time) {
	t.p.metrics.changes.WithLabelValues(changeTruncated).Inc()
	was := f.position(now)
	was.Offset, was.Tail = f.split.pos, markOf(f.tail)
	next := newFile(t.p, f.path, f.f, mustStat(f), t.take)
	next.id = f.id
	i := slices.Index(t.files, f)
	if copied := t.copyOf(f.path, was); copied != nil {
		info, err := copied.Stat()
		if err == nil {
			f.f, f.id, f.size, f.gone = copied, idOf(info), info.Size(), now
			t.files = slices.Insert(t.files, i+1, next)
			next.begin(0)
			return
		}
		_ = copied.Close()
	}
	f.flush(now, true)
	if was.Size > was.Offset {
		t.lost(f.path, was.Size-was.Offset, "it was truncated", now)
	}
	t.files[i] = next
	next.begin(0)
}

func mustStat(f *file) os.FileInfo {
	info, err := f.f.Stat()
	if err != nil {
		return emptyInfo{}
	}
	return info
}

// copyOf looks for a file beside path that begins with what was read, and opens it.
func (t *tailer) copyOf(path string, was position) *os.File {
	for _, name := range slices.Backward(generations(path)) {
		info, err := os.Stat(name)
		if err != nil || t.isOpen(idOf(info)) {
			continue
		}
		f, err := openRegular(name)
		if err != nil {
			continue
		}
		if idOf(info) != was.fileID && was.Head.Len > 0 && was.matches(f) {
			return f
		}
		_ = f.Close()
	}
	return nil
}

// lost counts and tells of bytes that were gone before they were read: at least so many.
func (t *tailer) lost(path string, bytes int64, how string, now time.Time) {
	bytes = max(bytes, 0)
	t.p.metrics.lost.WithLabelValues(reasonRotatedAway).Add(float64(bytes))
	t.p.log.Warn("a part of a log file was gone before it was read", "file", path, "bytes", bytes, "why", how)
	container := t.p.cfg.Container
	if container == ContainerAuto {
		container = containerOf(path)
	}
	t.take(records.Console{Time: now, Container: container, Image: t.p.cfg.Image,
		Message: fmt.Sprintf("endscope-agent: a part of %s (at least %d bytes) was gone before it was read: %s", path, bytes, how)})
}
