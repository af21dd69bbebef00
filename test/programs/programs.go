package programs

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/internal/subproc"
)

// Build builds endscope and endscope-agent into a folder, with more arguments for the compiler such as -race. It is called from a folder two levels below
// the module's.
func Build(ctx context.Context, dir string, more ...string) error {
	args := append(append([]string{"build", "-o", dir + string(filepath.Separator)}, more...), "../../cmd/endscope", "../../cmd/endscope-agent")
	if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return nil
}

// Tests runs the tests, and returns an error when one that passed has left a goroutine behind.
func Tests(m *testing.M) (code int, err error) {
	code = m.Run()
	http.DefaultClient.CloseIdleConnections()
	if code == 0 {
		err = goleak.Find()
	}
	return code, err
}

// Within returns a context that ends after d or with the test.
func Within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// Run starts a program whose output goes to a file of the test's, and kills it when the test ends.
func Run(t *testing.T, program string, args ...string) *subproc.Process {
	t.Helper()
	p, err := subproc.Start(filepath.Join(t.TempDir(), "log"), program, args...)
	require.NoError(t, err)
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s:\n%s", p, p.Tail())
		}
	})
	return p
}

// FreeAddr returns an address of this machine on which nothing listens.
func FreeAddr(t *testing.T) string {
	t.Helper()
	addr, err := subproc.FreeAddr()
	require.NoError(t, err)
	return addr
}

// Server is one Endscope server over its restarts: the address and the data folder stay.
type Server struct {
	Addr, Dir string
	Proc      *subproc.Process // the one that was started last

	t       *testing.T
	program string
}

// NewServer returns a server that is not running yet, whose program is in the folder bin.
func NewServer(t *testing.T, bin string) *Server {
	return &Server{t: t, program: filepath.Join(bin, "endscope"), Addr: FreeAddr(t), Dir: filepath.Join(t.TempDir(), "server")}
}

// URL is where it is asked.
func (s *Server) URL() string { return "http://" + s.Addr }

// Start runs the server, with more arguments, and does not wait for it.
func (s *Server) Start(more ...string) {
	s.t.Helper()
	s.Proc = Run(s.t, s.program, append([]string{"serve", "--data-dir", s.Dir, "--listen", s.Addr}, more...)...)
}

// Ready waits until the running server takes requests, for at most d.
func (s *Server) Ready(d time.Duration) {
	s.t.Helper()
	require.NoError(s.t, s.Proc.Await(Within(s.t, d), func(ctx context.Context) error {
		_, err := subproc.Get(ctx, s.URL()+"/-/ready", nil)
		return err
	}))
}
