package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/endscope/endscope/bench/kit"
	"github.com/endscope/endscope/internal/subproc"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "logs:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	programs    kit.Programs
	rows        int
	days        float64
	endpoints   int
	batch       int
	connections int
	runs        int
	seed        uint64
	dir         string
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("logs", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.rows, "rows", 10_000_000, "rows of the traffic log, and lines of the console log")
	f.Float64Var(&o.days, "days", 29.9, "days that they span, up to now; the server refuses what is older than its retention of 30")
	f.IntVar(&o.endpoints, "endpoints", 20, "endpoints, of 2 deployments with 4 instances each")
	f.IntVar(&o.batch, "batch", 5000, "rows of a push")
	f.IntVar(&o.connections, "connections", 3, "pushes at a time")
	f.IntVar(&o.runs, "runs", 15, "how often each query is asked, besides once to warm up")
	f.Uint64Var(&o.seed, "seed", 1, "of the rows")
	f.StringVar(&o.dir, "dir", "", "folder of the server's data (default: a new one under .cache, removed at the end)")
	o.programs.Flags(f)
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.rows < 1000 || o.batch < 1 || o.connections < 1 || o.runs < 1 || o.endpoints < 1 || o.days <= 0 {
		return o, fmt.Errorf("-rows must be at least 1000, and -batch, -connections, -runs, -endpoints and -days above 0")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if err := o.programs.Find(ctx, false, stderr); err != nil {
		return err
	}
	dir := o.dir
	if dir == "" {
		root, err := kit.FindRoot()
		if err != nil {
			return err
		}
		if dir, err = os.MkdirTemp(filepath.Join(root, ".cache"), "logs-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	addr, err := subproc.FreeAddr()
	if err != nil {
		return err
	}
	server, err := subproc.Start(filepath.Join(dir, "server.log"), o.programs.Endscope, "serve", "--data-dir", filepath.Join(dir, "data"), "--listen", addr, "--log.level", "warn")
	if err != nil {
		return err
	}
	defer server.Kill()
	base := "http://" + addr
	if err := server.Await(ctx, func(ctx context.Context) error {
		_, err := subproc.Get(ctx, base+"/-/ready", nil)
		return err
	}); err != nil {
		return fmt.Errorf("%w\n%s", err, server.Tail())
	}
	return report(ctx, o, base, filepath.Join(dir, "data", "logs"), server, stdout)
}

// report loads, asks, and writes what came of it.
func report(ctx context.Context, o options, base, dir string, server *subproc.Process, out io.Writer) error {
	end := time.Now().UTC()
	w := world{endpoints: o.endpoints, length: time.Duration(o.days * 24 * float64(time.Hour))}
	w.start = end.Add(-w.length)
	fmt.Fprintf(out, "%d CPUs, %s; %d rows over %.1f days, batches of %d, %d connections\n\n", runtime.NumCPU(), runtime.Version(), o.rows, o.days, o.batch, o.connections)
	fmt.Fprintln(out, "| table | rows | rows/s | MB/s of NDJSON | server CPU µs/row | loader CPU µs/row | machine busy | bytes/row on disk |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|")
	known := ""
	for i, l := range []load{
		{"AmlOnlineEndpointTrafficLog", o.rows, o.batch, (*maker).traffic},
		{"AmlOnlineEndpointConsoleLog", o.rows, o.batch, (*maker).console},
		{"AmlOnlineEndpointEventLog", max(1000, o.rows/200), o.batch, (*maker).event},
	} {
		before, err := kit.ReadUsage(server)
		if err != nil {
			return err
		}
		disk, err := settled(ctx, dir)
		if err != nil {
			return err
		}
		m := newMaker(w, o.seed+uint64(i), l.rows)
		done, err := push(ctx, base, m, l, o.connections)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, server.Tail())
		}
		after, err := kit.ReadUsage(server)
		if err != nil {
			return err
		}
		if i == 0 {
			known = m.known
		}
		// The answer to a count has every row that was acknowledged.
		rows, err := ask(ctx, base, question{text: fmt.Sprintf("%s | summarize n = count() | where n == %d", l.table, l.rows)})
		if err != nil {
			return err
		}
		if rows != 1 {
			return fmt.Errorf("%s does not hold the %d rows that were pushed", l.table, l.rows)
		}
		size, err := settled(ctx, dir)
		if err != nil {
			return err
		}
		per := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 / float64(l.rows) }
		fmt.Fprintf(out, "| %s | %d | %.0f | %.0f | %.2f | %.2f | %.0f %% | %.1f |\n", l.table, done.rows, float64(done.rows)/done.took.Seconds(),
			float64(done.bytes)/1e6/done.took.Seconds(), per(after.Servers-before.Servers), per(after.Own-before.Own),
			100*busy(before, after, done.took), float64(size-disk)/float64(l.rows))
	}
	fmt.Fprintln(out, "\n| query | rows | p50 ms | p99 ms | target ms |")
	fmt.Fprintln(out, "|---|---|---|---|---|")
	for _, q := range questions(known) {
		m, err := measure(ctx, base, q, o.runs)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, server.Tail())
		}
		target := ""
		if q.target > 0 {
			target = fmt.Sprint(q.target.Milliseconds())
		}
		fmt.Fprintf(out, "| %s | %d | %.1f | %.1f | %s |\n", q.name, m.rows, float64(m.p50.Microseconds())/1e3, float64(m.p99.Microseconds())/1e3, target)
	}
	return nil
}

func busy(a, b kit.Usage, took time.Duration) float64 {
	return float64(b.Servers-a.Servers+b.Own-a.Own) / float64(took) / float64(runtime.NumCPU())
}

// settled waits until the files no longer change, and returns their size: rows at rest are packed a little after they came.
func settled(ctx context.Context, dir string) (int64, error) {
	last := int64(-1)
	for same := 0; same < 6; {
		size, err := subproc.DiskUsage(dir)
		if err != nil && !os.IsNotExist(err) {
			return 0, err
		}
		if size == last {
			same++
		} else {
			same, last = 0, size
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return last, nil
}
