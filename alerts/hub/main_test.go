package hub

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(killEnv); path != "" {
		os.Exit(runForEver(path))
	}
	goleak.VerifyTestMain(m)
}
