package kql

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/kql/value"
)

// narrow is a table whose SQL gives a number of batches and then leaves the range of its types.
type narrow struct{ good int }

func (n narrow) Table(name string) (Source, bool) { return n, name == "T" }
func (narrow) Tables() []string                   { return []string{"T"} }

func (narrow) Declaration() *logrows.Table {
	return &logrows.Table{Name: "T", Columns: []Column{{Name: "X", Type: value.Long}}}
}

func (narrow) Scan(context.Context, Scan) (Rows, error) {
	return &slice{[]Row{{int64(1)}, {int64(2)}}}, nil
}

func (n narrow) Query(context.Context, SQL) (Rows, error) {
	if n.good < 0 {
		return nil, ErrOutOfRange
	}
	return &failing{n.good}, nil
}

func (narrow) HashColumn(string) (string, bool) { return "", false }
func (narrow) Hash(string) int64                { return 0 }

type failing struct{ good int }

func (f *failing) Next(context.Context) ([]Row, error) {
	if f.good == 0 {
		return nil, ErrOutOfRange
	}
	f.good--
	return []Row{{int64(7)}}, nil
}

func (*failing) Close() error { return nil }

func TestStreamsComputeOverRowsWhereSQLCannot(t *testing.T) {
	read := func(good int) (out []value.Value, err error) {
		e, err := NewEngine(narrow{good})
		require.NoError(t, err)
		p, err := e.Prepare(t.Context(), Request{Query: "T | where X > 0 | project X"})
		require.NoError(t, err)
		s, err := p.Open(t.Context())
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		for {
			batch, err := s.Next(t.Context())
			for _, row := range batch {
				out = append(out, row[0])
			}
			if errors.Is(err, io.EOF) {
				return out, nil
			}
			if err != nil {
				return out, err
			}
		}
	}
	for _, good := range []int{-1, 0} {
		got, err := read(good)
		require.NoError(t, err)
		require.Equal(t, []value.Value{int64(1), int64(2)}, got)
	}
	got, err := read(1)
	require.ErrorIs(t, err, ErrOutOfRange, "rows were given, and cannot be taken back")
	require.Equal(t, []value.Value{int64(7)}, got)
}
