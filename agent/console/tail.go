package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/endscope/endscope/agent/records"
)

const (
	batchRows   = 1000
	batchSize   = 512 << 10 // bytes of messages
	heldLimit   = 4 << 20   // bytes that may wait in all files together for more lines
	scanEvery   = time.Second
	renamedWait = 30 * time.Second // after a rotation, the old file is read until it has been still for this long
	deletedWait = 5 * time.Second
	forgetAfter = 7 * 24 * time.Hour
)

// tailer follows files. It is one goroutine, so that files take turns and a spool that is slow slows all of them alike.
type tailer struct {
	p     *Pipeline
	store *positions
	files []*file // older generations of a path before younger ones
	known map[fileID]position
	buf   []byte

	rows     []records.Console
	size     int       // of the rows' messages
	saved    time.Time // when positions were last written
	dirty    bool      // positions have changed since
	scanned  time.Time
	first    bool            // the first scan is still to come
	since    time.Time       // when the agent last wrote positions before it was started; zero if never
	existed  map[string]bool // paths that were there at the first scan and could not be opened
	told     map[string]string
	overflow int
}

func newTailer(p *Pipeline, store *positions) *tailer {
	t := &tailer{p: p, store: store, known: map[fileID]position{}, buf: make([]byte, chunkBytes), first: true, existed: map[string]bool{}, told: map[string]string{}}
	t.since = store.data.Saved
	for _, k := range store.data.Files {
		t.known[k.fileID] = k
	}
	return t
}

// run follows the files until ctx ends. Then it reads what is there, and what it holds becomes rows.
func (t *tailer) run(ctx context.Context) {
	defer t.close()
	for ctx.Err() == nil {
		if more := t.turn(ctx); more {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(t.p.cfg.PollInterval):
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	t.turn(last)
	now := time.Now()
	for _, f := range t.files {
		f.flush(now, false)
	}
	t.commit(last)
	t.save(now)
}

// turn looks at all files once. It returns true when some have more to be read at once.
func (t *tailer) turn(ctx context.Context) (more bool) {
	now := time.Now()
	if t.first || now.Sub(t.scanned) >= max(scanEvery, t.p.cfg.PollInterval) {
		t.scan(now)
	}
	for _, f := range slices.Clone(t.files) {
		if f.gone.IsZero() {
			t.check(f, now)
		}
	}
	busy := map[string]bool{}
	for _, f := range slices.Clone(t.files) {
		if ctx.Err() != nil {
			return false
		}
		if busy[f.path] {
			continue // an older generation comes first
		}
		again, err := f.read(now, t.buf, func() { t.commitFull(ctx) })
		t.say(f.path, "log file cannot be read", err)
		more = more || again
		busy[f.path] = err == nil && f.split.pos < f.size
		f.expire(now)
		t.p.metrics.lag.WithLabelValues(f.path).Set(float64(max(f.size-f.safe(), 0)))
		if !f.gone.IsZero() && f.split.pos >= f.size {
			f.flush(now, false) // what it holds comes before what the next generation has
			t.finish(f, now)
		}
	}
	t.bound(now)
	t.commit(ctx)
	return more
}

// bound gives out what waits when that is too much memory, and closes rotated files when they are too many.
func (t *tailer) bound(now time.Time) {
	held, gone := 0, 0
	for _, f := range t.files {
		held += f.held()
		if !f.gone.IsZero() {
			gone++
		}
	}
	for _, f := range slices.Clone(t.files) {
		if held > heldLimit {
			f.flush(now, false)
		}
		if gone > t.p.cfg.MaxFiles && !f.gone.IsZero() && f.split.pos >= f.size {
			t.drop(f, now)
			gone--
		}
	}
}

// finish closes a file that no path names any more once it has been still for long.
func (t *tailer) finish(f *file, now time.Time) {
	info, err := f.f.Stat()
	wait := renamedWait
	if err != nil || unlinked(info) {
		wait = deletedWait
	}
	still := f.grew
	if f.gone.After(still) {
		still = f.gone
	}
	if now.Sub(still) >= wait {
		t.drop(f, now)
	}
}

// drop closes a file whose bytes are all rows now, and remembers that.
func (t *tailer) drop(f *file, now time.Time) {
	f.flush(now, true)
	done := f.position(now)
	done.Done = true
	t.known[f.id] = done
	t.dirty = true
	_ = f.f.Close()
	t.files = slices.DeleteFunc(t.files, func(o *file) bool { return o == f })
	if !slices.ContainsFunc(t.files, func(o *file) bool { return o.path == f.path }) {
		t.p.metrics.lag.DeleteLabelValues(f.path)
	}
}

// check finds out whether the path still names the file, and whether the file was truncated.
func (t *tailer) check(f *file, now time.Time) {
	info, err := os.Stat(f.path)
	switch {
	case err == nil && idOf(info) == f.id:
		if f.rewritten() {
			t.truncated(f, now)
		}
	case err == nil || errors.Is(err, fs.ErrNotExist):
		f.gone = now
		kind := changeRenamed
		if own, ownErr := f.f.Stat(); ownErr != nil || unlinked(own) {
			kind = changeDeleted
		}
		t.p.metrics.changes.WithLabelValues(kind).Inc()
		t.p.log.Debug("log file was rotated", "file", f.path, "kind", kind)
		if err == nil {
			t.between(f.path, f.position(now), f.grew)
			err = t.follow(f.path)
			t.say(f.path, "log file cannot be read; it is tried again", err)
		}
	default:
		t.say(f.path, "log file cannot be looked at", err)
	}
}

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
	t.lost(f.path, was.Size-was.Offset, "the file was truncated", now)
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

// lost counts and tells of bytes that were gone before they were read.
func (t *tailer) lost(path string, bytes int64, how string, now time.Time) {
	if bytes <= 0 {
		return
	}
	t.p.metrics.lost.WithLabelValues(reasonRotatedAway).Add(float64(bytes))
	t.p.log.Warn("a part of a log file was gone before it was read", "file", path, "bytes", bytes, "why", how)
	container := t.p.cfg.Container
	if container == ContainerAuto {
		container = containerOf(path)
	}
	t.take(records.Console{Time: now, Container: container, Image: t.p.cfg.Image,
		Message: fmt.Sprintf("endscope-agent: at least %d bytes of %s were gone before they were read: %s", bytes, path, how)})
}

func (t *tailer) isOpen(id fileID) bool {
	return slices.ContainsFunc(t.files, func(f *file) bool { return f.id == id })
}

// say logs a problem of a file once, until it is another one or has gone.
func (t *tailer) say(path, what string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if t.told[path] == text {
		return
	}
	if err == nil {
		delete(t.told, path)
		return
	}
	t.told[path] = text
	t.p.log.Warn(what, "file", path, "err", err)
}

func (t *tailer) close() {
	for _, f := range t.files {
		_ = f.f.Close()
	}
}

// openRegular opens a file for reading, and nothing else: opening a named pipe would wait for its writer.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return os.Open(path)
}

// emptyInfo stands for a file that cannot be looked at.
type emptyInfo struct{ os.FileInfo }

func (emptyInfo) Size() int64 { return 0 }
func (emptyInfo) Sys() any    { return nil }
