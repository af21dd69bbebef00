package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/bench/kit"
)

func main() { kit.Main("query", run) }

// options are the flags.
type options struct {
	programs  kit.Programs
	servers   string
	questions string
	plan      plan
	scale     float64
	hours     float64
	dir       string
	runs      int
	rounds    int
	warmUps   int
	profile   string
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("query", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.servers, "servers", "endscope,prometheus,victoria-metrics", "which servers to ask")
	f.StringVar(&o.questions, "questions", "", "which questions to ask, by name (default all)")
	f.Float64Var(&o.scale, "scale", 1, "endpoints, relative to 20")
	f.Float64Var(&o.hours, "hours", 24, "span of the longest question; the data hold up to an hour more")
	f.Uint64Var(&o.plan.Seed, "seed", 1, "of the data")
	f.StringVar(&o.dir, "dir", "", "folder of the servers' data, loaded where they are not there yet (default: a new one under .cache/bench, removed at the end)")
	f.IntVar(&o.runs, "runs", 1, "how often all questions are measured")
	f.IntVar(&o.rounds, "rounds", 10, "how often a question is asked in a run, each time about a span that ends at another time")
	f.IntVar(&o.warmUps, "warm-ups", 2, "rounds before those, not counted")
	f.StringVar(&o.profile, "profile", "", "folder for a CPU profile of Endscope under each question")
	o.programs.Flags(f)
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case o.runs < 1:
		return o, fmt.Errorf("-runs: must be at least 1 (got %d)", o.runs)
	case o.rounds < 1:
		return o, fmt.Errorf("-rounds: must be at least 1 (got %d)", o.rounds)
	case o.warmUps < 0:
		return o, fmt.Errorf("-warm-ups: must be at least 0 (got %d)", o.warmUps)
	case o.scale <= 0 || o.scale > 10:
		return o, fmt.Errorf("-scale: must be above 0 and at most 10 (got %g)", o.scale)
	case o.hours < 0.5 || o.hours > 24*30:
		return o, fmt.Errorf("-hours: must be at least 0.5 and at most 720 (got %g)", o.hours)
	}
	o.plan.Endpoints, o.plan.Deployments, o.plan.Instances = max(1, int(20*o.scale+0.5)), 4, 5
	o.plan.Span = time.Duration(o.hours * float64(time.Hour)).Truncate(10 * time.Minute)
	o.plan.End = time.Now().Truncate(time.Minute).UTC()
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
	if o.dir == "" {
		if o.dir, err = kit.WorkFolder("", "query-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	} else if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	p, err := prepare(ctx, o.dir, chosen, o.plan, stderr)
	if err != nil {
		return err
	}
	wanted, err := pick(questions(p), o.questions)
	if err != nil {
		return err
	}

	var up []*running
	defer func() {
		for _, r := range up {
			err = errors.Join(err, r.stop(ctx))
		}
	}()
	for _, s := range chosen {
		r, err := s.start(ctx, o.dir)
		if err != nil {
			return err
		}
		up = append(up, r)
	}
	return answerAll(ctx, o, p, up, wanted, stdout, stderr)
}

// answerAll checks and measures the questions, and prints the report.
func answerAll(ctx context.Context, o options, p plan, up []*running, wanted []question, stdout, progress io.Writer) error {
	rollups, err := knowsRollups(ctx, up[0], p)
	if err != nil {
		return err
	}
	all := columns(up, rollups)
	var list []asked
	for _, q := range wanted {
		a := check(ctx, q, p, all)
		fmt.Fprintf(progress, "%s: %q %v\n", q.name, a.agree[1:], a.bad)
		list = append(list, a)
	}
	load, err := measure(ctx, all, up, p, list, o, progress)
	if err != nil {
		return err
	}
	m, err := readManifest(o.dir, up[0].name)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s, %d CPUs, %s, Endscope at %s; %d runs of %d rounds; other processes used %.2f cores, the hypervisor %.2f.\n",
		time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.Version(), revision(ctx), o.runs, o.rounds, load.others, load.steal)
	fmt.Fprintf(stdout, "%s.\n\n", describe(p, m.Expect))
	for _, r := range up {
		fmt.Fprintf(stdout, "- %s: %s\n", r.name, version(r.program))
	}
	fmt.Fprintln(stdout)
	writeReport(stdout, all, list)
	if rollups {
		answers, err := up[0].metric(ctx, "endscope_rollup_answers_total")
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "\nParts of Endscope's answers by where they came from: %s.\n", listed(answers))
	}
	if o.profile != "" {
		if err := profile(ctx, o.profile, all[0], p, wanted, progress); err != nil {
			return err
		}
	}
	var bad []error
	for _, a := range list {
		bad = append(bad, a.bad...)
	}
	return errors.Join(bad...)
}

// choose returns the servers of o.servers with their binaries found or built. Endscope, which the others are compared with, is the first.
func choose(ctx context.Context, o *options, progress io.Writer) ([]server, error) {
	wanted := strings.Split(o.servers, ",")
	if err := o.programs.Find(ctx, slices.Contains(wanted, "prometheus"), progress); err != nil {
		return nil, err
	}
	var chosen []server
	for _, s := range servers(o.programs) {
		if !slices.Contains(wanted, s.name) {
			continue
		}
		wanted = slices.DeleteFunc(wanted, func(name string) bool { return name == s.name })
		if _, err := os.Stat(s.program); err != nil {
			return nil, fmt.Errorf("%s: %w (make build; scripts/debian-tools victoria-metrics)", s.name, err)
		}
		chosen = append(chosen, s)
	}
	if len(wanted) > 0 {
		return nil, fmt.Errorf("-servers: no server named %q", wanted[0])
	}
	if len(chosen) == 0 || chosen[0].name != "endscope" {
		return nil, errors.New("-servers: endscope must be among them")
	}
	return chosen, nil
}

// pick returns the questions of the given names, all for none.
func pick(all []question, list string) ([]question, error) {
	if list == "" {
		return all, nil
	}
	var out []question
	for _, name := range strings.Split(list, ",") {
		i := slices.IndexFunc(all, func(q question) bool { return q.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-questions: no question named %q", name)
		}
		out = append(out, all[i])
	}
	return out, nil
}

// revision returns that of the working tree that holds this program.
func revision(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown revision"
	}
	return strings.TrimSpace(string(out))
}
