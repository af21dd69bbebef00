package ingest

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/golang/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/endscope/endscope/scopes"
)

// checkStored checks what every stored row must be.
func checkStored(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		for name, v := range r {
			if text, ok := v.(string); ok {
				require.True(t, utf8.ValidString(text), "%s: %q", name, text)
			}
		}
		if text, ok := r[columnProperties].(string); ok {
			require.True(t, json.Valid([]byte(text)), text)
		}
		for column, level := range map[string]scopes.Level{columnEndpoint: scopes.LevelEndpoint, columnDeployment: scopes.LevelDeployment, columnInstance: scopes.LevelInstance} {
			if name, _ := r[column].(string); name != "" && r[columnEndpoint] != nil {
				require.NoError(t, scopes.ValidateName(level, name))
			}
		}
	}
}

// lokiEntry is one entry of a push, as both forms have it.
type lokiEntry struct {
	ns       int64
	line     string
	metadata []labels.Label
}

func lokiJSONBody(stream map[string]string, entries ...lokiEntry) string {
	var values []any
	for _, e := range entries {
		v := []any{strconv.FormatInt(e.ns, 10), e.line}
		if e.metadata != nil {
			m := map[string]string{}
			for _, x := range e.metadata {
				m[x.Name] = x.Value
			}
			v = append(v, m)
		}
		values = append(values, v)
	}
	body, err := json.Marshal(map[string]any{"streams": []any{map[string]any{"stream": stream, "values": values}}})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// lokiProtoBody writes a PushRequest with protobuf's own encoder.
func lokiProtoBody(stream map[string]string, entries ...lokiEntry) []byte {
	bytesField := func(dst []byte, num protowire.Number, v []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(dst, num, protowire.BytesType), v)
	}
	varint := func(dst []byte, num protowire.Number, v int64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(dst, num, protowire.VarintType), uint64(v))
	}
	var out []byte
	for _, e := range entries {
		entry := bytesField(nil, 1, varint(varint(nil, 1, e.ns/1e9), 2, e.ns%1e9))
		entry = bytesField(entry, 2, []byte(e.line))
		for _, x := range e.metadata {
			entry = bytesField(entry, 3, bytesField(bytesField(nil, 1, []byte(x.Name)), 2, []byte(x.Value)))
		}
		out = bytesField(out, 2, entry)
	}
	out = bytesField(out, 1, []byte(labels.FromMap(stream).String())) // after the entries, which is allowed
	out = varint(out, 3, 12345)
	return snappy.Encode(nil, append(bytesField(nil, 1, out), bytesField(nil, 2, []byte("loki"))...))
}

func (h *logHarness) loki(body string) ([]row, LogsResult) {
	h.t.Helper()
	result, err := h.in.WriteLokiJSON(h.ctx, []byte(body))
	require.NoError(h.t, err)
	rows := h.store.take(consoleTable)
	require.Len(h.t, rows, result.Rows)
	return rows, result
}

func (h *logHarness) lokiProto(body []byte) ([]row, LogsResult) {
	h.t.Helper()
	result, err := h.in.WriteLokiProto(h.ctx, body)
	require.NoError(h.t, err)
	rows := h.store.take(consoleTable)
	require.Len(h.t, rows, result.Rows)
	return rows, result
}

const minuteAgoNano = int64(1782907140) * 1e9

func TestLokiStreams(t *testing.T) {
	h := newLogHarness(t)
	for name, c := range map[string]struct {
		stream  map[string]string
		entries []lokiEntry
		want    []row
	}{
		"our labels": {map[string]string{"endpoint": "shop", "deployment": "blue", "instance": "host:1", "container": "server", "image": "model:v1", "stream": "stderr"},
			[]lokiEntry{{minuteAgoNano, "a \"quoted\" line\n", nil}, {minuteAgoNano + 123456789, "äöü", nil}},
			[]row{
				{"TimeGenerated": minuteAgo, "EndpointName": "shop", "DeploymentName": "blue", "InstanceId": "host:1", "ContainerName": "server", "ContainerImageName": "model:v1", "Message": "a \"quoted\" line\n", "Properties": `{"stream":"stderr"}`},
				{"TimeGenerated": "2026-07-01T11:59:00.1234567Z", "EndpointName": "shop", "DeploymentName": "blue", "InstanceId": "host:1", "ContainerName": "server", "ContainerImageName": "model:v1", "Message": "äöü", "Properties": `{"stream":"stderr"}`},
			}},
		"of Kubernetes": {map[string]string{"app": "shop", "pod": "pod-1", "container": "server", "namespace": "prod", "service_name": "unknown_service"}, []lokiEntry{{minuteAgoNano, "m", nil}},
			[]row{{"TimeGenerated": minuteAgo, "EndpointName": "shop", "InstanceId": "pod-1", "ContainerName": "server", "Message": "m", "Properties": `{"namespace":"prod","service_name":"unknown_service"}`}}},
		"the first that is set": {map[string]string{"app": "b", "endpoint": "a", "instance": "i", "pod": "p"}, []lokiEntry{{minuteAgoNano, "m", nil}},
			[]row{{"TimeGenerated": minuteAgo, "EndpointName": "a", "InstanceId": "i", "Message": "m", "Properties": `{"app":"b","pod":"p"}`}}},
		"structured metadata": {map[string]string{"endpoint": "shop", "x": "stream"}, []lokiEntry{
			{minuteAgoNano, "m", []labels.Label{{Name: "pod", Value: "pod-1"}, {Name: "trace_id", Value: "t"}, {Name: "x", Value: "entry"}, {Name: "endpoint", Value: "other"}}},
			{minuteAgoNano, "n", nil}},
			[]row{{"TimeGenerated": minuteAgo, "EndpointName": "shop", "InstanceId": "pod-1", "Message": "m", "Properties": `{"trace_id":"t","x":"entry","endpoint":"other"}`},
				{"TimeGenerated": minuteAgo, "EndpointName": "shop", "Message": "n", "Properties": `{"x":"stream"}`}}},
		"of no scope":    {map[string]string{"job": "varlogs"}, []lokiEntry{{minuteAgoNano, "m", nil}}, []row{{"TimeGenerated": minuteAgo, "Message": "m", "Properties": `{"job":"varlogs"}`}}},
		"no labels":      {map[string]string{}, []lokiEntry{{minuteAgoNano, "m", nil}}, []row{{"TimeGenerated": minuteAgo, "Message": "m"}}},
		"no time":        {map[string]string{}, []lokiEntry{{0, "m", nil}}, []row{{"TimeGenerated": "2026-07-01T12:00:00Z", "Message": "m"}}},
		"odd values":     {map[string]string{"a": "x\"y\\z\n", "b": "`{,}=`"}, []lokiEntry{{minuteAgoNano, "", nil}}, []row{{"TimeGenerated": minuteAgo, "Properties": `{"a":"x\"y\\z\n","b":"` + "`{,}=`" + `"}`}}},
		"an empty label": {map[string]string{"endpoint": "", "app": "shop"}, []lokiEntry{{minuteAgoNano, "m", nil}}, []row{{"TimeGenerated": minuteAgo, "EndpointName": "shop", "Message": "m"}}},
	} {
		t.Run(name, func(t *testing.T) {
			for form, push := range map[string]func() ([]row, LogsResult){
				"JSON":     func() ([]row, LogsResult) { return h.loki(lokiJSONBody(c.stream, c.entries...)) },
				"protobuf": func() ([]row, LogsResult) { return h.lokiProto(lokiProtoBody(c.stream, c.entries...)) },
			} {
				rows, result := push()
				require.NoError(t, result.Err(), form)
				require.Len(t, rows, len(c.want))
				for i := range rows {
					want := row{}
					for k, v := range c.want[i] {
						want[k] = v
					}
					require.JSONEq(t, orEmpty(want["Properties"]), orEmpty(rows[i]["Properties"]), form)
					delete(want, "Properties")
					delete(rows[i], "Properties")
					require.Equal(t, want, rows[i], form)
				}
			}
		})
	}
	require.Equal(t, []string{"Loki"}, sorted(h.store.sources))
	rows, result := h.lokiProto(snappy.Encode(nil, nil))
	require.Empty(t, rows)
	require.NoError(t, result.Err())
}

func orEmpty(properties any) string {
	if text, ok := properties.(string); ok {
		return text
	}
	return "{}"
}

func TestFormsOfLokiJSON(t *testing.T) {
	h := newLogHarness(t)
	f := func(body string, want ...row) {
		t.Helper()
		rows, result := h.loki(body)
		require.NoError(t, result.Err())
		require.Equal(t, want, rows)
	}
	at := fmt.Sprint(minuteAgoNano)
	m := row{"TimeGenerated": minuteAgo, "EndpointName": "e", "Message": "m"}
	f(`{"streams":[]}`)
	f(` { } `)
	f(`{"x":[1,{"y":2}],"streams":[{"values":[["`+at+`","m"]],"stream":{"endpoint":"e"},"z":null}]}`, m)
	f(`{"streams":[{"stream":{"endpoint":"e","n":null},"values":[[`+at+`,"m"]]},{"stream":{},"values":[["`+at+`","\u0041\n"]]}]}`, m, row{"TimeGenerated": minuteAgo, "Message": "A\n"})
	f(`{"streams":[{"stream":{"a":{"b":[1]},"c":5},"values":[["`+at+`","m",{"d":true}]]}]}`, row{"TimeGenerated": minuteAgo, "Message": "m", "Properties": `{"a":"{\"b\":[1]}","c":"5","d":"true"}`})
	f(`{"streams":[{"values":[["`+at+`","m"]]}]}`, row{"TimeGenerated": minuteAgo, "Message": "m"})

	rows, result := h.loki(`{"streams":[{"stream":{},"values":[["` + at + `","m"],["soon","a"],[1.5,"b"],["` + at + `"],[],["` + at + `",5],["` + at + `","c",5],["` + at + `","d",{},6],["99999999999999999999","e"]]},{"stream":{"endpoint":"-"},"values":[["` + at + `","f"]]}]}`)
	require.Len(t, rows, 1)
	require.Equal(t, map[Reason]int{ReasonType: 8, ReasonIdentity: 1}, byReason(&result))
	require.ErrorContains(t, result.Err(), `such as TimeGenerated: "soon" is no time: must be nanoseconds since 1970`)

	for _, bad := range []string{``, `[]`, `{"streams":{}}`, `{"streams":[5]}`, `{"streams":[{"stream":[],"values":[]}]}`, `{"streams":[{"values":5}]}`, `{"streams":[{"values":[5]}]}`,
		`{"streams":[{"stream":{},"values":[["` + at + `","m"]]}]`, `{"streams":[]} x`, `{"streams":[{"stream":{},"values":[["` + at + `","m"],}]}`, `{"streams":[{"stream":{"a" 1}}]}`} {
		_, err := h.in.WriteLokiJSON(h.ctx, []byte(bad))
		var whole *Error
		require.ErrorAs(t, err, &whole, bad)
		require.Equal(t, Malformed, whole.Kind)
		require.Contains(t, whole.Msg, "Loki push: not JSON of that form at byte")
		require.Empty(t, h.store.rows)
	}
	require.Zero(t, h.in.inFlight.Load())
}

func TestLokiProtobufThatIsBroken(t *testing.T) {
	h := newLogHarness(t)
	whole := lokiProtoBody(map[string]string{"endpoint": "e"}, lokiEntry{minuteAgoNano, "m", []labels.Label{{Name: "a", Value: "b"}}})
	msg, err := snappy.Decode(nil, whole)
	require.NoError(t, err)
	broken := 0
	for n := range len(msg) {
		_, err := h.in.WriteLokiProto(h.ctx, snappy.Encode(nil, msg[:n]))
		if err != nil {
			broken++
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, Malformed, e.Kind)
			require.Contains(t, e.Msg, "Loki push: ")
		}
	}
	require.Greater(t, broken, len(msg)-10, "a message that ends between its fields is whole")
	_, err = h.in.WriteLokiProto(h.ctx, []byte("x"))
	require.ErrorContains(t, err, "snappy")
	require.Zero(t, h.in.inFlight.Load())
	h.store.take(consoleTable)

	_, result := h.lokiProto(lokiProtoBody(nil, lokiEntry{minuteAgoNano, "\xff", nil}, lokiEntry{-1, "m", nil}))
	require.Equal(t, 1, result.Rows)
	require.Equal(t, map[Reason]int{ReasonType: 1}, byReason(&result), "nanoseconds are not negative in a Timestamp")
}

func TestLokiLabels(t *testing.T) {
	f := func(text string, want map[string]string) {
		t.Helper()
		ls, err := parseLokiLabels(text)
		if want == nil {
			require.ErrorContains(t, err, "labels ", text)
			return
		}
		require.NoError(t, err, text)
		got := map[string]string{}
		for _, x := range ls {
			got[x.Name] = x.Value
		}
		require.Equal(t, want, got, text)
	}
	f(``, map[string]string{})
	f(`{}`, map[string]string{})
	f(`{a="b"}`, map[string]string{"a": "b"})
	f(" { a = \"b\" , c=`d\\e`,} ", map[string]string{"a": "b", "c": `d\e`})
	f(`{a="\"}\n=\u00e4"}`, map[string]string{"a": "\"}\n=ä"})
	f(`{"a.b"="c"}`, map[string]string{"a.b": "c"})
	for _, bad := range []string{`a="b"`, `{a="b"`, `{a=b}`, `{a="b}`, `{="b"}`, `{a}`, `{a='b'}`, `{a="\q"}`, `{a="b"}}`, `{"a="b"}`} {
		f(bad, nil)
	}
}

func TestLokiRelabelling(t *testing.T) {
	h := newLogHarness(t, func(c *Config) {
		c.Logs.Loki.RelabelConfigs = []*relabel.Config{
			{Action: relabel.Drop, SourceLabels: model.LabelNames{"job"}, Regex: relabel.MustNewRegexp("noise")},
			{Action: relabel.Replace, SourceLabels: model.LabelNames{"job"}, Regex: relabel.MustNewRegexp("([^/]+)/(.+)"), TargetLabel: "endpoint", Replacement: "$2"},
			{Action: relabel.Replace, Regex: relabel.MustNewRegexp("(.*)"), TargetLabel: "__tmp", Replacement: "x"},
		}
	})
	for _, push := range []func(map[string]string) ([]row, LogsResult){
		func(stream map[string]string) ([]row, LogsResult) {
			return h.loki(lokiJSONBody(stream, lokiEntry{minuteAgoNano, "m", nil}))
		},
		func(stream map[string]string) ([]row, LogsResult) {
			return h.lokiProto(lokiProtoBody(stream, lokiEntry{minuteAgoNano, "m", nil}))
		},
	} {
		rows, _ := push(map[string]string{"job": "prod/shop"})
		require.Equal(t, []row{{"TimeGenerated": minuteAgo, "EndpointName": "shop", "Message": "m", "Properties": `{"job":"prod/shop"}`}}, rows)
		rows, result := push(map[string]string{"job": "noise"})
		require.Empty(t, rows)
		require.NoError(t, result.Err())
		require.Equal(t, 1, result.Dropped)
	}
	h.counters(`
# HELP endscope_ingest_log_relabel_dropped_rows_total Log rows of streams that relabelling dropped on purpose.
# TYPE endscope_ingest_log_relabel_dropped_rows_total counter
endscope_ingest_log_relabel_dropped_rows_total 2
# HELP endscope_ingest_log_rows_total Log rows stored, by table.
# TYPE endscope_ingest_log_rows_total counter
endscope_ingest_log_rows_total{table="AmlOnlineEndpointConsoleLog"} 2
`)
}

// FuzzLokiJSON reads anything as a push in JSON and compares what was read with encoding/json where that takes it.
func FuzzLokiJSON(f *testing.F) {
	f.Add(lokiJSONBody(map[string]string{"endpoint": "e", "a": "b"}, lokiEntry{minuteAgoNano, "m", []labels.Label{{Name: "c", Value: "d"}}}, lokiEntry{0, "", nil}))
	f.Add(`{"streams":[{"values":[["1","a"],[2,"b",{"x":1}],[]],"stream":{}}]}`)
	f.Add(`{"streams":[{}],"streams":[]}`)
	f.Add(`{"streAms":[{"values":[[0,{"":0}],[]],"00000":{}}]}`)
	h := newLogHarness(f)
	f.Fuzz(func(t *testing.T, body string) {
		result, err := h.in.WriteLokiJSON(h.ctx, []byte(body))
		require.Zero(t, h.in.inFlight.Load())
		if err != nil {
			require.Empty(t, h.store.take(consoleTable))
			return
		}
		require.True(t, json.Valid([]byte(body)))
		rows := h.store.take(consoleTable)
		require.Len(t, rows, result.Rows)
		checkStored(t, rows)
		if strings.Count(body, `"streams"`) > 1 || strings.Count(body, `"values"`) > 1 || strings.Contains(body, `\u`) {
			return // of a name that is there twice, encoding/json keeps the last; a push has all of them
		}
		var naive map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &naive))
		entries := 0
		streams, _ := naive["streams"].([]any)
		for _, s := range streams {
			values, _ := s.(map[string]any)["values"].([]any)
			entries += len(values)
		}
		require.Equal(t, entries, result.Rows+result.Refused())
	})
}

// FuzzLokiProto reads anything as a push in protobuf and compares the number of entries with protobuf's own walker.
func FuzzLokiProto(f *testing.F) {
	msg, err := snappy.Decode(nil, lokiProtoBody(map[string]string{"endpoint": "e", "a": "b"}, lokiEntry{minuteAgoNano, "m", []labels.Label{{Name: "c", Value: "d"}}}, lokiEntry{minuteAgoNano, "", nil}))
	require.NoError(f, err)
	f.Add(msg)
	f.Add([]byte{})
	f.Add(binary.AppendUvarint([]byte{1<<3 | wireBytes}, 0))
	h := newLogHarness(f)
	f.Fuzz(func(t *testing.T, msg []byte) {
		result, err := h.in.WriteLokiProto(h.ctx, snappy.Encode(nil, msg))
		require.Zero(t, h.in.inFlight.Load())
		rows := h.store.take(consoleTable)
		if err != nil {
			require.Empty(t, rows)
			return
		}
		require.Len(t, rows, result.Rows)
		checkStored(t, rows)
		require.Equal(t, lokiEntries(msg), result.Rows+result.Refused())
	})
}

// lokiEntries counts the entries of a message that is whole.
func lokiEntries(msg []byte) (n int) {
	walk := func(msg []byte, num protowire.Number, each func([]byte)) {
		for len(msg) > 0 {
			got, typ, size := protowire.ConsumeTag(msg)
			if size < 0 {
				return
			}
			msg = msg[size:]
			if typ != protowire.BytesType {
				msg = msg[max(0, protowire.ConsumeFieldValue(got, typ, msg)):]
				continue
			}
			v, size := protowire.ConsumeBytes(msg)
			if size < 0 {
				return
			}
			msg = msg[size:]
			if got == num {
				each(v)
			}
		}
	}
	walk(msg, 1, func(stream []byte) { walk(stream, 2, func([]byte) { n++ }) })
	return n
}

// BenchmarkWriteLoki measures a push of 5000 lines in protobuf, as an agent sends it.
func BenchmarkWriteLoki(b *testing.B) {
	h := benchLogs(b)
	var entries []lokiEntry
	for i := range 5000 {
		entries = append(entries, lokiEntry{minuteAgoNano + int64(i), fmt.Sprintf(`INFO:     10.0.0.%d:51234 - "POST /v1/completions HTTP/1.1" 200 OK after %d ms`, i%250, i), nil})
	}
	body := lokiProtoBody(map[string]string{"endpoint": "shop", "deployment": "blue", "pod": "blue-7d9c", "container": "server", "namespace": "prod"}, entries...)
	b.ReportAllocs()
	for b.Loop() {
		result, err := h.in.WriteLokiProto(h.ctx, body)
		require.NoError(b, err)
		require.Equal(b, len(entries), result.Rows)
	}
	b.ReportMetric(float64(b.N*len(entries))/b.Elapsed().Seconds(), "rows/s")
}
