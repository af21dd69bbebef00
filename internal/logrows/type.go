package logrows

import "fmt"

// Type is a scalar type of the log tables and of the query language.
type Type uint8

const (
	Dynamic  Type = iota // any JSON value, also a datetime, timespan or guid
	Bool                 //
	Int                  // 32 bits
	Long                 // 64 bits
	Real                 // IEEE 754, 64 bits
	Decimal              //
	Datetime             // ticks of 100 ns since 0001-01-01T00:00:00Z
	Timespan             // ticks of 100 ns
	String               // never null: missing is ""
	GUID                 //
)

var typeNames = [...]string{
	Dynamic: "dynamic", Bool: "bool", Int: "int", Long: "long", Real: "real", Decimal: "decimal", Datetime: "datetime",
	Timespan: "timespan", String: "string", GUID: "guid",
}

// String returns the type's name in the query language and in answers, such as "datetime".
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("Type(%d)", uint8(t))
}

// Ticks, the unit of Datetime and Timespan.
const (
	TicksPerMicrosecond = 10
	TicksPerSecond      = 10_000_000
	TicksPerDay         = 24 * 3600 * TicksPerSecond
	// UnixEpoch is 1970-01-01T00:00:00Z in ticks since 0001-01-01T00:00:00Z.
	UnixEpoch = 719162 * TicksPerDay
	// MaxDatetime is 9999-12-31T23:59:59.9999999Z.
	MaxDatetime = 3652059*TicksPerDay - 1
)
