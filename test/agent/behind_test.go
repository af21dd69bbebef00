package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

const nginxConf = `daemon off;
master_process off;
pid %[1]s/pid;
error_log stderr;
events { worker_connections 256; }
http {
  access_log %[1]s/access.log;
  client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server {
    listen %[2]s;
    location /health { return 200 "fine\n"; }
    location /score { return 200 "{\"score\": 0.5}\n"; }
    location /fail { return 503 "overloaded\n"; }
  }
}
`

// pythonServer is what people write: the standard library's server, in threads. It prints a line for each request, as that server does.
const pythonServer = `
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, text = {"/health": (200, b"fine\n"), "/score": (200, b"{\"score\": 0.5}\n"), "/fail": (503, b"overloaded\n")}.get(self.path, (404, b"what?\n"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    do_GET = do_POST = answer
host, port = sys.argv[1].rsplit(":", 1)
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
Server((host, int(port)), Handler).serve_forever()
`

// TestServersThatPeopleRun puts nginx, which the agent finds by its port, and a Python server, which it runs, behind the proxy.
func TestServersThatPeopleRun(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.start()
	const each = 60
	drive := func(t *testing.T, a *agent, name string) {
		t.Helper()
		c := newClient(t, a.url(), false)
		for _, k := range []struct {
			method, path string
			body         int
		}{{"POST", "/score", 200}, {"GET", "/score", 0}, {"GET", "/fail", 0}, {"GET", "/missing", 0}} {
			for range each {
				c.send(t.Context(), k.method, k.path, k.body)
			}
		}
		require.Equal(t, map[string]int{"200": 2 * each, "503": each, "404": each}, statuses(c.sent()))
		of := fmt.Sprintf("InstanceId == %q", name)
		a.await(t, s.holds(trafficLog, of+` and XMSClientRequestId != ""`, 4*each))
		rows, err := s.kql(t.Context(), trafficLog+" | where "+of)
		require.NoError(t, err)
		one, twice := byID(rows)
		require.Empty(t, twice)
		for _, got := range c.sent() {
			r, ok := one[got.requestID]
			require.True(t, ok, "no row of %+v", got)
			require.Equal(t, []any{got.status, got.status, got.bytes, got.clientID},
				[]any{r.number("ResponseCode"), r.number("ModelStatusCode"), r.number("ResponsePayloadSize"), r.text("XMSClientRequestId")})
		}
		a.await(t, s.is(fmt.Sprintf(`sum(histogram_count(endpoint_request_duration_seconds{instance=%q}))`, name), float64(len(rows))))
		a.await(t, s.is(fmt.Sprintf(`instance_ready{instance=%q}`, name), 1))
	}

	t.Run("nginx", func(t *testing.T) {
		program := filepath.Join(programs.Debian(t, "nginx"), "nginx")
		const name = "nginx-1"
		dir := t.TempDir()
		a := newAgent(t, s, "--instance", name, "--console.files", filepath.Join(dir, "*.log"), "--console.from", "beginning")
		conf := filepath.Join(dir, "nginx.conf")
		require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, nginxConf, dir, a.model), 0o644))
		nginx := programs.Run(t, program, "-c", conf, "-p", dir)
		a.start()
		a.serves("/score")
		drive(t, a, name)
		// Its log of accesses is its console: one row for each line, the probes' among them.
		a.await(t, s.holds(consoleLog, fmt.Sprintf(`InstanceId == %q and Message has "POST /score"`, name), each))
		a.await(t, s.holds(consoleLog, fmt.Sprintf(`InstanceId == %q and Message has "/missing"`, name), each))
		// It dies, and another takes its place.
		nginx.Kill()
		a.await(t, s.is(fmt.Sprintf(`instance_ready{instance=%q}`, name), 0))
		programs.Run(t, program, "-c", conf, "-p", dir)
		a.await(t, s.is(fmt.Sprintf(`instance_ready{instance=%q}`, name), 1))
		a.await(t, s.is(fmt.Sprintf(`sum(instance_restarts_total{instance=%q})`, name), 1))
	})

	t.Run("python", func(t *testing.T) {
		script := filepath.Join(t.TempDir(), "server.py")
		require.NoError(t, os.WriteFile(script, []byte(pythonServer), 0o644))
		const name = "python-1"
		a := newAgent(t, s, "--instance", name)
		a.start("python3", script, a.model)
		a.serves("/health")
		drive(t, a, name)
		a.await(t, s.holds(consoleLog, fmt.Sprintf(`InstanceId == %q and Message has "POST /score"`, name), each))
		a.await(t, s.holds(consoleLog, fmt.Sprintf(`InstanceId == %q and Message has "GET /missing"`, name), each))
	})
}
