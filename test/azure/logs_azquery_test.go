package azure

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/monitor/azquery"
	"github.com/stretchr/testify/require"
)

// workspaceID is that of a log workspace; any will do.
const workspaceID = "00000000-0000-0000-0000-000000000002"

// goLogsClient returns Azure's client of logs for Go, pointed at the server.
func goLogsClient(t *testing.T, s *server) *azquery.LogsClient {
	t.Helper()
	here := cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
		azquery.ServiceNameLogs: {Audience: "https://endscope.example", Endpoint: s.http.URL + "/v1"},
	}}
	client, err := azquery.NewLogsClient(token{}, &azquery.LogsClientOptions{ClientOptions: azcore.ClientOptions{
		Cloud: here, Transport: s.http.Client(), Retry: policy.RetryOptions{MaxRetries: -1},
	}})
	require.NoError(t, err)
	return client
}

func TestGoClientQueriesAWorkspaceOfLogs(t *testing.T) {
	s := start(t)
	client := goLogsClient(t, s)
	res, err := client.QueryWorkspace(t.Context(), workspaceID, azquery.Body{
		Query:                to.Ptr(traffic + " | summarize Requests = count(), First = min(TimeGenerated) by EndpointName, ResponseCode | order by Requests desc | render barchart with (title='x')"),
		Timespan:             to.Ptr(azquery.NewTimeInterval(s.begin, s.begin.Add(time.Hour))),
		AdditionalWorkspaces: to.SliceOfPtrs("another"),
	}, &azquery.LogsClientQueryWorkspaceOptions{Options: &azquery.LogsQueryOptions{Statistics: to.Ptr(true), Visualization: to.Ptr(true), Wait: to.Ptr(30)}})
	require.NoError(t, err)
	require.Nil(t, res.Error)
	require.Len(t, res.Tables, 1)
	table := res.Tables[0]
	require.Equal(t, "PrimaryResult", *table.Name)
	var columns []string
	for _, c := range table.Columns {
		columns = append(columns, *c.Name+" "+string(*c.Type))
	}
	require.Equal(t, []string{"EndpointName string", "ResponseCode int", "Requests long", "First datetime"}, columns)
	require.Equal(t, []azquery.Row{{"fraud", 200., 24., s.at(0)}, {"credit", 200., 2., s.begin.Add(25 * time.Second).Format(time.RFC3339)}, {"fraud", 500., 1., s.begin.Add(24 * time.Second).Format(time.RFC3339)}}, table.Rows)

	var render map[string]any
	require.NoError(t, json.Unmarshal(res.Visualization, &render))
	require.Equal(t, "barchart", render["visualization"])
	require.Equal(t, "x", render["title"])
	var statistics map[string]map[string]any
	require.NoError(t, json.Unmarshal(res.Statistics, &statistics))
	require.Greater(t, statistics["query"]["executionTime"], 0.)

	bare, err := client.QueryWorkspace(t.Context(), workspaceID, azquery.Body{Query: to.Ptr("print 1")}, nil)
	require.NoError(t, err)
	require.Empty(t, bare.Statistics)
	require.Empty(t, bare.Visualization)
}

func TestGoClientGetsRealTypes(t *testing.T) {
	client := goLogsClient(t, start(t))
	res, err := client.QueryWorkspace(t.Context(), workspaceID, azquery.Body{Query: to.Ptr(`print n=int(1), r=1.5, s="a", t=datetime(2026-03-01T10:00:00.1234567), b=true, d=dynamic({"k":[1,2]}),
		g=guid(74be27de-1e4e-49d9-b579-fe0b331d3642), sp=1h, nul=int(null), dec=decimal(1.10), inf=real(+inf), nan=real(nan)`)}, nil)
	require.NoError(t, err)
	require.Equal(t, azquery.Row{1., 1.5, "a", "2026-03-01T10:00:00.1234567Z", true, `{"k":[1,2]}`, "74be27de-1e4e-49d9-b579-fe0b331d3642", "01:00:00", nil, "1.10", "Infinity", "NaN"}, res.Tables[0].Rows[0])
}

func TestGoClientQueriesAResourceOfLogs(t *testing.T) {
	s := start(t)
	client := goLogsClient(t, s)
	count := func(resource string) float64 {
		t.Helper()
		res, err := client.QueryResource(t.Context(), resource, azquery.Body{Query: to.Ptr(traffic + " | count"), Timespan: to.Ptr(azquery.TimeInterval("P1D"))}, nil)
		require.NoError(t, err, resource)
		return res.Tables[0].Rows[0][0].(float64)
	}
	require.Equal(t, 25., count(fraud))
	require.Equal(t, 20., count(fraudBlue))
	require.Equal(t, 2., count(credit))
	require.Equal(t, 27., count(workspace))
	require.Equal(t, 27., count(subscription))
	require.Equal(t, 25., count(workspace+"/ONLINEENDPOINTS/Fraud"), "names have no case in Azure")

	_, err := client.QueryResource(t.Context(), workspace+"/onlineEndpoints/nobody", azquery.Body{Query: to.Ptr("print 1")}, nil)
	var failed *azcore.ResponseError
	require.True(t, errors.As(err, &failed), "%v", err)
	require.Equal(t, http.StatusNotFound, failed.StatusCode)
	require.Equal(t, "ResourceNotFoundError", failed.ErrorCode)
}

func TestGoClientUnderstandsErrorsOfLogs(t *testing.T) {
	client := goLogsClient(t, start(t))
	for query, want := range map[string]string{"syntax error |||": "SyntaxError", "Nothing | take 1": "SemanticError"} {
		_, err := client.QueryWorkspace(t.Context(), workspaceID, azquery.Body{Query: &query}, nil)
		var failed *azcore.ResponseError
		require.True(t, errors.As(err, &failed), "%v", err)
		require.Equal(t, http.StatusBadRequest, failed.StatusCode)
		require.Equal(t, "BadArgumentError", failed.ErrorCode)
		require.ErrorContains(t, err, want)
	}
	res, err := client.QueryWorkspace(t.Context(), workspaceID, azquery.Body{Query: to.Ptr("range x from 1 to 600000 step 1")}, nil)
	require.NoError(t, err)
	require.Len(t, res.Tables[0].Rows, 500_000)
	require.Equal(t, "PartialError", res.Error.Code)
	require.ErrorContains(t, res.Error, "500000")

	_, err = client.QueryWorkspace(t.Context(), workspaceID, azquery.Body{Query: to.Ptr("range x from 1 to 99000000 step 1 | summarize count() by x % 10")},
		&azquery.LogsClientQueryWorkspaceOptions{Options: &azquery.LogsQueryOptions{Wait: to.Ptr(1)}})
	var failed *azcore.ResponseError
	require.True(t, errors.As(err, &failed), "%v", err)
	require.Equal(t, http.StatusGatewayTimeout, failed.StatusCode)
	require.Equal(t, "GatewayTimeout", failed.ErrorCode)
}

func TestGoClientSendsBatchesOfLogs(t *testing.T) {
	client := goLogsClient(t, start(t))
	day := azquery.TimeInterval("P1D")
	requests := []*azquery.BatchQueryRequest{
		to.Ptr(azquery.NewBatchQueryRequest(workspaceID, traffic+" | count", day, "1", azquery.LogsQueryOptions{})),
		to.Ptr(azquery.NewBatchQueryRequest(workspaceID, "syntax error |||", day, "2", azquery.LogsQueryOptions{})),
		to.Ptr(azquery.NewBatchQueryRequest(workspaceID, "print n=3 | render table", day, "3", azquery.LogsQueryOptions{Statistics: to.Ptr(true), Visualization: to.Ptr(true), Wait: to.Ptr(10)})),
	}
	res, err := client.QueryBatch(t.Context(), azquery.BatchRequest{Requests: requests}, nil)
	require.NoError(t, err)
	require.Len(t, res.Responses, 3)
	byID := map[string]*azquery.BatchQueryResponse{}
	for _, r := range res.Responses {
		byID[*r.CorrelationID] = r
	}
	require.Equal(t, int32(200), *byID["1"].Status)
	require.Equal(t, 27., byID["1"].Body.Tables[0].Rows[0][0])
	require.Equal(t, int32(400), *byID["2"].Status)
	require.Equal(t, "BadArgumentError", byID["2"].Body.Error.Code)
	require.Equal(t, 3., byID["3"].Body.Tables[0].Rows[0][0])
	require.NotEmpty(t, byID["3"].Body.Statistics)
	require.NotEmpty(t, byID["3"].Body.Visualization)
}
