package logrows

// Vector holds one column of a batch. Which slice is used follows from the column's type: Bools for Bool; Longs for Int, Long, Datetime
// and Timespan; Reals for Real; Strings for String, GUID, Decimal and Dynamic (JSON text). Nulls is nil when nothing is null, and never
// set for String. Every used slice has one element a row.
type Vector struct {
	Bools   []bool
	Longs   []int64
	Reals   []float64
	Strings []string
	Nulls   []bool
}

// Batch is rows of one table, column by column in the order of the table's declaration. Strings may share one backing array with each
// other, so keeping one keeps all.
type Batch struct {
	Table   *Table
	Key     string // the sender's name for this batch, by which a repetition is known; "" when it gave none
	Rows    int
	Columns []Vector
}
