package logs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/endscope/endscope/internal/logrows"
)

// everyType is a table with a column of every type.
func everyType() *Schema {
	t := &logrows.Table{Name: "EveryType", Columns: []logrows.Column{{Name: columnTime, Type: logrows.Datetime}, {Name: "Bool", Type: logrows.Bool}, {Name: "Int", Type: logrows.Int},
		{Name: "Long", Type: logrows.Long}, {Name: "Real", Type: logrows.Real}, {Name: "Span", Type: logrows.Timespan}, {Name: "Text", Type: logrows.String},
		{Name: "Id", Type: logrows.GUID}, {Name: "Any", Type: logrows.Dynamic}, {Name: "Absent", Type: logrows.Long}}}
	return &Schema{Table: t}
}

func drawBatch(t *rapid.T, s *Schema) *logrows.Batch {
	b := &logrows.Batch{Table: s.Table, Rows: rapid.IntRange(1, 20).Draw(t, "rows"), Columns: make([]logrows.Vector, len(s.Columns))}
	for i, c := range s.Columns[:len(s.Columns)-1] {
		v := &b.Columns[i]
		switch c.Type {
		case logrows.Bool:
			v.Bools = rapid.SliceOfN(rapid.Bool(), b.Rows, b.Rows).Draw(t, c.Name)
		case logrows.Real:
			v.Reals = rapid.SliceOfN(rapid.Float64(), b.Rows, b.Rows).Draw(t, c.Name)
		case logrows.Int, logrows.Long, logrows.Datetime, logrows.Timespan:
			v.Longs = rapid.SliceOfN(rapid.Int64(), b.Rows, b.Rows).Draw(t, c.Name)
		default:
			v.Strings = rapid.SliceOfN(rapid.OneOf(rapid.Just("same"), rapid.Just(""), rapid.String()), b.Rows, b.Rows).Draw(t, c.Name)
		}
		if c.Type != logrows.String && rapid.Bool().Draw(t, c.Name+" nulls") {
			v.Nulls = rapid.SliceOfN(rapid.Bool(), b.Rows, b.Rows).Draw(t, c.Name+" null")
		}
	}
	return b
}

func TestRecordsOfBatchesComeBack(t *testing.T) {
	s := everyType()
	schemas := map[string]*Schema{s.Name: s}
	rapid.Check(t, func(t *rapid.T) {
		want := drawBatch(t, s)
		got, err := decodeRecord(schemas, encodeRecord(nil, s, want))
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func TestRecordsOfOtherVersions(t *testing.T) {
	now, before := everyType(), everyType()
	before.Columns = append([]logrows.Column{{Name: "Gone", Type: logrows.String}}, before.Columns[:4]...)
	b := &logrows.Batch{Table: before.Table, Rows: 1, Columns: make([]logrows.Vector, len(before.Columns))}
	b.Columns[0].Strings, b.Columns[1].Longs, b.Columns[2].Bools = []string{"x"}, []int64{7}, []bool{true}
	got, err := decodeRecord(map[string]*Schema{now.Name: now}, encodeRecord(nil, before, b))
	require.NoError(t, err)
	require.Equal(t, []int64{7}, got.Columns[0].Longs, "columns are found by name")
	require.Equal(t, []bool{true}, got.Columns[1].Bools)
	require.Len(t, got.Columns, len(now.Columns))

	_, err = decodeRecord(nil, encodeRecord(nil, before, b))
	require.ErrorContains(t, err, `table "EveryType" is unknown`)
	_, err = decodeRecord(nil, []byte{recordVersionKeys + 1})
	require.ErrorContains(t, err, "a newer server")
}

func TestIdsComeBackAsTheyWere(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	rapid.Check(t, func(rt *rapid.T) {
		id := rapid.OneOf(rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
			rapid.StringMatching(`[0-9A-Fa-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
			rapid.StringMatching(`[0-9a-f]{32}`), rapid.StringMatching(`[0-9a-fx]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), rapid.String(), rapid.Just(""))
		ids := rapid.SliceOfN(id, 1, 5).Draw(rt, "ids")
		var rows []row
		mark := rapid.StringMatching(`[a-z]{20}`).Draw(rt, "mark")
		for _, id := range ids {
			rows = append(rows, row{"TimeGenerated": time.Now(), "Path": mark, "XRequestId": id})
		}
		put(t, s, traffic, rows...)
		for _, id := range ids {
			got := ask(t, s, SQL{Table: traffic, Text: `SELECT DISTINCT "XRequestId" FROM {rows} WHERE "Path" = $1 AND "XRequestId$hash" = $2 AND "XRequestId" = $3`,
				Args: []any{mark, Hash(id), id}, Columns: result(logrows.String)})
			require.Equal(rt, [][]any{{id}}, got)
		}
	})
}

func FuzzDecodeRecord(f *testing.F) {
	schemas := map[string]*Schema{}
	for _, s := range Schemas() {
		schemas[s.Name] = s
	}
	f.Add(encodeRecord(nil, eventTable(), batch(f, events, row{"TimeGenerated": time.Unix(0, 0), "Name": "Started"}, row{"Name": "Started"})))
	f.Add([]byte{recordVersion})
	f.Fuzz(func(t *testing.T, payload []byte) {
		b, err := decodeRecord(schemas, payload)
		if err != nil {
			return
		}
		s := schemas[b.Table.Name]
		require.NoError(t, s.checkBatch(b))
		again, err := decodeRecord(schemas, encodeRecord(nil, s, b))
		require.NoError(t, err)
		require.Equal(t, b.Rows, again.Rows)
	})
}
