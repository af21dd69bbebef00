package kql

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/logs/kql/value"
)

// The files of testdata/cases are queries with the answers that the language's reference promises. What they expect was reasoned from the
// reference and never copied from this engine's output, so there is no flag that updates them. A case is
//
//	# title
//	the query, in one or more lines
//	---
//	name:type | name:type
//	unordered                (only where the order of rows is free)
//	cell | cell              (a line for each row)
//
// A query of several tables has further parts that begin with `---`. In place of the columns there may be `error: a part of the message`.
// A line `render: kind name=value ...` after the rows is the chart that the query asks for. Cells are texts as CellText writes them, "null"
// for the null of all types but string, "" for an empty string; \n, \t, \\ and \| are escapes, and \s is a blank at the start or end of a cell. The last
// digits of reals may differ. Queries may read the tables of testdata/tables; their now is 2026-01-15 12:00.
type fileCase struct {
	title, query string
	line         int // of the title
	err          string
	render       string
	tables       []fileTable
}

type fileTable struct {
	columns   string
	rows      []string
	unordered bool
}

func TestCases(t *testing.T) {
	engine, err := NewEngine(caseTables(t))
	require.NoError(t, err)
	files, err := filepath.Glob("testdata/cases/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		cases := readCases(t, file)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.title, func(t *testing.T) {
					for _, naive := range []bool{false, true} {
						if diff := c.check(t, engine, naive); diff != "" {
							t.Errorf("%s:%d: naive=%t\n%s\n%s", file, c.line, naive, c.query, diff)
						}
					}
				})
			}
		})
	}
}

// check runs a case and says how the answer differs.
func (c *fileCase) check(t *testing.T, e *Engine, naive bool) string {
	now, ok := value.ParseTime("2026-01-15T12:00:00Z")
	require.True(t, ok)
	p, err := e.Prepare(t.Context(), Request{Query: c.query, Now: now.Go(), Naive: naive, Limits: Limits{Memory: 256 << 20}})
	var a *Answer
	if err == nil {
		a, err = p.Collect(t.Context())
	}
	switch {
	case c.err != "" && err == nil:
		return "no error, want " + c.err + "\n" + describe(a)
	case c.err != "" && strings.Contains(err.Error(), c.err):
		return ""
	case c.err != "":
		return "error " + err.Error() + "\nwant " + c.err
	case err != nil:
		return "error " + err.Error()
	case len(a.Tables) != len(c.tables):
		return fmt.Sprintf("%d tables, want %d\n%s", len(a.Tables), len(c.tables), describe(a))
	}
	for i, want := range c.tables {
		if !want.equal(a.Tables[i]) {
			return fmt.Sprintf("table %d differs, got\n%s", i, describe(a))
		}
	}
	if got := renderText(a.Render); got != c.render {
		return fmt.Sprintf("render %q, want %q", got, c.render)
	}
	return ""
}

func (w *fileTable) equal(got Table) bool {
	if len(got.Rows) != len(w.rows) || headerLine(got) != w.columns {
		return false
	}
	left := slices.Clone(w.rows)
	for _, row := range got.Rows {
		i := 0
		if w.unordered {
			i = slices.IndexFunc(left, func(line string) bool { return rowEqual(row, line, got.Columns) })
		}
		if i < 0 || !rowEqual(row, left[i], got.Columns) {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}

// rowEqual says whether a row is what a line of a file says. Reals may differ in their last digits, which processors round in their own way.
func rowEqual(row Row, line string, cols []Column) bool {
	cells := strings.Split(line, " | ")
	if len(cells) != len(row) {
		return false
	}
	for i, v := range row {
		if cellLine(v, cols[i].Type) == cells[i] {
			continue
		}
		got, isReal := v.(float64)
		want, err := strconv.ParseFloat(cells[i], 64)
		if !isReal || err != nil || !(math.Abs(got-want) <= 1e-12*math.Abs(want)) {
			return false
		}
	}
	return true
}

// cellLine writes a cell as the files do.
func cellLine(v value.Value, t value.Type) string {
	text := CellText(v, t)
	switch {
	case v == nil && t != value.String:
		return "null"
	case text == "":
		return `""`
	}
	text = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "|", `\|`).Replace(text)
	if rest, ok := strings.CutPrefix(text, " "); ok {
		text = `\s` + rest
	}
	if rest, ok := strings.CutSuffix(text, " "); ok {
		text = rest + `\s`
	}
	return text
}

func headerLine(t Table) string {
	var parts []string
	for _, c := range t.Columns {
		parts = append(parts, c.Name+":"+c.Type.String())
	}
	return strings.Join(parts, " | ")
}

// describe writes an answer as the files do.
func describe(a *Answer) string {
	var b strings.Builder
	for _, t := range a.Tables {
		fmt.Fprintf(&b, "---\n%s\n", headerLine(t))
		for _, row := range t.Rows {
			cells := make([]string, len(row))
			for i, v := range row {
				cells[i] = cellLine(v, t.Columns[i].Type)
			}
			b.WriteString(strings.Join(cells, " | ") + "\n")
		}
	}
	if a.Render != nil {
		fmt.Fprintf(&b, "render: %s\n", renderText(a.Render))
	}
	return b.String()
}

func renderText(r *Render) string {
	if r == nil {
		return ""
	}
	text := r.Kind
	for _, p := range r.Properties {
		text += fmt.Sprintf(" %s=%v", p.Name, p.Value)
	}
	return text
}

// caseTables makes the tables that cases read: each is the answer of a query in testdata/tables.
func caseTables(t testing.TB) memoryTables {
	files, err := filepath.Glob("testdata/tables/*.kql")
	require.NoError(t, err)
	var parts []string
	for _, file := range files {
		query, err := os.ReadFile(file)
		require.NoError(t, err)
		parts = append(parts, strings.TrimSuffix(filepath.Base(file), ".kql"), string(query))
	}
	return memory(t, parts...)
}

// readCases reads a file of cases. Titles are unique in it.
func readCases(t testing.TB, file string) []*fileCase {
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var out []*fileCase
	titles := map[string]bool{}
	for i, line := range strings.Split(string(data), "\n") {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			require.False(t, titles[title], "%s:%d: the title %q stands twice", file, i+1, title)
			titles[title] = true
			out = append(out, &fileCase{title: title, line: i + 1})
			continue
		}
		if len(out) == 0 {
			require.Empty(t, line, "%s:%d: a case begins with # title", file, i+1)
			continue
		}
		out[len(out)-1].addLine(line)
	}
	for _, c := range out {
		c.query = strings.TrimSpace(c.query)
		require.True(t, c.query != "" && (c.err != "" || len(c.tables) > 0 && c.tables[0].columns != ""), "%s:%d: the case has no query or no answer", file, c.line)
	}
	return out
}

func (c *fileCase) addLine(line string) {
	last := len(c.tables) - 1
	switch {
	case line == "---":
		c.tables = append(c.tables, fileTable{})
	case last < 0:
		c.query += line + "\n"
	case line == "":
	case strings.HasPrefix(line, "error: ") && last == 0 && c.tables[0].columns == "":
		c.err = strings.TrimPrefix(line, "error: ")
	case strings.HasPrefix(line, "render: "):
		c.render = strings.TrimPrefix(line, "render: ")
	case c.tables[last].columns == "":
		c.tables[last].columns = line
	case line == "unordered" && len(c.tables[last].rows) == 0:
		c.tables[last].unordered = true
	default:
		c.tables[last].rows = append(c.tables[last].rows, line)
	}
}

// TestReadCases pins the format itself.
func TestReadCases(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.txt")
	require.NoError(t, os.WriteFile(file, []byte("# one\nprint 1\n\n---\nprint_0:long\n1\n\n# two\nprint x\n---\nerror: 'x'\n# three\nA\n| fork (take 1) (take 2)\n---\na:long\nunordered\n2\n1\n---\nb:string\n\"\"\nrender: piechart\n"), 0o600))
	cases := readCases(t, file)
	require.Len(t, cases, 3)
	require.Equal(t, fileCase{title: "one", query: "print 1", line: 1, tables: []fileTable{{columns: "print_0:long", rows: []string{"1"}}}}, *cases[0])
	require.Equal(t, "'x'", cases[1].err)
	require.Equal(t, []fileTable{{columns: "a:long", rows: []string{"2", "1"}, unordered: true}, {columns: "b:string", rows: []string{`""`}}}, cases[2].tables)
	require.Equal(t, "piechart", cases[2].render)

	table := Table{Columns: []Column{{Name: "a", Type: value.Long}}, Rows: []Row{{int64(1)}, {int64(2)}}}
	require.True(t, cases[2].tables[0].equal(table))
	cases[2].tables[0].unordered = false
	require.False(t, cases[2].tables[0].equal(table))
	require.False(t, (&fileTable{columns: "a:int", rows: []string{"1", "2"}}).equal(table))
	require.False(t, (&fileTable{columns: "a:long", rows: []string{"1"}}).equal(table))
	require.Equal(t, `\s\\a\|b\n\s`, cellLine(" \\a|b\n ", value.String))
	require.True(t, rowEqual(Row{0.1 + 0.2, "x"}, "0.3 | x", []Column{{Type: value.Real}, {Type: value.String}}))
	require.False(t, rowEqual(Row{0.31}, "0.3", []Column{{Type: value.Real}}))
	require.False(t, rowEqual(Row{"0.30000000000000004"}, "0.3", []Column{{Type: value.String}}))
}
