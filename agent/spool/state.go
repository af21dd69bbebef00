package spool

import (
	"crypto/rand"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"time"
)

// state is what the spool knows of the queue as a whole: the cursor of the reader, and what is needed to tell how much is missing where entries
// are damaged.
type state struct {
	id   uint64 // random, once for a folder
	head uint64 // number of the oldest entry that waits
	next uint64 // number of the next one to be appended
	// gone and total count samples: those of the entries before head, and those of all before next. What waits is the difference, however much of
	// it is still readable.
	gone, total uint64
	// clock is the spool's own: how long it has been open in all, in milliseconds. It runs with the machine's monotonic clock, so that an entry's
	// age does not change when somebody sets the machine's clock.
	clock  int64
	writes uint64
}

const (
	stateName = "spool.state"
	stateSize = 4 + 4 + 7*8
	slotSize  = 4096 // two slots are written in turns, so that a torn write leaves the other
)

var magicState = [4]byte{2, 'E', 'S', 'S'}

func (s state) encode() []byte {
	b := make([]byte, 8, stateSize)
	copy(b, magicState[:])
	for _, v := range []uint64{s.id, s.head, s.next, s.gone, s.total, uint64(s.clock), s.writes} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b[8:], castagnoli))
	return b
}

// decodeState reads what encode wrote; false when it is damaged.
func decodeState(b []byte) (s state, ok bool) {
	if len(b) < stateSize || [4]byte(b[:4]) != magicState || crc32.Checksum(b[8:stateSize], castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return s, false
	}
	u64 := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8+8*i:]) }
	s = state{id: u64(0), head: u64(1), next: u64(2), gone: u64(3), total: u64(4), clock: int64(u64(5)), writes: u64(6)}
	return s, s.head >= 1 && s.head <= s.next && s.gone <= s.total
}

func randomID() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])                      // never fails
	return binary.LittleEndian.Uint64(b[:]) | 1 // 0 means any
}

// stateFile holds the state. It is not flushed to the disk: what a power cut takes from it is read off the entries again, and entries whose
// acknowledgement is lost are sent once more.
type stateFile struct{ f *os.File }

// openState opens the file and returns the later of its two states; false when it has none.
func openState(dir string) (sf stateFile, s state, known bool, err error) {
	sf.f, err = os.OpenFile(filepath.Join(dir, stateName), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return sf, s, false, err
	}
	b := make([]byte, slotSize+stateSize)
	n, _ := sf.f.ReadAt(b, 0)
	for at := 0; at < n; at += slotSize {
		if slot, ok := decodeState(b[at:n]); ok && (!known || slot.writes > s.writes) {
			s, known = slot, true
		}
	}
	return sf, s, known, nil
}

func (sf stateFile) write(s *state) error {
	s.writes++
	_, err := sf.f.WriteAt(s.encode(), int64(s.writes%2)*slotSize)
	return err
}

// clock is the spool's own clock while it is open.
type clock struct {
	base   int64 // milliseconds, when it was opened
	opened time.Time
}

func (c clock) now() int64 { return c.base + time.Since(c.opened).Milliseconds() }
