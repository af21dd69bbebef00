package logs

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
)

func TestWhatIsAppendedIsReadAlsoAfterReopening(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().UTC().Truncate(time.Microsecond)
	id := "0f8fad5b-d9cb-469f-a165-70867728950e"
	q := SQL{Table: traffic, Text: `SELECT "TimeGenerated", "EndpointName", "XRequestId", "XMSClientRequestId", "ResponseCode", "ModelStatusCode", "Properties", "_ResourceId", "Type" FROM {rows} ORDER BY "TimeGenerated"`,
		Columns: result(logrows.Datetime, logrows.String, logrows.String, logrows.String, logrows.Int, logrows.Int, logrows.Dynamic, logrows.String, logrows.String)}
	want := [][]any{
		{ticksOf(now.Add(-24 * time.Hour)), "credit", "", id, int32(200), nil, nil, "/subscriptions/" + noID + "/resourceGroups/endscope/providers/Microsoft.MachineLearningServices/workspaces/endscope/onlineEndpoints/credit/deployments/blue", traffic},
		{ticksOf(now), "risk", id, "mine-17", nil, int32(-1), `{"a":1}`, "/subscriptions/" + noID + "/resourceGroups/endscope/providers/Microsoft.MachineLearningServices/workspaces/endscope/onlineEndpoints/risk", traffic},
	}
	t.Run("write", func(t *testing.T) {
		s := openStore(t, dir, nil)
		put(t, s, traffic,
			row{"TimeGenerated": now, "EndpointName": "risk", "XRequestId": id, "XMSClientRequestId": "mine-17", "ModelStatusCode": -1, "Properties": `{"a":1}`},
			row{"TimeGenerated": now.Add(-24 * time.Hour), "EndpointName": "credit", "DeploymentName": "blue", "XMSClientRequestId": id, "ResponseCode": 200})
		require.Equal(t, want, ask(t, s, q))
	})
	s := openStore(t, dir, nil)
	require.Equal(t, want, ask(t, s, q))
	require.Equal(t, int64(0), count(t, s, events), "a table without files is empty, not an error")
}
