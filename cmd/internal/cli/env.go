package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/endscope/endscope/cmd/internal/conf"
)

// The exit codes of every command.
const (
	ExitOK      = 0
	ExitFailure = 1 // the work was tried and failed
	ExitUsage   = 2 // flags, arguments or configuration are wrong; nothing was tried
)

// sameSignal is the time in which a second signal is the first one delivered again, as terminals and timeout(1) do it: once to the
// process and once to its group.
const sameSignal = 500 * time.Millisecond

// Env is the world outside one run of a binary.
type Env struct {
	Stdout io.Writer
	Stderr io.Writer
}

// usageError marks an error that the caller of the program can repair by writing the command differently.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// Usage marks err as a wrong use of the program: it ends with ExitUsage. It returns nil for nil.
func Usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// ExitCode is an error that ends the program with that code and no message: what there was to say is said.
type ExitCode int

func (c ExitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// NewRoot returns the command of a binary without subcommands, with completion for four shells.
func (e Env) NewRoot(name, short, long string) *cobra.Command {
	root := &cobra.Command{
		Use: name, Short: short, Long: long,
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(c *cobra.Command, _ []string) error {
			_ = c.Help()
			return Usage(errors.New("no command given"))
		},
	}
	root.SetOut(e.Stdout)
	root.SetErr(e.Stderr)
	root.SetFlagErrorFunc(explainFlag)
	return root
}

// Args makes the errors of a check of positional arguments wrong use.
func Args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error { return Usage(check(c, args)) }
}

// explainFlag names the flag that was probably meant.
func explainFlag(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := conf.Suggest(unknown.GetSpecifiedName(), names); near != "" {
			return Usage(fmt.Errorf("%w; did you mean --%s?", err, near))
		}
	}
	return Usage(err)
}

// Execute runs a command line and returns its exit code. The first SIGINT or SIGTERM ends the context of the command, which then
// has its own time to leave; the second makes Execute return at once.
func (e Env) Execute(root *cobra.Command, args []string) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	root.SetArgs(args)
	done := make(chan error, 1)
	go func() { done <- root.ExecuteContext(ctx) }()
	for stopping := (time.Time{}); ; {
		select {
		case err := <-done:
			return e.report(root, err)
		case <-signals:
			if !stopping.IsZero() {
				if time.Since(stopping) < sameSignal {
					continue
				}
				fmt.Fprintf(e.Stderr, "%s: second signal, leaving at once\n", root.Name())
				return ExitFailure
			}
			stopping = time.Now()
			cancel()
		}
	}
}

func (e Env) report(root *cobra.Command, err error) int {
	if err == nil {
		return ExitOK
	}
	if code, ok := err.(ExitCode); ok {
		return int(code)
	}
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimRight(line, "\n "); line != "" {
			fmt.Fprintf(e.Stderr, "%s: %s\n", root.Name(), line)
		}
	}
	var (
		usage  usageError
		config conf.Errors
	)
	if errors.As(err, &usage) || errors.As(err, &config) || strings.HasPrefix(err.Error(), "unknown command") {
		return ExitUsage
	}
	return ExitFailure
}

// OnHangup calls f for every SIGHUP until ctx ends, one at a time. The returned function waits until no call is running.
func OnHangup(ctx context.Context, f func()) (wait func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer signal.Stop(hangups)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
				f()
			}
		}
	}()
	return func() { <-done }
}
