package journal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
)

// Damage is a part of a journal that could not be read. What it held may have been acknowledged.
type Damage struct {
	Path   string
	Offset int64  // where the unreadable part begins
	Bytes  int64  // how long it is
	Reason string // what is wrong with it
	// Torn says that it looks like a record which was being written when the process or the machine died: nobody was told that it is safe.
	Torn bool
}

// Read calls f with every record that an earlier journal left in dir, in order, and the journal's id; the payload is valid only during
// the call. What is unreadable is returned as Damage, and reading goes on with the next segment. Nothing in dir is changed.
func Read(dir string, f func(id string, seq uint64, payload []byte) error) ([]Damage, error) {
	segments, err := list(dir)
	if err != nil {
		return nil, err
	}
	var damages []Damage
	for i, s := range segments {
		// A segment that follows a failed write begins with the numbers that the failed records had had.
		end := ^uint64(0)
		if i+1 < len(segments) {
			end = segments[i+1].first
		}
		data, err := os.ReadFile(s.path)
		if err != nil {
			return damages, fmt.Errorf("read journal: %w", err)
		}
		damage, err := readSegment(data, end, f)
		if err != nil {
			return damages, err
		}
		if damage != nil {
			damage.Path = s.path
			damage.Torn = damage.Torn && i == len(segments)-1
			damages = append(damages, *damage)
		}
	}
	return damages, nil
}

// readSegment reads the records of one segment whose numbers are below end.
func readSegment(data []byte, end uint64, f func(id string, seq uint64, payload []byte) error) (*Damage, error) {
	damaged := func(at int, format string, args ...any) *Damage {
		return &Damage{Offset: int64(at), Bytes: int64(len(data) - at), Reason: fmt.Sprintf(format, args...)}
	}
	torn := func(at int, what string) *Damage {
		d := damaged(at, "%s", what)
		d.Torn = true
		return d
	}
	if len(data) < headerSize {
		return torn(0, "its header is not complete"), nil
	}
	head := data[:headerSize]
	if string(head[:len(magic)]) != magic {
		return damaged(0, "it does not begin as a journal segment does"), nil
	}
	if crc32.Checksum(head[:headerSize-4], castagnoli) != binary.LittleEndian.Uint32(head[headerSize-4:]) {
		return damaged(0, "the checksum of its header is wrong"), nil
	}
	id := hex.EncodeToString(head[len(magic) : len(magic)+16])
	next := binary.LittleEndian.Uint64(head[len(magic)+16:])
	for at := headerSize; at < len(data) && next < end; next++ {
		rest := data[at:]
		if len(rest) < frameSize {
			return torn(at, "a record is not complete"), nil
		}
		length := int64(binary.LittleEndian.Uint32(rest))
		if length == 0 && len(bytes.Trim(rest, "\x00")) == 0 {
			return torn(at, "nothing but zeros, as after a power cut"), nil
		}
		if length > MaxRecord || length == 0 {
			return damaged(at, "a record of %d bytes", length), nil
		}
		if int64(len(rest)) < frameSize+length {
			return torn(at, "a record is not complete"), nil
		}
		rest = rest[:frameSize+length]
		if crc32.Checksum(rest[8:], castagnoli) != binary.LittleEndian.Uint32(rest[4:]) {
			return damaged(at, "the checksum of record %d is wrong", next), nil
		}
		if seq := binary.LittleEndian.Uint64(rest[8:]); seq != next {
			return damaged(at, "record %d is where record %d should be", seq, next), nil
		}
		if err := f(id, next, rest[frameSize:]); err != nil {
			return nil, err
		}
		at += len(rest)
	}
	return nil, nil
}

// Remove deletes every segment in dir. It is for when all records that Read gave are safe elsewhere.
func Remove(dir string) error {
	segments, err := list(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range segments {
		errs = append(errs, os.Remove(s.path))
	}
	if len(segments) > 0 {
		errs = append(errs, syncDir(dir))
	}
	return errors.Join(errs...)
}
