package proxy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

// program starts one that listens on addr, and stops it when the test ends.
func program(t *testing.T, addr, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = patience
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		if t.Failed() {
			t.Logf("%s: %s", name, out.String())
		}
	})
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, patience, 5*time.Millisecond, "%s does not listen", name)
}

func freeAddr(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// nginx runs Debian's nginx with a server block, and returns its URL.
func nginx(t *testing.T, dir, block string) string {
	t.Helper()
	path := filepath.Join(programs.Debian(t, "nginx"), "nginx")
	addr := freeAddr(t)
	conf := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, `daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events {}
http {
  access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  client_max_body_size 0;
  server { listen %[2]s; %[3]s }
}`, dir, addr, block), 0o600))
	program(t, addr, path, "-c", conf, "-p", dir)
	return "http://" + addr
}

func TestInFrontOfNginx(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o755))
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "weights.bin"), content, 0o644))
	target := nginx(t, dir, fmt.Sprintf(`root %s; keepalive_requests 3;
		location /created { return 201 "made\n"; } location /moved { return 302 /else; } location /gone { return 444; } location /put { dav_methods PUT; }`, dir))
	f := start(t, target, nil)
	c := client(t)
	rows := 0
	for _, request := range []struct {
		path   string
		header http.Header
	}{
		{"/weights.bin", nil}, {"/weights.bin", http.Header{"Range": {"bytes=5-9"}}}, {"/weights.bin", http.Header{"If-Modified-Since": {"Fri, 01 Jan 2100 00:00:00 GMT"}}},
		{"/none", nil}, {"/created", nil}, {"/moved", nil}, {"/weights.bin", http.Header{"Range": {"bytes=99999999-"}}},
	} {
		answers := map[string]string{}
		for _, base := range []string{target, f.url} {
			req, err := http.NewRequest("GET", base+request.path, nil)
			require.NoError(t, err)
			req.Host = "model"
			req.Header = request.header.Clone()
			res, err := c.Do(req)
			require.NoError(t, err)
			body := text(t, res)
			for _, k := range []string{"X-Request-Id", "Connection", "Date"} { // the id is ours, the connection each hop's own
				res.Header.Del(k)
			}
			answers[base] = same(res, fmt.Appendf(nil, "%d bytes, %x", len(body), sha256.Sum256([]byte(body))))
		}
		require.Equal(t, answers[target], answers[f.url], request.path)
		rows++
		f.row(rows)
	}
	res, _ := get(t, c, f.url+"/gone") // nginx closes the connection without a word
	require.Equal(t, 502, res.StatusCode)
	for range 20 { // connections that nginx closes after three requests are not used again
		res, err := c.Post(f.url+"/created", "text/plain", strings.NewReader("x"))
		require.NoError(t, err)
		require.Equal(t, 201, res.StatusCode)
		text(t, res)
	}
}

func TestInFrontOfPython(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.txt"), []byte("hello"), 0o600))
	addr := freeAddr(t)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	program(t, addr, "python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", dir, port) // HTTP/1.0: the answer ends with its connection
	f := start(t, "http://"+addr, nil)
	for range 3 {
		_, body := get(t, client(t), f.url+"/a.txt")
		require.Equal(t, "hello", body)
	}
	res, _ := get(t, client(t), f.url+"/none")
	require.Equal(t, 404, res.StatusCode)
	require.Equal(t, "File not found", f.rowOf(4, res).ModelReason)
}

func TestWithCurl(t *testing.T) {
	model := server(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprintf(w, "%s %d %v", r.Method, n, r.ContentLength)
	})
	f := start(t, model.URL, nil)
	body := filepath.Join(t.TempDir(), "body")
	require.NoError(t, os.WriteFile(body, make([]byte, 3<<20), 0o600)) // curl asks before it sends so much
	for i, c := range []struct {
		args []string
		want string
		row  string
	}{
		{[]string{"--http1.0"}, "GET 0 0 200", "HTTP/1.0"},
		{[]string{"--http1.1"}, "GET 0 0 200", "HTTP/1.1"},
		{[]string{"--http2-prior-knowledge"}, "GET 0 0 200", "HTTP/2.0"},
		{[]string{"--http2"}, "GET 0 0 200", "HTTP/1.1"}, // asks for an upgrade to h2c, which is refused by not being taken up
		{[]string{"--http1.1", "--data-binary", "@" + body}, "POST 3145728 3145728 200", "HTTP/1.1"},
		{[]string{"--http1.1", "-H", "Transfer-Encoding: chunked", "-T", body}, "PUT 3145728 -1 200", "HTTP/1.1"},
		{[]string{"--http2-prior-knowledge", "--data-binary", "@" + body}, "POST 3145728 3145728 200", "HTTP/2.0"},
	} {
		out, err := exec.Command("curl", append([]string{"-sS", "--max-time", "20", "-w", " %{http_code}", f.url}, c.args...)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Equal(t, c.want, string(out), c.args)
		row := f.row(i + 1)
		require.Equal(t, c.row, row.Protocol)
		require.True(t, strings.HasPrefix(row.UserAgent, "curl/"))
	}
}
