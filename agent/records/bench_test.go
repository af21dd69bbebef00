package records

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// discard is a server that takes everything.
type discard struct{}

func (discard) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{}`)), Request: r}, nil
}

func typical() Traffic {
	return Traffic{
		Time: time.Now(), Method: "POST", Path: "/v1/chat/completions", Protocol: "HTTP/1.1", AuthType: "Key", Code: 200, Reason: "OK", ModelCode: 200, ModelReason: "OK",
		RequestBytes: 1024, ResponseBytes: 2048, UserAgent: "python-requests/2.32", RequestID: "7c9e6679-7425-40de-944b-e07fc1f90ae7", ClientRequestID: "client-1",
		Received: time.Millisecond, Answered: 20 * time.Millisecond, Total: 30 * time.Millisecond, Streaming: true, FirstToken: 21 * time.Millisecond, InputTokens: 120, OutputTokens: 300, Model: "llama",
	}
}

// What a request pays for its row, with the writer and the sender at work beside it.
func BenchmarkTraffic(b *testing.B) {
	for _, kind := range []string{"room", "full"} {
		b.Run(kind, func(b *testing.B) {
			cfg := testConfig()
			cfg.FlushInterval = 500 * time.Millisecond
			cfg.MaxQueue = 1_000_000
			cfg.MaxQueueBytes = 1 << 30
			if kind == "full" {
				cfg.MaxQueue = 100
			}
			r := newRecorder(b, cfg, "http://server", b.TempDir())
			r.traffic.sender.client = &http.Client{Transport: discard{}}
			if kind == "room" {
				ctx, cancel := context.WithCancel(b.Context())
				done := make(chan struct{})
				go func() { defer close(done); _ = r.Run(ctx) }()
				defer func() { cancel(); <-done }()
			}
			row := typical()
			b.ReportAllocs()
			for b.Loop() {
				r.Traffic(row)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// What a row costs the writer: its line, compression, and the spool.
func BenchmarkWrite(b *testing.B) {
	cfg := testConfig()
	r := newRecorder(b, cfg, "http://server", b.TempDir())
	rows := make([]Traffic, 1000)
	for i := range rows {
		rows[i] = typical()
		rows[i].Time = rows[i].Time.Add(time.Duration(i) * time.Millisecond)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := r.traffic.append(b.Context(), rows); err != nil {
			b.Fatal(err)
		}
		e, _, _ := r.traffic.spool.Peek()
		_ = r.traffic.spool.Ack(e.Seq)
	}
	b.ReportMetric(float64(b.N*len(rows))/b.Elapsed().Seconds(), "rows/s")
}
