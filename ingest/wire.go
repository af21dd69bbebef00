package ingest

import (
	"encoding/binary"
	"errors"
	"math"
)

// The protobuf wire format, walked in place: nothing is copied and nothing allocated. See https://protobuf.dev/programming-guides/encoding.

var (
	errTruncated = errors.New("message ends inside a field")
	errVarint    = errors.New("number longer than 64 bits")
	errWireType  = errors.New("unexpected wire type")
	errTag       = errors.New("field number 0")
)

const (
	wireVarint = 0
	wire64     = 1
	wireBytes  = 2
	wireStart  = 3
	wireEnd    = 4
	wire32     = 5
)

// field is one field of a message: number, wire type, and its value as bytes (wireBytes) or as a number (the others).
type field struct {
	num   uint32
	typ   uint8
	bytes []byte
	value uint64
}

// next splits the first field off msg. msg must not be empty.
func next(msg []byte) (f field, rest []byte, err error) {
	tag, n := uvarint(msg)
	if n <= 0 {
		return f, nil, varintError(n)
	}
	msg = msg[n:]
	if tag>>3 == 0 || tag>>3 > math.MaxInt32 {
		return f, nil, errTag
	}
	f.num, f.typ = uint32(tag>>3), uint8(tag&7)
	switch f.typ {
	case wireVarint:
		v, n := uvarint(msg)
		if n <= 0 {
			return f, nil, varintError(n)
		}
		f.value = v
		return f, msg[n:], nil
	case wire64:
		if len(msg) < 8 {
			return f, nil, errTruncated
		}
		f.value = binary.LittleEndian.Uint64(msg)
		return f, msg[8:], nil
	case wire32:
		if len(msg) < 4 {
			return f, nil, errTruncated
		}
		f.value = uint64(binary.LittleEndian.Uint32(msg))
		return f, msg[4:], nil
	case wireBytes:
		l, n := uvarint(msg)
		if n <= 0 {
			return f, nil, varintError(n)
		}
		if l > uint64(len(msg)-n) {
			return f, nil, errTruncated
		}
		end := n + int(l)
		f.bytes = msg[n:end:end]
		return f, msg[end:], nil
	default: // groups were never part of these messages
		return f, nil, errWireType
	}
}

// uvarint is binary.Uvarint with the one-byte and two-byte cases, which nearly all are, made inlinable by their size.
func uvarint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return binary.Uvarint(b)
}

func varintError(n int) error {
	if n == 0 {
		return errTruncated
	}
	return errVarint
}

// scalarSample reads a Sample of either protocol version: value = 1, timestamp = 2, and, in 2.0, start_timestamp = 3.
func scalarSample(msg []byte) (v float64, t, st int64, err error) {
	// As every sender writes it: value, then timestamp, both present.
	if len(msg) >= 10 && msg[0] == 1<<3|wire64 && msg[9] == 2<<3|wireVarint {
		if at, n := binary.Uvarint(msg[10:]); n > 0 && 10+n == len(msg) {
			return math.Float64frombits(binary.LittleEndian.Uint64(msg[1:])), int64(at), 0, nil
		}
	}
	for len(msg) > 0 {
		var f field
		if f, msg, err = next(msg); err != nil {
			return 0, 0, 0, err
		}
		switch {
		case f.num == 1 && f.typ == wire64:
			v = math.Float64frombits(f.value)
		case f.num == 2 && f.typ == wireVarint:
			t = int64(f.value)
		case f.num == 3 && f.typ == wireVarint:
			st = int64(f.value)
		case f.num <= 2:
			return 0, 0, 0, errWireType
		}
	}
	return v, t, st, nil
}
