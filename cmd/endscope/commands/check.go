package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/cmd/endscope/app"
	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/cmd/internal/conf"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/web"
)

// checkResources checks documents of all kinds.
func checkResources(ctx context.Context, env cli.Env, files []string) error {
	docs, err := resources.LoadFiles(files)
	if err == nil {
		err = app.CheckDocuments(ctx, docs)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "good, %s\n", counted(len(docs), "document"))
	return err
}

func newCheck(env cli.Env) (*cobra.Command, error) {
	loader, err := conf.New(app.DefaultConfig)
	if err != nil {
		return nil, err
	}
	check := &cobra.Command{
		Use: "check", Short: "Check files before a server reads them",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return cli.Usage(fmt.Errorf("cannot check %q: must be config, rules or resources", args[0]))
			}
			_ = cmd.Help()
			return cli.Usage(errors.New("nothing to check given"))
		},
	}
	check.AddCommand(&cobra.Command{
		Use: "config FILE", Short: "Check a configuration file, and list everything that is wrong with it",
		Args: cli.Args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := loader.LoadFile(args[0])
			if err != nil {
				return err
			}
			if err := web.CheckAccess(cfg.Web, cfg.Listen); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			_, err = fmt.Fprintf(env.Stdout, "%s: good\n", args[0])
			return err
		},
	})
	check.AddCommand(&cobra.Command{
		Use: "rules FILE...", Short: "Check Prometheus rule files, and list everything that is wrong with them",
		Args: cli.Args(cobra.MinimumNArgs(1)),
		RunE: func(_ *cobra.Command, files []string) error { return checkRules(env, files) },
	})
	check.AddCommand(&cobra.Command{
		Use: "resources FILE...", Short: "Check documents for resources.files or endscope apply, and list everything that is wrong with them",
		Long: "Check files, folders or patterns of documents (alert rules, action groups, processing rules, the notification policy, dashboards, saved queries) without a server.\n\n" +
			"All that is said of a document for itself is found. Whether documents fit what a server has, such as whether the policy's groups are there, `endscope apply --dry-run` says.",
		Example: "  endscope check resources alerts/ dashboards/*.yaml",
		Args:    cli.Args(cobra.MinimumNArgs(1)),
		RunE:    func(cmd *cobra.Command, files []string) error { return checkResources(cmd.Context(), env, files) },
	})
	return check, nil
}
