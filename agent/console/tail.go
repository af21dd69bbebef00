package console

import (
	"context"
	"errors"
	"fmt"
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
