package ingest

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/endscope/endscope/scopes"
)

// otlpRecord appends a record with the resource's attributes to its logs.
func otlpRecord(ld plog.Logs, resource map[string]any, change func(plog.LogRecord)) {
	rl := ld.ResourceLogs().AppendEmpty()
	for _, name := range slices.Sorted(maps.Keys(resource)) { // FromRaw would put them in any order
		if err := rl.Resource().Attributes().PutEmpty(name).FromRaw(resource[name]); err != nil {
			panic(err)
		}
	}
	r := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	r.SetTimestamp(pcommon.NewTimestampFromTime(logNow.Add(-time.Minute)))
	change(r)
}

func (h *logHarness) otlp(ld plog.Logs) LogsResult {
	h.t.Helper()
	result, err := h.in.WriteOTLPLogs(h.ctx, ld)
	require.NoError(h.t, err)
	return result
}

func attributes(t *testing.T, m pcommon.Map, raw map[string]any) {
	t.Helper()
	require.NoError(t, m.FromRaw(raw))
}

const minuteAgo = "2026-07-01T11:59:00Z"

func TestOTLPLogRecords(t *testing.T) {
	h := newLogHarness(t)
	for name, c := range map[string]struct {
		resource map[string]any
		record   func(plog.LogRecord)
		table    string
		want     row
	}{
		"a line": {map[string]any{"service.name": "shop", "k8s.deployment.name": "blue", "k8s.pod.name": "pod-1", "container.name": "server", "container.image.name": "reg:5000/model", "container.image.tags": []any{"v1", "v2"}},
			func(r plog.LogRecord) { r.Body().SetStr("hello") }, consoleTable,
			row{"TimeGenerated": minuteAgo, "EndpointName": "shop", "DeploymentName": "blue", "InstanceId": "pod-1", "ContainerName": "server", "ContainerImageName": "reg:5000/model:v1", "Message": "hello",
				"Properties": `{"Resource":{"container.image.tags":["v1","v2"]}}`}},
		"everything that a record has": {nil, func(r plog.LogRecord) {
			r.Body().SetStr("x")
			attributes(t, r.Attributes(), map[string]any{"http.route": "/a"})
			r.Attributes().PutDouble("f", math.Inf(-1))
			r.Attributes().PutEmptyBytes("b").FromRaw([]byte{1, 2})
			r.Attributes().PutEmpty("none")
			r.SetSeverityNumber(plog.SeverityNumberError)
			r.SetSeverityText("ERROR")
			r.SetTraceID([16]byte{1})
			r.SetSpanID([8]byte{2})
			r.SetEventName("thing.happened")
		}, consoleTable, row{"TimeGenerated": minuteAgo, "Message": "x",
			"Properties": `{"http.route":"/a","f":"-Infinity","b":"AQI=","none":null,"SeverityText":"ERROR","EventName":"thing.happened","SeverityNumber":17,"TraceId":"01000000000000000000000000000000","SpanId":"0200000000000000"}`}},
		"a map": {nil, func(r plog.LogRecord) {
			m := r.Body().SetEmptyMap()
			m.PutStr("a", "\"\xff")
			m.PutEmptySlice("b").AppendEmpty().SetInt(math.MinInt64)
		}, consoleTable, row{"TimeGenerated": minuteAgo, "Message": `{"a":"\"` + "\uFFFD" + `","b":[-9223372036854775808]}`}},
		"no UTF-8":         {map[string]any{"container.name": "\xff"}, func(r plog.LogRecord) { r.Body().SetStr("a\xffb\xfe\xfe") }, consoleTable, row{"TimeGenerated": minuteAgo, "ContainerName": "\uFFFD", "Message": "a\uFFFDb\uFFFD\uFFFD"}},
		"a number":         {nil, func(r plog.LogRecord) { r.Body().SetDouble(1.5) }, consoleTable, row{"TimeGenerated": minuteAgo, "Message": "1.5"}},
		"an observed time": {nil, func(r plog.LogRecord) { r.SetTimestamp(0); r.SetObservedTimestamp(1e18) }, consoleTable, row{"TimeGenerated": "2001-09-09T01:46:40Z"}},
		"no time":          {nil, func(r plog.LogRecord) { r.SetTimestamp(0) }, consoleTable, row{"TimeGenerated": "2026-07-01T12:00:00Z"}},
		"no service":       {map[string]any{"service.name": "unknown_service:java", "service.instance.id": "i"}, func(plog.LogRecord) {}, consoleTable, row{"TimeGenerated": minuteAgo, "InstanceId": "i", "Properties": `{"Resource":{"service.name":"unknown_service:java"}}`}},
		"a container of the record": {nil, func(r plog.LogRecord) {
			attributes(t, r.Attributes(), map[string]any{"k8s.container.name": "side"})
		}, consoleTable, row{"TimeGenerated": minuteAgo, "ContainerName": "side", "Properties": `{"k8s.container.name":"side"}`}},
		"an event by its name": {map[string]any{"service.name": "shop", "host.name": "h"}, func(r plog.LogRecord) { r.SetEventName("BackOff"); r.Body().SetStr("waiting") }, eventTable,
			row{"TimeGenerated": minuteAgo, "EndpointName": "shop", "InstanceId": "h", "Name": "BackOff", "Message": "waiting", "Properties": `{"EventName":"BackOff"}`}},
		"an event by an attribute": {nil, func(r plog.LogRecord) { r.Attributes().PutStr("event.name", "Pulled") }, eventTable,
			row{"TimeGenerated": minuteAgo, "Name": "Pulled", "Properties": `{"event.name":"Pulled"}`}},
		"an event of Kubernetes": {map[string]any{"service.name": "shop", "k8s.object.kind": "Pod", "k8s.object.name": "pod-7"}, func(r plog.LogRecord) {
			attributes(t, r.Attributes(), map[string]any{"k8s.event.reason": "Unhealthy"})
			r.Body().SetStr("Readiness probe failed: HTTP probe failed with statuscode: 503")
		}, eventTable, row{"TimeGenerated": minuteAgo, "EndpointName": "shop", "InstanceId": "pod-7", "Name": "ReadinessProbeFailed", "Message": "Readiness probe failed: HTTP probe failed with statuscode: 503",
			"Properties": `{"k8s.event.reason":"Unhealthy","Resource":{"k8s.object.kind":"Pod","k8s.object.name":"pod-7"}}`}},
		"another event of Kubernetes": {nil, func(r plog.LogRecord) {
			attributes(t, r.Attributes(), map[string]any{"k8s.event.reason": "ScalingReplicaSet"})
		}, eventTable,
			row{"TimeGenerated": minuteAgo, "Name": "ScalingReplicaSet", "Properties": `{"k8s.event.reason":"ScalingReplicaSet"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			ld := plog.NewLogs()
			otlpRecord(ld, c.resource, c.record)
			result := h.otlp(ld)
			require.NoError(t, result.Err())
			require.Equal(t, []row{c.want}, h.store.take(c.table))
			require.Empty(t, h.store.rows)
		})
	}
	require.Equal(t, []string{"OTLP"}, sorted(h.store.sources))
}

func TestScopesOfOTLPLogs(t *testing.T) {
	h := newLogHarness(t, func(c *Config) { c.Logs.OTLP.ResourceAttributes = []string{"kept"} })
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	attributes(t, rl.Resource().Attributes(), map[string]any{"kept": 1, "left.out": 2})
	for _, scope := range []string{"app.db", ""} {
		sl := rl.ScopeLogs().AppendEmpty()
		sl.Scope().SetName(scope)
		if scope != "" {
			sl.Scope().SetVersion("1")
			sl.Scope().Attributes().PutBool("a", true)
		}
		sl.LogRecords().AppendEmpty().Body().SetStr("m")
	}
	h.otlp(ld)
	rows := h.store.take(consoleTable)
	require.Equal(t, `{"Scope":{"a":true,"Name":"app.db","Version":"1"},"Resource":{"kept":1}}`, rows[0]["Properties"])
	require.Equal(t, `{"Resource":{"kept":1}}`, rows[1]["Properties"])
}

func TestOTLPLogsAreRefusedOneByOne(t *testing.T) {
	h := newLogHarness(t, func(c *Config) { c.Logs.MaxField, c.Logs.MaxDepth = 300, 2 })
	ld := plog.NewLogs()
	for _, change := range []func(plog.LogRecord){
		func(r plog.LogRecord) { r.Body().SetStr("good") },
		func(r plog.LogRecord) { r.SetTimestamp(math.MaxUint64) },
		func(r plog.LogRecord) { r.SetTimestamp(pcommon.NewTimestampFromTime(logNow.Add(time.Hour))) },
		func(r plog.LogRecord) { r.Body().SetStr(strings.Repeat("x", 301)) },
		func(r plog.LogRecord) {
			r.Body().SetEmptyMap().PutEmptySlice("a").AppendEmpty().SetEmptySlice().AppendEmpty().SetInt(1)
		},
		func(r plog.LogRecord) {
			r.SetEventName("Killing")
			r.Attributes().PutEmptyMap("a").PutEmptyMap("b").PutEmptyMap("c")
		},
		func(r plog.LogRecord) { r.SetEventName("Killing") },
	} {
		otlpRecord(ld, map[string]any{"service.name": "shop"}, change)
	}
	otlpRecord(ld, map[string]any{"service.name": "a shop"}, func(plog.LogRecord) {})
	result := h.otlp(ld)
	require.Equal(t, 2, result.Rows)
	require.Len(t, h.store.take(consoleTable), 1)
	require.Len(t, h.store.take(eventTable), 1)
	require.Equal(t, map[Reason]int{ReasonFuture: 2, ReasonFieldLimit: 3, ReasonIdentity: 1}, byReason(&result))
	require.Contains(t, result.Err().Error(), `EndpointName: endpoint name "a shop"`)
	require.Zero(t, h.in.inFlight.Load())

	pattern, err := scopes.ParsePattern("shop")
	require.NoError(t, err)
	h.ctx = scopes.WithGrants(t.Context(), scopes.GrantScopes(pattern))
	ld = plog.NewLogs()
	for _, service := range []string{"shop", "other"} {
		otlpRecord(ld, map[string]any{"service.name": service}, func(plog.LogRecord) {})
	}
	result = h.otlp(ld)
	require.Equal(t, map[Reason]int{ReasonScope: 1}, byReason(&result))
	require.Equal(t, 1, result.Rows)
}

func TestOTLPLogsThatCannotBeTaken(t *testing.T) {
	h := newLogHarness(t, func(c *Config) { c.Logs.MaxRows = 2 })
	ld := plog.NewLogs()
	for range 3 {
		otlpRecord(ld, nil, func(plog.LogRecord) {})
	}
	_, err := h.in.WriteOTLPLogs(h.ctx, ld)
	var whole *Error
	require.ErrorAs(t, err, &whole)
	require.Equal(t, TooLarge, whole.Kind)
	require.Empty(t, h.store.rows)

	_, err = h.in.WriteOTLPLogs(t.Context(), ld)
	require.ErrorIs(t, err, scopes.ErrNoGrants)

	deep := plog.NewLogs()
	otlpRecord(deep, nil, func(r plog.LogRecord) {
		v := r.Body()
		for range 1000 {
			v = v.SetEmptySlice().AppendEmpty()
		}
	})
	req := plogotlp.NewExportRequestFromLogs(deep)
	for _, json := range []bool{false, true} {
		body, err := req.MarshalProto()
		if json {
			body, err = req.MarshalJSON()
		}
		require.NoError(t, err)
		_, err = DecodeOTLPLogs(body, json)
		require.ErrorContains(t, err, "nested more than 64 deep")
		_, err = DecodeOTLPLogs([]byte("{nonsense"), json)
		require.ErrorContains(t, err, "OTLP logs: ")
	}
}

// FuzzOTLPLogs reads anything as OTLP logs, in both encodings. Every record is stored or refused.
func FuzzOTLPLogs(f *testing.F) {
	ld := plog.NewLogs()
	otlpRecord(ld, map[string]any{"service.name": "shop", "a": []any{1, "x", map[string]any{"b": 1.5}}, "container.image.name": "i", "container.image.tag": "t"}, func(r plog.LogRecord) {
		r.Body().SetEmptyMap().PutEmptyBytes("x").FromRaw([]byte{1})
		r.SetSeverityText("INFO")
		r.Attributes().PutStr("k8s.event.reason", "Unhealthy")
	})
	otlpRecord(ld, nil, func(r plog.LogRecord) { r.Body().SetStr("text"); r.SetTraceID([16]byte{1}) })
	req := plogotlp.NewExportRequestFromLogs(ld)
	body, err := req.MarshalProto()
	require.NoError(f, err)
	f.Add(body, false)
	body, err = req.MarshalJSON()
	require.NoError(f, err)
	f.Add(body, true)
	h := newLogHarness(f)
	f.Fuzz(func(t *testing.T, body []byte, json bool) {
		ld, err := DecodeOTLPLogs(body, json)
		if err != nil {
			return
		}
		records := ld.LogRecordCount()
		result, err := h.in.WriteOTLPLogs(h.ctx, ld)
		require.NoError(t, err)
		require.Equal(t, records, result.Rows+result.Refused())
		rows := append(h.store.take(consoleTable), h.store.take(eventTable)...)
		require.Len(t, rows, result.Rows)
		checkStored(t, rows)
		require.Zero(t, h.in.inFlight.Load())
	})
}

// BenchmarkWriteOTLPLogs measures a request of 5000 records with a few attributes, from protobuf on.
func BenchmarkWriteOTLPLogs(b *testing.B) {
	h := benchLogs(b)
	const n = 5000
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	require.NoError(b, rl.Resource().Attributes().FromRaw(map[string]any{"service.name": "shop", "k8s.pod.name": "pod-1", "k8s.namespace.name": "prod", "container.name": "server"}))
	sl := rl.ScopeLogs().AppendEmpty()
	for i := range n {
		r := sl.LogRecords().AppendEmpty()
		r.SetTimestamp(pcommon.NewTimestampFromTime(logNow))
		r.Body().SetStr("INFO: POST /v1/completions 200 OK, one of many lines that a server writes")
		r.SetSeverityText("INFO")
		r.SetSeverityNumber(plog.SeverityNumberInfo)
		r.SetTraceID([16]byte{byte(i), byte(i >> 8), 1})
		r.Attributes().PutStr("log.iostream", "stdout")
	}
	body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		ld, err := DecodeOTLPLogs(body, false)
		require.NoError(b, err)
		result, err := h.in.WriteOTLPLogs(h.ctx, ld)
		require.NoError(b, err)
		require.Equal(b, n, result.Rows)
	}
	b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "rows/s")
}
