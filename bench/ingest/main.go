package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/bench/kit"
)

func main() { kit.Main("ingest", run) }

// options are the flags.
type options struct {
	programs kit.Programs
	servers  string
	loads    string
	proto    string
	runs     int
	scale    float64
	settle   time.Duration
	quick    bool
	work     string
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("ingest", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.servers, "servers", "endscope-commit,endscope-interval,prometheus,victoria-metrics", "which servers to measure, in this order in the first run")
	f.StringVar(&o.loads, "loads", "bulk,fleet", "which loads to push")
	f.StringVar(&o.proto, "proto", "1.0", "remote-write message version, 1.0 or 2.0; servers that do not speak it are left out")
	f.IntVar(&o.runs, "runs", 3, "how often each server takes each load; the order is rotated by one each time")
	f.Float64Var(&o.scale, "scale", 1, "rounds of samples, relative to two hours in bulk (430 MB of bodies in memory) and 20 rounds in fleet")
	f.DurationVar(&o.settle, "settle", 15*time.Second, "pause between the load and the measurement of disk space")
	f.BoolVar(&o.quick, "quick", false, "a smoke test: a small world, one run, hardly any pause; the numbers mean nothing")
	o.programs.Flags(f)
	f.StringVar(&o.work, "work", "", "folder for the servers' data, on the disk to be measured (default: a new one under .cache/bench)")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case o.proto != string(proto1) && o.proto != string(proto2):
		return o, fmt.Errorf("-proto: must be 1.0 or 2.0 (got %s)", o.proto)
	case o.runs < 1:
		return o, fmt.Errorf("-runs: must be at least 1 (got %d)", o.runs)
	case o.scale <= 0 || o.scale > 10:
		return o, fmt.Errorf("-scale: must be above 0 and at most 10 (got %g)", o.scale)
	}
	if o.quick {
		o.runs, o.settle = 1, 100*time.Millisecond
	}
	return o, nil
}

// run is the program without the process around it. The report goes to stdout, progress to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	chosen, err := choose(ctx, &o, stderr)
	if err != nil {
		return err
	}
	loads, err := buildLoads(ctx, o, stderr)
	if err != nil {
		return err
	}
	work, err := kit.WorkFolder(o.work, "ingest-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()

	names := make([]string, len(chosen))
	for i, s := range chosen {
		names[i] = s.name
	}
	measured := make([]results, len(loads))
	for i := range measured {
		measured[i] = results{}
	}
	for n := range o.runs {
		for i, l := range loads {
			for k := range chosen {
				s := chosen[(k+n)%len(chosen)]
				m, err := measure(ctx, s, proto(o.proto), l, o.settle, work)
				if err != nil {
					return fmt.Errorf("%s, %s, run %d: %w", s.name, l.plan.name, n+1, err)
				}
				measured[i][s.name] = append(measured[i][s.name], m)
				fmt.Fprintf(stderr, "run %d/%d %-5s %-18s %9.0f samples/s %6.2f CPU-s/M  ack p50 %.1f p99 %.1f ms  %4.0f MiB  %.2f B/sample  others %.2f cores\n",
					n+1, o.runs, l.plan.name, s.name, m.SamplesPerSecond, m.CPU, m.P50, m.P99, m.RSS, m.Disk, m.Others)
			}
		}
	}
	fmt.Fprintf(stdout, "Remote write %s, %d runs, median (min–max); %s, %d CPUs, %s.\n\n", o.proto, o.runs, time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.Version())
	for _, s := range chosen {
		fmt.Fprintf(stdout, "- %s: %s\n", s.name, s.note)
	}
	fmt.Fprintln(stdout)
	for i, l := range loads {
		writeTable(stdout, l, names, measured[i])
	}
	return nil
}

// choose returns the servers of o.servers that speak the message, with their binaries found or built.
func choose(ctx context.Context, o *options, progress io.Writer) ([]server, error) {
	wanted := strings.Split(o.servers, ",")
	if err := o.programs.Find(ctx, slices.Contains(wanted, "prometheus"), progress); err != nil {
		return nil, err
	}
	all := servers(o.programs)
	var chosen []server
	for _, name := range wanted {
		i := slices.IndexFunc(all, func(s server) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-servers: no server named %q", name)
		}
		s := all[i]
		if !slices.Contains(s.protos, proto(o.proto)) {
			fmt.Fprintf(progress, "%s does not speak remote write %s and is left out\n", s.name, o.proto)
			continue
		}
		if _, err := os.Stat(s.program); err != nil {
			return nil, fmt.Errorf("%s: %w (make build; scripts/debian-tools victoria-metrics)", s.name, err)
		}
		chosen = append(chosen, s)
	}
	if len(chosen) == 0 {
		return nil, errors.New("-servers: none is left to measure")
	}
	return chosen, nil
}

func buildLoads(ctx context.Context, o options, progress io.Writer) ([]*load, error) {
	var loads []*load
	for _, name := range strings.Split(o.loads, ",") {
		var p plan
		switch name {
		case "bulk":
			p = bulkPlan(o.scale, o.quick)
		case "fleet":
			p = fleetPlan(o.scale, o.quick)
		default:
			return nil, fmt.Errorf("-loads: no load named %q", name)
		}
		began := time.Now()
		l, err := build(ctx, p, proto(o.proto), began)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(progress, "%s: %s, built in %.1f s\n", name, describe(l), time.Since(began).Seconds())
		loads = append(loads, l)
	}
	return loads, nil
}
