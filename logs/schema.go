package logs

import (
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/endscope/endscope/internal/logrows"
)

// Schema is the declaration of a table. Everything else about the table follows from it: its files, its journal records, what queries
// see, how grants narrow it.
type Schema struct {
	*logrows.Table

	// Endpoint, Deployment and Instance are the columns that hold those names: for grants, for filters by scope and for tail.
	Endpoint, Deployment, Instance string

	ids      []string // columns of ids that are mostly UUIDs, and that people look rows up by: kept as 16 bytes, with a hidden hash
	computed []computed
	block    int // size in bytes of a block in the table's files; small ones suit tables with few rows
}

// computed is a column that is stored nowhere: a query computes it, and what a batch says of it is ignored.
type computed struct {
	name string
	expr func(Identity) string // SQL over the stored columns
}

// Identity is what the server says of itself in columns that are the same in every row.
type Identity struct {
	Workspace    string // value of TenantId: the id of the log workspace
	Subscription string // value of _SubscriptionId and the subscription in _ResourceId, where a row has none of its own
}

// Schemas returns the declarations of all tables that the store keeps, in the order in which they are shown.
func Schemas() []*Schema { return []*Schema{trafficTable(), consoleTable(), eventTable()} }

// Computed says whether the column is computed by queries, so that what a batch says of it is ignored.
func (s *Schema) Computed(column string) bool {
	return slices.ContainsFunc(s.computed, func(c computed) bool { return c.name == column })
}

// HashColumn returns the hidden INTEGER column that holds Hash of the column's text, for columns that have one: a lookup that asks
// `"X$hash" = Hash(x) AND "X" = x` reads 2.5 bytes a row, and the ids of one row in a million.
func (s *Schema) HashColumn(column string) (hidden string, ok bool) {
	if !slices.Contains(s.ids, column) {
		return "", false
	}
	return column + hashSuffix, true
}

// hashBits is the width of a hash. DuckDB packs the column to it. With 20 bits, a lookup in ten million rows also reads some ten ids that
// have the same hash by chance; 12 more would save that and cost 1.5 bytes an id.
const hashBits = 20

// Hash returns what a hidden hash column holds for a text: hashBits bits without a sign. What is on disk depends on it, so it never changes.
func Hash(text string) int64 { return int64(xxhash.Sum64String(text) & (1<<hashBits - 1)) }

// Suffixes of physical columns. No column of a table can end like that.
const (
	hashSuffix = "$hash"
	uuidSuffix = "$uuid"
)

// The columns that every table has.
const (
	columnTime   = "TimeGenerated"
	columnSource = "SourceSystem"
)

// declare returns a table whose columns are the given ones between TimeGenerated and those that all tables share.
func declare(name, help string, columns ...logrows.Column) *logrows.Table {
	all := []logrows.Column{{Name: columnTime, Type: logrows.Datetime, Help: "When it happened, in UTC."}}
	all = append(all, columns...)
	return &logrows.Table{Name: name, Help: help, Columns: append(all,
		text("OperationName", "The operation that the row is about."),
		logrows.Column{Name: "Properties", Type: logrows.Dynamic, Help: "Fields of the row that have no column of their own."},
		text("_ResourceId", "Azure's id of the endpoint, with the deployment where there is one."),
		text("_SubscriptionId", "The subscription that the resource id names."),
		text("TenantId", "The id of this server's log workspace."),
		text(columnSource, "What brought the row, such as OTLP or Loki."),
		text("Type", "The name of the table."),
		logrows.Column{Name: "_BilledSize", Type: logrows.Real, Help: "Size of the row's values in bytes."},
		text("_IsBillable", "Always False: nothing is billed here."),
	)}
}

func text(name, help string) logrows.Column {
	return logrows.Column{Name: name, Type: logrows.String, Help: help}
}

func integer(name, help string) logrows.Column {
	return logrows.Column{Name: name, Type: logrows.Int, Help: help}
}
