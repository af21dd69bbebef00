package kql

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/kql/value"
)

// noTables is a catalog without tables.
type noTables struct{}

func (noTables) Table(string) (Source, bool) { return nil, false }
func (noTables) Tables() []string            { return nil }

// answerOf runs a query over a catalog; nil is one without tables.
func answerOf(t testing.TB, tables Catalog, query string) (*Answer, error) {
	t.Helper()
	if tables == nil {
		tables = noTables{}
	}
	e, err := NewEngine(tables)
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.Prepare(context.Background(), Request{Query: query, Limits: Limits{Memory: 256 << 20}})
	if err != nil {
		return nil, err
	}
	return p.Collect(context.Background())
}

// rowsOf runs a query that must not fail, and returns the columns as `name:type` and the cells of its first table as texts.
func rowsOf(t testing.TB, query string) (cols []string, rows [][]string) {
	t.Helper()
	a, err := answerOf(t, nil, query)
	if err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	return texts(a.Tables[0])
}

func texts(table Table) (cols []string, rows [][]string) {
	for _, c := range table.Columns {
		cols = append(cols, c.Name+":"+c.Type.String())
	}
	for _, row := range table.Rows {
		line := make([]string, len(row))
		for i, v := range row {
			line[i] = CellText(v, table.Columns[i].Type)
			if v == nil && table.Columns[i].Type != value.String {
				line[i] = "null"
			}
		}
		rows = append(rows, line)
	}
	return cols, rows
}

// queryCase is a query with its answer: the columns, and a line for each row with its cells joined by |, or a part of the error.
type queryCase struct {
	name, query string
	columns     string // joined by a blank
	rows        []string
	err         string
	anyOrder    bool
}

func runCases(t *testing.T, cases []queryCase) {
	t.Helper()
	runCasesOver(t, nil, cases)
}

func runCasesOver(t *testing.T, tables Catalog, cases []queryCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, err := answerOf(t, tables, c.query)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			cols, rows := texts(a.Tables[0])
			if got := strings.Join(cols, " "); got != c.columns {
				t.Errorf("columns\n%s\nwant\n%s", got, c.columns)
			}
			var got []string
			for _, row := range rows {
				got = append(got, strings.Join(row, "|"))
			}
			want := append([]string(nil), c.rows...)
			if c.anyOrder {
				slices.Sort(got)
				slices.Sort(want)
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// memoryTables is a catalog of tables in memory, each made by a query.
type memoryTables []*memoryTable

type memoryTable struct {
	decl logrows.Table
	rows []Row
}

// memory makes tables of queries, in the order of names.
func memory(t testing.TB, nameAndQuery ...string) memoryTables {
	t.Helper()
	var out memoryTables
	for i := 0; i < len(nameAndQuery); i += 2 {
		a, err := answerOf(t, nil, nameAndQuery[i+1])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, &memoryTable{decl: logrows.Table{Name: nameAndQuery[i], Columns: a.Tables[0].Columns}, rows: a.Tables[0].Rows})
	}
	return out
}

func (m memoryTables) Table(name string) (Source, bool) {
	for _, t := range m {
		if t.decl.Name == name {
			return t, true
		}
	}
	return nil, false
}

func (m memoryTables) Tables() []string {
	var names []string
	for _, t := range m {
		names = append(names, t.decl.Name)
	}
	return names
}

func (m *memoryTable) Declaration() *logrows.Table { return &m.decl }

// Scan gives only the columns that it is asked for, so that a query that forgot to ask for one fails.
func (m *memoryTable) Scan(_ context.Context, s Scan) (Rows, error) {
	rows := make([]Row, len(m.rows))
	for i, row := range m.rows {
		rows[i] = make(Row, len(row))
		for j, v := range row {
			if s.Need == nil || s.Need[j] {
				rows[i][j] = v
			}
		}
	}
	return &slice{rows}, nil
}
