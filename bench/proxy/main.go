package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"time"

	"github.com/endscope/endscope/bench/kit"
)

func main() { kit.Main("proxy", run) }

// options are the flags.
type options struct {
	rate        int
	seconds     float64
	rounds      int
	size        int
	connections int
	streams     int
	tokens      int
	interval    time.Duration
	agent       string
	nginx       string
	profile     string
	dir         string

	self []string // how this program is started as a child: its path, and what makes it one
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("proxy", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.rate, "rate", 2000, "requests per second")
	f.Float64Var(&o.seconds, "seconds", 10, "length of the load on one way in one round")
	f.IntVar(&o.rounds, "rounds", 5, "rounds")
	f.IntVar(&o.size, "size", 1024, "bytes of a request's body and of its answer's")
	f.IntVar(&o.connections, "connections", 64, "connections that share the requests")
	f.IntVar(&o.streams, "streams", 100, "clients that read token streams at a time")
	f.IntVar(&o.tokens, "tokens", 100, "tokens of a stream")
	f.DurationVar(&o.interval, "interval", 20*time.Millisecond, "time between two tokens")
	f.StringVar(&o.agent, "agent", "", "endscope-agent's binary (default: the proxy and the log alone)")
	f.StringVar(&o.nginx, "nginx", "", "nginx's binary (default: as scripts/debian-tools unpacks it)")
	f.StringVar(&o.profile, "profile", "", "file for a CPU profile of the proxy over the whole run; not with -agent")
	f.StringVar(&o.dir, "dir", "", "folder for logs and spools (default: a new one under .cache/bench, removed at the end)")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.rate < 1 || o.seconds <= 0 || o.rounds < 1 || o.size < 1 || o.connections < 1 || o.streams < 1 || o.tokens < 2 || o.interval <= 0 {
		return o, errors.New("-rate, -seconds, -rounds, -size, -connections, -streams and -interval must be above 0, and -tokens above 1")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == childWord {
		return child(ctx, args[1:])
	}
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	o.self = []string{self}
	dir, err := kit.WorkFolder(o.dir, "proxy-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return measure(ctx, o, dir, stdout)
}
