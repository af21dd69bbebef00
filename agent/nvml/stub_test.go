//go:build !linux || !cgo

package nvml

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/gpu"
)

func TestAProgramWithoutTheBindingSaysSoOnce(t *testing.T) {
	var logs bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logs, nil))
	c, err := gpu.New(gpu.DefaultConfig(), gpu.Settings{Logger: log, Source: New(log)})
	require.NoError(t, err)
	for range 3 {
		round := &agent.Round{Time: time.Now()}
		require.NoError(t, c.Collect(t.Context(), round))
		require.Empty(t, round.Readings)
	}
	require.NoError(t, c.Close())
	require.Equal(t, 1, strings.Count(logs.String(), "\n"))
	require.Contains(t, logs.String(), "built without NVML")
}
