package logs

import "github.com/endscope/endscope/scopes"

// The columns that say in every table which scope a row belongs to.
const (
	ColumnEndpoint   = "EndpointName"
	ColumnDeployment = "DeploymentName"
	ColumnInstance   = "InstanceId"
)

// ScopeColumns returns the columns that rows of a scope have, with what they hold: what a query may be narrowed to however it is written.
func ScopeColumns(scope scopes.Path) map[string]string {
	equal := map[string]string{}
	for column, name := range map[string]string{ColumnEndpoint: scope.Endpoint, ColumnDeployment: scope.Deployment, ColumnInstance: scope.Instance} {
		if name != "" {
			equal[column] = name
		}
	}
	return equal
}
