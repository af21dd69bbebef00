package commands

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/endscope/endscope/cmd/endscope/client"
	"github.com/endscope/endscope/cmd/endscope/demo"
	"github.com/endscope/endscope/cmd/endscope/resource"
	"github.com/endscope/endscope/cmd/internal/cli"
)

// Main runs one command line and returns the exit code of the process.
func Main(args []string, stdout, stderr io.Writer) int {
	env := cli.Env{Stdout: stdout, Stderr: stderr}
	root, err := NewRoot(env)
	if err != nil {
		_, _ = io.WriteString(stderr, "endscope: "+err.Error()+"\n")
		return cli.ExitFailure
	}
	return env.Execute(root, args)
}

// NewRoot returns the command `endscope` with every subcommand.
func NewRoot(env cli.Env) (*cobra.Command, error) {
	root := env.NewRoot("endscope", "Metrics, drill-down and PromQL for machine-learning endpoints",
		"Endscope stores what agents push under endpoint → deployment → instance, and answers in PromQL and by drill-down.")
	for _, command := range commands() {
		cmd, err := command(env)
		if err != nil {
			return nil, err
		}
		root.AddCommand(cmd)
	}
	return root, nil
}

// commands lists the constructors of all subcommands, in the order of the help page's groups.
func commands() []func(cli.Env) (*cobra.Command, error) {
	return []func(cli.Env) (*cobra.Command, error){
		newServe,
		demo.New,
		newCheck,
		newTest,
		func(env cli.Env) (*cobra.Command, error) { return client.New(env), nil },
		func(env cli.Env) (*cobra.Command, error) { return resource.NewApply(env), nil },
		func(env cli.Env) (*cobra.Command, error) { return resource.NewExport(env), nil },
		func(env cli.Env) (*cobra.Command, error) { return env.NewVersion("endscope"), nil },
		demo.NewAgent,
		demo.NewInstance,
		demo.NewMount,
	}
}
