package commands

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/cmd/endscope/app"
	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/cmd/internal/conf"
)

func newServe(env cli.Env) (*cobra.Command, error) {
	loader, err := conf.New(app.DefaultConfig)
	if err != nil {
		return nil, err
	}
	cmd := &cobra.Command{
		Use: "serve", Short: "Store what is pushed and answer questions, until told to stop",
		Long: "Store what is pushed and answer questions, until told to stop. Every flag is also a key of the file that --config.file names.\n\n" +
			"SIGTERM and SIGINT finish what is in progress and close the store; a second one leaves at once. SIGHUP reads the file again.",
		Example: "  endscope serve --data-dir /var/lib/endscope --listen 127.0.0.1:9190",
		Args:    cli.Args(cobra.NoArgs),
	}
	loader.AddFlags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := loader.Load()
		if err != nil {
			return err
		}
		log, level := cli.NewLogger(cfg.Log, env.Stderr)
		a, err := app.New(cfg, app.Settings{Logger: log, Level: level, Source: loader})
		if err != nil {
			return err
		}
		wait := cli.OnHangup(cmd.Context(), func() {
			if err := a.Reload(); err != nil {
				log.Error("configuration not reloaded; the old one stays", "err", err)
			}
		})
		err = a.Run(cmd.Context())
		if cmd.Context().Err() != nil {
			wait() // no reload while parts are being closed
		}
		return errors.Join(err, a.Close())
	}
	return cmd, nil
}
