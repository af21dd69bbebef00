package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const lockName = "spool.lock"

// open takes the folder, and reads where the queue begins and ends.
func (s *Spool) open() error {
	if err := os.MkdirAll(s.set.Dir, 0o750); err != nil {
		return fmt.Errorf("make spool folder: %w", err)
	}
	var err error
	if s.lock, err = os.OpenFile(filepath.Join(s.set.Dir, lockName), os.O_CREATE|os.O_RDWR, 0o640); err != nil {
		return err
	}
	if err := syscall.Flock(int(s.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return ErrLocked
		}
		return fmt.Errorf("lock spool: %w", err)
	}
	known := false
	if s.file, s.state, known, err = openState(s.set.Dir); err != nil {
		return err
	}
	if s.segments, err = listSegments(s.set.Dir); err != nil {
		return err
	}
	if !known {
		s.state = s.findState()
	}
	if err := s.findEnd(); err != nil {
		return err
	}
	s.clock = clock{base: s.state.clock, opened: time.Now()}
	for _, seg := range s.segments {
		s.bytes += seg.size
	}
	for len(s.segments) > 0 && s.state.head == s.state.next { // all in them is gone
		s.removeSegment()
	}
	if err := s.takeOverV1(); err != nil {
		return err
	}
	s.first(false) // passes over what is gone
	s.writeState()
	return nil
}

// findState reads off the entries where the queue begins, for a folder whose state is lost: at the oldest entry, even if that was acknowledged.
func (s *Spool) findState() state {
	for _, seg := range s.segments {
		f, err := os.Open(seg.path)
		if err != nil {
			continue
		}
		h, _, at, _ := nextEntry(f, 0, seg.size, 0, 0, false)
		_ = f.Close()
		if at < seg.size {
			s.log.Warn("spool has lost its cursor; some entries may be sent again", "from", h.seq)
			return state{id: h.id, head: h.seq, next: h.seq, gone: h.before, total: h.before}
		}
	}
	return state{id: randomID(), head: 1, next: 1}
}

// findEnd reads off the last segments which entry was appended last, and opens the last segment for more if it is good to its end: behind a torn
// entry a new segment is begun.
func (s *Spool) findEnd() error {
	for i := len(s.segments) - 1; i >= 0; i-- {
		seg := s.segments[i]
		f, err := os.OpenFile(seg.path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		found, good := false, int64(0)
		for at := int64(0); at < seg.size; {
			h, _, place, skipped := nextEntry(f, at, seg.size, s.state.id, 0, true)
			if place == seg.size {
				break
			}
			if skipped == 0 {
				good = place + h.whole()
			}
			at = place + h.whole()
			found = true
			s.state.next, s.state.total, s.state.clock = max(s.state.next, h.seq+1), max(s.state.total, h.end()), max(s.state.clock, h.clock)
		}
		if i == len(s.segments)-1 && good == seg.size && seg.size < s.segmentSize() {
			s.writer = f
		} else if err := f.Close(); err != nil {
			return err
		}
		if found {
			break
		}
	}
	return nil
}

func (s *Spool) segmentSize() int64 { return min(maxSegment, int64(s.cfg.MaxBytes)/8) }

// removeSegment forgets the first segment.
func (s *Spool) removeSegment() {
	seg := s.segments[0]
	s.segments = s.segments[1:]
	s.bytes -= seg.size - s.at
	s.at = 0
	if s.reader != nil {
		_ = s.reader.Close()
		s.reader = nil
	}
	if len(s.segments) == 0 && s.writer != nil {
		_ = s.writer.Close()
		s.writer = nil
	}
	if err := os.Remove(seg.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Warn("spool segment that is done with cannot be removed", "segment", seg.path, "err", err)
	}
}

// openWriter begins a segment where none is open or the last is full.
func (s *Spool) openWriter() error {
	if s.writer != nil && s.segments[len(s.segments)-1].size < s.segmentSize() {
		return nil
	}
	path := segmentPath(s.set.Dir, s.state.next)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o640)
	for ; errors.Is(err, fs.ErrExist); f, err = os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o640) {
		// A segment whose first entry was never whole has that name; the number is not used again.
		if s.state.head == s.state.next {
			s.state.head++
		}
		s.state.next++
		path = segmentPath(s.set.Dir, s.state.next)
	}
	if err != nil {
		return err
	}
	if s.writer != nil {
		_ = s.writer.Close() // every write was flushed, where that was asked for
	}
	s.writer = f
	s.segments = append(s.segments, segment{path: path})
	if s.cfg.Sync == SyncCommit {
		if err := syncDir(s.set.Dir); err != nil {
			s.log.Warn("folder of the spool cannot be flushed; a power cut soon after may lose the new segment", "err", err)
		}
	}
	return nil
}

// write appends b to the last segment, all of it or nothing.
func (s *Spool) write(b []byte) error {
	last := &s.segments[len(s.segments)-1]
	_, err := s.writer.WriteAt(b, last.size)
	if err == nil && s.cfg.Sync == SyncCommit {
		err = s.writer.Sync()
	}
	if err == nil {
		last.size += int64(len(b))
		return nil
	}
	if cutErr := s.writer.Truncate(last.size); cutErr != nil { // what is left behind the end is passed over after the next start
		_ = s.writer.Close()
		s.writer = nil
	}
	return err
}
