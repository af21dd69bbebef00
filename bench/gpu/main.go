package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"time"

	"github.com/endscope/endscope/bench/kit"
)

func main() {
	kit.Main("gpu", func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
		return run(ctx, args, os.Stdin, stdout, stderr)
	})
}

// options are the flags.
type options struct {
	child    bool
	mib      uint64
	rounds   int
	interval time.Duration
	fault    bool
	profile  string
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("gpu", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.BoolVar(&o.child, "child", false, "be a load, as this program starts them")
	f.Uint64Var(&o.mib, "mib", 3000, "MiB of GPU memory that the first child holds; the second one holds half of it")
	f.IntVar(&o.rounds, "rounds", 4, "rounds of each phase, after one that is not judged")
	f.DurationVar(&o.interval, "interval", 2*time.Second, "time between rounds")
	f.BoolVar(&o.fault, "fault", false, "make the second child write to an address that is not mapped, so that the driver reports an XID")
	f.StringVar(&o.profile, "profile", "", "write a CPU profile of the whole run to this file")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case o.mib < 64 || o.mib > 1<<20:
		return o, fmt.Errorf("-mib: must be between 64 and 1048576 (got %d)", o.mib)
	case o.rounds < 1 || o.rounds > 1000:
		return o, fmt.Errorf("-rounds: must be between 1 and 1000 (got %d)", o.rounds)
	case o.interval < time.Second || o.interval > time.Minute:
		return o, fmt.Errorf("-interval: must be between 1s and 1m (got %s)", o.interval)
	}
	return o, nil
}

// run is the program without the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if o.child {
		return serve(o.mib, stdin, stdout)
	}
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return errors.Join(err, f.Close())
		}
		defer func() { pprof.StopCPUProfile(); _ = f.Close() }()
	}
	return check(ctx, o, stdout, stderr)
}
