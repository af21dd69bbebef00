package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/endscope/endscope/bench/kit"
)

func main() { kit.Main("alerts", run) }

// options are the flags.
type options struct {
	rules, groups, endpoints, probes int
	idle, warm, measure              time.Duration
	kill, every, settle              time.Duration
	steady, flaps                    int
	grace, spread, startup           time.Duration
	endscope, prometheus             string
	profile, dir                     string
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("alerts", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.rules, "rules", 5000, "metric rules, each of ten series, checked every minute")
	f.IntVar(&o.groups, "groups", 50, "groups of 20 Prometheus rules beside them")
	f.IntVar(&o.endpoints, "endpoints", 500, "endpoints of ten instances")
	f.IntVar(&o.probes, "probes", 40, "values that break a threshold at a known time, to see when the webhook is called")
	f.DurationVar(&o.idle, "idle", 15*time.Second, "time that is measured without rules")
	f.DurationVar(&o.warm, "warm", 65*time.Second, "time from the rules to the measurement")
	f.DurationVar(&o.measure, "measure", time.Minute, "time that is measured with rules: whole minutes, since rules are checked once in each")
	f.DurationVar(&o.kill, "kill", 0, "instead of the load: kill the server again and again for so long, and follow every notification")
	f.DurationVar(&o.every, "every", time.Minute, "with -kill: time between kills, on average")
	f.DurationVar(&o.settle, "settle", 10*time.Second, "with -kill: how long to listen for notifications that come twice when all are in")
	f.IntVar(&o.steady, "steady", 200, "with -kill: alerts that stay fired")
	f.IntVar(&o.flaps, "flaps", 50, "with -kill: series that fire and resolve")
	f.DurationVar(&o.grace, "grace", 15*time.Second, "alerts.evaluation.grace")
	f.DurationVar(&o.spread, "spread", 15*time.Second, "alerts.evaluation.spread")
	f.DurationVar(&o.startup, "startup-delay", 5*time.Second, "alerts.evaluation.startup_delay")
	f.StringVar(&o.endscope, "endscope", "", "endscope's binary (default bin/endscope in the repository)")
	f.StringVar(&o.prometheus, "prometheus", "", "Prometheus's binary (default: as scripts/debian-tools unpacks it); none leaves it out")
	f.StringVar(&o.profile, "profile", "", "file for a CPU profile of endscope while it is measured with rules")
	f.StringVar(&o.dir, "dir", "", "folder for data and logs (default: a new one under .cache/bench, removed at the end)")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case o.rules < 1 || o.rules > 9000:
		return o, fmt.Errorf("-rules: must be from 1 to 9000 (got %d)", o.rules)
	case o.endpoints < 1 || o.endpoints > 5000:
		return o, fmt.Errorf("-endpoints: must be from 1 to 5000 (got %d)", o.endpoints)
	case o.groups < 0 || o.groups > 500:
		return o, fmt.Errorf("-groups: must be from 0 to 500 (got %d)", o.groups)
	case o.probes < 0 || o.probes > 200:
		return o, fmt.Errorf("-probes: must be from 0 to 200 (got %d)", o.probes)
	case o.idle < time.Second || o.measure < time.Second:
		return o, fmt.Errorf("-idle, -measure: must be at least 1s (got %s, %s)", o.idle, o.measure)
	case o.warm < 0 || o.kill < 0:
		return o, fmt.Errorf("-warm, -kill: must not be negative (got %s, %s)", o.warm, o.kill)
	case o.every < time.Second || o.steady < 1 || o.flaps < 0:
		return o, errors.New("-every: must be at least 1s, -steady at least 1, -flaps not negative")
	}
	return o, o.find()
}

// find sets the paths of programs that are not given, and looks whether they are there.
func (o *options) find() error {
	root, err := kit.FindRoot()
	if err != nil {
		return err
	}
	if o.endscope == "" {
		o.endscope = filepath.Join(root, "bin", "endscope")
	}
	if _, err := os.Stat(o.endscope); err != nil {
		return fmt.Errorf("%w (make build)", err)
	}
	if o.prometheus == "none" || o.kill > 0 {
		o.prometheus = ""
		return nil
	}
	if o.prometheus == "" {
		o.prometheus = filepath.Join(root, ".cache", "debian", "bin", "prometheus")
	}
	if _, err := os.Stat(o.prometheus); err != nil {
		return fmt.Errorf("%w (scripts/debian-tools prometheus)", err)
	}
	return nil
}

// run is the program without the process around it. The report goes to stdout, progress to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	dir, err := kit.WorkFolder(o.dir, "alerts-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.kill > 0 {
		return survive(ctx, o, dir, stdout, stderr)
	}
	var found []*measured
	for _, k := range []*kind{endscopeKind(o), prometheusKind(o)} {
		if k.program == "" {
			continue
		}
		m, err := load(ctx, o, k, dir, stderr)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		found = append(found, m)
	}
	report(stdout, o, found)
	return nil
}
