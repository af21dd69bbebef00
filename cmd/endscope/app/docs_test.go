package app

import (
	"flag"
	"testing"

	"github.com/endscope/endscope/cmd/internal/conftest"
)

var update = flag.Bool("update", false, "write the generated pages anew")

func TestGeneratedExampleIsTheDefaultConfiguration(t *testing.T) {
	header := "# Every key of the server with its default. Flags win over the file: --storage.retention-size is storage.retention_size.\n# Made by `make generate`.\n\n"
	conftest.Example(t, DefaultConfig, "../../../docs/config.example.yaml", header, *update, nil)
}

func TestGeneratedReferenceListsEveryKey(t *testing.T) {
	conftest.Reference(t, DefaultConfig, "../../../docs/configuration.md", "server", *update)
}
