package value

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/endscope/endscope/internal/logrows"
)

// Type is a scalar type of the language.
type Type = logrows.Type

// The scalar types. Dynamic holds any value of any type, an Array or a *Bag.
const (
	Dynamic  = logrows.Dynamic
	Bool     = logrows.Bool
	Int      = logrows.Int
	Long     = logrows.Long
	Real     = logrows.Real
	Decimal  = logrows.Decimal
	Datetime = logrows.Datetime
	Timespan = logrows.Timespan
	String   = logrows.String
	GUID     = logrows.GUID
)

// Value is one cell. nil is null; it never stands for a string, whose missing value is "". The Go types, by Type:
//
//	Bool bool, Int int32, Long int64, Real float64, Decimal *apd.Decimal, Datetime Time, Timespan Span, String string, GUID UUID
//
// and for Dynamic one of nil, bool, int64, float64, string, Time, Span, UUID, *apd.Decimal, Array, *Bag (never int32).
// Values are shared between rows, so nobody changes one after it was made, not even the elements of an Array.
type Value any

// Time is a datetime: ticks of 100 ns since 0001-01-01T00:00:00Z, from 0 to logrows.MaxDatetime.
type Time int64

// Span is a timespan: ticks of 100 ns.
type Span int64

// UUID is a guid in its canonical lower-case form of 36 characters.
type UUID string

// Array is a dynamic array. Its elements are dynamic values.
type Array []Value

// Dec is a decimal of up to 34 digits.
type Dec = *apd.Decimal

// Ticks of 100 ns.
const (
	Tick        Span = 1
	Microsecond      = 10 * Tick
	Millisecond      = 1000 * Microsecond
	Second           = 1000 * Millisecond
	Minute           = 60 * Second
	Hour             = 60 * Minute
	Day              = 24 * Hour

	MaxTime Time = logrows.MaxDatetime
)

// Zero returns the missing value of a type: "" for String, null for all others.
func Zero(t Type) Value {
	if t == String {
		return ""
	}
	return nil
}

// TypeOf returns the type of a value that is not null as a dynamic holds it: Dynamic for arrays and bags.
func TypeOf(v Value) Type {
	switch v.(type) {
	case bool:
		return Bool
	case int32:
		return Int
	case int64:
		return Long
	case float64:
		return Real
	case Dec:
		return Decimal
	case Time:
		return Datetime
	case Span:
		return Timespan
	case string:
		return String
	case UUID:
		return GUID
	}
	return Dynamic
}

// Numeric says whether t is int, long, real or decimal.
func Numeric(t Type) bool { return t == Int || t == Long || t == Real || t == Decimal }
