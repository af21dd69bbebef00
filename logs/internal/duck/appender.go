package duck

import (
	"context"
	"fmt"
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// ChunkRows is the number of rows in one of DuckDB's chunks.
const ChunkRows = 2048

// Type is the type of a table's column.
type Type uint8

const (
	Boolean Type = iota
	Integer
	Bigint
	Double
	Varchar
	UUID
)

var sqlTypes = [...]string{Boolean: "BOOLEAN", Integer: "INTEGER", Bigint: "BIGINT", Double: "DOUBLE", Varchar: "VARCHAR", UUID: "UUID"}

// String returns the type's name in SQL.
func (t Type) String() string { return sqlTypes[t] }

// Vector holds one column of rows to append: Bools for Boolean, Longs for Integer and Bigint, Reals for Double, Strings (valid UTF-8) for
// Varchar, UUIDs for UUID. Nulls is nil when nothing is null. A Vector without values is null in every row, or, where Empty is set, "".
type Vector struct {
	Bools   []bool
	Longs   []int64
	Reals   []float64
	Strings []string
	UUIDs   [][16]byte
	Nulls   []bool
	Empty   bool
}

// Appender appends rows to one table of an attached file, within the transaction that its connection is in.
type Appender struct {
	conn     *Conn
	appender bindings.Appender
	types    []Type
	logical  []bindings.LogicalType
	chunk    bindings.DataChunk
	arena    []byte // bytes of a chunk's long strings, on their way to DuckDB
	long     []int  // rows that they are of
}

// Appender opens an appender to a table in the file that is attached as catalog. The table's columns have these types in this order.
func (c *Conn) Appender(catalog, table string, types []Type) (*Appender, error) {
	if int(bindings.VectorSize()) != ChunkRows {
		return nil, fmt.Errorf("DuckDB was built with chunks of %d rows, and this program with %d", bindings.VectorSize(), ChunkRows)
	}
	a := &Appender{conn: c, types: types}
	for _, t := range types {
		a.logical = append(a.logical, bindings.CreateLogicalType(t.binding()))
	}
	if bindings.AppenderCreateExt(c.conn, catalog, "main", table, &a.appender) == bindings.StateError {
		err := a.failure()
		a.Close()
		return nil, err
	}
	if n := int(bindings.AppenderColumnCount(a.appender)); n != len(types) {
		a.Close()
		return nil, fmt.Errorf("table %s has %d columns, the appender %d", table, n, len(types))
	}
	a.chunk = bindings.CreateDataChunk(a.logical)
	return a, nil
}

func (t Type) binding() bindings.Type {
	switch t {
	case Boolean:
		return bindings.TypeBoolean
	case Integer:
		return bindings.TypeInteger
	case Bigint:
		return bindings.TypeBigInt
	case Double:
		return bindings.TypeDouble
	case UUID:
		return bindings.TypeUUID
	}
	return bindings.TypeVarchar
}

func (a *Appender) failure() error {
	data := bindings.AppenderErrorData(a.appender)
	defer bindings.DestroyErrorData(&data)
	return newError(bindings.ErrorDataMessage(data))
}

// Append appends the rows [from, to) of the columns, or, when only is not nil, those that only[from:to] lists.
func (a *Appender) Append(columns []Vector, from, to int, only []int) error {
	for ; from < to; from += ChunkRows {
		n := min(ChunkRows, to-from)
		bindings.DataChunkReset(a.chunk)
		for c := range columns {
			vec := bindings.DataChunkGetVector(a.chunk, bindings.IdxT(c))
			if only != nil {
				a.column(vec, a.types[c], &columns[c], n, func(i int) int { return only[from+i] })
			} else {
				a.column(vec, a.types[c], &columns[c], n, func(i int) int { return from + i })
			}
		}
		bindings.DataChunkSetSize(a.chunk, bindings.IdxT(n))
		if bindings.AppendDataChunk(a.appender, a.chunk) == bindings.StateError {
			return a.failure()
		}
	}
	return nil
}

func (a *Appender) column(vec bindings.Vector, t Type, v *Vector, n int, row func(int) int) {
	data := bindings.VectorGetData(vec)
	given := true
	switch t {
	case Boolean:
		given = set(data, v.Bools, n, row, func(b bool) bool { return b })
	case Integer:
		given = set(data, v.Longs, n, row, func(i int64) int32 { return int32(i) })
	case Bigint:
		given = set(data, v.Longs, n, row, func(i int64) int64 { return i })
	case Double:
		given = set(data, v.Reals, n, row, func(f float64) float64 { return f })
	case UUID:
		given = set(data, v.UUIDs, n, row, hugeIntOf)
	case Varchar:
		if given = len(v.Strings) > 0; given {
			a.strings(vec, data, v.Strings, n, row)
		} else if v.Empty {
			clear(unsafe.Slice((*stringHeader)(data), n))
			return
		}
	}
	if given && v.Nulls == nil {
		return
	}
	bindings.VectorEnsureValidityWritable(vec)
	mask := unsafe.Slice((*uint64)(bindings.VectorGetValidity(vec)), ChunkRows/64)
	for i := range n {
		if !given || v.Nulls[row(i)] {
			mask[i/64] &^= 1 << (i % 64)
		}
	}
}

// set copies n values and returns false when there are none.
func set[From, To any](data unsafe.Pointer, values []From, n int, row func(int) int, convert func(From) To) bool {
	if len(values) == 0 {
		return false
	}
	out := unsafe.Slice((*To)(data), n)
	for i := range out {
		out[i] = convert(values[row(i)])
	}
	return true
}

// strings writes n strings. The bytes of all long ones go into DuckDB's memory with one call, as the string of one row, and the others then
// point into it.
func (a *Appender) strings(vec bindings.Vector, data unsafe.Pointer, values []string, n int, row func(int) int) {
	headers := unsafe.Slice((*stringHeader)(data), n)
	a.arena, a.long = a.arena[:0], a.long[:0]
	for i := range headers {
		s := values[row(i)]
		h := &headers[i]
		h.length = uint32(len(s))
		if len(s) <= inlined {
			*(*[inlined]byte)(unsafe.Pointer(&h.prefix)) = [inlined]byte{} // DuckDB compares these bytes too
			copy(unsafe.Slice(&h.prefix[0], inlined), s)
			continue
		}
		copy(h.prefix[:], s)
		a.arena = append(a.arena, s...)
		a.long = append(a.long, i)
	}
	if len(a.long) == 0 {
		return
	}
	first := headers[a.long[0]]
	bindings.UnsafeVectorAssignStringElementLen(vec, bindings.IdxT(a.long[0]), a.arena)
	at := headers[a.long[0]].ptr // the arena is longer than what is inlined
	headers[a.long[0]] = first
	for _, i := range a.long {
		headers[i].ptr = at
		at = unsafe.Add(at, headers[i].length)
	}
}

// Flush hands every row to the table, where the transaction sees it.
func (a *Appender) Flush(ctx context.Context) error {
	return a.conn.during(ctx, func() error {
		if bindings.AppenderFlush(a.appender) == bindings.StateError {
			return a.failure()
		}
		return nil
	})
}

// Close frees the appender. Rows that were not flushed are lost.
func (a *Appender) Close() {
	if a.appender.Ptr != nil {
		bindings.AppenderClear(a.appender)
		bindings.AppenderDestroy(&a.appender)
	}
	bindings.DestroyDataChunk(&a.chunk)
	for i := range a.logical {
		bindings.DestroyLogicalType(&a.logical[i])
	}
}
