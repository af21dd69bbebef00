package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/endscope/endscope/ingest"
	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

// logMemory is a store of log tables that keeps messages. It refuses rows of before 1900, as a store does with what is too old.
type logMemory struct {
	mu       sync.Mutex
	messages []string
	err      error
}

func (m *logMemory) LogTables() []*logrows.Table {
	var tables []*logrows.Table
	for _, name := range []string{"AmlOnlineEndpointTrafficLog", "AmlOnlineEndpointConsoleLog", "AmlOnlineEndpointEventLog"} {
		t := &logrows.Table{Name: name, Columns: []logrows.Column{{Name: "TimeGenerated", Type: logrows.Datetime}, {Name: "ResponseCode", Type: logrows.Int}, {Name: "Properties", Type: logrows.Dynamic}}}
		for _, column := range []string{"Message", "EndpointName", "DeploymentName", "InstanceId", "Name", "ContainerName", "ContainerImageName"} {
			t.Columns = append(t.Columns, logrows.Column{Name: column, Type: logrows.String})
		}
		tables = append(tables, t)
	}
	return tables
}

func (m *logMemory) AppendLogs(_ context.Context, b *logrows.Batch) (refused []ingest.LogRowError, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return nil, m.err
	}
	for i, at := range b.Columns[0].Longs {
		if at < 1899*365*logrows.TicksPerDay {
			refused = append(refused, ingest.LogRowError{Row: i, Reason: ingest.ReasonTooOld, Message: "too old"})
			continue
		}
		text := b.Table.Name + ":"
		if c := b.Columns[b.Table.Column("EndpointName")].Strings; c != nil {
			text += c[i] + ":"
		}
		if c := b.Columns[b.Table.Column("Message")].Strings; c != nil {
			text += strings.Clone(c[i])
		}
		m.messages = append(m.messages, strings.TrimPrefix(text, "AmlOnlineEndpoint"))
	}
	return refused, nil
}

func (m *logMemory) take() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.messages
	m.messages = nil
	return out
}

func TestPushOfRows(t *testing.T) {
	h := start(t, withIngest(nil))
	const path = "/api/v1/logs/AmlOnlineEndpointConsoleLog"
	for _, encoding := range []string{"", "identity", "gzip", "deflate", "zstd"} {
		for contentType, body := range map[string]string{
			"application/x-ndjson":              `{"Message":"a"}` + "\n" + `{"Message":"b","EndpointName":"e"}` + "\n",
			"application/json":                  `[{"Message":"a"},{"Message":"b","EndpointName":"e"}]`,
			"application/x-www-form-urlencoded": `{"Message":"a"}` + "\n" + `{"Message":"b","EndpointName":"e"}`,
		} {
			headers := []string{"Content-Type", contentType}
			if encoding != "" {
				headers = append(headers, "Content-Encoding", encoding)
			}
			r := h.push(path, encode(t, encoding, body), headers...)
			require.Equal(t, 200, r.status, r.body)
			require.JSONEq(t, `{"rows":2}`, r.body)
			require.Equal(t, []string{"ConsoleLog:a", "ConsoleLog:e:b"}, fixed(h.rows.take()))
		}
	}
	r := h.push(path, nil)
	require.Equal(t, 200, r.status)
	require.JSONEq(t, `{"rows":0}`, r.body)

	r = h.push(path, []byte(`{"Message":"a"}`+"\n"+`{"ResponseCode":"x"}`+"\n"+`{"TimeGenerated":"1800-01-01T00:00:00Z"}`+"\nnonsense\n"))
	require.Equal(t, 400, r.status)
	require.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
	var p logsProblem
	require.NoError(t, json.Unmarshal([]byte(r.body), &p))
	require.Equal(t, "/problems/partly-refused", p.Type)
	require.Equal(t, 1, p.Stored.Rows)
	require.Len(t, p.Refused, 3)
	require.Equal(t, []string{"2 wrong_type", "3 too_old", "4 format"}, []string{
		fmt.Sprint(p.Rows[0].Line, " ", p.Rows[0].Reason), fmt.Sprint(p.Rows[1].Line, " ", p.Rows[1].Reason), fmt.Sprint(p.Rows[2].Line, " ", p.Rows[2].Reason)})
	require.Contains(t, p.Detail, `3 rows refused, 1 stored; wrong_type: 1, such as line 2: ResponseCode: "x" is no int`)
	require.Equal(t, []string{"ConsoleLog:a"}, fixed(h.rows.take()))
	require.Contains(t, h.push(path, []byte(`[5]`)).body, `"index":0`)
	require.Equal(t, 1.0, h.count("endscope_ingest_log_refused_total", "table", "AmlOnlineEndpointConsoleLog", "reason", "wrong_type"))

	for name, c := range map[string]struct {
		path    string
		body    []byte
		headers []string
		status  int
		text    string
	}{
		"an unknown table":  {"/api/v1/logs/Nothing", []byte("{}"), nil, 404, `there is no log table \"Nothing\"; there are AmlOnline`},
		"another case":      {"/api/v1/logs/amlonlineendpointconsolelog", []byte("{}"), nil, 404, "did you mean AmlOnlineEndpointConsoleLog?"},
		"a broken array":    {path, []byte(`[{"Message":"a"},`), nil, 400, "nothing is stored"},
		"another encoding":  {path, []byte("{}"), []string{"Content-Encoding", "br"}, 415, "gzip"},
		"no gzip":           {path, []byte("{}"), []string{"Content-Encoding", "gzip"}, 400, "gzip"},
		"gzip untold":       {path, encode(t, "gzip", `{"Message":"a"}`), nil, 400, "the body looks gzip-compressed, and the header Content-Encoding: gzip is missing"},
		"zstd untold":       {path, encode(t, "zstd", `{"Message":"a"}`), nil, 400, "the body looks zstd-compressed, and the header Content-Encoding: zstd is missing"},
		"protobuf":          {path, []byte("x"), []string{"Content-Type", "application/x-protobuf"}, 415, "application/x-ndjson"},
		"a form with files": {path, []byte("x"), []string{"Content-Type", "multipart/form-data; boundary=x"}, 415, "application/x-ndjson"},
		"over max_body":     {path, bytes.Repeat([]byte("\n"), 33<<20), nil, 413, "ingest.max_body"},
		"too many rows":     {path, bytes.Repeat([]byte("{\"a\":1}\n"), 100_001), nil, 413, "ingest.logs.max_rows"},
	} {
		t.Run(name, func(t *testing.T) {
			r := h.push(c.path, c.body, c.headers...)
			require.Equal(t, c.status, r.status, r.body)
			require.Contains(t, r.body, c.text)
			require.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
			require.Empty(t, h.rows.take())
		})
	}
	require.Equal(t, "POST, OPTIONS", h.get(path).header.Get("Allow"))
}

// fixed leaves out the colon of rows without an endpoint, which depends on whether a neighbour has one.
func fixed(messages []string) []string {
	for i, m := range messages {
		messages[i] = strings.ReplaceAll(m, "::", ":")
	}
	return messages
}

func otlpLogs(t *testing.T, json bool, messages ...string) []byte {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "shop")
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for _, m := range messages {
		r := records.AppendEmpty()
		r.Body().SetStr(m)
		switch m {
		case "ahead":
			r.SetTimestamp(1 << 62)
		case "event":
			r.SetEventName("Killing")
		}
	}
	req := plogotlp.NewExportRequestFromLogs(ld)
	body, err := req.MarshalProto()
	if json {
		body, err = req.MarshalJSON()
	}
	require.NoError(t, err)
	return body
}

func TestOTLPLogs(t *testing.T) {
	h := start(t, withIngest(nil))
	for _, path := range []string{"/v1/logs", "/api/v1/otlp/v1/logs"} {
		for _, asJSON := range []bool{false, true} {
			contentType, empty := "application/x-protobuf", ""
			if asJSON {
				contentType, empty = "application/json", "{}"
			}
			answer := func(r reply) plogotlp.ExportResponse {
				require.Equal(t, 200, r.status, r.body)
				require.Equal(t, contentType, r.header.Get("Content-Type"))
				resp := plogotlp.NewExportResponse()
				if asJSON {
					require.NoError(t, resp.UnmarshalJSON([]byte(r.body)))
				} else {
					require.NoError(t, resp.UnmarshalProto([]byte(r.body)))
				}
				return resp
			}
			resp := answer(h.push(path, otlpLogs(t, asJSON, "a", "event", "b"), "Content-Type", contentType))
			require.Zero(t, resp.PartialSuccess().RejectedLogRecords())
			require.Empty(t, resp.PartialSuccess().ErrorMessage())
			require.Equal(t, []string{"EventLog:shop:event", "ConsoleLog:shop:a", "ConsoleLog:shop:b"}, h.rows.take())

			for _, encoding := range []string{"gzip", "zstd"} {
				resp = answer(h.push(path, encode(t, encoding, string(otlpLogs(t, asJSON, "a", "ahead"))), "Content-Type", contentType, "Content-Encoding", encoding))
				require.Equal(t, int64(1), resp.PartialSuccess().RejectedLogRecords())
				require.Contains(t, resp.PartialSuccess().ErrorMessage(), "too_far_ahead: 1")
				require.Equal(t, []string{"ConsoleLog:shop:a"}, h.rows.take())
			}
			answer(h.push(path, []byte(empty), "Content-Type", contentType))

			r := h.push(path, []byte("{nonsense"), "Content-Type", contentType)
			require.Equal(t, 400, r.status)
			require.Equal(t, contentType, r.header.Get("Content-Type"))
			if asJSON {
				require.Contains(t, r.body, `"message":`)
			} else {
				var st status.Status
				require.NoError(t, proto.Unmarshal([]byte(r.body), &st))
				require.Contains(t, st.Message, "OTLP logs")
			}
		}
	}
	require.Equal(t, 415, h.push("/v1/logs", []byte("x"), "Content-Type", "text/plain").status)
	require.Equal(t, 413, h.push("/v1/logs", bytes.Repeat([]byte("x"), 33<<20), "Content-Type", "application/json").status)
}

// lokiProto is a PushRequest with one stream, not compressed.
func lokiProto(labels string, lines ...string) []byte {
	field := func(num protowire.Number, v []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), v)
	}
	stream := field(1, []byte(labels))
	for _, line := range lines {
		at := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(time.Now().Unix()))
		stream = append(stream, field(2, append(field(1, at), field(2, []byte(line))...))...)
	}
	return field(1, stream)
}

func TestLokiPush(t *testing.T) {
	h := start(t, withIngest(nil))
	const path = "/loki/api/v1/push"
	jsonBody := fmt.Sprintf(`{"streams":[{"stream":{"endpoint":"shop"},"values":[["%d","a"],["%[1]d","b"]]}]}`, time.Now().UnixNano())
	protoBody := string(snappy.Encode(nil, lokiProto(`{endpoint="shop"}`, "a", "b")))
	stored := []string{"ConsoleLog:shop:a", "ConsoleLog:shop:b"}
	for name, c := range map[string]struct {
		body    []byte
		headers []string
	}{
		"JSON":                        {[]byte(jsonBody), []string{"Content-Type", "application/json"}},
		"JSON with a charset":         {[]byte(jsonBody), []string{"Content-Type", "application/json; charset=utf-8"}},
		"JSON in gzip":                {encode(t, "gzip", jsonBody), []string{"Content-Type", "application/json", "Content-Encoding", "gzip"}},
		"protobuf":                    {[]byte(protoBody), []string{"Content-Type", "application/x-protobuf"}},
		"protobuf that says snappy":   {[]byte(protoBody), []string{"Content-Type", "application/x-protobuf", "Content-Encoding", "snappy"}},
		"protobuf in gzip":            {encode(t, "gzip", protoBody), []string{"Content-Type", "application/x-protobuf", "Content-Encoding", "gzip"}},
		"protobuf without a type":     {[]byte(protoBody), nil},
		"a tenant and a user's agent": {[]byte(protoBody), []string{"X-Scope-OrgID", "team", "User-Agent", "promtail/3.5.0", "Content-Type", "application/x-protobuf"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := h.push(path, c.body, c.headers...)
			require.Equal(t, 204, r.status, r.body)
			require.Empty(t, r.body)
			require.Equal(t, stored, h.rows.take())
		})
	}
	for name, c := range map[string]struct {
		body    []byte
		headers []string
		status  int
		text    string
	}{
		"broken JSON":       {[]byte(`{"streams":[`), []string{"Content-Type", "application/json"}, 400, "not JSON of that form at byte 12"},
		"broken protobuf":   {snappy.Encode(nil, lokiProto(`{endpoint="shop"}`, "a")[:9]), nil, 400, "Loki push: "},
		"broken labels":     {snappy.Encode(nil, lokiProto(`{endpoint=shop}`, "a")), nil, 400, `labels "{endpoint=shop}"`},
		"not compressed":    {[]byte("hello"), nil, 400, "snappy"},
		"another encoding":  {[]byte("x"), []string{"Content-Encoding", "br"}, 415, "gzip"},
		"over max_body":     {bytes.Repeat([]byte("x"), 33<<20), nil, 413, "ingest.max_body"},
		"JSON of no type":   {[]byte(jsonBody), nil, 400, `needs Content-Type: application/json (got ""); read as protobuf: snappy`},
		"gzip untold":       {encode(t, "gzip", jsonBody), []string{"Content-Type", "application/json"}, 400, "Content-Encoding: gzip is missing"},
		"a refused entry":   {snappy.Encode(nil, lokiProto(`{endpoint="a shop"}`, "a")), nil, 400, "1 row refused, 0 stored; invalid_identity: 1, such as EndpointName: "},
		"a claim of 4 GiB":  {[]byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0}, nil, 413, "ingest.max_decoded"},
		"JSON says no JSON": {[]byte(jsonBody), []string{"Content-Type", "text/plain"}, 400, "snappy"},
	} {
		t.Run(name, func(t *testing.T) {
			r := h.push(path, c.body, c.headers...)
			require.Equal(t, c.status, r.status, r.body)
			require.Contains(t, r.body, c.text)
			require.Equal(t, "text/plain; charset=utf-8", r.header.Get("Content-Type"))
			require.Empty(t, h.rows.take())
		})
	}
	require.Equal(t, 200, h.get("/ready").status)
}

// Whatever a sender speaks, it is told to try again when the store or the server cannot take more, and only then.
func TestLogPushesToAStoreThatCannotTakeThem(t *testing.T) {
	h := start(t, withIngest(nil))
	h.rows.err = &tsdb.NotReadyError{Reason: "testing"}
	pushes := []struct {
		path string
		body []byte
		kind string
	}{
		{"/api/v1/logs/AmlOnlineEndpointConsoleLog", []byte(`{"Message":"a"}`), ""},
		{"/v1/logs", otlpLogs(t, false, "a"), "application/x-protobuf"},
		{"/v1/logs", otlpLogs(t, true, "a"), "application/json"},
		{"/loki/api/v1/push", snappy.Encode(nil, lokiProto(`{endpoint="shop"}`, "a")), "application/x-protobuf"},
	}
	for _, c := range pushes {
		r := h.push(c.path, c.body, "Content-Type", c.kind)
		require.Equal(t, 503, r.status, c.path)
		require.Equal(t, "1", r.header.Get("Retry-After"), c.path)
		require.Contains(t, r.body, "not ready", c.path)
	}
	h.rows.err = nil
	release, err := h.ingest.Reserve(1 << 30)
	require.NoError(t, err)
	for _, c := range pushes {
		r := h.push(c.path, c.body, "Content-Type", c.kind)
		require.Equal(t, 429, r.status, c.path)
		require.Equal(t, "1", r.header.Get("Retry-After"), c.path)
	}
	release()
	for _, c := range pushes {
		require.Contains(t, []int{200, 204}, h.push(c.path, c.body, "Content-Type", c.kind).status, c.path)
	}
	require.Len(t, h.rows.take(), len(pushes))
}

// A sender that is bound to a scope writes only that, whatever protocol it speaks.
func TestLogPushesStayInTheirScope(t *testing.T) {
	pattern, err := scopes.ParsePattern("shop")
	require.NoError(t, err)
	h := start(t, withIngest(nil), func(o *options) {
		o.settings.Grants = func(*http.Request) scopes.Grants { return scopes.GrantScopes(pattern) }
	})
	r := h.push("/api/v1/logs/AmlOnlineEndpointConsoleLog", []byte(`{"EndpointName":"shop","Message":"a"}`+"\n"+`{"EndpointName":"other"}`+"\n"+`{"Message":"of no scope"}`))
	require.Equal(t, 400, r.status)
	require.Contains(t, r.body, `"outside_scope","count":2`)
	r = h.push("/v1/logs", otlpLogs(t, false, "b"), "Content-Type", "application/x-protobuf")
	require.Equal(t, 200, r.status)
	r = h.push("/loki/api/v1/push", snappy.Encode(nil, lokiProto(`{endpoint="other"}`, "c")))
	require.Equal(t, 400, r.status)
	require.Contains(t, r.body, "outside_scope: 1")
	messages := h.rows.take()
	slices.Sort(messages)
	require.Equal(t, []string{"ConsoleLog:shop:a", "ConsoleLog:shop:b"}, messages)
}

// Bombs are refused early whatever route they come by.
func TestLogBombs(t *testing.T) {
	h := start(t, withIngest(nil))
	bomb := encode(t, "gzip", strings.Repeat("\n", 64<<20))
	for _, path := range []string{"/api/v1/logs/AmlOnlineEndpointConsoleLog", "/v1/logs", "/loki/api/v1/push"} {
		r := h.push(path, bomb, "Content-Type", "application/json", "Content-Encoding", "gzip")
		require.Equal(t, 413, r.status, "%s: %s", path, r.body)
	}
}
