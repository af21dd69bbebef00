package azure

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

func TestDefinitionsCoverTheCatalogue(t *testing.T) {
	s := start(t)
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	units := strings.Fields("Count Bytes Seconds CountPerSecond BytesPerSecond Percent MilliSeconds Unspecified")
	for resource, level := range map[string]scopes.Level{fraud: scopes.LevelEndpoint, fraudBlue: scopes.LevelDeployment} {
		definitions := s.ok(http.MethodGet, resource+providers+"/metricDefinitions?"+version, "")["value"].([]any)
		require.Len(t, definitions, len(catalogue.AtLevel(level)))
		for i, def := range catalogue.AtLevel(level) {
			d := definitions[i].(map[string]any)
			require.Equal(t, map[string]any{"value": def.Name, "localizedValue": def.DisplayName}, d["name"])
			require.Contains(t, units, d["unit"])
			require.Contains(t, []string{"Availability", "Transactions", "Errors", "Latency", "Saturation"}, d["metricClass"])
			require.Equal(t, string(def.Category), d["category"])
			require.Len(t, d["dimensions"], len(def.Dimensions))
			require.Len(t, d["supportedAggregationTypes"], len(def.Aggregations))
		}
		_, ok := catalogue.Lookup("RequestsPerMinute", level)
		require.True(t, ok, "the metric that is answered where none is named")
	}
}

func TestEveryMetricAnswers(t *testing.T) {
	s := start(t)
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	rest := "&aggregation=average,minimum,maximum,total,count&interval=PT5M&top=2&timespan=" + s.span(10)
	answered := 0
	for target, level := range map[string]scopes.Level{
		getMetrics: scopes.LevelEndpoint, fraudBlue + providers + "/metrics?" + version: scopes.LevelDeployment,
		many: scopes.LevelEndpoint, strings.Replace(many, endpoints, deployments, 1): scopes.LevelDeployment,
	} {
		for _, def := range catalogue.AtLevel(level) {
			filters := []string{""}
			if len(def.Dimensions) > 0 {
				var all []string
				for _, d := range def.Dimensions {
					all = append(all, d.Name+" eq '*'")
				}
				filters = append(filters, "&$filter="+url.QueryEscape(strings.Join(all, " and ")))
			}
			for _, filter := range filters {
				metric := s.ok(http.MethodGet, target+rest+filter+"&metricnames="+def.Name, "")["value"].([]any)[0].(map[string]any)
				require.Equal(t, "Success", metric["errorCode"], def.Name)
				for _, series := range metric["timeseries"].([]any) {
					series := series.(map[string]any)
					require.Len(t, series["data"], 2)
					metadata, _ := series["metadatavalues"].([]any)
					if filter != "" {
						require.Len(t, metadata, len(def.Dimensions), def.Name)
					} else {
						require.Empty(t, metadata)
					}
					answered++
				}
			}
		}
	}
	require.Greater(t, answered, 60, "the story has data for some of them")
}
