package azure

import (
	"context"
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

// token is a credential whose token says nothing.
type token struct{}

func (token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "anything", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// goClient returns Azure's client for Go, pointed at the server.
func goClient(t *testing.T, s *server) *azquery.MetricsClient {
	t.Helper()
	here := cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
		azquery.ServiceNameMetrics: {Audience: "https://endscope.example", Endpoint: s.http.URL},
	}}
	client, err := azquery.NewMetricsClient(token{}, &azquery.MetricsClientOptions{ClientOptions: azcore.ClientOptions{
		Cloud: here, Transport: s.http.Client(), Retry: policy.RetryOptions{MaxRetries: -1},
	}})
	require.NoError(t, err)
	return client
}

// values returns one aggregation of a series, NaN-free: a window without data is nil.
func values(series *azquery.TimeSeriesElement, of func(*azquery.MetricValue) *float64) []*float64 {
	var out []*float64
	for _, p := range series.Data {
		out = append(out, of(p))
	}
	return out
}

func average(v *azquery.MetricValue) *float64 { return v.Average }
func total(v *azquery.MetricValue) *float64   { return v.Total }

func times(n int, v float64) []*float64 {
	out := make([]*float64, n)
	for i := range out {
		out[i] = &v
	}
	return out
}

func TestGoClientQueriesAResource(t *testing.T) {
	s := start(t)
	client := goClient(t, s)
	res, err := client.QueryResource(t.Context(), fraud, &azquery.MetricsClientQueryResourceOptions{
		Timespan: to.Ptr(azquery.NewTimeInterval(s.begin, s.begin.Add(10*time.Minute))), Interval: to.Ptr("PT5M"), MetricNames: to.Ptr("RequestsPerMinute,RequestLatency"),
		Aggregation:     to.SliceOfPtrs(azquery.AggregationTypeAverage, azquery.AggregationTypeTotal, azquery.AggregationTypeMaximum, azquery.AggregationTypeCount),
		MetricNamespace: to.Ptr(endpoints),
	})
	require.NoError(t, err)
	require.Equal(t, s.span(10), string(*res.Timespan))
	require.Equal(t, "PT5M", *res.Interval)
	require.Equal(t, endpoints, *res.Namespace)
	require.Equal(t, "local", *res.ResourceRegion)
	require.Positive(t, *res.Cost)
	require.Len(t, res.Value, 2)

	requests := res.Value[0]
	require.Equal(t, fraud+"/providers/Microsoft.Insights/metrics/RequestsPerMinute", *requests.ID)
	require.Equal(t, "Microsoft.Insights/metrics", *requests.Type)
	require.Equal(t, "RequestsPerMinute", *requests.Name.Value)
	require.Equal(t, "Requests Per Minute", *requests.Name.LocalizedValue)
	require.NotEmpty(t, *requests.DisplayDescription)
	require.Equal(t, "Success", *requests.ErrorCode)
	require.Nil(t, requests.ErrorMessage)
	require.Equal(t, azquery.MetricUnitCount, *requests.Unit)
	require.Len(t, requests.TimeSeries, 1)
	require.Empty(t, requests.TimeSeries[0].MetadataValues)
	require.Equal(t, times(2, 25), values(requests.TimeSeries[0], average))
	require.Equal(t, times(2, 125), values(requests.TimeSeries[0], total))
	require.Equal(t, []string{s.at(0), s.at(5)}, []string{requests.TimeSeries[0].Data[0].TimeStamp.Format(time.RFC3339), requests.TimeSeries[0].Data[1].TimeStamp.Format(time.RFC3339)})

	latency := res.Value[1]
	require.Equal(t, azquery.MetricUnitMilliSeconds, *latency.Unit)
	require.InDelta(t, 176, *latency.TimeSeries[0].Data[0].Average, 1e-9)
	require.InDelta(t, 125, *latency.TimeSeries[0].Data[0].Count, 0)
	require.Nil(t, latency.TimeSeries[0].Data[0].Total, "what a metric has not is left out")
}

func TestGoClientSplitsAndFilters(t *testing.T) {
	s := start(t)
	client := goClient(t, s)
	query := func(filter string, change func(*azquery.MetricsClientQueryResourceOptions)) []*azquery.TimeSeriesElement {
		t.Helper()
		options := &azquery.MetricsClientQueryResourceOptions{
			Timespan: to.Ptr(azquery.TimeInterval(s.span(10))), Interval: to.Ptr("PT5M"), MetricNames: to.Ptr("RequestsPerMinute"), Filter: &filter,
		}
		if change != nil {
			change(options)
		}
		res, err := client.QueryResource(t.Context(), fraud, options)
		require.NoError(t, err)
		return res.Value[0].TimeSeries
	}
	// shape is "dimension=value …: average" of each series, in their order.
	type line struct {
		dimensions string
		average    float64
	}
	shape := func(series []*azquery.TimeSeriesElement) []line {
		var out []line
		for _, one := range series {
			var l line
			for _, m := range one.MetadataValues {
				l.dimensions += *m.Name.Value + "=" + *m.Value + " "
			}
			l.average = *one.Data[0].Average
			require.Equal(t, times(2, l.average), values(one, average))
			out = append(out, l)
		}
		return out
	}
	require.Equal(t, []line{{"deployment=blue ", 20}, {"deployment=green ", 5}}, shape(query("deployment eq '*'", nil)), "largest first")
	require.Equal(t, []line{{"deployment=green ", 5}, {"deployment=blue ", 20}}, shape(query("deployment eq '*'", func(o *azquery.MetricsClientQueryResourceOptions) {
		o.OrderBy = to.Ptr("average asc")
	})))
	require.Equal(t, []line{{"deployment=blue ", 20}}, shape(query("deployment eq '*'", func(o *azquery.MetricsClientQueryResourceOptions) {
		o.Top, o.OrderBy = to.Ptr[int32](1), to.Ptr("average desc")
	})), "what top leaves out is not shown")
	require.Equal(t, []line{{"deployment=blue ", 20}, {"deployment=green ", 5}}, shape(query("deployment eq 'blue' or deployment eq 'green'", nil)))
	require.Equal(t, []line{{"deployment=green ", 5}}, shape(query("DEPLOYMENT ne 'Blue'", nil)))
	require.Equal(t, []line{{"deployment=blue ", 20}}, shape(query("deployment sw 'BL'", nil)))
	require.Equal(t, []line{{"deployment=green statusCodeClass=2xx ", 4}, {"deployment=green statusCodeClass=5xx ", 1}},
		shape(query("deployment eq 'green' and statusCodeClass eq '*'", nil)))
	require.Equal(t, []line{{"", 25}}, shape(query("deployment eq '*'", func(o *azquery.MetricsClientQueryResourceOptions) { o.RollUpBy = to.Ptr("deployment") })))
	require.Equal(t, []line{{"statusCode=200 ", 4}, {"statusCode=500 ", 1}}, shape(query("deployment eq 'green' and statusCode eq '*'",
		func(o *azquery.MetricsClientQueryResourceOptions) { o.RollUpBy = to.Ptr("Deployment") })))
	require.Empty(t, query("deployment eq 'red'", nil))
	require.Equal(t, []line{{"", 25}}, shape(query("nope eq '*'", func(o *azquery.MetricsClientQueryResourceOptions) { o.ValidateDimensions = to.Ptr(false) })))

	metadata := query("deployment eq '*'", func(o *azquery.MetricsClientQueryResourceOptions) { o.ResultType = to.Ptr(azquery.ResultTypeMetadata) })
	require.Len(t, metadata, 2)
	require.Equal(t, "blue", *metadata[0].MetadataValues[0].Value)
	require.Empty(t, metadata[0].Data)
}

func TestGoClientListsDefinitionsAndNamespaces(t *testing.T) {
	s := start(t)
	client := goClient(t, s)
	for resource, want := range map[string]struct {
		namespace, dimension string
		utilization          []azquery.AggregationType
	}{
		fraud:     {endpoints, "deployment", nil},
		fraudBlue: {deployments, "envoy_response_code", nil},
	} {
		byName := map[string]*azquery.MetricDefinition{}
		for pager := client.NewListDefinitionsPager(resource, &azquery.MetricsClientListDefinitionsOptions{MetricNamespace: &want.namespace}); pager.More(); {
			page, err := pager.NextPage(t.Context())
			require.NoError(t, err)
			for _, d := range page.Value {
				byName[*d.Name.Value] = d
			}
		}
		d := byName["RequestsPerMinute"]
		require.NotNil(t, d)
		require.Equal(t, resource, *d.ResourceID)
		require.Equal(t, resource+"/providers/microsoft.insights/metricdefinitions/RequestsPerMinute", *d.ID)
		require.Equal(t, want.namespace, *d.Namespace)
		require.Equal(t, azquery.MetricClassTransactions, *d.MetricClass)
		require.Equal(t, azquery.AggregationTypeAverage, *d.PrimaryAggregationType)
		require.Contains(t, d.SupportedAggregationTypes, to.Ptr(azquery.AggregationTypeTotal))
		require.False(t, *d.IsDimensionRequired)
		require.Len(t, d.MetricAvailabilities, 8)
		require.Equal(t, []string{"PT1M", "P93D", "P1D"}, []string{*d.MetricAvailabilities[0].TimeGrain, *d.MetricAvailabilities[0].Retention, *d.MetricAvailabilities[7].TimeGrain})
		require.Equal(t, want.dimension, *d.Dimensions[0].Value)
		require.Equal(t, azquery.MetricUnitMilliSeconds, *byName["RequestLatency_P99"].Unit)
		require.Equal(t, azquery.MetricClassLatency, *byName["RequestLatency_P99"].MetricClass)
		require.Equal(t, azquery.MetricClassSaturation, *byName["CpuUtilizationPercentage"].MetricClass)

		for pager := client.NewListNamespacesPager(resource, &azquery.MetricsClientListNamespacesOptions{StartTime: to.Ptr(s.at(0))}); pager.More(); {
			page, err := pager.NextPage(t.Context())
			require.NoError(t, err)
			require.Len(t, page.Value, 1)
			require.Equal(t, want.namespace, *page.Value[0].Properties.MetricNamespaceName)
			require.Equal(t, "Microsoft.Insights/metricNamespaces", *page.Value[0].Type)
		}
	}
}

func TestGoClientUnderstandsErrors(t *testing.T) {
	s := start(t)
	client := goClient(t, s)
	for resource, want := range map[string]struct {
		status int
		code   string
	}{
		workspace + "/onlineEndpoints/nobody": {http.StatusNotFound, "ResourceNotFound"},
		fraud:                                 {http.StatusBadRequest, "BadRequest"},
	} {
		_, err := client.QueryResource(t.Context(), resource, &azquery.MetricsClientQueryResourceOptions{MetricNames: to.Ptr("RequestsPerMinute"), Filter: to.Ptr("deployment eq '*'"), Interval: to.Ptr("PT1M"), RollUpBy: to.Ptr(map[bool]string{true: "nothing", false: ""}[resource == fraud])})
		var failed *azcore.ResponseError
		require.True(t, errors.As(err, &failed), "%v", err)
		require.Equal(t, want.status, failed.StatusCode)
		require.Equal(t, want.code, failed.ErrorCode)
	}
}
