package demo

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/cmd/endscope/demo/scoring"
	"github.com/endscope/endscope/cmd/internal/cli"
)

// The hidden commands by which a demo has its own program started again.
const (
	agentCommand    = "demo-agent"
	instanceCommand = "demo-instance"
	mountCommand    = "demo-mount"
)

// serverArgs returns the arguments of this program that make it the scoring server of a role.
func serverArgs(r role, listen string) []string {
	return []string{
		instanceCommand, "--name=" + r.instance, "--model=" + r.model, "--listen=" + listen, fmt.Sprintf("--fetch=%s", r.behaviour.Fetch),
		fmt.Sprintf("--lookup=%s", r.behaviour.Lookup), fmt.Sprintf("--lookup-fails=%g", r.behaviour.LookupFails),
	}
}

// NewInstance returns the hidden command of one scoring server. It ends when its standard input does, which its agent has of the demo, so
// that it never outlives the demo.
func NewInstance(env cli.Env) (*cobra.Command, error) {
	var r role
	var listen string
	cmd := &cobra.Command{
		Use: instanceCommand, Short: "One scoring server of the sample endpoint, as `endscope demo` has it run", Hidden: true, Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), r, listen, os.Stdin, env.Stdout)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&r.instance, "name", "", "Name of the instance, to tell processes apart.")
	fs.StringVar(&r.model, "model", "logistic", "Model that scores: logistic or boosted.")
	fs.StringVar(&listen, "listen", "127.0.0.1:0", "Address to listen on.")
	fs.DurationVar(&r.behaviour.Fetch, "fetch", 0, "Wait for the model.")
	fs.DurationVar(&r.behaviour.Lookup, "lookup", 0, "Median wait for the feature store.")
	fs.Float64Var(&r.behaviour.LookupFails, "lookup-fails", 0, "Share of waits that end in a failure.")
	return cmd, nil
}

// serve runs the scoring server of a role until ctx or in ends.
func serve(ctx context.Context, r role, listen string, in io.Reader, out io.Writer) error {
	server, err := scoring.NewServer(r.model, r.behaviour, out)
	if err != nil {
		return cli.Usage(err)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with the process at the latest
		defer cancel()
		_, _ = io.Copy(io.Discard, in)
	}()
	return server.Serve(ctx, l)
}
