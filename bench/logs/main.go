package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"time"

	"github.com/endscope/endscope/bench/kit"
	"github.com/endscope/endscope/internal/subproc"
)

func main() { kit.Main("logs", run) }

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
	f.StringVar(&o.dir, "dir", "", "folder of the server's data (default: a new one under .cache/bench, removed at the end)")
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
		if dir, err = kit.WorkFolder("", "logs-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	return report(ctx, o, dir, stdout)
}

// start runs the server on the data in dir and waits until it takes requests.
func start(ctx context.Context, o options, dir string) (*subproc.Process, string, error) {
	addr, err := subproc.FreeAddr()
	if err != nil {
		return nil, "", err
	}
	server, err := subproc.Start(filepath.Join(dir, "server.log"), o.programs.Endscope, "serve", "--data-dir", filepath.Join(dir, "data"), "--listen", addr, "--log.level", "warn")
	if err != nil {
		return nil, "", err
	}
	base := "http://" + addr
	err = server.Await(ctx, func(ctx context.Context) error {
		_, err := subproc.Get(ctx, base+"/-/ready", nil)
		return err
	})
	if err != nil {
		server.Kill()
		return nil, "", fmt.Errorf("%w\n%s", err, server.Tail())
	}
	return server, base, nil
}

// report loads, asks, and writes what came of it.
func report(ctx context.Context, o options, dir string, out io.Writer) error {
	server, base, err := start(ctx, o, dir)
	if err != nil {
		return err
	}
	defer func() { server.Kill() }()
	end := time.Now().UTC()
	w := world{endpoints: o.endpoints, length: time.Duration(o.days * 24 * float64(time.Hour))}
	w.start = end.Add(-w.length)
	fmt.Fprintf(out, "%d CPUs, %s; %d rows over %.1f days, batches of %d, %d connections\n\n", runtime.NumCPU(), runtime.Version(), o.rows, o.days, o.batch, o.connections)
	fmt.Fprintln(out, "| table | rows | rows/s | MB/s of NDJSON | server CPU µs/row | loader CPU µs/row | machine busy |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|")
	loads := []load{
		{"AmlOnlineEndpointTrafficLog", o.rows, o.batch, (*maker).traffic},
		{"AmlOnlineEndpointConsoleLog", o.rows, o.batch, (*maker).console},
		{"AmlOnlineEndpointEventLog", max(1000, o.rows/200), o.batch, (*maker).event},
	}
	for i, l := range loads {
		before, err := kit.ReadUsage(server)
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
		// The answer to a count has every row that was acknowledged.
		rows, err := ask(ctx, base, question{text: fmt.Sprintf("%s | summarize n = count() | where n == %d", l.table, l.rows)})
		if err != nil {
			return err
		}
		if rows != 1 {
			return fmt.Errorf("%s does not hold the %d rows that were pushed", l.table, l.rows)
		}
		per := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 / float64(l.rows) }
		fmt.Fprintf(out, "| %s | %d | %.0f | %.0f | %.2f | %.2f | %.0f %% |\n", l.table, done.rows, float64(done.rows)/done.took.Seconds(),
			float64(done.bytes)/1e6/done.took.Seconds(), per(after.Servers-before.Servers), per(after.Own-before.Own), 100*busy(before, after, done.took))
	}

	// Days without new rows are written anew after five minutes, or right after a start.
	if err := server.Stop(ctx); err != nil {
		return err
	}
	if server, base, err = start(ctx, o, dir); err != nil {
		return err
	}
	fmt.Fprintln(out, "\n| table | bytes/row as loaded | bytes/row at rest |")
	fmt.Fprintln(out, "|---|---|---|")
	loaded, err := tableBytes(ctx, base)
	if err != nil {
		return err
	}
	rested, err := rest(ctx, base)
	if err != nil {
		return err
	}
	for _, l := range loads {
		fmt.Fprintf(out, "| %s | %.1f | %.1f |\n", l.table, loaded[l.table]/float64(l.rows), rested[l.table]/float64(l.rows))
	}

	fmt.Fprintln(out, "\n| query | rows | p50 ms | p99 ms | target ms |")
	fmt.Fprintln(out, "|---|---|---|---|---|")
	for _, q := range questions(requestID(o.rows / 2)) {
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

// gauges reads the values of one metric of the server by table.
func gauges(ctx context.Context, base, name string) (map[string]float64, error) {
	text, err := subproc.Get(ctx, base+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for _, m := range regexp.MustCompile(`(?m)^`+name+`\{table="(\w+)"\} (\S+)$`).FindAllSubmatch(text, -1) {
		if out[string(m[1])], err = strconv.ParseFloat(string(m[2]), 64); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func tableBytes(ctx context.Context, base string) (map[string]float64, error) {
	return gauges(ctx, base, "endscope_logs_table_bytes")
}

// rest waits until no file is written anew for a while, and returns the sizes of the tables then.
func rest(ctx context.Context, base string) (map[string]float64, error) {
	last, since := -1.0, time.Now()
	for time.Since(since) < 20*time.Second {
		packed, err := gauges(ctx, base, "endscope_logs_packed_partitions_total")
		if err != nil {
			return nil, err
		}
		sum := 0.0
		for _, n := range packed {
			sum += n
		}
		if sum != last {
			last, since = sum, time.Now()
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return tableBytes(ctx, base)
}

func busy(a, b kit.Usage, took time.Duration) float64 {
	return float64(b.Servers-a.Servers+b.Own-a.Own) / float64(took) / float64(runtime.NumCPU())
}
