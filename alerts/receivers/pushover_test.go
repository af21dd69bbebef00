package receivers

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// tunnel is an HTTP proxy that leads every connection to one address. Pushover's address cannot be set, so tests go through it.
func tunnel(t *testing.T, to string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			wg.Add(1)
			go func() {
				defer wg.Done()
				defer in.Close()
				r := bufio.NewReader(in)
				req, err := http.ReadRequest(r)
				if err != nil || req.Method != http.MethodConnect || req.Host != "api.pushover.net:443" {
					return
				}
				out, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer out.Close()
				_, _ = io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
				back := make(chan struct{})
				go func() {
					defer close(back)
					_, _ = io.Copy(in, out)
					_ = in.Close()
				}()
				_, _ = io.Copy(out, r)
				_ = out.Close()
				<-back
			}()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return "http://" + l.Addr().String()
}

func TestPushoverIsReachedThroughAProxy(t *testing.T) {
	l := &listener{}
	l.Server = httptest.NewTLSServer(l.handler(nil))
	t.Cleanup(l.Close)
	i := newKit(t).one(t, stored(t, "pushover", tunnel(t, strings.TrimPrefix(l.URL, "https://"))))
	_, err := i.Notify(about(t, example()), example())
	require.NoError(t, err)
	_, err = i.Notify(about(t, resolved()), resolved())
	require.NoError(t, err)
	require.Len(t, l.got(), 2)
	for n, priority := range []string{"2", "0"} {
		c := l.got()[n]
		require.Equal(t, "/1/messages.json", c.Path)
		payload := form(t, c.Query)
		checkFields(t, "pushover", payload)
		require.Equal(t, priority, payload["priority"])
		require.Contains(t, payload["message"], "credit/blue is slow")
	}
}
