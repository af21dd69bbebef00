package kql

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/kql/value"
)

func TestPredicate(t *testing.T) {
	e, err := NewEngine(noTables{})
	require.NoError(t, err)
	table := &logrows.Table{Name: "T", Columns: []Column{{Name: "Message", Type: value.String}, {Name: "Code", Type: value.Int}, {Name: "More", Type: value.Dynamic}}}
	more, ok := value.ParseJSON(`{"level":"error"}`)
	require.True(t, ok)
	rows := []Row{{"out of memory", int32(500), more}, {"fine", int32(200), nil}, {"", nil, nil}}
	for text, want := range map[string][]bool{
		"Message has 'memory'":  {true, false, false},
		"Code >= 400":           {true, false, false},
		"Code == '200'":         {false, true, false},
		"More.level == 'error'": {true, false, false},
		"isempty(Message) // nothing\nor Code == 200": {false, true, true},
		"* has 'memory'":                               {true, false, false},
		"strlen(strrep('x', 100000)) > 1":              {true, true, true},
		"Message in ((datatable(x:string)['fine']))":   {false, true, false},
		"Code in ((range x from 200 to 210 step 200))": {false, true, false},
	} {
		test, err := e.Predicate(t.Context(), table, Request{Query: text, Limits: Limits{Memory: 1 << 20}})
		require.NoError(t, err, text)
		for range 30 { // a tail goes on for long
			for i, row := range rows {
				got, err := test(row)
				require.NoError(t, err, text)
				require.Equal(t, want[i], got, "%s: row %d", text, i)
			}
		}
	}
	for text, want := range map[string]string{
		"Mesage has 'x'":                "'Mesage'. Did you mean 'Message'? (line 1, column 1)",
		"Code == 1 and\n  Mesage > 1":   "(line 2, column 3)",
		"Message has":                   "line 1, column ",
		"":                              "line 1, column 1",
		"Code > 1 | take 1":             "A filter is one condition",
		"Code > 1; print 1":             "A filter is one condition",
		"Message":                       "A condition is expected",
		"prev(Code) > 1":                "A filter looks at one row",
		"Message in ((Nothing | take))": "line 1, column ",
	} {
		_, err := e.Predicate(t.Context(), table, Request{Query: text})
		require.ErrorContains(t, err, want, text)
	}
}
