package console

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/records"
)

func BenchmarkLines(b *testing.B) {
	for name, line := range map[string]string{
		"access":  `INFO:     10.0.0.7:51234 - "POST /v1/chat/completions HTTP/1.1" 200 OK`,
		"metrics": "INFO 05-01 12:00:00 [loggers.py:116] Engine 000: Avg prompt throughput: 1234.5 tokens/s, Avg generation throughput: 321.0 tokens/s, Running: 12 reqs, Waiting: 0 reqs, GPU KV cache usage: 12.3%, Prefix cache hit rate: 45.6%",
		"colours": "\x1b[32mINFO\x1b[0m:     Application startup complete.",
		"secret":  "loading with api_key=abcdefghijkl from https://user:password1@host/x",
		// What a client can make a server print: lines as long as they may be, full of what secrets begin with.
		"long":     strings.Repeat("what a prompt may say ", 3000),
		"password": strings.Repeat("password ", 7000),
		"names":    strings.Repeat("password: key=token: ", 3000),
		"values":   strings.Repeat("password=hunter22 ", 3600),
		"all":      strings.Repeat("authorization bearer key=1 token: 1 secret=1 ://@ sk- hf_ eyJ -----BEGIN ", 850),
		"json":     strings.Repeat(`{"role": "user", "content": "the password is"}, `, 1300),
	} {
		b.Run(name, func(b *testing.B) {
			p, err := NewPipeline(DefaultConfig(), Settings{})
			require.NoError(b, err)
			l := p.newLane("stdout", "stdout", "c", func(records.Console) {})
			now := time.Now()
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				l.line(now, now, []byte(line), 0, 0)
			}
		})
	}
}
