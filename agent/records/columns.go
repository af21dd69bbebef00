package records

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/endscope/endscope/internal/config"
	"github.com/endscope/endscope/scopes"
)

// Bounds on Config.Columns.
const (
	maxColumns     = 32
	maxColumnValue = 4 << 10
)

var columnName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,44}$`)

// ownColumns are what rows say themselves, and what only the server may say. The server does not tell case apart in names of columns.
var ownColumns = []string{
	"TimeGenerated", "EndpointName", "DeploymentName", "InstanceId", "Properties", "Type", "TenantId", "SourceSystem",
	"Method", "Path", "Protocol", "AuthType", "IdentityData", "ResponseCode", "ResponseCodeReason", "ModelStatusCode", "ModelStatusReason",
	"RequestPayloadSize", "ResponsePayloadSize", "UserAgent", "XRequestId", "XMSClientRequestId", "RequestDurationMs", "ResponseDurationMs",
	"TotalDurationMs", "RequestThrottlingDelayMs", "ResponseThrottlingDelayMs", "ContainerName", "ContainerImageName", "Message", "Name",
	propStreaming, propStreamError, propFirstToken, propInputTokens, propOutputTokens, propModel, propStream, propTruncated, propRequestBytes, propResponseBytes,
}

func validateColumns(columns map[string]string) error {
	var errs []error
	if len(columns) > maxColumns {
		errs = append(errs, config.Invalid("columns", fmt.Sprintf("%d columns", len(columns)), fmt.Sprintf("must be at most %d", maxColumns)))
	}
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		switch {
		case !columnName.MatchString(name):
			errs = append(errs, config.Invalid("columns", fmt.Sprintf("%q", name), "must be names of 1 to 45 letters, digits and _ that begin with a letter"))
		case slices.ContainsFunc(ownColumns, func(own string) bool { return strings.EqualFold(own, name) }):
			errs = append(errs, config.Invalid("columns", name, "must not be a column that rows or the server fill in"))
		case len(columns[name]) > maxColumnValue:
			errs = append(errs, config.Invalid("columns."+name, fmt.Sprintf("%d bytes", len(columns[name])), fmt.Sprintf("must be at most %d bytes", maxColumnValue)))
		}
	}
	return errors.Join(errs...)
}

// constantFields returns what every row says: whose it is, and the operator's columns, each with a comma in front of it.
func constantFields(id scopes.Path, columns map[string]string) []byte {
	var b []byte
	b = appendText(b, "EndpointName", id.Endpoint)
	b = appendText(b, "DeploymentName", id.Deployment)
	b = appendText(b, "InstanceId", id.Instance)
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		b = appendText(b, name, columns[name])
	}
	return b
}
