package kql

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/endscope/endscope/logs/kql/value"
)

// Limits bound one query. Zero means no limit.
type Limits struct {
	Rows   int           // of an answer
	Bytes  int64         // of an answer, as it is encoded
	Memory int64         // of rows held while computing
	Time   time.Duration // from start to the last row
}

// budget counts the memory that one query holds. Operators take before they hold rows and give back when they drop them.
type budget struct {
	limit int64
	used  atomic.Int64
}

func (b *budget) take(n int) error {
	if used := b.used.Add(int64(n)); b.limit > 0 && used > b.limit {
		return &LimitError{What: "memory", Limit: fmt.Sprintf("%d MiB", b.limit>>20), Hint: "filter or summarize earlier, or look at a shorter time"}
	}
	return nil
}

func (b *budget) give(n int) { b.used.Add(int64(-n)) }

// sizeOf estimates the bytes that a row holds on to.
func sizeOf(row Row) int {
	n := 24
	for _, v := range row {
		n += 16 + sizeOfValue(v)
	}
	return n
}

func sizeOfValue(v value.Value) int {
	switch v := v.(type) {
	case nil, bool:
		return 0
	case string:
		return 16 + len(v)
	case value.UUID:
		return 16 + len(v)
	case value.Array:
		n := 24
		for _, e := range v {
			n += 16 + sizeOfValue(e)
		}
		return n
	case *value.Bag:
		n := 64
		for i := range v.Len() {
			k, e := v.At(i)
			n += 32 + len(k) + 16 + sizeOfValue(e)
		}
		return n
	}
	return 8
}

// encodedSize estimates the bytes of a row in an answer in JSON: never far less than they are, since what is escaped is rare.
func encodedSize(row Row) int {
	n := 2
	for _, v := range row {
		n += 1 + encodedSizeOf(v)
	}
	return n
}

func encodedSizeOf(v value.Value) int {
	switch v := v.(type) {
	case nil:
		return 4
	case bool:
		return 5
	case string:
		return 2 + len(v)
	case value.UUID:
		return 2 + len(v)
	case int32:
		return longDigits(int64(v))
	case int64:
		return longDigits(v)
	case float64:
		return 18
	case value.Array:
		n := 2
		for _, e := range v {
			n += 1 + encodedSizeOf(e)
		}
		return n
	case *value.Bag:
		n := 2
		for i := range v.Len() {
			k, e := v.At(i)
			n += 6 + len(k) + encodedSizeOf(e) // quotes are escaped in the text that it is
		}
		return n
	}
	return 30 // times, timespans and decimals
}

func longDigits(n int64) int {
	size := 1
	if n < 0 {
		size++
	}
	for ; n > 9 || n < -9; n /= 10 {
		size++
	}
	return size
}
