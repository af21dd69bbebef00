package app

import (
	"flag"
	"testing"

	"github.com/endscope/endscope/cmd/internal/conftest"
)

var update = flag.Bool("update", false, "write the generated pages anew")

func TestGeneratedExampleIsTheDefaultConfiguration(t *testing.T) {
	header := "# Every key of the agent with its default. Flags win over the file: --spool.max-bytes is spool.max_bytes.\n# Made by `make generate`; endpoint, deployment and server have no default.\n\n"
	conftest.Example(t, DefaultConfig, "../../../docs/agent-config.example.yaml", header, *update, []string{"server", "endpoint", "deployment"})
}

func TestGeneratedReferenceListsEveryKey(t *testing.T) {
	conftest.Reference(t, DefaultConfig, "../../../docs/configuration.md", "agent", *update)
}
