package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// segment is one file of entries, one behind the other. Only the last is written to, at its end; the first is removed once all in it is gone.
type segment struct {
	path string
	size int64
}

const (
	segmentPrefix = "spool-"
	segmentSuffix = ".log"
	// maxSegment is the size from which the next segment is begun; a smaller bound of the spool makes smaller segments.
	maxSegment = 2 << 20
	scanChunk  = 64 << 10
	diskBlock  = 4 << 10
)

func segmentPath(dir string, first uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%s%016x%s", segmentPrefix, first, segmentSuffix))
}

// listSegments returns the segments of a folder, oldest first.
func listSegments(dir string) ([]segment, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []segment
	for _, e := range names { // sorted by name, so by number
		digits, ok := strings.CutPrefix(e.Name(), segmentPrefix)
		digits, end := strings.CutSuffix(digits, segmentSuffix)
		if _, err := strconv.ParseUint(digits, 16, 64); !ok || !end || err != nil || len(digits) != 16 || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			return nil, err
		}
		all = append(all, segment{filepath.Join(dir, e.Name()), info.Size()})
	}
	return all, nil
}

// nextEntry finds the first entry at or behind a place in a segment of that size. It passes over those that belong to another spool (0 means any), or whose number
// is below from, and over whatever is no entry: those bytes are damaged. With whole, the payload must be good too, and is returned. It returns where
// the entry is, and the size when there is none. Skipped counts the bytes that were no entry.
func nextEntry(f io.ReaderAt, at, size int64, id, from uint64, whole bool) (h head, payload []byte, place int64, skipped int64) {
	b := make([]byte, headSize)
	for at < size {
		if n := readBlocks(f, b, at); n == len(b) {
			h, ok := decodeHead(b)
			if ok && at+h.whole() <= size {
				switch {
				case id != 0 && h.id != id || h.seq < from:
				case !whole:
					return h, nil, at, skipped
				default:
					payload = slices.Grow(payload[:0], int(h.size))[:h.size]
					if readBlocks(f, payload, at+headSize) == len(payload) && h.fits(payload) {
						return h, payload, at, skipped
					}
					skipped += h.whole()
				}
				at += h.whole()
				continue
			}
		}
		next := findMagic(f, at+1, size)
		skipped += next - at
		at = next
	}
	return head{}, nil, size, skipped
}

// findMagic returns where the next magic of an entry is, and size when there is none.
func findMagic(f io.ReaderAt, at, size int64) int64 {
	b := make([]byte, scanChunk)
	for at < size {
		n := readBlocks(f, b, at)
		if i := bytes.Index(b[:n], magicEntry[:]); i >= 0 {
			return at + int64(i)
		}
		if n < len(b) {
			break
		}
		at += int64(n) - int64(len(magicEntry)) + 1
	}
	return size
}

// readBlocks reads at a place like ReadAt, but takes blocks that the disk cannot read for zeros. It returns less than asked only at the file's end.
func readBlocks(f io.ReaderAt, b []byte, at int64) int {
	n, err := f.ReadAt(b, at)
	if err == nil || errors.Is(err, io.EOF) {
		return n
	}
	for n = 0; n < len(b); {
		block := b[n:min(n+diskBlock, len(b))]
		got, err := f.ReadAt(block, at+int64(n))
		if errors.Is(err, io.EOF) {
			return n + got
		}
		if err != nil {
			clear(block)
		}
		n += len(block)
	}
	return n
}

// syncDir makes a new file's name survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
