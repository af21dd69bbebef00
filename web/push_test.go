package web

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	clientconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/endscope/endscope/ingest"
)

const (
	contentV1 = "application/x-protobuf"
	contentV2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
)

// v1Body and v2Body hold one sample per name, now; an empty name makes a nameless series.
func v1Body(t *testing.T, names ...string) []byte {
	req := &prompb.WriteRequest{}
	for _, name := range names {
		s := prompb.TimeSeries{Samples: []prompb.Sample{{Value: 1, Timestamp: time.Now().UnixMilli()}}, Labels: []prompb.Label{{Name: "a", Value: "b"}}}
		if name != "" {
			s.Labels = []prompb.Label{{Name: "__name__", Value: name}}
		}
		req.Timeseries = append(req.Timeseries, s)
	}
	b, err := req.Marshal()
	require.NoError(t, err)
	return snappy.Encode(nil, b)
}

func v2Request(names ...string) *writev2.Request {
	req := &writev2.Request{Symbols: []string{"", "__name__", "a"}}
	for _, name := range names {
		s := writev2.TimeSeries{Samples: []writev2.Sample{{Value: 1, Timestamp: time.Now().UnixMilli()}}, LabelsRefs: []uint32{2, 2}}
		if name != "" {
			req.Symbols = append(req.Symbols, name)
			s.LabelsRefs = []uint32{1, uint32(len(req.Symbols) - 1)}
		}
		req.Timeseries = append(req.Timeseries, s)
	}
	return req
}

func v2Body(t *testing.T, names ...string) []byte {
	b, err := v2Request(names...).Marshal()
	require.NoError(t, err)
	return snappy.Encode(nil, b)
}

// push posts a body with headers given as pairs.
func (h *harness) push(path string, body []byte, headers ...string) reply {
	h.t.Helper()
	header := http.Header{"Content-Type": nil}
	for i := 0; i < len(headers); i += 2 {
		header.Set(headers[i], headers[i+1])
	}
	return h.do(http.MethodPost, path, string(body), header)
}

func TestRemoteWriteStatuses(t *testing.T) {
	h := start(t, withIngest(nil))
	none := []string{"", "", ""}
	for name, c := range map[string]struct {
		body    []byte
		headers []string
		status  int
		text    string
		written []string // the three headers; nil: there are none
	}{
		"1.0":                       {v1Body(t, "a"), []string{"Content-Type", contentV1, "Content-Encoding", "snappy"}, 204, "", nil},
		"1.0 by its name":           {v1Body(t, "a"), []string{"Content-Type", "application/x-protobuf;proto=prometheus.WriteRequest"}, 204, "", nil},
		"without a content type":    {v1Body(t, "a"), nil, 204, "", nil},
		"1.0 in part":               {v1Body(t, "b", "", "c"), []string{"Content-Type", contentV1}, 400, "no_name: 1", nil},
		"2.0":                       {v2Body(t, "a", "d"), []string{"Content-Type", contentV2}, 204, "", []string{"2", "0", "0"}},
		"2.0 with a space":          {v2Body(t, "a", "d"), []string{"Content-Type", "application/x-protobuf; proto=io.prometheus.write.v2.Request"}, 204, "", []string{"2", "0", "0"}},
		"2.0 in part":               {v2Body(t, "e", "", "f"), []string{"Content-Type", contentV2}, 400, "no_name: 1", []string{"2", "0", "0"}},
		"2.0 empty":                 {snappy.Encode(nil, nil), []string{"Content-Type", contentV2}, 204, "", []string{"0", "0", "0"}},
		"2.0 broken":                {[]byte("x"), []string{"Content-Type", contentV2}, 400, "snappy", []string{"0", "0", "0"}},
		"2.0 under 1.0":             {v2Body(t, "a"), []string{"Content-Type", contentV1}, 400, "Content-Type", nil},
		"1.0 under 2.0":             {v1Body(t, "a"), []string{"Content-Type", contentV2}, 400, "Content-Type", []string{"0", "0", "0"}},
		"JSON":                      {[]byte("{}"), []string{"Content-Type", "application/json"}, 415, "application/json", nil},
		"another message":           {[]byte("x"), []string{"Content-Type", "application/x-protobuf;proto=io.prometheus.write.v3.Request"}, 415, "v3", nil},
		"gzip":                      {v1Body(t, "a"), []string{"Content-Type", contentV1, "Content-Encoding", "gzip"}, 415, "snappy", nil},
		"2.0 with gzip":             {v2Body(t, "a"), []string{"Content-Type", contentV2, "Content-Encoding", "gzip"}, 415, "snappy", []string{"0", "0", "0"}},
		"uncompressed":              {[]byte("hello"), []string{"Content-Type", contentV1}, 400, "snappy", nil},
		"a claim of 4 GiB":          {[]byte{0xff, 0xff, 0xff, 0xff, 0x0f, 0}, []string{"Content-Type", contentV2}, 413, "ingest.max_decoded", []string{"0", "0", "0"}},
		"a claim that cannot be":    {append([]byte{0x80, 0x80, 0x80, 0x20}, make([]byte, 20)...), []string{"Content-Type", contentV1}, 400, "no snappy block can", nil},
		"over max_body":             {bytes.Repeat([]byte("x"), 33<<20), []string{"Content-Type", contentV2}, 413, "ingest.max_body", []string{"0", "0", "0"}},
		"a content type with stars": {[]byte("x"), []string{"Content-Type", "*"}, 415, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := h.push("/api/v1/write", c.body, c.headers...)
			require.Equal(t, c.status, r.status, r.body)
			require.Contains(t, r.body, c.text)
			if c.status == 204 {
				require.Empty(t, r.body)
			} else {
				require.Equal(t, "text/plain; charset=utf-8", r.header.Get("Content-Type"))
			}
			want := c.written
			if want == nil {
				want = none
			}
			var got []string
			for _, kind := range []string{"Samples", "Histograms", "Exemplars"} {
				got = append(got, r.header.Get("X-Prometheus-Remote-Write-"+kind+"-Written"))
			}
			require.Equal(t, want, got)
		})
	}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		require.Contains(t, h.get("/api/v1/query?query="+name).body, `"__name__":"`+name+`"`)
	}
	require.Contains(t, h.get("/api/v1/write").header.Get("Allow"), "POST")
}

// chunked sends a body without its length.
func (h *harness) chunked(path string, body io.Reader, headers ...string) reply {
	h.t.Helper()
	req, err := http.NewRequest(http.MethodPost, h.url+path, io.NopCloser(body))
	require.NoError(h.t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(h.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(h.t, err)
	return reply{resp.StatusCode, resp.Header, string(text)}
}

func TestBodiesWithoutALength(t *testing.T) {
	h := start(t, withIngest(func(c *ingest.Config) { c.MaxBody = 1 << 20 }))
	require.Equal(t, 204, h.chunked("/api/v1/write", bytes.NewReader(v1Body(t, "a")), "Content-Type", contentV1).status)
	var names []string
	for i := range 40_000 {
		names = append(names, fmt.Sprintf("long_name_of_a_metric_%d", i))
	}
	body := v1Body(t, names...)
	require.Greater(t, len(body), 150_000)
	require.Equal(t, 204, h.chunked("/api/v1/write", bytes.NewReader(body), "Content-Type", contentV1).status)
	r := h.chunked("/api/v1/write", io.LimitReader(zeros{}, 2<<20), "Content-Type", contentV2)
	require.Equal(t, 413, r.status, r.body)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestPushesToAStoreThatCannotTakeThem(t *testing.T) {
	h := start(t, withIngest(nil), func(o *options) { o.idle = true })
	for _, c := range []struct{ path, contentType string }{
		{"/api/v1/write", contentV2}, {"/api/v1/push/e/d/i", "text/plain"}, {"/v1/metrics", "application/json"},
	} {
		body := v2Body(t, "a")
		switch c.contentType {
		case "text/plain":
			body = []byte("a 1\n")
		case "application/json":
			body = otlpBody(t, true, "a")
		}
		r := h.push(c.path, body, "Content-Type", c.contentType)
		require.Equal(t, 503, r.status, c.path)
		require.Equal(t, "1", r.header.Get("Retry-After"), c.path)
		require.Contains(t, r.body, "not ready", c.path)
	}
	r := h.push("/api/v1/write", v2Body(t, "a"), "Content-Type", contentV2)
	require.Equal(t, "0", r.header.Get("X-Prometheus-Remote-Write-Samples-Written"))

	release, err := h.ingest.Reserve(1 << 30)
	require.NoError(t, err)
	for _, c := range []struct{ path, contentType string }{
		{"/api/v1/write", contentV2}, {"/api/v1/push/e/d/i", "text/plain"}, {"/v1/metrics", "application/json"},
	} {
		r := h.push(c.path, []byte("{}"), "Content-Type", c.contentType)
		require.Equal(t, 429, r.status, c.path)
		require.Equal(t, "1", r.header.Get("Retry-After"), c.path)
	}
	release()
}

// Prometheus's own sender.
func TestPrometheusClientWrites(t *testing.T) {
	h := start(t, withIngest(nil))
	u, err := url.Parse(h.url + "/api/v1/write")
	require.NoError(t, err)
	for _, c := range []struct {
		msg  remoteapi.WriteMessageType
		body []byte
		bad  []byte
	}{
		{remoteapi.WriteV1MessageType, v1Body(t, "p1"), v1Body(t, "p1", "")},
		{remoteapi.WriteV2MessageType, v2Body(t, "p2"), v2Body(t, "p2", "")},
	} {
		client, err := remote.NewWriteClient("test", &remote.ClientConfig{
			URL: &clientconfig.URL{URL: u}, Timeout: model.Duration(10 * time.Second), WriteProtoMsg: c.msg, RetryOnRateLimit: true,
			HTTPClientConfig: promconfig.DefaultRemoteWriteHTTPClientConfig,
		})
		require.NoError(t, err)
		stats, err := client.Store(t.Context(), c.body, 0)
		require.NoError(t, err)
		if c.msg == remoteapi.WriteV2MessageType {
			require.Equal(t, 1, stats.Samples)
			require.True(t, stats.Confirmed)
		}
		_, err = client.Store(t.Context(), c.bad, 0)
		require.ErrorContains(t, err, "no_name")
		var again remote.RecoverableError
		require.NotErrorAs(t, err, &again)
	}
}

// The sender of client_golang.
func TestRemoteAPIClientWrites(t *testing.T) {
	h := start(t, withIngest(nil))
	client, err := remoteapi.NewAPI(h.url, remoteapi.WithAPILogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	stats, err := client.Write(t.Context(), remoteapi.WriteV2MessageType, v2Request("r2"))
	require.NoError(t, err)
	require.Equal(t, 1, stats.Samples)
	stats, err = client.Write(t.Context(), remoteapi.WriteV2MessageType, v2Request("r2", "", "r3"))
	require.ErrorContains(t, err, "400")
	require.Equal(t, 2, stats.Samples)
	_, err = client.Write(t.Context(), remoteapi.WriteV1MessageType, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels: []prompb.Label{{Name: "__name__", Value: "r1"}}, Samples: []prompb.Sample{{Value: 1, Timestamp: time.Now().UnixMilli()}}}}})
	require.NoError(t, err)
	for _, name := range []string{"r1", "r2", "r3"} {
		require.Contains(t, h.get("/api/v1/query?query="+name).body, name)
	}
}

func encode(t *testing.T, encoding, text string) []byte {
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch encoding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "zstd":
		w, err = zstd.NewWriter(&b)
		require.NoError(t, err)
	default:
		return []byte(text)
	}
	_, err = io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestTextPush(t *testing.T) {
	h := start(t, withIngest(nil))
	for _, encoding := range []string{"", "identity", "gzip", "deflate", "zstd"} {
		headers := []string{"Content-Type", "application/x-www-form-urlencoded"}
		if encoding != "" {
			headers = append(headers, "Content-Encoding", encoding)
		}
		r := h.push("/api/v1/push/e/d/i:"+encoding, encode(t, encoding, "jobs 3\n"), headers...)
		require.Equal(t, 200, r.status, r.body)
		require.JSONEq(t, `{"samples":1,"histograms":0,"exemplars":0}`, r.body)
	}
	require.Contains(t, h.get("/api/v1/query?query=count(jobs)").body, `"5"`)
	r := h.do(http.MethodPut, "/api/v1/push/e/d/put", "jobs 3\n", nil)
	require.Equal(t, 200, r.status, r.body)

	r = h.push("/api/v1/push/e/d/i", []byte("ok 1\nnot ok\nalso 2\n"), "Content-Type", "text/plain")
	require.Equal(t, 400, r.status)
	require.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
	var p pushProblem
	require.NoError(t, json.Unmarshal([]byte(r.body), &p))
	require.Equal(t, 2, p.Stored.Samples)
	require.Equal(t, "/problems/partly-refused", p.Type)
	require.Equal(t, ingest.ReasonFormat, p.Refused[0].Reason)
	require.Equal(t, 2, p.Lines[0].Line)
	require.Contains(t, h.get("/api/v1/query?query=also").body, `"endpoint":"e"`)

	for name, c := range map[string]struct {
		path    string
		body    []byte
		headers []string
		status  int
		text    string
	}{
		"an invalid name":  {"/api/v1/push/-e/d/i", []byte("a 1\n"), nil, 400, `\"-e\"`},
		"an encoded slash": {"/api/v1/push/e/d%2Fx/i", []byte("a 1\n"), nil, 400, `d/x`},
		"another encoding": {"/api/v1/push/e/d/i", []byte("a 1\n"), []string{"Content-Encoding", "br"}, 415, "gzip"},
		"two encodings":    {"/api/v1/push/e/d/i", []byte("a 1\n"), []string{"Content-Encoding", "gzip, gzip"}, 415, "gzip"},
		"no gzip":          {"/api/v1/push/e/d/i", []byte("a 1\n"), []string{"Content-Encoding", "gzip"}, 400, "gzip"},
		"cut gzip":         {"/api/v1/push/e/d/i", encode(t, "gzip", "a 1\n")[:15], []string{"Content-Encoding", "gzip"}, 400, "gzip"},
		"no zstd":          {"/api/v1/push/e/d/i", []byte("a 1\n"), []string{"Content-Encoding", "zstd"}, 400, "zstd"},
		"JSON":             {"/api/v1/push/e/d/i", []byte("{}"), []string{"Content-Type", "application/json"}, 415, "text/plain"},
	} {
		t.Run(name, func(t *testing.T) {
			r := h.push(c.path, c.body, c.headers...)
			require.Equal(t, c.status, r.status, r.body)
			require.Contains(t, r.body, c.text)
			require.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
		})
	}
}

// A few kilobytes that would inflate to a gigabyte are refused after a little.
func TestBombsAreRefusedEarly(t *testing.T) {
	h := start(t, withIngest(func(c *ingest.Config) { c.MaxDecoded, c.MaxInFlight = 512<<20, 1<<30 }))
	bombs := map[string][]byte{}
	for _, encoding := range []string{"gzip", "deflate", "zstd"} {
		var b bytes.Buffer
		var w io.WriteCloser = gzip.NewWriter(&b)
		switch encoding {
		case "deflate":
			w = zlib.NewWriter(&b)
		case "zstd":
			z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
			require.NoError(t, err)
			w = z
		}
		_, err := io.Copy(w, io.LimitReader(zeros{}, 64<<20))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		bombs[encoding] = b.Bytes()
	}
	for encoding, bomb := range bombs {
		for path, contentType := range map[string]string{"/api/v1/push/e/d/i": "text/plain", "/v1/metrics": "application/x-protobuf"} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r := h.push(path, bomb, "Content-Type", contentType, "Content-Encoding", encoding)
			runtime.ReadMemStats(&after)
			require.Equal(t, 413, r.status, "%s %s: %s", path, encoding, r.body)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(40<<20), "%s %s", path, encoding)
		}
	}
}

// otlpMetrics has one gauge per name, now; a name of "!" makes a data point without a value.
func otlpMetrics(names ...string) pmetricotlp.ExportRequest {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "shop")
	ms := rm.ScopeMetrics().AppendEmpty().Metrics()
	for _, name := range names {
		m := ms.AppendEmpty()
		m.SetName(strings.TrimPrefix(name, "!"))
		dp := m.SetEmptyGauge().DataPoints().AppendEmpty()
		dp.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		if name[0] != '!' {
			dp.SetDoubleValue(1)
		}
	}
	return pmetricotlp.NewExportRequestFromMetrics(md)
}

func otlpBody(t *testing.T, json bool, names ...string) []byte {
	req := otlpMetrics(names...)
	body, err := req.MarshalProto()
	if json {
		body, err = req.MarshalJSON()
	}
	require.NoError(t, err)
	return body
}

func TestOTLP(t *testing.T) {
	h := start(t, withIngest(nil))
	for _, path := range []string{"/v1/metrics", "/api/v1/otlp/v1/metrics"} {
		for _, asJSON := range []bool{false, true} {
			contentType := "application/x-protobuf"
			if asJSON {
				contentType = "application/json"
			}
			answer := func(r reply) pmetricotlp.ExportResponse {
				require.Equal(t, 200, r.status, r.body)
				require.Equal(t, contentType, r.header.Get("Content-Type"))
				resp := pmetricotlp.NewExportResponse()
				if asJSON {
					require.NoError(t, resp.UnmarshalJSON([]byte(r.body)))
				} else {
					require.NoError(t, resp.UnmarshalProto([]byte(r.body)))
				}
				return resp
			}
			resp := answer(h.push(path, otlpBody(t, asJSON, "g"), "Content-Type", contentType))
			require.Zero(t, resp.PartialSuccess().RejectedDataPoints())
			require.Empty(t, resp.PartialSuccess().ErrorMessage())

			resp = answer(h.push(path, encode(t, "gzip", string(otlpBody(t, asJSON, "g", "!bad", "k"))), "Content-Type", contentType, "Content-Encoding", "gzip"))
			require.Equal(t, int64(1), resp.PartialSuccess().RejectedDataPoints())
			require.Contains(t, resp.PartialSuccess().ErrorMessage(), "bad")

			empty := []byte{}
			if asJSON {
				empty = []byte("{}")
			}
			answer(h.push(path, empty, "Content-Type", contentType))

			r := h.push(path, []byte("{nonsense"), "Content-Type", contentType)
			require.Equal(t, 400, r.status)
			require.Equal(t, contentType, r.header.Get("Content-Type"))
			if asJSON {
				require.Contains(t, r.body, `"message":`)
			} else {
				var st status.Status
				require.NoError(t, proto.Unmarshal([]byte(r.body), &st))
				require.Contains(t, st.Message, "OTLP")
			}
		}
	}
	require.Contains(t, h.get("/api/v1/query?query=k").body, `"endpoint":"shop"`)
	require.Equal(t, 415, h.push("/v1/metrics", []byte("x"), "Content-Type", "text/plain").status)
	require.Equal(t, 415, h.push("/v1/metrics", []byte("x"), "Content-Type", "application/json", "Content-Encoding", "br").status)
	require.Equal(t, 413, h.push("/v1/metrics", bytes.Repeat([]byte("x"), 33<<20), "Content-Type", "application/json").status)
}

// A sender that announces a body and stalls must not keep more than it announced, and one that leaves is no error of the server.
func TestClientsThatLeave(t *testing.T) {
	h := start(t, withIngest(nil))
	ctx, cancel := context.WithCancel(t.Context())
	pr, pw := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/api/v1/write", pr)
	require.NoError(t, err)
	req.ContentLength = 1000
	done := make(chan error, 1)
	go func() {
		_, err := http.DefaultClient.Do(req)
		done <- err
	}()
	_, err = pw.Write([]byte("x"))
	require.NoError(t, err)
	cancel()
	require.NoError(t, pw.CloseWithError(context.Canceled)) // the client waits for its body before it gives up
	require.Error(t, <-done)
	require.Eventually(t, func() bool {
		release, err := h.ingest.Reserve(1 << 30)
		if err == nil {
			release()
		}
		return err == nil
	}, 5*time.Second, 10*time.Millisecond, "what was reserved for the body is given back")
	require.NotContains(t, h.logs.String(), "level=ERROR")
}

// A sender that is too slow is told to try again, not to drop what it has.
func TestSlowSenders(t *testing.T) {
	h := start(t, withIngest(nil), func(o *options) { o.web.ReadTimeout = 200 * time.Millisecond })
	conn, err := net.Dial("tcp", h.Server.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /api/v1/write HTTP/1.1\r\nHost: x\r\nContent-Type: "+contentV2+"\r\nContent-Length: 100\r\n\r\nx")
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 503, resp.StatusCode)
	require.Equal(t, "1", resp.Header.Get("Retry-After"))
}
