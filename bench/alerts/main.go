package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/endscope/endscope/bench/kit"
)

func main() { kit.Main("alerts", run) }

// options are the flags.
type options struct {
	rules, endpoints int
	warm, measure    time.Duration
	startup          time.Duration
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("alerts", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.rules, "rules", 5000, "metric rules, each of ten series")
	f.IntVar(&o.endpoints, "endpoints", 100, "endpoints of ten instances, each of which has 30 floats and three native histograms")
	f.DurationVar(&o.warm, "warm", 90*time.Second, "time before each measurement")
	f.DurationVar(&o.measure, "measure", 3*time.Minute, "time that is measured, without rules and then with them")
	f.DurationVar(&o.startup, "startup-delay", 5*time.Second, "alerts.evaluation.startup_delay")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case o.rules < 1 || o.rules > 20_000:
		return o, fmt.Errorf("-rules: must be from 1 to 20000 (got %d)", o.rules)
	case o.endpoints < 1 || o.endpoints > 1000:
		return o, fmt.Errorf("-endpoints: must be from 1 to 1000 (got %d)", o.endpoints)
	case o.warm < 0:
		return o, fmt.Errorf("-warm: must not be negative (got %s)", o.warm)
	case o.measure < time.Second:
		return o, fmt.Errorf("-measure: must be at least 1s (got %s)", o.measure)
	}
	return o, nil
}

// run is the program without the process around it. The report goes to stdout, progress to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	dir, err := kit.WorkFolder("", "alerts-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var found [2]measured
	for i, rules := range []int{0, o.rules} {
		fmt.Fprintf(stderr, "%d rules: %s to warm up, %s measured\n", rules, o.warm, o.measure)
		if found[i], err = measure(ctx, o, dir, rules); err != nil {
			return fmt.Errorf("with %d rules: %w", rules, err)
		}
	}
	fmt.Fprintf(stdout, "%s, %d CPUs, %s; %d endpoints of 10 instances, %d series, a sample every %s; %s without rules and %s with them.\n\n",
		time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.Version(), o.endpoints, o.endpoints*10*seriesOfInstance, pushEvery, o.measure, o.measure)
	report(stdout, o, found[0], found[1])
	return nil
}
