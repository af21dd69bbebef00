package logs

import (
	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/logs/kql/value"
)

// TailTable returns the columns of a table that the rows of a tail have: those that are stored. What queries compute, such as the id of the
// resource, is not among them.
func (s *Schema) TailTable() *logrows.Table {
	out := &logrows.Table{Name: s.Name, Help: s.Help}
	for _, c := range s.Columns {
		if !s.Computed(c.Name) {
			out.Columns = append(out.Columns, c)
		}
	}
	return out
}

// TailRows returns the rows of a batch of the table with the columns of TailTable.
func (s *Schema) TailRows(b *logrows.Batch) []kql.Row {
	table := s.TailTable()
	rows := make([]kql.Row, b.Rows)
	cells := make([]value.Value, b.Rows*len(table.Columns))
	for i := range rows {
		rows[i] = cells[i*len(table.Columns) : (i+1)*len(table.Columns) : (i+1)*len(table.Columns)]
	}
	for j, c := range table.Columns {
		v := &b.Columns[s.Column(c.Name)]
		for i := range rows {
			rows[i][j] = cellOf(c.Type, vectorCell(v, c.Type, i))
		}
	}
	return rows
}

// vectorCell returns one value of a column as a query of the store would, nil for null.
func vectorCell(v *logrows.Vector, t logrows.Type, row int) any {
	if len(v.Nulls) > 0 && v.Nulls[row] {
		return nil
	}
	switch t {
	case logrows.Bool:
		if len(v.Bools) > 0 {
			return v.Bools[row]
		}
	case logrows.Int:
		if len(v.Longs) > 0 {
			return int32(v.Longs[row])
		}
	case logrows.Long, logrows.Datetime, logrows.Timespan:
		if len(v.Longs) > 0 {
			return v.Longs[row]
		}
	case logrows.Real:
		if len(v.Reals) > 0 {
			return v.Reals[row]
		}
	default:
		if len(v.Strings) > 0 {
			return v.Strings[row]
		}
	}
	return nil
}
