package cli

import (
	"fmt"

	"github.com/prometheus/common/version"
	"github.com/spf13/cobra"
)

// NewVersion returns the command `version`.
func (e Env) NewVersion(program string) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print version and build information", Args: Args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(e.Stdout, version.Print(program))
			return err
		},
	}
}
