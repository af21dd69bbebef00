package kql

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func collectOnce(t testing.TB, req Request) (*Answer, error) {
	t.Helper()
	e, err := NewEngine(noTables{})
	require.NoError(t, err)
	p, err := e.Prepare(t.Context(), req)
	if err != nil {
		return nil, err
	}
	return p.Collect(t.Context())
}

func TestQueriesThatExpandWithoutEndAreRefused(t *testing.T) {
	double := func(first, next string) string {
		return first + strings.Repeat(next, 60)
	}
	for name, query := range map[string]string{
		"scalars":   double("let a = rand();", "let a = a + a;") + "print a",
		"functions": double("let f = (x:real) { x + rand() };", "let f = (x:real) { f(x) + f(x) };") + "print f(1)",
		"arguments": "let f = (x:real) { x + x }; print " + strings.Repeat("f(", 60) + "rand()" + strings.Repeat(")", 60),
		"tables":    double("let T = range x from 1 to 2 step 1;", "let T = union T, T;") + "T | count",
	} {
		started := time.Now()
		_, err := collectOnce(t, Request{Query: query})
		var sem *SemanticError
		require.ErrorAs(t, err, &sem, name)
		require.Contains(t, err.Error(), "expands to more than 200000 parts", name)
		require.Less(t, time.Since(started), 10*time.Second, name)
	}
}

func TestLimitsOfAnAnswerMakeItPartialAndThoseOfComputingAreErrors(t *testing.T) {
	a, err := collectOnce(t, Request{Query: "range x from 1 to 1000 step 1", Limits: Limits{Rows: 10}})
	require.NoError(t, err)
	require.Len(t, a.Tables[0].Rows, 10)
	require.Equal(t, "rows", a.Partial.What)

	a, err = collectOnce(t, Request{Query: `range x from 1 to 100000 step 1 | extend s = strrep("x", 1000)`, Limits: Limits{Bytes: 1 << 20}})
	require.NoError(t, err)
	require.Equal(t, "bytes", a.Partial.What)
	require.NotEmpty(t, a.Tables[0].Rows)

	for _, query := range []string{
		"range x from 1 to 1000000 step 1 | sort by x desc | count",
		"range x from 1 to 1000000 step 1 | summarize make_list(x)",
		"range x from 1 to 1000000 step 1 | summarize count() by x",
		"range x from 1 to 1000000 step 1 | join (range x from 1 to 1000000 step 1) on x",
		"range x from 1 to 1000000 step 1 | serialize y = prev(x)",
		"range x from 1 to 1000000 step 1 | summarize percentile(x, 50)",
		"let T = materialize(range x from 1 to 1000000 step 1); T | count",
	} {
		_, err = collectOnce(t, Request{Query: query, Limits: Limits{Memory: 1 << 20}})
		var limit *LimitError
		require.ErrorAs(t, err, &limit, query)
		require.Equal(t, "memory", limit.What, query)
	}

	_, err = collectOnce(t, Request{Query: `print s = strcat_array(repeat("aaaaaaaaaaaaaaaaaaaa", 500000), "") | extend t = strcat(s, s, s, s) | extend u = strcat(t, t, t, t) | project strlen(u)`})
	var text *LimitError
	require.ErrorAs(t, err, &text)
	require.Equal(t, "bytes of one text", text.What)

	// A row may have any number of matches: they are not all held at once.
	a, err = collectOnce(t, Request{Query: "range x from 1 to 3000 step 1 | extend k = 1 | join kind=inner (range y from 1 to 3000 step 1 | extend k = 1) on k | summarize n = count(), s = sum(y)", Limits: Limits{Memory: 8 << 20}})
	require.NoError(t, err)
	require.Equal(t, Row{int64(9000000), int64(13504500000)}, a.Tables[0].Rows[0])

	started := time.Now()
	_, err = collectOnce(t, Request{Query: "range x from 1 to 90000000 step 1 | where x < 0 | count", Limits: Limits{Time: 50 * time.Millisecond}})
	var limit *LimitError
	require.True(t, errors.As(err, &limit), "%v", err)
	require.Equal(t, "time", limit.What)
	require.Less(t, time.Since(started), 5*time.Second)
}
