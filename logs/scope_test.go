package logs

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

func TestEveryTableHasTheColumnsOfAScope(t *testing.T) {
	require.Equal(t, map[string]string{"EndpointName": "e", "DeploymentName": "d", "InstanceId": "i"}, ScopeColumns(scopes.Path{Endpoint: "e", Deployment: "d", Instance: "i"}))
	require.Equal(t, map[string]string{"EndpointName": "e"}, ScopeColumns(scopes.Path{Endpoint: "e"}))
	for _, s := range Schemas() {
		require.Equal(t, []string{ColumnEndpoint, ColumnDeployment, ColumnInstance}, []string{s.Endpoint, s.Deployment, s.Instance}, s.Name)
		for column := range ScopeColumns(scopes.Path{Endpoint: "e", Deployment: "d", Instance: "i"}) {
			require.GreaterOrEqual(t, s.Column(column), 0, "%s.%s", s.Name, column)
		}
	}
}
