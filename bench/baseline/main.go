package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/endscope/endscope/bench/kit"
)

func main() { kit.Main("baseline", run) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("baseline", flag.ContinueOnError)
	f.SetOutput(stderr)
	count := f.Int("seeds", 8, "series of each kind")
	first := f.Uint64("first-seed", 1001, "seed of the first; those below 1001 were used to choose the method's numbers")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if *count < 1 {
		return fmt.Errorf("-seeds: must be at least 1 (got %d)", *count)
	}
	var seeds []uint64
	for i := range *count {
		seeds = append(seeds, *first+uint64(i))
	}
	conditions := []condition{{3, 4}, {1, 1}}
	for _, part := range []struct {
		title string
		kinds []kind
	}{{"Textbook series", textbookKinds()}, {"Imitations of real machines", machineKinds()}} {
		sums := judgeAll(ctx, part.kinds, seeds, conditions)
		if err := ctx.Err(); err != nil {
			return err
		}
		for i, c := range conditions {
			fmt.Fprintf(stdout, "\n%s, %d of %d windows:\n\n", part.title, c.k, c.n)
			totals(stdout, sums, i)
			fmt.Fprintf(stdout, "\nBy series (precision / recall / false alerts a week):\n\n")
			byKind(stdout, part.kinds, sums, i)
		}
	}
	return nil
}
