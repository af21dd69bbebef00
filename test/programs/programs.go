package programs

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/internal/subproc"
)

// built is the folder, below the module's, where the programs are built and kept, so that the packages of one run share one build.
const built = "../../.cache/test-programs"

// Build puts endscope and endscope-agent into a folder, built with more arguments for the compiler such as -race. What is there from before is built anew
// only when something has changed. It is called from a folder two levels below the module's.
func Build(ctx context.Context, dir string, more ...string) error {
	kept := filepath.Join(built, strings.Join(append([]string{"programs"}, more...), ""))
	if err := os.MkdirAll(kept, 0o755); err != nil {
		return err
	}
	lock, err := os.Create(filepath.Join(kept, "lock"))
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	args := append(append([]string{"build", "-ldflags=-s", "-o", kept + string(filepath.Separator)}, more...), "../../cmd/endscope", "../../cmd/endscope-agent")
	if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	for _, name := range []string{"endscope", "endscope-agent"} {
		program, err := os.ReadFile(filepath.Join(kept, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), program, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// FoundVariable is the environment's name of a folder with programs that are there already: those of a test that runs again in a namespace of its own,
// or of whoever runs tests by hand.
const FoundVariable = "ENDSCOPE_TEST_PROGRAMS"

// Main is what a TestMain does: it puts the programs into a folder of their own, built with more arguments for the compiler, says which in bin, and runs
// the tests. It returns the status for os.Exit.
func Main(m *testing.M, bin *string, more ...string) int {
	code, err := withPrograms(m, bin, more)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func withPrograms(m *testing.M, bin *string, more []string) (code int, err error) {
	if *bin = os.Getenv(FoundVariable); *bin == "" {
		if *bin, err = os.MkdirTemp("", "endscope-test-"); err != nil {
			return 0, err
		}
		defer os.RemoveAll(*bin)
		if err := Build(context.Background(), *bin, more...); err != nil {
			return 0, err
		}
	}
	return Tests(m)
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
