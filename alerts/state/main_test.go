package state

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(killEnv); path != "" {
		os.Exit(applyForEver(path))
	}
	goleak.VerifyTestMain(m)
}
