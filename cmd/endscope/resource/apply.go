package resource

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/dashboards"
	"github.com/endscope/endscope/resources"
)

// apply is one run of the command.
type apply struct {
	*connection
	files      []string
	source     string
	dryRun     bool
	prune      bool
	allowEmpty bool
	release    bool
	stdin      io.Reader
}

// NewApply returns the command `apply`.
func NewApply(env cli.Env) *cobra.Command {
	a := &apply{connection: newConnection(env)}
	cmd := &cobra.Command{
		Use: "apply -f FILE…", Short: "Send alert rules, dashboards and other documents to a running server",
		Long: "Send alert rules, action groups, processing rules, the notification policy, dashboards and saved queries to a running server, all of them or, if one is wrong, none.\n\n" +
			"Files are YAML (documents separated by ---) or JSON; each document has the keys kind, name and spec, as `endscope export` prints them. " +
			"What is applied belongs to its --source: the API shows it as read-only until the source releases it.",
		Example: "  endscope apply -f alerts/ --dry-run\n  endscope apply -f alerts/ -f groups.yaml --prune\n  endscope export alert-rules | endscope apply -f - --server http://other:9190",
		Args:    cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.check(); err != nil {
				return err
			}
			a.stdin = cmd.InOrStdin()
			return a.run(cmd.Context())
		},
	}
	fs := cmd.Flags()
	a.flags(cmd)
	fs.StringArrayVarP(&a.files, "file", "f", nil, "`File`, folder or pattern of documents, or - for standard input; repeatable.")
	fs.StringVar(&a.source, "source", "apply", "`Name` of what provides the documents; each source has its own.")
	fs.BoolVar(&a.dryRun, "dry-run", false, "Check everything and say what would change, and change nothing.")
	fs.BoolVar(&a.prune, "prune", false, "Delete what the source provided before and the files do not hold any more.")
	fs.BoolVar(&a.allowEmpty, "allow-empty", false, "Let --prune delete all that the source provides when the files hold nothing.")
	fs.BoolVar(&a.release, "release", false, "Instead of applying files, let people edit what the source provides.")
	return cmd
}

func (a *apply) check() error {
	switch {
	case a.release && (len(a.files) > 0 || a.prune || a.dryRun):
		return cli.Usage(errors.New("--release: cannot be combined with --file, --prune or --dry-run"))
	case !a.release && len(a.files) == 0:
		return cli.Usage(errors.New("--file: must name at least one file, folder or - for standard input"))
	case a.source == "" || strings.ContainsAny(a.source, "/?#"):
		return cli.Usage(fmt.Errorf("--source: must be a name of letters, digits, periods, underscores and hyphens (got %q)", a.source))
	case a.source == resources.FilesSource:
		return cli.Usage(fmt.Errorf("--source: %s is the server's own, for the files that it reads itself", resources.FilesSource))
	case a.source == dashboards.BuiltinSource:
		return cli.Usage(fmt.Errorf("--source: %s is the server's own, for what comes with it", dashboards.BuiltinSource))
	case a.allowEmpty && !a.prune:
		return cli.Usage(errors.New("--allow-empty: needs --prune"))
	}
	return a.connection.check()
}

func (a *apply) path() string { return "/api/v1/provisioning/" + url.PathEscape(a.source) }

func (a *apply) run(ctx context.Context) error {
	if a.release {
		return a.runRelease(ctx)
	}
	docs, err := a.load()
	if err != nil {
		return err
	}
	if len(docs) == 0 && !a.allowEmpty {
		return fmt.Errorf("there is no document in %s", strings.Join(a.files, ", "))
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false) // errors quote what is sent
	if err := enc.Encode(docs); err != nil {
		return err
	}
	answer, err := a.ask(ctx, http.MethodPost, a.path(), url.Values{"dryRun": {strconv.FormatBool(a.dryRun)}, "prune": {strconv.FormatBool(a.prune)}}, &body)
	if err != nil {
		return located(err, docs)
	}
	var result struct {
		resources.ProvisionResult
		Warnings []string `json:"warnings"`
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return fmt.Errorf("the answer of %s is not what this version expects: %w", a.server, err)
	}
	for _, w := range result.Warnings {
		if _, err := fmt.Fprintf(a.env.Stderr, "warning: %s\n", w); err != nil {
			return err
		}
	}
	return a.print(result.ProvisionResult)
}

// load reads all documents.
func (a *apply) load() ([]resources.Document, error) {
	docs := []resources.Document{}
	var errs []error
	var paths []string
	for _, f := range a.files {
		if f != "-" {
			paths = append(paths, f)
			continue
		}
		some, err := resources.ParseDocuments(a.stdin, "standard input")
		docs, errs = append(docs, some...), append(errs, err)
	}
	some, err := resources.LoadFiles(paths)
	return append(docs, some...), errors.Join(append(errs, err)...)
}

// located puts the file and line of each document that the server refused in front of what it said.
func located(err error, docs []resources.Document) error {
	var p *problem
	if !errors.As(err, &p) || len(p.Errors) == 0 {
		return err
	}
	all := &resources.ProvisionError{}
	for _, e := range p.Errors {
		d := &resources.DocumentError{Index: e.Document, Key: resources.Key{Kind: e.Kind, Name: e.Name}, Err: errors.New(e.Detail)}
		if e.Document >= 0 && e.Document < len(docs) {
			d.File, d.Line = docs[e.Document].File, docs[e.Document].Line
		}
		all.Documents = append(all.Documents, d)
	}
	return errors.Join(all, errors.New("nothing was changed"))
}

// print writes a line for each document and a summary.
func (a *apply) print(r resources.ProvisionResult) error {
	suffix := ""
	if a.dryRun {
		suffix = " (dry run)"
	}
	var out strings.Builder
	var counts []string
	for _, list := range []struct {
		what string
		keys []resources.Key
	}{{"created", r.Created}, {"updated", r.Updated}, {"unchanged", r.Unchanged}, {"deleted", r.Deleted}} {
		for _, key := range list.keys {
			fmt.Fprintf(&out, "%s %s%s\n", key, list.what, suffix)
		}
		if len(list.keys) > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", len(list.keys), list.what))
		}
	}
	if _, err := io.WriteString(a.env.Stdout, out.String()); err != nil {
		return err
	}
	if counts == nil {
		counts = []string{"nothing to do"}
	}
	_, err := fmt.Fprintf(a.env.Stderr, "%s%s\n", strings.Join(counts, ", "), suffix)
	return err
}

func (a *apply) runRelease(ctx context.Context) error {
	answer, err := a.ask(ctx, http.MethodPost, a.path()+"/release", nil, nil)
	if err != nil {
		return err
	}
	var result struct {
		Released []resources.Key `json:"released"`
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return fmt.Errorf("the answer of %s is not what this version expects: %w", a.server, err)
	}
	for _, key := range result.Released {
		if _, err := fmt.Fprintf(a.env.Stdout, "%s released\n", key); err != nil {
			return err
		}
	}
	return nil
}
