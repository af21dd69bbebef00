package duck

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/big"
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// Rows is the result of a query, made while it is read.
type Rows struct {
	conn    *Conn
	stmt    bindings.PreparedStatement
	res     bindings.Result
	names   []string
	kinds   []bindings.Type
	decimal []decimalType // of the columns that are one
	ended   bool          // the last row was read, so DuckDB is done with the statement
}

type decimalType struct {
	internal bindings.Type
	scale    int
}

// stringHeader is DuckDB's string: up to 12 bytes lie in it, of longer ones 4 and where they are.
type stringHeader struct {
	length uint32
	prefix [4]byte
	ptr    unsafe.Pointer
}

const inlined = 12 // bytes of a string that a stringHeader holds itself

func (s *stringHeader) bytes() []byte {
	if s.length <= inlined {
		return unsafe.Slice(&s.prefix[0], s.length)
	}
	return unsafe.Slice((*byte)(s.ptr), s.length)
}

// describe reads the names and types of the result's columns. It returns an error for a type that has no Go value here.
func (r *Rows) describe() error {
	n := int(bindings.ColumnCount(&r.res))
	r.names, r.kinds, r.decimal = make([]string, n), make([]bindings.Type, n), make([]decimalType, n)
	for i := range n {
		r.names[i] = bindings.ColumnName(&r.res, bindings.IdxT(i))
		r.kinds[i] = bindings.ColumnType(&r.res, bindings.IdxT(i))
		switch r.kinds[i] {
		case bindings.TypeDecimal:
			t := bindings.ColumnLogicalType(&r.res, bindings.IdxT(i))
			r.decimal[i] = decimalType{bindings.DecimalInternalType(t), int(bindings.DecimalScale(t))}
			bindings.DestroyLogicalType(&t)
		case bindings.TypeBoolean, bindings.TypeTinyInt, bindings.TypeSmallInt, bindings.TypeInteger, bindings.TypeBigInt, bindings.TypeUTinyInt,
			bindings.TypeUSmallInt, bindings.TypeUInteger, bindings.TypeUBigInt, bindings.TypeHugeInt, bindings.TypeFloat, bindings.TypeDouble,
			bindings.TypeVarchar, bindings.TypeUUID, bindings.TypeSQLNull:
		default:
			return fmt.Errorf("result column %q has DuckDB's type %d, which has no value here: cast it to VARCHAR, BIGINT, DOUBLE or BOOLEAN", r.names[i], r.kinds[i])
		}
	}
	return nil
}

// Names returns the names of the columns. The caller must not change them.
func (r *Rows) Names() []string { return r.names }

// Next returns some more rows, io.EOF after the last. A value is nil for null, bool, int32 for integers of up to 32 bits with a sign, int64 for
// other integers, float64, or string, also for decimals and UUIDs. The rows belong to the caller.
// Errors: *Error, ctx's error, an error for an integer that does not fit int64.
func (r *Rows) Next(ctx context.Context) ([][]any, error) {
	var chunk bindings.DataChunk
	err := r.conn.during(ctx, func() error {
		chunk = bindings.FetchChunk(r.res)
		if chunk.Ptr == nil {
			return resultError(&r.res)
		}
		return nil
	})
	defer bindings.DestroyDataChunk(&chunk)
	if err != nil {
		return nil, err
	}
	n, width := 0, len(r.kinds)
	if chunk.Ptr != nil {
		n = int(bindings.DataChunkGetSize(chunk))
	}
	if n == 0 {
		r.ended = true
		return nil, io.EOF
	}
	cells := make([]any, n*width)
	rows := make([][]any, n)
	for i := range rows {
		rows[i] = cells[i*width : (i+1)*width : (i+1)*width]
	}
	for c := range width {
		if err := r.column(chunk, c, n, cells[c:], width); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// column converts column c of the chunk into every width-th cell.
func (r *Rows) column(chunk bindings.DataChunk, c, n int, cells []any, width int) error {
	vec := bindings.DataChunkGetVector(chunk, bindings.IdxT(c))
	data := bindings.VectorGetData(vec)
	valid := validity(bindings.VectorGetValidity(vec))
	switch r.kinds[c] {
	case bindings.TypeBoolean:
		fill(data, valid, n, cells, width, func(v bool) any { return v })
	case bindings.TypeTinyInt:
		fill(data, valid, n, cells, width, func(v int8) any { return int32(v) })
	case bindings.TypeSmallInt:
		fill(data, valid, n, cells, width, func(v int16) any { return int32(v) })
	case bindings.TypeInteger:
		fill(data, valid, n, cells, width, func(v int32) any { return v })
	case bindings.TypeBigInt:
		fill(data, valid, n, cells, width, func(v int64) any { return v })
	case bindings.TypeUTinyInt:
		fill(data, valid, n, cells, width, func(v uint8) any { return int32(v) })
	case bindings.TypeUSmallInt:
		fill(data, valid, n, cells, width, func(v uint16) any { return int32(v) })
	case bindings.TypeUInteger:
		fill(data, valid, n, cells, width, func(v uint32) any { return int64(v) })
	case bindings.TypeFloat:
		fill(data, valid, n, cells, width, func(v float32) any { return float64(v) })
	case bindings.TypeDouble:
		fill(data, valid, n, cells, width, func(v float64) any { return v })
	case bindings.TypeUBigInt:
		var over error
		fill(data, valid, n, cells, width, func(v uint64) any {
			if v > math.MaxInt64 {
				over = fmt.Errorf("column %q: %d does not fit 64 bits with a sign", r.names[c], v)
			}
			return int64(v)
		})
		return over
	case bindings.TypeHugeInt:
		var over error
		fill(data, valid, n, cells, width, func(v hugeInt) any {
			if v.upper != int64(v.lower)>>63 {
				over = fmt.Errorf("column %q: %s does not fit 64 bits with a sign", r.names[c], v.big())
			}
			return int64(v.lower)
		})
		return over
	case bindings.TypeUUID:
		fill(data, valid, n, cells, width, func(v hugeInt) any { return v.uuid() })
	case bindings.TypeVarchar:
		texts(data, valid, n, cells, width)
	case bindings.TypeDecimal:
		d := r.decimal[c]
		switch d.internal {
		case bindings.TypeSmallInt:
			fill(data, valid, n, cells, width, func(v int16) any { return d.text(big.NewInt(int64(v))) })
		case bindings.TypeInteger:
			fill(data, valid, n, cells, width, func(v int32) any { return d.text(big.NewInt(int64(v))) })
		case bindings.TypeBigInt:
			fill(data, valid, n, cells, width, func(v int64) any { return d.text(big.NewInt(v)) })
		default:
			fill(data, valid, n, cells, width, func(v hugeInt) any { return d.text(v.big()) })
		}
	}
	return nil
}

// validity is DuckDB's bit mask of the rows that are not null; nil when every row is not.
type validity unsafe.Pointer

func isValid(mask validity, row int) bool {
	return mask == nil || *(*uint64)(unsafe.Add(unsafe.Pointer(mask), row/64*8))>>(row%64)&1 == 1
}

func fill[T any](data unsafe.Pointer, valid validity, n int, cells []any, width int, value func(T) any) {
	for i, v := range unsafe.Slice((*T)(data), n) {
		if isValid(valid, i) {
			cells[i*width] = value(v)
		}
	}
}

// texts copies the strings of a vector into one piece of memory, since the vector's goes away.
func texts(data unsafe.Pointer, valid validity, n int, cells []any, width int) {
	headers := unsafe.Slice((*stringHeader)(data), n)
	size := 0
	for i := range headers {
		if isValid(valid, i) {
			size += int(headers[i].length)
		}
	}
	arena := make([]byte, 0, size)
	for i := range headers {
		if !isValid(valid, i) {
			continue
		}
		at := len(arena)
		arena = append(arena, headers[i].bytes()...)
		cells[i*width] = unsafe.String(unsafe.SliceData(arena[at:]), len(arena)-at)
	}
}

// Close frees the result and ends its statement, also in the middle.
func (r *Rows) Close() {
	bindings.DestroyResult(&r.res)
	bindings.DestroyPrepare(&r.stmt)
	if !r.ended {
		r.conn.end()
		r.ended = true
	}
}

// end ends the statement whose result was not read to its end. DuckDB itself does so only when the connection is used again. Until then the transaction
// stays open, for which every later one of others keeps its undo buffer, of 256 KiB at least, in memory.
func (c *Conn) end() {
	var res bindings.Result
	bindings.Query(c.conn, "SELECT 1", &res) // fails in a transaction that has failed, which is as good
	bindings.DestroyResult(&res)
}

// hugeInt is DuckDB's integer of 128 bits.
type hugeInt struct {
	lower uint64
	upper int64
}

func (h hugeInt) big() *big.Int {
	b := big.NewInt(h.upper)
	return b.Lsh(b, 64).Add(b, new(big.Int).SetUint64(h.lower))
}

// hugeIntOf returns how DuckDB keeps the 16 bytes of a UUID.
func hugeIntOf(b [16]byte) hugeInt {
	return hugeInt{lower: binary.BigEndian.Uint64(b[8:]), upper: int64(binary.BigEndian.Uint64(b[:8]) ^ 1<<63)}
}

// uuid returns the text of a UUID, which DuckDB keeps with its first bit turned so that it sorts as a number with a sign.
func (h hugeInt) uuid() string {
	u := uint64(h.upper) ^ 1<<63
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", u>>32, u>>16&0xffff, u&0xffff, h.lower>>48, h.lower&(1<<48-1))
}

// text returns the decimal whose digits are those of b.
func (d decimalType) text(b *big.Int) string {
	if d.scale == 0 {
		return b.String()
	}
	sign := ""
	if b.Sign() < 0 {
		sign, b = "-", new(big.Int).Neg(b)
	}
	digits := b.String()
	for len(digits) <= d.scale {
		digits = "0" + digits
	}
	return sign + digits[:len(digits)-d.scale] + "." + digits[len(digits)-d.scale:]
}
