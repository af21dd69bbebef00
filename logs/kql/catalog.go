package kql

import (
	"context"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/kql/value"
)

// Column is a column of a tabular expression.
type Column = logrows.Column

// Catalog knows the tables that a query may name.
type Catalog interface {
	// Table returns the table with that exact name.
	Table(name string) (Source, bool)
	// Tables returns the names of all tables in the order in which they are shown.
	Tables() []string
}

// Source is a table. It is safe for concurrent use.
type Source interface {
	Declaration() *logrows.Table
	// Scan reads the rows that satisfy s, all columns of them in the declared order; columns that s does not need may be nil.
	Scan(ctx context.Context, s Scan) (Rows, error)
}

// Scan says which rows and columns of a table a query needs. A source may return more rows than From, To and Equal ask for: the query
// filters again.
type Scan struct {
	From, To value.Time          // of TimeGenerated, both inclusive
	Need     []bool              // by column; nil: all
	Equal    map[int]value.Value // column is this string
	// Budget is told of bytes held in memory; an error ends the scan.
	Budget func(n int) error
}

// SQLSource is a Source that answers SQL.
type SQLSource interface {
	Source
	// Query runs a statement. ErrOutOfRange from it or from its rows means that the same is to be computed without SQL.
	Query(ctx context.Context, q SQL) (Rows, error)
	// HashColumn returns the hidden column that holds Hash of a string column, if it has one.
	HashColumn(column string) (hidden string, ok bool)
	// Hash returns the value of a hidden column for a string.
	Hash(text string) int64
}

// SQL is one statement over one table. Datetimes and timespans are BIGINT ticks in it, dynamics JSON text, guids text.
type SQL struct {
	Text     string     // with {rows} where the table stands
	Args     []any      // of its $1, $2 ...
	From, To value.Time // of TimeGenerated, both inclusive: no other rows count
	Columns  []Column   // of the result
}

// Rows are rows, read batch by batch. They belong to one goroutine.
type Rows interface {
	// Next returns the next rows, io.EOF after the last. The rows are the caller's; the slice of rows is not after the next call.
	Next(ctx context.Context) ([]Row, error)
	// Close ends reading. It is safe after the end, and a second time.
	Close() error
}

// Warner is Rows of which some may be missing.
type Warner interface {
	// Warning says why; nil when all are there.
	Warning() error
}

// Row is one row: a value for each column.
type Row = []value.Value
