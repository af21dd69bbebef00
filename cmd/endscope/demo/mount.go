package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/cmd/internal/cli"
)

// modelStore is where newer models would be. Nobody listens there.
const modelStore = "127.0.0.1:1"

// NewMount returns the hidden command of the second container of an instance: it looks for a newer model, and fails, as it cannot reach
// where models are.
func NewMount(env cli.Env) (*cobra.Command, error) {
	return &cobra.Command{
		Use: mountCommand, Short: "The second container of a sample instance", Hidden: true, Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if mountModels(cmd.Context(), env.Stdout) != nil {
				return cli.ExitCode(cli.ExitFailure)
			}
			return nil
		},
	}, nil
}

func mountModels(ctx context.Context, out io.Writer) error {
	fmt.Fprintf(out, "INFO:     looking for a newer model at %s\n", modelStore)
	dialer := net.Dialer{Timeout: 2 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", modelStore)
	if err == nil {
		err = errors.Join(fmt.Errorf("%s is no store of models", modelStore), conn.Close())
	}
	fmt.Fprintf(out, "ERROR:    the model cannot be mounted\nTraceback (most recent call last):\n  File \"/app/mount.py\", line 23, in fetch\n    connection = connect(store)\nConnectionError: %v\n", err)
	return err
}
