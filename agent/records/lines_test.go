package records

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

var noon = time.Date(2026, 7, 1, 14, 0, 0, 123_456_789, time.FixedZone("", 2*3600))

func newLines(columns map[string]string) *lines {
	return &lines{constant: constantFields(testID, columns), maxMessage: 1 << 10}
}

const whose = `{"TimeGenerated":"2026-07-01T12:00:00.1234567Z","EndpointName":"e","DeploymentName":"d","InstanceId":"i"`

func TestTrafficRowsHaveTheColumnsOfTheTable(t *testing.T) {
	f := func(row Traffic, want string) {
		t.Helper()
		if row.Time.IsZero() {
			row.Time = noon
		}
		got := newLines(map[string]string{"Location": "west"}).traffic(nil, &row)
		require.Equal(t, whose+`,"Location":"west"`+want+"\n", string(got))
		require.True(t, json.Valid(got))
	}
	f(Traffic{
		Method: "POST", Path: "/score", Protocol: "HTTP/1.1", AuthType: "Key", IdentityData: "id", Code: 424, Reason: "Model error", ModelCode: 500, ModelReason: "Internal Server Error",
		RequestBytes: 10, ResponseBytes: 20, UserAgent: "curl/8", RequestID: "r", ClientRequestID: "c", Received: 1999 * time.Microsecond, Answered: 20 * time.Millisecond, Total: 30 * time.Millisecond,
		RequestDelay: 4 * time.Millisecond, ResponseDelay: 5 * time.Millisecond, Streaming: true, StreamError: "timeout", FirstToken: 12345678 * time.Nanosecond, InputTokens: 7, OutputTokens: 0, Model: "m",
	}, `,"Method":"POST","Path":"/score","Protocol":"HTTP/1.1","AuthType":"Key","IdentityData":"id","ResponseCode":424,"ResponseCodeReason":"Model error","ModelStatusCode":500,"ModelStatusReason":"Internal Server Error"`+
		`,"RequestPayloadSize":10,"ResponsePayloadSize":20,"UserAgent":"curl/8","XRequestId":"r","XMSClientRequestId":"c","RequestDurationMs":2,"ResponseDurationMs":20,"TotalDurationMs":30`+
		`,"RequestThrottlingDelayMs":4,"ResponseThrottlingDelayMs":5,"Properties":{"Streaming":true,"StreamError":"timeout","FirstTokenMs":12.346,"InputTokens":7,"OutputTokens":0,"Model":"m"}}`)
	// What is not known is left out: the model did not answer, nobody told of tokens.
	f(Traffic{Code: 499, Answered: -1, Received: -5, InputTokens: -1, OutputTokens: -1, ModelReason: "of no answer"},
		`,"ResponseCode":499,"RequestPayloadSize":0,"ResponsePayloadSize":0,"RequestDurationMs":0,"TotalDurationMs":0,"RequestThrottlingDelayMs":0,"ResponseThrottlingDelayMs":0}`)
	// Values that do not fit into 32 bits are bounded, as the row would be refused as a whole, and sizes are exact beside that.
	f(Traffic{Code: 200, Answered: -1, RequestBytes: 5 << 30, ResponseBytes: math.MaxInt32, Total: 1 << 62, InputTokens: -1, OutputTokens: -1},
		`,"ResponseCode":200,"RequestPayloadSize":2147483647,"ResponsePayloadSize":2147483647,"RequestDurationMs":0,"TotalDurationMs":2147483647,"RequestThrottlingDelayMs":0,"ResponseThrottlingDelayMs":0,"Properties":{"RequestPayloadBytes":5368709120}}`)
	// A user agent is cut to 70 characters, between characters.
	f(Traffic{UserAgent: strings.Repeat("ä", 69) + "\xffzz", Answered: -1, InputTokens: -1, OutputTokens: -1},
		`,"ResponseCode":0,"RequestPayloadSize":0,"ResponsePayloadSize":0,"UserAgent":"`+strings.Repeat("ä", 69)+"\uFFFD"+`","RequestDurationMs":0,"TotalDurationMs":0,"RequestThrottlingDelayMs":0,"ResponseThrottlingDelayMs":0}`)
}

func TestConsoleAndEventRows(t *testing.T) {
	l := newLines(nil)
	require.Equal(t, whose+`,"ContainerName":"inference-server","ContainerImageName":"im","Message":"a\n\tb\u0001\"","Properties":{"Stream":"stderr"}}`+"\n",
		string(l.console(nil, &Console{Time: noon, Container: "inference-server", Image: "im", Stream: "stderr", Message: "a\n\tb\x01\""})))
	require.Equal(t, whose+`,"Name":"Started","Message":"m","Properties":{"a \"b\"":[1,2],"exit":137}}`+"\n",
		string(newLines(nil).event(nil, &Event{Time: noon, Name: "Started", Message: "m", Properties: map[string]any{"exit": 137, "a \"b\"": []int{1, 2}}})))
	require.Equal(t, whose+`,"Name":"n","Properties":{"good":1,"Truncated":true}}`+"\n",
		string(newLines(nil).event(nil, &Event{Time: noon, Name: "n", Properties: map[string]any{"bad": make(chan int), "good": 1, "huge": strings.Repeat("x", 70<<10), "": 2}})))
	before := time.Now().Add(-time.Microsecond)
	var row struct{ TimeGenerated time.Time }
	require.NoError(t, json.Unmarshal(l.console(nil, &Console{}), &row))
	require.False(t, row.TimeGenerated.Before(before), "a row without a time is of now")
}

func TestLongTextsAreCutAndMarked(t *testing.T) {
	l := newLines(nil)
	for _, message := range []string{strings.Repeat("x", 5000), strings.Repeat("é", 5000), strings.Repeat("\xff", 5000), strings.Repeat("\x80", 1025)} {
		var row struct {
			Message    string
			Properties map[string]any
		}
		require.NoError(t, json.Unmarshal(l.console(nil, &Console{Message: message}), &row))
		require.True(t, strings.HasSuffix(row.Message, fmt.Sprintf("… [cut: %d bytes in all]", len(message))))
		kept := strings.TrimSuffix(row.Message, fmt.Sprintf("… [cut: %d bytes in all]", len(message)))
		if utf8.ValidString(message) {
			require.True(t, strings.HasPrefix(message, kept))
			require.LessOrEqual(t, len(row.Message), 1<<10)
			require.Greater(t, len(row.Message), 1000)
		}
		require.Equal(t, map[string]any{"Truncated": true}, row.Properties)
	}
	var row struct {
		Path       string
		Properties map[string]any
	}
	line := l.traffic(nil, &Traffic{Path: strings.Repeat("/a", 10<<10), InputTokens: -1, OutputTokens: -1})
	require.NoError(t, json.Unmarshal(line, &row))
	require.Len(t, row.Path, longestText)
	require.Equal(t, map[string]any{"Truncated": true}, row.Properties)
	worst := strings.Repeat("\x00", 1<<20)
	line = l.traffic(nil, &Traffic{Method: worst, Path: worst, Protocol: worst, AuthType: worst, IdentityData: worst, Reason: worst, ModelCode: 1, ModelReason: worst, UserAgent: worst, RequestID: worst, ClientRequestID: worst, StreamError: worst, Model: worst})
	require.Less(t, len(line), longestRow, "the worst that can come still is a row that the server takes")
}

func TestRowsOfOneWriterKeepTheirOrder(t *testing.T) {
	var s stamps
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f := func(writer string, told, want time.Duration) {
		t.Helper()
		require.Equal(t, at.Add(want), s.next(writer, at.Add(told)))
	}
	f("a", 0, 0)
	f("a", 0, tick)
	f("a", 50, 2*tick) // within the same tick
	f("b", 0, 0)
	f("a", tick, 3*tick)
	f("a", time.Second, time.Second)
	f("a", time.Second-tick, time.Second-tick) // a clock that was set back is believed
	f("a", time.Second-tick, time.Second)
	for i := range 5000 {
		f(fmt.Sprint("many", i), 0, 0)
	}
	require.LessOrEqual(t, len(s.writers), maxWriters)
}

func TestColumns(t *testing.T) {
	require.NoError(t, validateColumns(map[string]string{"Location": "west", "AzureMLWorkspaceId": "x", "AzureMLWorkspaceName": "x", "SubscriptionId": "x", "Team_2": "x"}))
	for name, c := range map[string]map[string]string{
		"columns: must not be a column that rows or the server fill in (got endpointname)":                     {"endpointname": "other"},
		"columns: must not be a column that rows or the server fill in (got Properties)":                       {"Properties": "{}"},
		"columns: must not be a column that rows or the server fill in (got Truncated)":                        {"Truncated": "x"},
		`columns: must be names of 1 to 45 letters, digits and _ that begin with a letter (got "_ResourceId")`: {"_ResourceId": "x"},
		`columns: must be names of 1 to 45 letters, digits and _ that begin with a letter (got "a\"b")`:        {"a\"b": "x"},
		"columns.A: must be at most 4096 bytes (got 5000 bytes)":                                               {"A": strings.Repeat("x", 5000)},
	} {
		require.EqualError(t, validateColumns(c), name)
	}
	got := constantFields(scopes.Path{Endpoint: "e", Deployment: "d", Instance: "i:1"}, map[string]string{"Z": "\"\n", "A": "ä", "Empty": ""})
	require.Equal(t, `,"EndpointName":"e","DeploymentName":"d","InstanceId":"i:1","A":"ä","Z":"\"\n"`, string(got))
}

func FuzzQuoted(f *testing.F) {
	for _, s := range []string{"", "plain", "\x00\x1f\"\\\n\r\t", "\xff\xfe", "ä\u2028\U0001F600", "\xed\xa0\x80", "\xf0\x9f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		require.NoError(t, json.Unmarshal(appendQuoted(nil, s), &back))
		reference, err := json.Marshal(s)
		require.NoError(t, err)
		var want string
		require.NoError(t, json.Unmarshal(reference, &want))
		require.Equal(t, want, back)
		require.Equal(t, appendQuoted(nil, s), appendQuoted(nil, []byte(s)))
	})
}

// Whatever comes: one line of JSON, whose texts are those that came.
func FuzzRows(f *testing.F) {
	f.Add("m", "path?\n", "agent", int64(1), int64(-1))
	f.Fuzz(func(t *testing.T, message, path, agent string, n, d int64) {
		l := newLines(map[string]string{"Location": path[:min(len(path), 100)]})
		for _, line := range [][]byte{
			l.console(nil, &Console{Time: noon, Container: path, Stream: agent, Message: message}),
			l.event(nil, &Event{Time: noon, Name: path, Message: message, Properties: map[string]any{agent: n, path: message}}),
			l.traffic(nil, &Traffic{Time: noon, Path: path, UserAgent: agent, Code: int(n), RequestBytes: n, Total: time.Duration(d), Answered: time.Duration(n), FirstToken: time.Duration(d), InputTokens: n, Model: message}),
		} {
			require.Equal(t, 1, strings.Count(string(line), "\n"))
			require.Less(t, len(line), longestRow)
			require.True(t, utf8.Valid(line))
			var row map[string]any
			require.NoError(t, json.Unmarshal(line, &row), string(line))
			require.Equal(t, "e", row["EndpointName"])
			if ua, ok := row["UserAgent"].(string); ok {
				require.LessOrEqual(t, utf8.RuneCountInString(ua), longestUserAgent)
			}
		}
	})
}
