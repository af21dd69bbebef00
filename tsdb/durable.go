package tsdb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// position is a place in a segmented log: all bytes of earlier segments and the first Size bytes of Segment.
type position struct {
	Segment int
	Size    int64
}

// logSyncer makes one segmented log of the TSDB (wal or wbl) durable from outside: it syncs the log's files by name, since a file's
// dirty pages belong to the file and not to the descriptor that wrote them. Not safe for concurrent use.
//
// It relies on what Prometheus's wlog does: records never cross segments, segments are only appended to, their names are
// ascending numbers, and a segment gets no more bytes once its successor exists.
type logSyncer struct {
	dir    string
	file   *os.File // the newest segment seen, nil before the first
	synced position
}

// openLogSyncer starts at the newest segment of dir. What is there now is taken to be durable only after the first sync.
// A directory that does not exist (a store without out-of-order samples has no wbl) has nothing to sync.
func openLogSyncer(dir string) (*logSyncer, error) {
	l := &logSyncer{dir: dir, synced: position{Segment: -1}}
	segments, err := listSegments(dir)
	if err != nil {
		return nil, err
	}
	// Segments before the newest were written by earlier runs of the process, which may have ended without syncing them.
	for _, n := range segments {
		if err := l.advance(n); err != nil {
			return nil, err
		}
		if err := l.syncFile(); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// sync makes every byte durable that the log held when sync was called, and returns whether there was anything to do.
func (l *logSyncer) sync() (bool, error) {
	did := false
	for {
		next, err := l.next()
		if err != nil {
			return did, err
		}
		if l.file != nil {
			size, err := l.size()
			if err != nil {
				return did, err
			}
			if size != l.synced.Size {
				did = true
				if err := l.syncFile(); err != nil {
					return did, err
				}
			}
		}
		if next < 0 {
			return did, nil
		}
		if err := l.advance(next); err != nil {
			return did, err
		}
	}
}

// next returns the segment that follows the current one, or -1.
func (l *logSyncer) next() (int, error) {
	n := l.synced.Segment + 1
	_, err := os.Stat(segmentName(l.dir, n))
	if err == nil {
		return n, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return -1, fmt.Errorf("look for the next segment: %w", err)
	}
	if l.file != nil && !unlinked(l.file) {
		return -1, nil
	}
	// The current segment was truncated away while nothing was written: look at what is there.
	segments, err := listSegments(l.dir)
	if err != nil {
		return -1, err
	}
	for _, s := range segments {
		if s > l.synced.Segment {
			return s, nil
		}
	}
	return -1, nil
}

func (l *logSyncer) advance(n int) error {
	f, err := os.Open(segmentName(l.dir, n))
	if err != nil {
		return fmt.Errorf("open segment to sync: %w", err)
	}
	// The new file's name must survive as well as its bytes.
	if err := syncDir(l.dir); err != nil {
		return errors.Join(err, f.Close())
	}
	l.close()
	l.file, l.synced = f, position{Segment: n}
	return nil
}

func (l *logSyncer) size() (int64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(l.file.Fd()), &st); err != nil {
		return 0, fmt.Errorf("size of %s: %w", l.file.Name(), err)
	}
	return st.Size, nil
}

// syncFile makes the current segment durable up to the size that it has now.
func (l *logSyncer) syncFile() error {
	size, err := l.size()
	if err != nil {
		return err
	}
	if err := unix.Fdatasync(int(l.file.Fd())); err != nil {
		return fmt.Errorf("sync %s: %w", l.file.Name(), err)
	}
	l.synced.Size = size
	return nil
}

func (l *logSyncer) close() {
	if l.file != nil {
		_ = l.file.Close() // only ever read from
		l.file = nil
	}
}

// truncateTo cuts everything off the log in dir that lies behind p, durably. What is cut was never acknowledged.
func truncateTo(dir string, p position) error {
	segments, err := listSegments(dir)
	if err != nil {
		return err
	}
	for _, n := range segments {
		name := segmentName(dir, n)
		switch {
		case n > p.Segment:
			if err := os.Remove(name); err != nil {
				return fmt.Errorf("remove segment behind the last durable byte: %w", err)
			}
		case n == p.Segment:
			if err := truncateFile(name, p.Size); err != nil {
				return fmt.Errorf("cut segment at the last durable byte: %w", err)
			}
		}
	}
	return syncDir(dir)
}

func truncateFile(name string, size int64) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}

// listSegments returns the numbers of the segments in dir, ascending; none for a directory that does not exist.
func listSegments(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	var segments []int
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			segments = append(segments, n)
		}
	}
	slices.Sort(segments)
	return segments, nil
}

func segmentName(dir string, n int) string { return filepath.Join(dir, fmt.Sprintf("%08d", n)) }

func unlinked(f *os.File) bool {
	var st unix.Stat_t
	return unix.Fstat(int(f.Fd()), &st) == nil && st.Nlink == 0
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
