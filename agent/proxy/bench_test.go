package proxy

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/agent/records"
)

// BenchmarkRequest passes requests of 1 KiB on, one at a time, to a model that costs next to nothing.
func BenchmarkRequest(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1024\r\n\r\n%s", bytes.Repeat([]byte(" "), 1024))
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				buf := make([]byte, 8192)
				var seen []byte
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					seen = append(seen, buf[:n]...)
					if i := bytes.Index(seen, []byte("\r\n\r\n")); i < 0 || len(seen) < i+4+1024 {
						continue
					}
					seen = seen[:0]
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	cfg := DefaultConfig()
	cfg.Listen, cfg.Target = "127.0.0.1:0", "http://"+l.Addr().String()
	p, err := New(cfg, Settings{Registerer: prometheus.NewRegistry(), Record: func(records.Traffic) {}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	defer func() {
		cancel()
		<-ended
	}()
	c, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	request := fmt.Appendf(nil, "POST /score HTTP/1.1\r\nHost: x\r\nUser-Agent: bench\r\nContent-Type: application/json\r\nContent-Length: 1024\r\n\r\n%s", bytes.Repeat([]byte(" "), 1024))
	in := bufio.NewReader(c)
	body := make([]byte, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(request); err != nil {
			b.Fatal(err)
		}
		for {
			line, err := in.ReadSlice('\n')
			if err != nil {
				b.Fatal(err)
			}
			if len(line) == 2 {
				break
			}
		}
		if _, err := io.ReadFull(in, body); err != nil {
			b.Fatal(err)
		}
	}
}
