package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/bench/kit"
)

func main() { kit.Main("agent", run) }

// options are the flags.
type options struct {
	rates       []int // requests per second
	seconds     float64
	warmUp      time.Duration
	interval    time.Duration
	outage      time.Duration
	jumps       []jump
	size        int
	connections int
	goal        int // MiB
	agent       string
	endscope    string
	page        string
	dir         string

	self string // this program, which is the model server when it is started as one
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("agent", flag.ContinueOnError)
	f.SetOutput(stderr)
	rates := f.String("rates", "0,100,2000", "requests per second, one load after the other")
	f.Float64Var(&o.seconds, "seconds", 90, "length of each load")
	f.DurationVar(&o.warmUp, "warm-up", 30*time.Second, "time from the start of the agent to the first load")
	f.DurationVar(&o.interval, "interval", 15*time.Second, "how often the agent reads")
	f.DurationVar(&o.outage, "outage", 0, "kill the server under load for so long, and follow every request, instead of measuring the footprint")
	jumps := f.String("jumps", "", "let the agent's clock jump under load, and follow every request, instead of measuring the footprint: 20s:5m,40s:-2h,60s:0s is five minutes ahead after 20 s, and so on")
	f.IntVar(&o.size, "size", 1024, "bytes of a request's body and of its answer's")
	f.IntVar(&o.connections, "connections", 64, "connections that share the requests")
	f.IntVar(&o.goal, "goal", 60, "resident memory that the agent should stay below, in MiB")
	f.StringVar(&o.agent, "agent", "", "endscope-agent's binary (default bin/endscope-agent in the repository)")
	f.StringVar(&o.endscope, "endscope", "", "endscope's binary (default bin/endscope in the repository)")
	f.StringVar(&o.page, "page", "", "page of metrics that the model server shows (default: that of vLLM 0.13 in agent/scrape/testdata)")
	f.StringVar(&o.dir, "dir", "", "folder for data and logs (default: a new one under .cache/bench, removed at the end)")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.jumps, err = parseJumps(*jumps); err != nil {
		return o, err
	}
	for text := range strings.SplitSeq(*rates, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return o, fmt.Errorf("-rates: must be numbers of 0 and above with commas between them (got %q)", *rates)
		}
		o.rates = append(o.rates, n)
	}
	if o.seconds <= 0 || o.warmUp < 0 || o.interval <= 0 || o.outage < 0 || o.size < 16 || o.connections < 1 {
		return o, errors.New("-seconds, -interval and -connections must be above 0, -warm-up and -outage not below it, and -size at least 16")
	}
	root, err := kit.FindRoot()
	if err != nil {
		return o, err
	}
	for value, name := range map[*string]string{&o.agent: "bin/endscope-agent", &o.endscope: "bin/endscope", &o.page: "agent/scrape/testdata/pages/vllm-0.13.0.txt"} {
		if *value == "" {
			*value = filepath.Join(root, name)
		}
		if _, err := os.Stat(*value); err != nil {
			return o, fmt.Errorf("%w (make build)", err)
		}
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == modelWord {
		return serveModel(ctx, args[1:], stdout)
	}
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if o.self, err = os.Executable(); err != nil {
		return err
	}
	dir, err := kit.WorkFolder(o.dir, "agent-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	switch {
	case o.outage > 0:
		return outage(ctx, o, dir, stdout)
	case len(o.jumps) > 0:
		return setClock(ctx, o, dir, stdout)
	}
	return footprint(ctx, o, dir, stdout)
}
