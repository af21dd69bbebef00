package logs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/value"
)

// Catalog is the tables that queries in KQL may name: those of a store, and others that are read from elsewhere.
type Catalog struct {
	names   []string
	sources map[string]kql.Source
}

// NewCatalog makes the catalog of a store's tables and of others.
func NewCatalog(s *Store, others ...kql.Source) *Catalog {
	c := &Catalog{sources: map[string]kql.Source{}}
	for _, schema := range Schemas() {
		c.names = append(c.names, schema.Name)
		c.sources[schema.Name] = &storedTable{s, schema}
	}
	for _, o := range others {
		name := o.Declaration().Name
		c.names = append(c.names, name)
		c.sources[name] = o
	}
	return c
}

// Table returns the table with that exact name.
func (c *Catalog) Table(name string) (kql.Source, bool) {
	s, ok := c.sources[name]
	return s, ok
}

// Tables returns the names of all tables in the order in which they are shown.
func (c *Catalog) Tables() []string { return slices.Clone(c.names) }

// storedTable is a table of the store as queries see it.
type storedTable struct {
	store  *Store
	schema *Schema
}

func (t *storedTable) Declaration() *logrows.Table { return t.schema.Table }

func (t *storedTable) HashColumn(column string) (string, bool) { return t.schema.HashColumn(column) }

func (t *storedTable) Hash(text string) int64 { return Hash(text) }

// Scan reads whole rows: of queries, only what SQL can say nothing about comes here.
func (t *storedTable) Scan(ctx context.Context, s kql.Scan) (kql.Rows, error) {
	q := kql.SQL{From: s.From, To: s.To, Columns: t.schema.Columns}
	list := ""
	for i, c := range t.schema.Columns {
		if i > 0 {
			list += ", "
		}
		if s.Need != nil && !s.Need[i] {
			list += "NULL"
			continue
		}
		list += quoteName(c.Name)
	}
	q.Text = fmt.Sprintf("SELECT %s FROM %s AS t", list, Placeholder)
	return t.Query(ctx, q)
}

// Query runs a statement over the table.
func (t *storedTable) Query(ctx context.Context, q kql.SQL) (kql.Rows, error) {
	rows, err := t.store.Query(ctx, SQL{Table: t.schema.Name, From: int64(q.From), To: int64(q.To), Text: q.Text, Args: q.Args, Columns: q.Columns})
	if err != nil {
		return nil, queryError(err)
	}
	return &storedRows{rows}, nil
}

// queryError tells the language's engine when it has to compute without SQL.
func queryError(err error) error {
	if errors.Is(err, ErrOutOfRange) {
		return fmt.Errorf("%w: %w", kql.ErrOutOfRange, err)
	}
	return err
}

// storedRows gives the store's cells the types of the language.
type storedRows struct{ *Rows }

func (r *storedRows) Next(ctx context.Context) ([]kql.Row, error) {
	batch, err := r.Rows.Next(ctx)
	if err != nil {
		return nil, queryError(err)
	}
	out := make([]kql.Row, len(batch))
	cells := make([]value.Value, len(batch)*len(r.columns))
	for i, row := range batch {
		out[i] = cells[i*len(row) : (i+1)*len(row) : (i+1)*len(row)]
		for j, v := range row {
			out[i][j] = cellOf(r.columns[j].Type, v)
		}
	}
	return out, nil
}

func cellOf(t logrows.Type, v any) value.Value {
	if v == nil {
		return value.Zero(t)
	}
	switch t {
	case logrows.Datetime:
		return value.Time(v.(int64))
	case logrows.Timespan:
		return value.Span(v.(int64))
	case logrows.GUID:
		return value.UUID(v.(string))
	case logrows.Decimal:
		if d, ok := value.ParseDecimal(v.(string)); ok {
			return d
		}
		return nil
	case logrows.Dynamic:
		text := v.(string)
		if d, ok := value.ParseJSON(text); ok {
			return d
		}
		return text
	}
	return v
}
