package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// logged is where a test's logger writes.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestCredentialsAreNeitherRecordedNorLogged sends credentials in every place where clients put them, lets requests end in many ways, and looks for them in
// what the proxy keeps: rows, the log at its most talkative, and the series with their exemplars.
func TestCredentialsAreNeitherRecordedNorLogged(t *testing.T) {
	jwt := token(`{"iss":"https://sts.windows.net/72f9/","oid":"joe","pin":"s3cr3t"}`)
	_, payload, _ := strings.Cut(jwt, ".")
	payload, _, _ = strings.Cut(payload, ".")
	secrets := []string{"s3cr3t", payload, "c2lnbmF0dXJl"}
	header := "Host: x\r\nCookie: session=s3cr3t\r\nProxy-Authorization: Basic s3cr3t\r\nApi-Key: s3cr3t\r\nX-Api-Key: s3cr3t\r\nx-ms-client-request-id: a s3cr3t\r\n"
	answer := "HTTP/1.1 200 OK\r\nSet-Cookie: session=s3cr3t\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + sseChunk
	models := map[string]func(*testing.T) string{
		"answers": answers(answer + "0\r\n\r\n"), "breaks": answers(answer), "is down": nobody, "hangs up": answers(""), "is silent": silent,
		"fails": answers("HTTP/1.1 500 No\r\nSet-Cookie: session=s3cr3t\r\nWWW-Authenticate: s3cr3t\r\nContent-Length: 2\r\n\r\nno"),
		"panic": answers(answer),
	}
	requests := map[string]string{
		"key":       "GET /score?api_key=s3cr3t HTTP/1.1\r\nAuthorization: Bearer s3cr3t\r\n" + header + "\r\n",
		"token":     "GET http://joe:s3cr3t@x/score HTTP/1.1\r\nAuthorization: " + jwt + "\r\n" + header + "\r\n",
		"body":      "POST /score HTTP/1.1\r\nAuthorization: Basic s3cr3t\r\nContent-Length: 6\r\n" + header + "\r\ns3cr3t",
		"half":      "POST /score HTTP/1.1\r\nAuthorization: Basic s3cr3t\r\nContent-Length: 60\r\n" + header + "\r\ns3cr3t",
		"bad body":  "POST /score HTTP/1.1\r\nAuthorization: Basic s3cr3t\r\nTransfer-Encoding: chunked\r\n" + header + "\r\ns3cr3t\r\n",
		"malformed": "GET /score HTTP/1.1\r\n" + header + "Authorization Bearer s3cr3t\r\n\r\n",
		"a bad key": "GET /score HTTP/1.1\r\n" + header + "Authorization: s3cr3t\x01\r\n\r\n",
		"connect":   "CONNECT x:443 HTTP/1.1\r\nAuthorization: Bearer s3cr3t\r\n" + header + "\r\n",
	}
	for model, target := range models {
		for request, raw := range requests {
			t.Run("the model "+model+", "+request, func(t *testing.T) {
				out := &logged{}
				f := startWith(t, target(t), func(c *Config) {
					c.RequestTimeout, c.ClientTimeout, c.StatusCodes = 200*time.Millisecond, 100*time.Millisecond, Azure
				},
					func(s *Settings) {
						s.Logger = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
					})
				if model == "panic" {
					f.reverse.ModifyResponse = func(*http.Response) error { panic("a mistake") }
				}
				c, err := net.Dial("tcp", f.Addr().String())
				require.NoError(t, err)
				defer c.Close()
				_, err = io.WriteString(c, raw)
				require.NoError(t, err)
				f.row(1)
				c.Close()
				f.stop()
				rows, err := json.Marshal(f.all(1))
				require.NoError(t, err)
				families, err := f.reg.Gather()
				require.NoError(t, err)
				require.Contains(t, out.String(), "proxy runs")
				for _, secret := range secrets {
					require.NotContains(t, string(rows), secret)
					require.NotContains(t, out.String(), secret)
					require.NotContains(t, fmt.Sprint(families), secret)
				}
			})
		}
	}
}
