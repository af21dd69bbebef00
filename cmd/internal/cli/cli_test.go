package cli

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/cmd/internal/conf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("os/signal.loop")) }

// program returns the root of a small binary and what it writes.
func program(run func(context.Context) error) (Env, *cobra.Command, *bytes.Buffer) {
	var errOut bytes.Buffer
	e := Env{Stdout: &bytes.Buffer{}, Stderr: &errOut}
	root := e.NewRoot("prog", "A program", "")
	sub := &cobra.Command{Use: "work", Args: Args(cobra.NoArgs), RunE: func(c *cobra.Command, _ []string) error { return run(c.Context()) }}
	sub.Flags().String("colour", "", "")
	root.AddCommand(sub, e.NewVersion("prog"))
	return e, root, &errOut
}

func TestExecuteReturnsAnExitCodeAndPrintsWhatIsWrong(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		err  error
		code int
		want string
	}{
		"done":              {[]string{"work"}, nil, ExitOK, ""},
		"failed":            {[]string{"work"}, errors.New("one\ntwo"), ExitFailure, "prog: one\nprog: two\n"},
		"own code":          {[]string{"work"}, ExitCode(143), 143, ""},
		"bad config":        {[]string{"work"}, conf.Errors{errors.New("key: bad")}, ExitUsage, "prog: key: bad\n"},
		"unknown flag":      {[]string{"work", "--color=1"}, nil, ExitUsage, "prog: unknown flag: --color; did you mean --colour?\n"},
		"far flag":          {[]string{"work", "--zzzzz"}, nil, ExitUsage, "prog: unknown flag: --zzzzz\n"},
		"unknown command":   {[]string{"wrok"}, nil, ExitUsage, "prog: unknown command \"wrok\" for \"prog\"\nprog: Did you mean this?\nprog: \twork\n"},
		"unwanted argument": {[]string{"work", "x"}, nil, ExitUsage, "prog: unknown command \"x\" for \"prog work\"\n"},
		"no command":        {nil, nil, ExitUsage, "prog: no command given\n"},
	} {
		t.Run(name, func(t *testing.T) {
			e, root, out := program(func(context.Context) error { return tc.err })
			require.Equal(t, tc.code, e.Execute(root, tc.args))
			require.Equal(t, tc.want, out.String())
		})
	}
}

func TestFirstSignalEndsTheContextAndTheSecondLeavesAtOnce(t *testing.T) {
	signal := func() { require.NoError(t, syscall.Kill(syscall.Getpid(), syscall.SIGTERM)) }
	e, root, _ := program(func(ctx context.Context) error {
		signal()
		<-ctx.Done()
		return nil
	})
	require.Equal(t, ExitOK, e.Execute(root, []string{"work"}))

	release := make(chan struct{})
	left := make(chan struct{})
	e, root, out := program(func(ctx context.Context) error {
		defer close(left)
		signal()
		<-ctx.Done()
		signal() // within the time in which it counts as the same
		time.Sleep(sameSignal + 50*time.Millisecond)
		signal()
		<-release
		return nil
	})
	require.Equal(t, ExitFailure, e.Execute(root, []string{"work"}))
	require.Contains(t, out.String(), "second signal")
	close(release)
	<-left
}

func TestOnHangupCallsForEachSignalUntilTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	called := make(chan struct{}, 1)
	wait := OnHangup(ctx, func() { called <- struct{}{} })
	for range 2 {
		require.NoError(t, syscall.Kill(syscall.Getpid(), syscall.SIGHUP))
		select {
		case <-called:
		case <-time.After(10 * time.Second):
			t.Fatal("no call after SIGHUP")
		}
	}
	cancel()
	wait()
}

func TestGroupStopsItsPartsInTheOrderOfAdd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	g := NewGroup(ctx, slog.New(slog.DiscardHandler))
	var order []string
	for _, name := range []string{"intake", "drain", "store"} {
		g.Add(name, func(ctx context.Context) error {
			<-ctx.Done()
			order = append(order, name) // one after the other, so without a lock
			return nil
		})
	}
	cancel()
	require.NoError(t, g.Run())
	require.Equal(t, []string{"intake", "drain", "store"}, order)
}

func TestGroupReturnsEveryErrorWithItsPart(t *testing.T) {
	g := NewGroup(t.Context(), slog.New(slog.DiscardHandler))
	g.Add("a", func(context.Context) error { return errors.New("broken") })
	g.Add("b", func(ctx context.Context) error { <-ctx.Done(); return errors.New("drain took too long") })
	require.EqualError(t, g.Run(), "a: broken\nb: drain took too long")

	g = NewGroup(t.Context(), slog.New(slog.DiscardHandler))
	g.Add("a", func(context.Context) error { return nil })
	require.EqualError(t, g.Run(), "a: ended without being told to")
}

func TestCleanupClosesOnceLastFirst(t *testing.T) {
	var c Cleanup
	var order []string
	for _, name := range []string{"a", "b"} {
		c.Add(name, func() error { order = append(order, name); return errors.New("no") })
	}
	require.EqualError(t, c.Close(), "close b: no\nclose a: no")
	require.NoError(t, c.Close())
	require.Equal(t, []string{"b", "a"}, order)
}

func TestLoggerWritesTheConfiguredFormatAndLevel(t *testing.T) {
	require.ErrorContains(t, LogConfig{Level: "loud", Format: "xml"}.Validate(), "level: must be one of debug, info, warn, error (got loud)\nformat: must be one of logfmt, json (got xml)")
	var out bytes.Buffer
	log, level := NewLogger(LogConfig{Level: "warn", Format: "json"}, &out)
	log.Info("quiet")
	require.Empty(t, out.String())
	level.Set(LogConfig{Level: "debug"})
	log.Debug("loud", "n", 1)
	require.Contains(t, out.String(), `"msg":"loud","n":1`)
}
