package resource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/cmd/internal/cli"
)

// export is one run of the command.
type export struct {
	*connection
	format string
	output string
}

// notExported begins the comments in a rule file that say what is not in it.
const notExported = "# not in this file: "

func kinds() []string {
	return []string{"alert-rule", "action-group", "processing-rule", "notification-policy", "dashboard", "saved-query"}
}

func formats() []string { return []string{"yaml", "json", "prometheus", "alertmanager"} }

// NewExport returns the command `export`.
func NewExport(env cli.Env) *cobra.Command {
	e := &export{connection: newConnection(env)}
	cmd := &cobra.Command{
		Use: "export [KIND…]", Short: "Print what operators created on a running server",
		Long: "Print what operators created on a running server: all kinds, or those that are named (" + strings.Join(kinds(), ", ") + ").\n\n" +
			"yaml and json are what `endscope apply` reads. prometheus is a rule file and alertmanager a configuration of Alertmanager, as far as these can say it: what a rule file cannot say is named on standard error. " +
			"The dashboards that come with each server are not printed. Secrets are printed as <secret>; a server to which such a document is applied keeps the secret that it has.",
		Example:           "  endscope export > all.yaml\n  endscope export dashboards > dashboards.yaml\n  endscope export alert-rules --format prometheus -o rules.yml",
		ValidArgsFunction: cobra.FixedCompletions(kinds(), cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			query, err := e.check(args)
			if err != nil {
				return err
			}
			return e.run(cmd.Context(), query)
		},
	}
	e.flags(cmd)
	cmd.Flags().StringVar(&e.format, "format", "yaml", "`Format`: "+strings.Join(formats(), ", ")+".")
	cmd.Flags().StringVarP(&e.output, "output", "o", "", "Write to this `file`, whole or not at all, instead of standard output.")
	return cmd
}

// check returns what to ask for.
func (e *export) check(args []string) (url.Values, error) {
	if !slices.Contains(formats(), e.format) {
		return nil, cli.Usage(fmt.Errorf("--format: must be one of %s (got %s)", strings.Join(formats(), ", "), e.format))
	}
	query := url.Values{"format": {e.format}}
	for _, arg := range args {
		i := slices.IndexFunc(kinds(), func(k string) bool { return arg == k || arg == k+"s" || arg == strings.TrimSuffix(k, "y")+"ies" })
		if i < 0 {
			return nil, cli.Usage(fmt.Errorf("unknown kind %q: must be one of %s", arg, strings.Join(kinds(), ", ")))
		}
		if kind := kinds()[i]; !slices.Contains(query["kind"], kind) {
			query.Add("kind", kind)
		}
	}
	return query, e.connection.check()
}

func (e *export) run(ctx context.Context, query url.Values) error {
	answer, err := e.ask(ctx, http.MethodGet, "/api/v1/export", query, nil)
	if err != nil {
		return err
	}
	if e.format == "prometheus" {
		for line := range strings.Lines(string(answer)) {
			if left, ok := strings.CutPrefix(line, notExported); ok {
				_, _ = fmt.Fprint(e.env.Stderr, "not exported: "+left)
			}
		}
	}
	if e.output == "" {
		_, err := e.env.Stdout.Write(answer)
		return err
	}
	return writeFile(e.output, answer)
}

// writeFile replaces a file in one step. What is no regular file, such as a pipe, is written to.
func writeFile(path string, text []byte) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, text, 0o644)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
