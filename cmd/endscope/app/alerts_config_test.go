package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAMessageUnderWayHasTimeToEnd(t *testing.T) {
	c := DefaultAlertsConfig()
	require.NoError(t, c.Validate())
	c.Receivers.Timeout = 14 * time.Second
	require.EqualError(t, c.Validate(), "routing.stop_grace: must be at least 16s, which is alerts.receivers.timeout and 2s more: a message under way would be cut off and sent again (got 15s)")
	c.Routing.StopGrace = 16 * time.Second
	require.NoError(t, c.Validate())
}
