package spool

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"
)

// Entry is one payload in the queue.
type Entry struct {
	Seq     uint64    // its place in the order; what Ack wants
	Time    time.Time // when it was appended, to the millisecond
	Samples int       // as given to Append
	Payload []byte    // the caller's to keep
}

// An entry on disk, little-endian: version (1 byte, 1), CRC-32C of all that follows it (4), time in Unix milliseconds (8), samples (4), payload.
const (
	entryVersion = 1
	headerSize   = 1 + 4 + 8 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errEntry = errors.New("entry is damaged")

func encodeEntry(dst []byte, now time.Time, samples int, payload []byte) []byte {
	dst = append(dst[:0], entryVersion, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(now.UnixMilli()))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(samples))
	dst = append(dst, payload...)
	binary.LittleEndian.PutUint32(dst[1:5], crc32.Checksum(dst[5:], castagnoli))
	return dst
}

// decodeEntry reads what encodeEntry wrote and copies the payload out of b.
func decodeEntry(seq uint64, b []byte) (Entry, error) {
	if len(b) < headerSize || b[0] != entryVersion || crc32.Checksum(b[5:], castagnoli) != binary.LittleEndian.Uint32(b[1:5]) {
		return Entry{}, errEntry
	}
	e := Entry{Seq: seq, Payload: append([]byte(nil), b[headerSize:]...)}
	e.Time, e.Samples = entryHead(b)
	return e, nil
}

// entryHead reads time and samples without looking at the payload; zero when b is too short to hold them.
func entryHead(b []byte) (time.Time, int) {
	if len(b) < headerSize {
		return time.Time{}, 0
	}
	return time.UnixMilli(int64(binary.LittleEndian.Uint64(b[5:13]))), int(binary.LittleEndian.Uint32(b[13:17]))
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }
