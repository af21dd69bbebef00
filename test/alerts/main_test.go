package alerts

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/subproc"
	"github.com/endscope/endscope/test/programs"
)

// bin is the folder of the programs, built once before any test runs.
var bin string

// patience is how long a test waits for what must come. What comes late on a busy machine is not wrong.
const patience = 2 * time.Minute

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil { // they wait most of the time
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(programs.Main(m, &bin, "-race"))
}

// server is one Endscope server with short intervals, over its restarts.
type server struct {
	*programs.Server
	t    *testing.T
	args []string
}

// newServer returns a server that is not running yet. Later arguments win over the short intervals that it has.
func newServer(t *testing.T, args ...string) *server {
	return &server{programs.NewServer(t, bin), t, append([]string{
		"--alerts.evaluation.grace=1s", "--alerts.evaluation.spread=0s", "--alerts.evaluation.startup-delay=1s", "--alerts.evaluation.save-interval=50ms",
		"--alerts.prometheus.query-offset=0s", "--alerts.hub.resolve-hold=2s", "--alerts.watchdog.interval=1s",
	}, args...)}
}

// start runs the server and waits until it takes requests.
func (s *server) start() {
	s.t.Helper()
	s.Start(s.args...)
	s.Ready(patience)
}

// startServer returns a server that runs.
func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	s := newServer(t, args...)
	s.start()
	return s
}

// do sends a request with a JSON body, a text as it is, or none, and returns the answer.
func (s *server) do(ctx context.Context, method, path string, body any) (int, []byte, error) {
	var in io.Reader
	content := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		in, content = strings.NewReader(b), "text/plain"
	default:
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		in = bytes.NewReader(text)
	}
	if !strings.HasPrefix(path, "http") {
		path = s.URL() + path
	}
	req, err := http.NewRequestWithContext(ctx, method, path, in)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Accept", "text/html,application/json;q=0.9,*/*;q=0.8") // links are for browsers
	if body != nil {
		req.Header.Set("Content-Type", content)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}

// call is do that must be answered with a 2xx and, unless out is nil, decodes the answer.
func (s *server) call(method, path string, body, out any) {
	s.t.Helper()
	status, text, err := s.do(programs.Within(s.t, patience), method, path, body)
	require.NoError(s.t, err)
	require.Equal(s.t, 2, status/100, "%s %s: %d %s", method, path, status, text)
	if out != nil {
		require.NoError(s.t, json.Unmarshal(text, out), "%s %s: %s", method, path, text)
	}
}

// get asks for a path and decodes the answer; any other than 200 is an error.
func (s *server) get(ctx context.Context, path string, out any) error {
	text, err := subproc.Get(ctx, s.URL()+path, nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, out)
}

// eventually waits until f returns nil, and fails the test with f's last error when it never does.
func eventually(t *testing.T, f func(context.Context) error) {
	t.Helper()
	require.NoError(t, subproc.Await(programs.Within(t, patience), f))
}

// debian runs a program of a Debian package and returns what it prints; it must end well.
type debian struct {
	t       *testing.T
	program string
}

// newDebian returns a program of a Debian package, which is unpacked when it is not there yet.
func newDebian(t *testing.T, pack, program string) *debian {
	t.Helper()
	return &debian{t, filepath.Join(programs.Debian(t, pack), program)}
}

func (d *debian) run(args ...string) string {
	d.t.Helper()
	return runProgram(d.t, d.program, args...)
}

// runProgram runs a program to its end and returns what it prints.
func runProgram(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(programs.Within(t, patience), program, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	require.NoError(t, err, "%s %s: %s%s", program, args, out, &problems)
	return string(out)
}
