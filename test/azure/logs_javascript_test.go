package azure

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJavaScriptClientsGetLogs(t *testing.T) {
	s := start(t)
	replies := javascript(t, s, "logs.mjs")
	for _, client := range []string{"new", "old"} {
		t.Run(client, func(t *testing.T) {
			result := func(name string) any {
				t.Helper()
				r, ok := replies[client+": "+name]
				require.True(t, ok, name)
				require.Nil(t, r.Error, "%s: %+v", name, r.Error)
				return r.Result
			}
			// tables returns the rows of every table of a whole answer.
			tables := func(answer any) (out []any) {
				t.Helper()
				got := answer.(map[string]any)
				require.Equal(t, "Success", got["status"])
				for _, table := range got["tables"].([]any) {
					out = append(out, table.(map[string]any)["rows"])
				}
				return out
			}
			one := func(cells ...any) []any { return []any{[]any{cells}} }

			require.Equal(t, one(1., 9007199254740992., 1.5, "a", "2026-03-01T10:00:00Z", true, map[string]any{"k": []any{1., 2.}},
				"74be27de-1e4e-49d9-b579-fe0b331d3642", "01:00:00", nil), tables(result("workspace query")), "JavaScript has no larger whole number")

			whole := result("timespan, wait, statistics, visualization")
			require.Equal(t, one(27.), tables(whole))
			require.Contains(t, whole.(map[string]any)["statistics"].(map[string]any)["query"], "executionTime")
			require.Equal(t, "table", whole.(map[string]any)["visualization"].(map[string]any)["visualization"])

			require.Equal(t, one(11.), tables(result("start and duration")), "both ends count")
			require.Equal(t, one(1.), tables(result("duration and end")))
			require.Equal(t, append(one(1.), one(2.)...), tables(result("several tables")))
			require.Equal(t, one(25.), tables(result("resource query")))

			partial := result("partial error").(map[string]any)
			require.Equal(t, "PartialFailure", partial["status"])
			require.Equal(t, "PartialError", partial["partialError"].(map[string]any)["code"])
			require.Equal(t, 500_000., partial["partialTables"].([]any)[0].(map[string]any)["rowCount"])

			batch := result("batch with one bad query").([]any)
			require.Len(t, batch, 3)
			require.Equal(t, one(1.), tables(batch[0]))
			require.Equal(t, one(27.), tables(batch[2]))
			failed := batch[1].(map[string]any)
			if client == "new" { // it calls a part that failed one that failed partly
				require.Equal(t, "PartialFailure", failed["status"])
				failed = failed["partialError"].(map[string]any)
			} else {
				require.Equal(t, "Failure", failed["status"])
			}
			require.Equal(t, "BadArgumentError", failed["code"])

			for name, want := range map[string]struct {
				status int
				code   string
			}{"syntax error": {400, "BadArgumentError"}, "unknown table": {400, "BadArgumentError"}, "unknown resource": {404, "ResourceNotFoundError"}} {
				failure := replies[client+": "+name].Error
				require.NotNil(t, failure, name)
				require.Equal(t, want.status, failure.StatusCode, name)
				require.Equal(t, want.code, failure.Code, name)
			}
		})
	}
	require.Contains(t, s.requests(), "POST /v1/"+fraud+"/query", "the new client sends two slashes")
}
