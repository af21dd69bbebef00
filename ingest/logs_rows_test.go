package ingest

import (
	"encoding/json"
	"fmt"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// row is what a table holds of one row.
type row = map[string]any

func TestRowsOfJSON(t *testing.T) {
	h := newLogHarness(t)
	for name, c := range map[string]struct {
		table, body string
		want        []row
	}{
		"lines": {consoleTable, `{"Message":"a"}` + "\n" + `{"Message":"b"}` + "\r\n\n  \n" + `{"Message":"c"}`,
			[]row{{"Message": "a"}, {"Message": "b"}, {"Message": "c"}}},
		"an array":               {consoleTable, ` [ {"Message":"a"} , {"Message":"b"}` + "\n]\n", []row{{"Message": "a"}, {"Message": "b"}}},
		"an empty array":         {consoleTable, `[]`, nil},
		"nothing":                {consoleTable, "", nil},
		"objects on one line":    {consoleTable, `{"Message":"a"}{"Message":"b"} {"Message":"c"}`, []row{{"Message": "a"}, {"Message": "b"}, {"Message": "c"}}},
		"one over several lines": {consoleTable, "{\n  \"Message\": \"a\",\n  \"InstanceId\": \"i\"\n}\n", []row{{"Message": "a", "InstanceId": "i"}}},
		"a byte order mark":      {consoleTable, "\xef\xbb\xbf" + `{"Message":"a"}`, []row{{"Message": "a"}}},
		"names in any case":      {consoleTable, `{"message":"a","ENDPOINTNAME":"e"}`, []row{{"Message": "a", "EndpointName": "e"}}},
		"an escaped name":        {consoleTable, `{"Mess\u0061ge":"a"}`, []row{{"Message": "a"}}},
		"names in another order": {consoleTable, `{"Message":"a","InstanceId":"i"}` + "\n" + `{"InstanceId":"j","Message":"b"}` + "\n" + `{"Messages":1,"Message":"c"}`,
			[]row{{"Message": "a", "InstanceId": "i"}, {"Message": "b", "InstanceId": "j"}, {"Message": "c", "Properties": `{"Messages":1}`}}},
		"the last of a name counts": {consoleTable, `{"Message":"a","message":"b","x":1,"y":2,"x":{"z":3}}`, []row{{"Message": "b", "Properties": `{"y":2,"x":{"z":3}}`}}},
		"a null takes back":         {consoleTable, `{"Message":"a","Message":null,"InstanceId":null}`, []row{{}}},
		"unknown fields":            {consoleTable, `{"a":1.50,"b":[1, {"c":null}],"d e":"x\"\u0001\n\/","f":true}`, []row{{"Properties": `{"a":1.50,"b":[1,{"c":null}],"d e":"x\"\u0001\n/","f":true}`}}},
		"given properties":          {consoleTable, `{"Properties":{"a":1,"b":{"c":2}},"d":3,"a":4}`, []row{{"Properties": `{"b":{"c":2},"d":3,"a":4}`}}},
		"properties after a field":  {consoleTable, `{"a":4,"Properties":{"a":1}}`, []row{{"Properties": `{"a":1}`}}},
		"empty properties":          {consoleTable, `{"Properties":{},"Message":"a"}`, []row{{"Message": "a"}}},
		"null properties":           {consoleTable, `{"Properties":null,"Message":"a"}`, []row{{"Message": "a"}}},
		"properties no object":      {consoleTable, `{"Properties":"text","x":1}`, []row{{"Properties": `{"Properties":"text","x":1}`}}},
		"the server's own columns": {consoleTable, `{"Type":"` + consoleTable + `","TenantId":"t","SourceSystem":"s","_BilledSize":5,"_IsBillable":"true","Message":"a"}`,
			[]row{{"Message": "a", "Properties": `{"TenantId":"t","SourceSystem":"s","_BilledSize":5,"_IsBillable":"true"}`}}},
		"another type": {consoleTable, `{"Type":"x"}`, []row{{"Properties": `{"Type":"x"}`}}},
		"a resource id": {consoleTable, `{"_ResourceId":"/subscriptions/s-1/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineendpoints/shop/deployments/blue"}`,
			[]row{{"EndpointName": "shop", "DeploymentName": "blue", "_SubscriptionId": "s-1",
				"_ResourceId": "/subscriptions/s-1/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineendpoints/shop/deployments/blue"}}},
		"a resource id that agrees": {consoleTable, `{"EndpointName":"Shop","_ResourceId":"/x/OnlineEndpoints/shop"}`, []row{{"EndpointName": "Shop", "_ResourceId": "/x/OnlineEndpoints/shop"}}},
		"of no scope":               {consoleTable, `{"InstanceId":"any name","DeploymentName":"a/b"}`, []row{{"InstanceId": "any name", "DeploymentName": "a/b"}}},
		"text columns take anything": {consoleTable, `{"Message":{"a": [1, 2]},"ContainerName":12.50,"InstanceId":true,"DeploymentName":["x"]}`,
			[]row{{"Message": `{"a":[1,2]}`, "ContainerName": "12.50", "InstanceId": "true", "DeploymentName": `["x"]`}}},
		"escapes":  {consoleTable, `{"Message":"\u00e4\ud83d\ude00 \ud800 \t\\\/\b\f\r\n\""}`, []row{{"Message": "ä😀 \uFFFD \t\\/\b\f\r\n\""}}},
		"no UTF-8": {consoleTable, "{\"Message\":\"a\xff\xfeb\",\"x\xff\":\"\xc3\"}", []row{{"Message": "a\uFFFD\uFFFDb", "Properties": `{"x` + "\uFFFD" + `":"` + "\uFFFD" + `"}`}}},
		"a user agent is cut": {trafficTable, `{"UserAgent":"` + strings.Repeat("ä", 80) + `"}` + "\n" + `{"UserAgent":"` + strings.Repeat("x", 70) + `"}`,
			[]row{{"UserAgent": strings.Repeat("ä", 70)}, {"UserAgent": strings.Repeat("x", 70)}}},
		"a time": {trafficTable, `{"TimeGenerated":"2026-07-01T11:00:00.1234567Z","ResponseCode":200}`, []row{{"TimeGenerated": "2026-07-01T11:00:00.1234567Z", "ResponseCode": int64(200)}}},
		"values of one row do not stay in the next": {"Everything", `{"B":true,"I":1,"L":2,"R":3,"D":4,"S":"00:00:01","Text":"x","G":"01234567-89ab-cdef-0123-456789abcdef","Any":[]}` + "\n" + `{"I":"x"}` + "\n" + `{"Text":"y"}`,
			[]row{{"B": true, "I": int64(1), "L": int64(2), "R": 3.0, "D": "4", "S": int64(10_000_000), "Text": "x", "G": "01234567-89ab-cdef-0123-456789abcdef", "Any": "[]"}, {"Text": "y"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, result := h.write(c.table, c.body)
			require.Equal(t, c.want, got)
			require.LessOrEqual(t, result.Refused(), 1)
		})
	}
}

func TestValuesOfColumns(t *testing.T) {
	h := newLogHarness(t)
	f := func(column, value string, want any) {
		t.Helper()
		got, result := h.write("Everything", fmt.Sprintf(`{"Text":"x","%s":%s}`, column, value))
		if want == nil {
			require.Equal(t, map[Reason]int{ReasonType: 1}, byReason(&result), "%s %s: %v", column, value, got)
			require.Contains(t, result.Bad[0].Message, column+": ")
			require.Contains(t, result.Bad[0].Message, "must be")
			return
		}
		require.NoError(t, result.Err(), "%s %s", column, value)
		if want == "null" {
			require.NotContains(t, got[0], column, value)
			return
		}
		require.Equal(t, want, got[0][column], "%s %s", column, value)
	}
	for _, column := range []string{"B", "I", "L", "R", "D", "T", "S", "G", "Any"} {
		f(column, `null`, "null")
		if column != "Any" {
			f(column, `""`, "null")
			f(column, `{"a":1}`, nil)
			f(column, `[1]`, nil)
			f(column, `"nonsense"`, nil)
			f(column, `"1 "`, nil)
		}
	}
	f("B", `true`, true)
	f("B", `"False"`, false)
	f("B", `1`, true)
	f("B", `0.0`, false)
	f("B", `2`, nil)
	f("I", `-5`, int64(-5))
	f("I", `-0`, int64(0))
	f("I", `200.0`, int64(200))
	f("I", `2e2`, int64(200))
	f("I", `12300e-2`, int64(123))
	f("I", `"200"`, int64(200))
	f("I", `"-2147483648"`, int64(-2147483648))
	f("I", `2147483647`, int64(2147483647))
	f("I", `2147483648`, nil)
	f("I", `-2147483649`, nil)
	f("I", `1.5`, nil)
	f("I", `1e-1`, nil)
	f("I", `true`, nil)
	f("I", `1e99999999999999999999`, nil)
	f("I", `"0x10"`, nil)
	f("I", `"+1"`, nil)
	f("L", `9223372036854775807`, int64(9223372036854775807))
	f("L", `-9223372036854775808`, int64(-9223372036854775808))
	f("L", `9223372036854775808`, nil)
	f("L", `-9223372036854775809`, nil)
	f("L", `100000000000000000000`, nil)
	f("L", `1e18`, int64(1e18))
	f("L", `9223372036854775807.000`, int64(9223372036854775807))
	f("L", `9223372036854775806.5`, nil)
	f("L", `0.000e5`, int64(0))
	f("R", `1`, 1.0)
	f("R", `-1.5e-3`, -1.5e-3)
	f("R", `"2.5"`, 2.5)
	f("R", `"NaN"`, "NaN")
	f("R", `"Infinity"`, "+Inf")
	f("R", `"-Infinity"`, "-Inf")
	f("R", `1e999`, nil)
	f("R", `false`, nil)
	f("D", `1.10`, "1.10")
	f("D", `"12345678901234567890.12345678901234567890"`, "12345678901234567890.12345678901234567890")
	f("D", `true`, nil)
	f("G", `"01234567-89AB-CDEF-0123-456789abcdef"`, "01234567-89ab-cdef-0123-456789abcdef")
	f("G", `"0123456789abcdef0123456789abcdef"`, nil)
	f("G", `"01234567-89ab-cdef-0123-456789abcdeg"`, nil)
	f("G", `5`, nil)
	f("S", `"1.02:03:04.5"`, int64(((24+2)*3600+3*60+4)*10_000_000+5_000_000))
	f("S", `"-00:00:00.0000001"`, int64(-1))
	f("S", `"00:00:00.00000001"`, nil)
	f("S", `"24:00:00"`, nil)
	f("S", `"00:00:01."`, nil)
	f("S", `"x00:00:01"`, nil)
	f("S", `60`, nil)
	f("Any", `"x"`, `"x"`)
	f("Any", `1.0`, `1.0`)
	f("Any", `false`, `false`)
	f("Any", ` { "a" : [ ] , "b":"\u0041" } `, `{"a":[],"b":"A"}`)
	f("Text", `false`, "false")
}

func TestTimesOfRows(t *testing.T) {
	h := newLogHarness(t)
	f := func(value, want string) {
		t.Helper()
		got, result := h.write("Everything", `{"Text":"x","T":`+value+`}`)
		if want == "" {
			require.Equal(t, map[Reason]int{ReasonType: 1}, byReason(&result), value)
			return
		}
		require.NoError(t, result.Err(), value)
		require.Equal(t, want, got[0]["T"], value)
	}
	f(`"2026-01-02T03:04:05Z"`, "2026-01-02T03:04:05Z")
	f(`"2026-01-02t03:04:05.123456789z"`, "2026-01-02T03:04:05.1234567Z")
	f(`"2026-01-02 03:04:05.1+01:30"`, "2026-01-02T01:34:05.1Z")
	f(`"2026-01-02T03:04:05-01:00"`, "2026-01-02T04:04:05Z")
	f(`"2026-01-02T03:04:05"`, "2026-01-02T03:04:05Z")
	f(`"2016-12-31T23:59:60Z"`, "2017-01-01T00:00:00Z")
	f(`"2026-01-02T03:04:05+0200"`, "2026-01-02T01:04:05Z")
	f(`"2026-01-02T03:04:05-0530"`, "2026-01-02T08:34:05Z")
	f(`"2026-01-02 03:04:05,123"`, "2026-01-02T03:04:05.123Z")
	f(`"2026-01-02T03:04:05,123456789+0200"`, "2026-01-02T01:04:05.1234567Z")
	f(`"2024-02-29T00:00:00Z"`, "2024-02-29T00:00:00Z")
	f(`"0001-01-01T00:00:00Z"`, "0001-01-01T00:00:00Z")
	f(`"9999-12-31T23:59:59.9999999Z"`, "9999-12-31T23:59:59.9999999Z")
	for _, bad := range []string{"2025-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "0000-01-01T00:00:00Z",
		"0001-01-01T00:00:00+01:00", "9999-12-31T23:59:60Z", "2026-01-02T24:00:00Z", "2026-01-02T00:60:00Z", "2026-01-02T00:00:61Z", "2026-01-02T00:00:00.Z",
		"2026-01-02T00:00:00.1234567891Z", "2026-01-02T00:00:00+1:00", "2026-01-02T00:00:00ZZ", "2026-01-02T00:00:00+24:00", "2026-01-02", "now",
		"2026/01/02T00:00:00Z", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00T00:00:00"} {
		text, err := json.Marshal(bad)
		require.NoError(t, err)
		f(string(text), "")
	}
	f(`1767323045`, "2026-01-02T03:04:05Z")
	f(`1767323045.123456789`, "2026-01-02T03:04:05.1234567Z")
	f(`"1767323045123"`, "2026-01-02T03:04:05.123Z")
	f(`1767323045123.4`, "2026-01-02T03:04:05.1234Z")
	f(`1767323045123456`, "2026-01-02T03:04:05.123456Z")
	f(`1767323045123456789`, "2026-01-02T03:04:05.1234567Z")
	f(`1.767323045e9`, "2026-01-02T03:04:05Z")
	f(`99999999999`, "5138-11-16T09:46:39Z")
	f(`100000000000`, "1973-03-03T09:46:40Z")
	f(`0`, "1970-01-01T00:00:00Z")
	f(`-1`, "1969-12-31T23:59:59Z")
	f(`-0.00000001`, "1969-12-31T23:59:59.9999999Z")
	f(`-62135596800`, "0001-01-01T00:00:00Z")
	f(`-62135596801`, "")
	f(`9223372036854775807`, "2262-04-11T23:47:16.8547758Z")
	f(`99999999999999999999`, "5138-11-16T09:46:39.9999999Z")
	f(`999999999999999999999`, "")
	f(`1e300`, "")
	f(`true`, "")

	_, result := h.write(consoleTable, `{"TimeGenerated":"2026-07-01T12:10:00Z"}`+"\n"+`{"TimeGenerated":"2026-07-01T12:10:00.0000001Z"}`)
	require.Equal(t, map[Reason]int{ReasonFuture: 1}, byReason(&result))
	require.Equal(t, 2, result.Bad[0].Line)
	require.Contains(t, result.Bad[0].Message, "ingest.max_ahead")
	rows, err := h.in.WriteLogs(h.ctx, consoleTable, "", []byte(`{"Message":"x"}`))
	require.NoError(t, err)
	require.Equal(t, 1, rows.Rows)
	require.Equal(t, "2026-07-01T12:00:00Z", h.store.take(consoleTable)[0]["TimeGenerated"], "the time of receipt")
}

func byReason(r *LogsResult) map[Reason]int {
	m := map[Reason]int{}
	for _, x := range r.Refusals() {
		m[x.Reason] = x.Count
	}
	return m
}

// Every bad row is refused alone, with its line, a reason and what is wrong; its neighbours are stored.
func TestBadRowsAreRefusedAlone(t *testing.T) {
	h := newLogHarness(t, func(c *Config) {
		c.Logs.MaxRow, c.Logs.MaxField, c.Logs.MaxFieldName, c.Logs.MaxProperties, c.Logs.MaxDepth = 2048, 1000, 16, 3, 3
	})
	for name, c := range map[string]struct {
		row     string
		reason  Reason
		message string
	}{
		"no JSON":                   {`Message=a`, ReasonFormat, `not JSON at byte 0 of the line, before "Message=a": a value was expected`},
		"cut":                       {`{"Message":"a`, ReasonFormat, "the end comes within a string"},
		"cut between":               {`{"Message":"a"`, ReasonFormat, "a comma or the object's end was expected"},
		"a comma too many":          {`{"Message":"a",}`, ReasonFormat, "the name of a field was expected"},
		"no colon":                  {`{"Message" "a"}`, ReasonFormat, "a colon was expected"},
		"no colon of a property":    {`{"x" "a"}`, ReasonFormat, "a colon was expected"},
		"an escape":                 {`{"Message":"\x"}`, ReasonFormat, "an escape in a string"},
		"a control character":       {"{\"Message\":\"\x01\"}", ReasonFormat, "a control character"},
		"NaN":                       {`{"x":NaN}`, ReasonFormat, `before "NaN}": a value was expected`},
		"a leading zero":            {`{"x":01}`, ReasonFormat, "a comma or the object's end was expected"},
		"a point":                   {`{"x":1.}`, ReasonFormat, "not JSON"},
		"a bracket too many":        {`{"x":[1]]}`, ReasonFormat, "a comma or the object's end"},
		"garbage behind":            {`x{"Message":"a"}`, ReasonFormat, "not JSON"},
		"no object":                 {`"text"`, ReasonFormat, `is no row: must be an object`},
		"an array in a line":        {`[{"Message":"a"}]`, ReasonFormat, "is no row"},
		"empty":                     {`{}`, ReasonEmpty, "the row has no field"},
		"a type":                    {`{"TimeGenerated":"today"}`, ReasonType, `TimeGenerated: "today" is no datetime: must be`},
		"an escaped value":          {`{"TimeGenerated":"to\u0064ay","Message":"\u0061"}`, ReasonType, `TimeGenerated: "today" is no datetime`},
		"an endpoint":               {`{"EndpointName":"-e"}`, ReasonIdentity, `EndpointName: endpoint name "-e": must be 1 to 63 characters`},
		"a deployment":              {`{"EndpointName":"e","DeploymentName":"a/b"}`, ReasonIdentity, `DeploymentName: deployment name "a/b"`},
		"an instance":               {`{"EndpointName":"e","InstanceId":"a b"}`, ReasonIdentity, `InstanceId: instance name "a b"`},
		"an endpoint of a resource": {`{"_ResourceId":"/onlineEndpoints/a b"}`, ReasonIdentity, `endpoint name "a b"`},
		"two endpoints":             {`{"EndpointName":"a","_ResourceId":"/onlineEndpoints/b"}`, ReasonIdentity, `EndpointName: "a" is not what _ResourceId names, "b"`},
		"a long value":              {`{"Message":"` + strings.Repeat("x", 1001) + `"}`, ReasonFieldLimit, "the value has 1001 bytes, the limit of ingest.logs.max_field is 1000B"},
		"a long property":           {`{"x":"` + strings.Repeat("x", 1000) + `"}`, ReasonFieldLimit, `"x": the value has 1002 bytes`},
		"a long name":               {`{"` + strings.Repeat("x", 17) + `":1}`, ReasonFieldLimit, `is a name of 17 bytes, the limit of ingest.logs.max_field_name is 16B`},
		"many properties":           {`{"a":1,"b":1,"c":1,"Properties":{"d":1}}`, ReasonFieldLimit, "more than 3 members, the limit of ingest.logs.max_properties"},
		"a deep property":           {`{"a":[{"b":[{}]}]}`, ReasonFieldLimit, `objects and arrays lie 4 deep in each other, the limit of ingest.logs.max_depth is 3`},
		"a deep column":             {`{"Message":[[[[]]]]}`, ReasonFieldLimit, "Message: objects and arrays lie 4 deep"},
		"a long row":                {`{"Message":"` + strings.Repeat("x", 900) + `","ContainerName":"` + strings.Repeat("y", 900) + `","InstanceId":"` + strings.Repeat("z", 900) + `"}`, ReasonRowLimit, "the row has 2749 bytes, the limit of ingest.logs.max_row is 2KiB"},
		"the first fault counts":    {`{"TimeGenerated":"x","a":1,"b":1,"c":1,"d":1,"EndpointName":"-"}`, ReasonType, "is no datetime"},
	} {
		t.Run(name, func(t *testing.T) {
			good := `{"Message":"good"}`
			rows, result := h.write(consoleTable, good+"\n"+c.row+"\n"+good+"\n")
			require.Equal(t, []row{{"Message": "good"}, {"Message": "good"}}, rows)
			require.Equal(t, map[Reason]int{c.reason: 1}, byReason(&result))
			require.Len(t, result.Bad, 1)
			require.Equal(t, 2, result.Bad[0].Line)
			require.Nil(t, result.Bad[0].Index)
			require.Equal(t, c.reason, result.Bad[0].Reason)
			require.Contains(t, result.Bad[0].Message, c.message)
			require.ErrorContains(t, result.Err(), "1 row refused, 2 stored; "+string(c.reason)+": 1, such as line 2: ")

			if c.reason == ReasonFormat && c.row[0] != '"' && c.row[0] != '[' { // an array must be JSON
				_, err := h.in.WriteLogs(h.ctx, consoleTable, "", []byte("["+good+","+c.row+","+good+"]"))
				var whole *Error
				require.ErrorAs(t, err, &whole)
				require.Equal(t, Malformed, whole.Kind)
				require.Contains(t, whole.Msg, "in row 1 of the array")
				require.Empty(t, h.store.take(consoleTable))
				return
			}
			rows, result = h.write(consoleTable, "["+good+","+c.row+","+good+"]")
			require.Equal(t, []row{{"Message": "good"}, {"Message": "good"}}, rows)
			require.Equal(t, 1, *result.Bad[0].Index)
			require.Zero(t, result.Bad[0].Line)
			require.Contains(t, result.Bad[0].Message, c.message)
		})
	}
}

func TestRefusedRowsAreCountedExactly(t *testing.T) {
	h := newLogHarness(t)
	var body strings.Builder
	for i := range 100 {
		fmt.Fprintf(&body, `{"TimeGenerated":"x%d"}`+"\n"+`{"Message":"m"}`+"\nnonsense\n", i)
	}
	rows, result := h.write(consoleTable, body.String())
	require.Len(t, rows, 100)
	require.Equal(t, map[Reason]int{ReasonType: 100, ReasonFormat: 100}, byReason(&result))
	require.Equal(t, 200, result.Refused())
	require.Len(t, result.Bad, maxRefusedLines)
	require.Equal(t, []int{1, 3, 4, 6}, []int{result.Bad[0].Line, result.Bad[1].Line, result.Bad[2].Line, result.Bad[3].Line})
	require.Equal(t, `TimeGenerated: "x1" is no datetime: must be a time of RFC 3339 such as 2006-01-02T15:04:05.9999999Z, or seconds, milliseconds, microseconds or nanoseconds since 1970, of the years 1 to 9999`, result.Bad[2].Message)
	h.counters(`
# HELP endscope_ingest_log_refused_total Log rows that were not stored, by table and reason. Their senders were told.
# TYPE endscope_ingest_log_refused_total counter
endscope_ingest_log_refused_total{reason="format",table="AmlOnlineEndpointConsoleLog"} 100
endscope_ingest_log_refused_total{reason="wrong_type",table="AmlOnlineEndpointConsoleLog"} 100
# HELP endscope_ingest_log_rows_total Log rows stored, by table.
# TYPE endscope_ingest_log_rows_total counter
endscope_ingest_log_rows_total{table="AmlOnlineEndpointConsoleLog"} 100
`)
}

// Rows that the store refuses are told of like those that cannot be read, in the order of the request.
func TestRowsThatTheStoreRefuses(t *testing.T) {
	h := newLogHarness(t)
	old, good, bad := `{"TimeGenerated":"1800-01-01T00:00:00Z"}`, `{"Message":"m"}`, `{"TimeGenerated":"x"}`
	got, result := h.write(consoleTable, strings.Join([]string{old, good, bad, "", old, good, bad}, "\n"))
	require.Len(t, got, 2)
	require.Equal(t, map[Reason]int{ReasonTooOld: 2, ReasonType: 2}, byReason(&result))
	var lines []int
	for _, b := range result.Bad {
		lines = append(lines, b.Line)
	}
	require.Equal(t, []int{1, 3, 5, 7}, lines)
	require.Equal(t, RefusedRow{Line: 5, Reason: ReasonTooOld, Message: "older than everything"}, result.Bad[2])
	require.ErrorContains(t, result.Err(), "4 rows refused, 2 stored; wrong_type: 2, such as line 3: ")
	require.ErrorContains(t, result.Err(), "too_old: 2, such as line 1: older than everything")

	_, result = h.write(consoleTable, "["+strings.Repeat(bad+","+old+",", 30)+good+"]")
	require.Equal(t, 1, result.Rows)
	require.Len(t, result.Bad, maxRefusedLines)
	for i, b := range result.Bad {
		require.Equal(t, i, *b.Index)
	}
	require.Equal(t, 30, byReason(&result)[ReasonTooOld])
	require.Equal(t, map[string]int{"HTTP": 3}, h.store.sources)
}

func TestRequestsThatCannotBeTaken(t *testing.T) {
	h := newLogHarness(t, func(c *Config) { c.Logs.MaxRows = 3 })
	f := func(table, body string, kind ErrorKind, text string) {
		t.Helper()
		_, err := h.in.WriteLogs(h.ctx, table, "", []byte(body))
		var whole *Error
		require.ErrorAs(t, err, &whole)
		require.Equal(t, kind, whole.Kind)
		require.Contains(t, whole.Msg, text)
		require.Empty(t, h.store.rows)
	}
	row := `{"Message":"a"}` + "\n"
	f("Nothing", row, NoSuch, `there is no log table "Nothing"; there are AmlOnlineEndpointConsoleLog, AmlOnlineEndpointEventLog, `)
	f("amlonlineendpointconsolelog", row, NoSuch, "did you mean AmlOnlineEndpointConsoleLog?")
	f(consoleTable, strings.Repeat(row, 4), TooLarge, "the request has more rows than 3, the limit of ingest.logs.max_rows")
	for _, bad := range []string{`[`, `[{"Message":"a"}`, `[{"Message":"a"},]`, `[{"Message":"a"} {"Message":"a"}]`, `[{"Message":"a"}] x`, `[,]`} {
		f(consoleTable, bad, Malformed, "the body is not JSON at byte")
	}
	_, result := h.write(consoleTable, strings.Repeat(row, 3)+"\n\n")
	require.Equal(t, 3, result.Rows)

	h.store.err = fmt.Errorf("disk full")
	_, err := h.in.WriteLogs(h.ctx, consoleTable, "", []byte(row))
	require.ErrorIs(t, err, h.store.err)
	h.store.err = nil
	require.Zero(t, h.in.inFlight.Load())

	_, err = h.in.WriteLogs(t.Context(), consoleTable, "", []byte(row))
	require.ErrorIs(t, err, scopes.ErrNoGrants, "whoever forgets to decide what a sender may write writes nothing")
}

// A batch may not hold more than what all pushes may hold together.
func TestMemoryOfRowsIsReserved(t *testing.T) {
	h := newLogHarness(t, func(c *Config) { c.MaxBody, c.MaxDecoded, c.MaxInFlight = 1<<10, 1<<10, 2<<20 })
	_, err := h.in.WriteLogs(h.ctx, consoleTable, "", []byte(strings.Repeat(`{"x":1}`+"\n", 90_000)))
	var whole *Error
	require.ErrorAs(t, err, &whole)
	require.Equal(t, Busy, whole.Kind)
	require.Contains(t, whole.Msg, "ingest.max_in_flight")
	require.Zero(t, h.in.inFlight.Load())
	_, result := h.write(consoleTable, strings.Repeat(`{"x":1}`+"\n", 900))
	require.Equal(t, 900, result.Rows)
	require.Zero(t, h.in.inFlight.Load())
}

func TestSendersWriteOnlyWhatTheyAreGranted(t *testing.T) {
	h := newLogHarness(t)
	pattern, err := scopes.ParsePattern("shop/blue")
	require.NoError(t, err)
	h.ctx = scopes.WithGrants(t.Context(), scopes.GrantScopes(pattern))
	rows, result := h.write(consoleTable, strings.Join([]string{
		`{"EndpointName":"shop","DeploymentName":"blue","InstanceId":"i","Message":"in"}`,
		`{"EndpointName":"shop","DeploymentName":"blue","Message":"in"}`,
		`{"_ResourceId":"/onlineEndpoints/shop/deployments/blue","Message":"in"}`,
		`{"_ResourceId":"/onlineEndpoints/shop/deployments/green"}`,
		`{"EndpointName":"shop"}`,
		`{"EndpointName":"other","DeploymentName":"blue"}`,
		`{"Message":"of no scope"}`,
		`{"InstanceId":"i","DeploymentName":"blue"}`,
	}, "\n"))
	require.Len(t, rows, 3)
	for _, r := range rows {
		require.Equal(t, "in", r["Message"])
	}
	require.Equal(t, map[Reason]int{ReasonScope: 5}, byReason(&result))
	require.Contains(t, result.Bad[0].Message, `"shop/green" is a scope that the sender may not write`)
	require.Contains(t, result.Bad[3].Message, "the row names no endpoint")
}

// What a store was given stays as it was until it returns, also when many requests are read at once, and is never given twice.
func TestBatchesAreReusedSafely(t *testing.T) {
	h := newLogHarness(t)
	done := make(chan error)
	for g := range 4 {
		go func() {
			var err error
			for i := 0; i < 50 && err == nil; i++ {
				var body strings.Builder
				for n := range 1 + (i*7)%300 {
					fmt.Fprintf(&body, `{"Message":"%d-%d-%d","InstanceId":"g%d","p":%d}`+"\n", g, i, n, g, n)
				}
				_, err = h.in.WriteLogs(h.ctx, consoleTable, "", []byte(body.String()))
			}
			done <- err
		}()
	}
	for range 4 {
		require.NoError(t, <-done)
	}
	seen := map[string]bool{}
	want := 0
	for i := range 50 {
		want += 4 * (1 + (i*7)%300)
	}
	rows := h.store.take(consoleTable)
	require.Len(t, rows, want)
	for _, r := range rows {
		var g, i, n int
		_, err := fmt.Sscanf(r["Message"].(string), "%d-%d-%d", &g, &i, &n)
		require.NoError(t, err)
		require.False(t, seen[r["Message"].(string)])
		seen[r["Message"].(string)] = true
		require.Equal(t, fmt.Sprintf("g%d", g), r["InstanceId"])
		require.Equal(t, fmt.Sprintf(`{"p":%d}`, n), r["Properties"])
	}
}

func TestLogLimitsAreValidated(t *testing.T) {
	f := func(change func(*LogsConfig), text string) {
		t.Helper()
		c := DefaultConfig()
		change(&c.Logs)
		require.ErrorContains(t, c.Validate(), text)
	}
	require.NoError(t, DefaultConfig().Validate())
	f(func(c *LogsConfig) { c.MaxRows = 0 }, "logs.max_rows: must be at least 1 (got 0)")
	f(func(c *LogsConfig) { c.MaxRow = 10 }, "logs.max_row: must be at least 1KiB")
	f(func(c *LogsConfig) { c.MaxField = 2 << 20 }, "logs.max_field: must be at least 256B and at most max_row")
	f(func(c *LogsConfig) { c.MaxFieldName = 1 }, "logs.max_field_name: must be at least 16B")
	f(func(c *LogsConfig) { c.MaxProperties = -1 }, "logs.max_properties: must be from 0 to 4096")
	f(func(c *LogsConfig) { c.MaxDepth = 1000 }, "logs.max_depth: must be from 1 to 256")
	f(func(c *LogsConfig) { c.OTLP.EventNames = []string{" "} }, "logs.otlp.event_names: must not hold an empty name")
	f(func(c *LogsConfig) { c.Loki.EndpointLabels = []string{""} }, "logs.loki.endpoint_labels: must not hold an empty name")
}

func TestTheRFC3339ReaderAgreesWithTime(t *testing.T) {
	var c dateCache
	at := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := 0; at.Year() < 10000; i++ {
		want := at.Truncate(100)
		zone := time.FixedZone("", (i%27-13)*3600)
		ticks, ok := c.parse([]byte(at.In(zone).Format(time.RFC3339Nano)))
		if y := at.In(zone).Year(); y < 1 || y > 9999 {
			require.False(t, ok)
		} else {
			require.True(t, ok, at)
			require.Equal(t, want, timeOf(ticks), at)
		}
		at = at.Add(1_234_567_890_123_456 * time.Nanosecond)
	}
}

func TestAPushThatIsSentAgainIsStoredAndCountedOnce(t *testing.T) {
	h := newLogHarness(t)
	send := func(key string) (LogsResult, error) {
		return h.in.WriteLogs(h.ctx, consoleTable, key, []byte(`{"Message":"x"}`+"\n"+`{"Message":1,"TimeGenerated":"no time"}`))
	}
	first, err := send("agent-1")
	require.NoError(t, err)
	require.False(t, first.Repeated)
	again, err := send("agent-1")
	require.NoError(t, err)
	require.True(t, again.Repeated)
	require.Equal(t, first.Rows, again.Rows)
	require.Equal(t, first.Bad, again.Bad, "the answer is as it was")
	require.Len(t, h.store.take(consoleTable), 1)
	rest, err := h.in.WriteLogs(h.ctx, consoleTable, "agent-1", []byte(`{"Message":"another"}`))
	require.NoError(t, err)
	require.False(t, rest.Repeated, "a name that is used again for other rows loses none")
	require.Len(t, h.store.take(consoleTable), 1)
	other, err := send("agent-2")
	require.NoError(t, err)
	require.False(t, other.Repeated)
	require.Equal(t, 3.0, testutil.ToFloat64(h.in.logTables[consoleTable].metrics.rows), "a repetition is not counted")

	for _, bad := range []string{strings.Repeat("k", 129), "ä", "a\nb"} {
		_, err := send(bad)
		var refused *Error
		require.ErrorAs(t, err, &refused, "%q", bad)
		require.Equal(t, Malformed, refused.Kind)
	}
}
