package commands

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/alerts/promrules"
	"github.com/endscope/endscope/alerts/promrules/ruletest"
	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/query"
)

func newTest(env cli.Env) (*cobra.Command, error) {
	test := &cobra.Command{
		Use: "test", Short: "Run tests of what operators write",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return cli.Usage(fmt.Errorf("cannot test %q: must be rules", args[0]))
			}
			_ = cmd.Help()
			return cli.Usage(errors.New("nothing to test given"))
		},
	}
	var (
		run    string
		ignore bool
	)
	rules := &cobra.Command{
		Use: "rules FILE...", Short: "Run unit tests of Prometheus rules, in the format of promtool test rules",
		Long: "Run unit tests of Prometheus rules, in the format of promtool test rules, without a server: the rule files that a test file names are\n" +
			"evaluated over the series that it gives, and alerts and expressions are compared with what it expects.",
		Example: "  endscope test rules rules_test.yml\n  endscope test rules --run 'queue|latency' tests/*.yml",
		Args:    cli.Args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			o := ruletest.Options{Parser: query.NewParser(), IgnoreUnknownFields: ignore}
			if run != "" {
				var err error
				if o.Run, err = regexp.Compile(run); err != nil {
					return cli.Usage(fmt.Errorf("--run must be a regular expression: %w", err))
				}
			}
			failed := 0
			for _, file := range files {
				results, warnings := ruletest.RunFile(cmd.Context(), file, o)
				for _, w := range warnings {
					fmt.Fprintf(env.Stderr, "%s: warning: %s\n", file, w)
				}
				if len(results) == 0 {
					fmt.Fprintf(env.Stdout, "%s: no test\n", file)
				}
				for _, r := range results {
					failed += report(env, r)
				}
			}
			if failed > 0 {
				return fmt.Errorf("%s failed", counted(failed, "test"))
			}
			return nil
		},
	}
	rules.Flags().StringVar(&run, "run", "", "Run only tests whose names match the regular `expression`.")
	rules.Flags().BoolVar(&ignore, "ignore-unknown-fields", false, "Pass over fields of rule files that are not known.")
	test.AddCommand(rules)
	return test, nil
}

// report prints one result and returns 1 where it is a failure.
func report(env cli.Env, r ruletest.Result) int {
	name := r.File
	if r.Test != "" {
		name += ": " + r.Test
	}
	if len(r.Failures) == 0 {
		fmt.Fprintf(env.Stdout, "%s: passed (%s)\n", name, r.Took.Round(time.Millisecond))
		return 0
	}
	fmt.Fprintf(env.Stdout, "%s: FAILED\n", name)
	for _, err := range r.Failures {
		fmt.Fprintf(env.Stdout, "  %s\n", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	return 1
}

// checkRules reads Prometheus rule files and lists everything that is wrong with them.
func checkRules(env cli.Env, files []string) error {
	failed := false
	for _, file := range files {
		groups, errs := promrules.ReadFile(file, query.NewParser())
		for _, err := range errs {
			failed = true
			fmt.Fprintln(env.Stderr, err)
		}
		if len(errs) > 0 {
			continue
		}
		n := 0
		for _, g := range groups.Groups {
			n += len(g.Rules)
		}
		fmt.Fprintf(env.Stdout, "%s: good, %s in %s\n", file, counted(n, "rule"), counted(len(groups.Groups), "group"))
	}
	if failed {
		return errors.New("not all rule files are good")
	}
	return nil
}

// counted writes a number of things: 1 rule, 2 rules.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
