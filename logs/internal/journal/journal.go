package journal

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	magic      = "ESLOGJ1\n"
	headerSize = len(magic) + 16 + 8 + 4 // magic, id, first sequence number, checksum
	frameSize  = 4 + 4 + 8               // length, checksum, sequence number
	suffix     = ".journal"

	// MaxRecord is the most bytes that a record may have.
	MaxRecord = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Journal is a directory of segments. A segment begins with the magic bytes, the journal's id, the sequence number of its first record and
// a checksum of those; then come records: length of the payload, checksum of what follows, sequence number, payload. Numbers are
// little-endian, checksums CRC-32C. Sequence numbers count up from 1 without a gap.
type Journal struct {
	dir     string
	segment int64 // bytes after which a new segment begins
	early   bool  // records count as accepted when they are written, not when they are on disk
	id      string

	file    *os.File // the newest segment; nil until it is needed and after a failure
	written int64    // bytes of file that whole records take
	synced  int64    // bytes of file that are on disk
	next    uint64   // sequence number of the next record
	durable uint64   // sequence number of the next record after the last that is on disk
	buf     []byte
	failed  *segment // the file that a write failed in, until it has been cut

	mu       sync.Mutex
	segments []segment // oldest first, the newest included
	bytes    atomic.Int64
}

type segment struct {
	path  string
	first uint64 // sequence number of its first record
	size  int64  // bytes to keep, of one that has to be cut
}

// Create begins a new journal in dir, which must hold none: see Read for what an earlier one left. Segments are about size bytes long. With
// early, what Write has taken stays, also when a Sync fails.
func Create(dir string, size int64, early bool) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make journal directory: %w", err)
	}
	left, err := list(dir)
	if err != nil {
		return nil, err
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("journal directory %s still holds %d segments", dir, len(left))
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	j := &Journal{dir: dir, segment: size, early: early, id: hex.EncodeToString(id[:]), next: 1, durable: 1}
	return j, j.begin()
}

// ID returns the journal's id, which no other journal has.
func (j *Journal) ID() string { return j.id }

// Bytes returns the bytes of all segments.
func (j *Journal) Bytes() int64 { return j.bytes.Load() }

// begin starts a new segment for the next record. The old one is complete and on disk.
func (j *Journal) begin() error {
	path := filepath.Join(j.dir, fmt.Sprintf("%020d%s", j.next, suffix))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("begin journal segment: %w", err)
	}
	head := make([]byte, 0, headerSize)
	head = append(head, magic...)
	id, _ := hex.DecodeString(j.id)
	head = append(head, id...)
	head = binary.LittleEndian.AppendUint64(head, j.next)
	head = binary.LittleEndian.AppendUint32(head, crc32.Checksum(head, castagnoli))
	_, err = f.Write(head)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(j.dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("begin journal segment: %w", err), f.Close(), os.Remove(path))
	}
	if j.file != nil {
		_ = j.file.Close() // synced before
	}
	j.file, j.written, j.synced = f, int64(headerSize), int64(headerSize)
	j.mu.Lock()
	j.segments = append(j.segments, segment{path, j.next, j.written})
	j.mu.Unlock()
	j.bytes.Add(int64(headerSize))
	return nil
}

// Write writes records, which get the sequence numbers from first on. They are on disk after the next Sync. After an error none of them is
// in the journal, nor, unless it is early, what was written before and not synced; their numbers are given to others.
func (j *Journal) Write(records ...[]byte) (first uint64, err error) {
	if err := j.ready(); err != nil {
		return 0, err
	}
	j.buf = j.buf[:0]
	first = j.next
	for i, r := range records {
		if len(r) > MaxRecord {
			return 0, fmt.Errorf("journal record of %d bytes is larger than %d", len(r), MaxRecord)
		}
		at := len(j.buf)
		j.buf = binary.LittleEndian.AppendUint32(j.buf, uint32(len(r)))
		j.buf = append(j.buf, 0, 0, 0, 0)
		j.buf = binary.LittleEndian.AppendUint64(j.buf, first+uint64(i))
		j.buf = append(j.buf, r...)
		binary.LittleEndian.PutUint32(j.buf[at+4:], crc32.Checksum(j.buf[at+8:], castagnoli))
	}
	if _, err := j.file.WriteAt(j.buf, j.written); err != nil {
		return 0, j.fail(fmt.Errorf("write journal: %w", err))
	}
	j.written += int64(len(j.buf))
	j.next += uint64(len(records))
	j.bytes.Add(int64(len(j.buf)))
	if cap(j.buf) > 64<<20 {
		j.buf = nil
	}
	return first, nil
}

// Sync makes every record durable that was written, and begins a new segment when the newest is full. After an error the records since the
// last Sync are not in the journal and their numbers are given to others; an early journal keeps them as far as the disk does.
func (j *Journal) Sync() error {
	if j.file == nil || j.written == j.synced {
		return nil
	}
	if err := unix.Fdatasync(int(j.file.Fd())); err != nil {
		return j.fail(fmt.Errorf("sync journal: %w", err))
	}
	j.synced, j.durable = j.written, j.next
	if j.written < j.segment {
		return nil
	}
	if err := j.begin(); err != nil {
		// What was written is safe. The next write begins the segment, or says why it cannot.
		_ = j.file.Close()
		j.file = nil
	}
	return nil
}

// fail gives the newest segment up: it will be cut behind what it has to keep, and the next record begins another.
func (j *Journal) fail(err error) error {
	good := j.synced
	if j.early {
		good = j.written
		_ = unix.Fdatasync(int(j.file.Fd())) // the last chance
	} else {
		j.next = j.durable
	}
	j.mu.Lock()
	last := j.segments[len(j.segments)-1]
	j.mu.Unlock()
	last.size = good
	j.failed = &last
	j.bytes.Add(good - j.written)
	_ = j.file.Close()
	j.file = nil
	return errors.Join(err, j.ready())
}

// ready cuts what a failure left and begins a segment when there is none.
func (j *Journal) ready() error {
	if j.failed != nil {
		if err := truncate(j.failed.path, j.failed.size); err != nil {
			return fmt.Errorf("cut journal segment after a failed write: %w", err)
		}
		j.failed = nil
	}
	if j.file == nil {
		// A segment without records would have the name of the one that begins now.
		j.mu.Lock()
		if last := len(j.segments) - 1; last >= 0 && j.segments[last].first == j.next {
			j.segments = j.segments[:last]
		}
		j.mu.Unlock()
		return j.begin()
	}
	return nil
}

// Release deletes the segments in which every record's number is at most through. The newest stays.
func (j *Journal) Release(through uint64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for n+1 < len(j.segments) && j.segments[n+1].first <= through+1 {
		n++
	}
	var errs []error
	for _, s := range j.segments[:n] {
		if info, err := os.Stat(s.path); err == nil {
			j.bytes.Add(-info.Size())
		}
		errs = append(errs, os.Remove(s.path))
	}
	j.segments = slices.Delete(j.segments, 0, n)
	return errors.Join(errs...)
}

// Close syncs and closes the journal.
func (j *Journal) Close() error {
	if j.file == nil {
		return nil
	}
	err := j.Sync()
	if j.file != nil {
		err = errors.Join(err, j.file.Close())
		j.file = nil
	}
	return err
}

// list returns the segments of a directory, oldest first; none when there is no directory.
func list(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list journal: %w", err)
	}
	var all []segment
	for _, e := range entries {
		var first uint64
		digits, ok := strings.CutSuffix(e.Name(), suffix)
		if !ok {
			continue
		}
		if _, err := fmt.Sscanf(digits, "%d", &first); err != nil {
			continue
		}
		all = append(all, segment{path: filepath.Join(dir, e.Name()), first: first})
	}
	slices.SortFunc(all, func(a, b segment) int { return strings.Compare(a.path, b.path) })
	return all, nil
}

func truncate(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
