package spool

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"time"
)

// Entry is one payload in the queue.
type Entry struct {
	Seq     uint64    // its place in the order; what Ack wants
	Name    string    // tells it from all entries of all spools; printable ASCII
	Time    time.Time // when it was appended, to the millisecond, by the machine's clock
	Samples int       // as given to Append
	Payload []byte    // the caller's to keep
}

// head is what an entry on disk begins with. Head and payload have checksums of their own, and the magic makes an entry stand out from the bytes
// around it, so that the next good entry can be found behind damaged ones.
type head struct {
	id      uint64 // of the spool
	seq     uint64
	time    int64  // Unix milliseconds by the machine's clock
	clock   int64  // milliseconds by the spool's own clock
	before  uint64 // samples of all entries before it
	samples uint32
	size    uint32 // of the payload
	sum     uint32 // CRC-32C of the payload
}

const headSize = 4 + 4 + 5*8 + 3*4

var (
	magicEntry = [4]byte{2, 'E', 'S', 'P'} // the version of the format, and a name
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

func (h head) end() uint64  { return h.before + uint64(h.samples) }
func (h head) whole() int64 { return headSize + int64(h.size) }

// encodeEntry appends h, with the payload's size and checksum, and the payload.
func encodeEntry(dst []byte, h head, payload []byte) []byte {
	h.size, h.sum = uint32(len(payload)), crc32.Checksum(payload, castagnoli)
	from := len(dst)
	dst = append(dst, magicEntry[:]...)
	dst = append(dst, 0, 0, 0, 0)
	for _, v := range []uint64{h.id, h.seq, uint64(h.time), uint64(h.clock), h.before} {
		dst = binary.LittleEndian.AppendUint64(dst, v)
	}
	for _, v := range []uint32{h.samples, h.size, h.sum} {
		dst = binary.LittleEndian.AppendUint32(dst, v)
	}
	binary.LittleEndian.PutUint32(dst[from+4:], crc32.Checksum(dst[from+8:], castagnoli))
	return append(dst, payload...)
}

// decodeHead reads the head of an entry; false when it is damaged.
func decodeHead(b []byte) (h head, ok bool) {
	if len(b) < headSize || [4]byte(b[:4]) != magicEntry || crc32.Checksum(b[8:headSize], castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return h, false
	}
	u64 := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8+8*i:]) }
	u32 := func(i int) uint32 { return binary.LittleEndian.Uint32(b[48+4*i:]) }
	h = head{id: u64(0), seq: u64(1), time: int64(u64(2)), clock: int64(u64(3)), before: u64(4), samples: u32(0), size: u32(1), sum: u32(2)}
	return h, h.samples <= math.MaxInt32 && h.before <= math.MaxInt64
}

// fits says whether payload is the one that belongs to h.
func (h head) fits(payload []byte) bool {
	return uint64(len(payload)) == uint64(h.size) && crc32.Checksum(payload, castagnoli) == h.sum
}
