package app

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func TestDocumentsMayLeaveTheirNameToTheResource(t *testing.T) {
	spec := json.RawMessage(`{"groupShortName":"x","webhookReceivers":[{"name":"w","serviceUri":"http://127.0.0.1:1/"}]}`)
	merged, err := mergeGroup(nil, spec)
	require.NoError(t, err)
	named, err := withName(merged, "oncall")
	require.NoError(t, err)
	group, err := alerts.ParseActionGroup(named)
	require.NoError(t, err)
	require.Equal(t, "oncall", group.Name)

	stored, err := json.Marshal(group)
	require.NoError(t, err)
	shown := redactGroup(stored)
	require.Contains(t, string(shown), "secret")
	back, err := mergeGroup(stored, shown)
	require.NoError(t, err)
	require.JSONEq(t, string(stored), string(back), "what was shown without its secrets has them again")

	_, err = withName(json.RawMessage(`{"name":"a"}`), "b")
	var field *alerts.FieldError
	require.ErrorAs(t, err, &field)
}
