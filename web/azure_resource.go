package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/endscope/endscope/scopes"
)

// The resource types that have metrics here, which are also the names of their metric namespaces.
const (
	azureEndpoints   = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
	azureDeployments = azureEndpoints + "/deployments"
)

// azureRegion is where every resource is: Azure's answers have to name a region, and here there is one.
const azureRegion = "local"

// The names that stand for what Azure has above an endpoint, and this server has not, in resource ids that it makes itself.
const (
	azureGroup     = "endscope"
	azureWorkspace = "endscope"
)

// azureResource is what an Azure resource id names: an endpoint or a deployment, or, without a scope, a whole subscription. The
// subscription, resource group and workspace may be any: there is one store, and nothing in it knows of them.
type azureResource struct {
	id           string // as the client wrote it, without a slash at its end
	subscription string
	scope        scopes.Path // zero for a subscription
}

// level returns the level that the resource's metrics are defined for.
func (r azureResource) level() scopes.Level { return r.scope.Level() }

// namespace returns the name of the metric namespace of a level's resources.
func azureNamespace(level scopes.Level) string {
	if level == scopes.LevelDeployment {
		return azureDeployments
	}
	return azureEndpoints
}

// azureLevel returns the level whose resources have the metric namespace, compared without case.
func azureLevel(namespace string) (scopes.Level, bool) {
	for _, level := range []scopes.Level{scopes.LevelEndpoint, scopes.LevelDeployment} {
		if strings.EqualFold(namespace, azureNamespace(level)) {
			return level, true
		}
	}
	return "", false
}

// azureID returns the resource id of a scope in a subscription.
func azureID(subscription string, scope scopes.Path) string {
	id := fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.MachineLearningServices/workspaces/%s/onlineEndpoints/%s",
		subscription, azureGroup, azureWorkspace, scope.Endpoint)
	if scope.Deployment != "" {
		id += "/deployments/" + scope.Deployment
	}
	return id
}

// parseAzureResource reads a resource id. Fixed segments are compared without case, and repeated slashes count as one; unescape decodes
// what stands between two slashes.
func parseAzureResource(id string, unescape func(string) (string, error)) (azureResource, error) {
	unknown := &azureError{http.StatusNotFound, "ResourceNotFound", fmt.Sprintf("the resource %q was not found; there are "+
		"/subscriptions/{subscription} and /subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"+
		"/onlineEndpoints/{endpoint}[/deployments/{deployment}]", shortened(id))}
	var segments []string
	for segment := range strings.SplitSeq(id, "/") {
		if segment == "" {
			continue
		}
		text, err := unescape(segment)
		if err != nil {
			return azureResource{}, unknown
		}
		segments = append(segments, text)
	}
	out := azureResource{id: "/" + strings.Join(segments, "/")}
	// What is fixed, and "" for each name.
	form := []string{"subscriptions", "", "resourceGroups", "", "providers", "Microsoft.MachineLearningServices", "workspaces", "", "onlineEndpoints", "", "deployments", ""}
	switch len(segments) {
	case 2, 10, 12:
	default:
		return azureResource{}, unknown
	}
	for i, segment := range segments {
		if form[i] != "" && !strings.EqualFold(form[i], segment) {
			return azureResource{}, unknown
		}
	}
	out.subscription = segments[1]
	if len(segments) == 2 {
		return out, nil
	}
	deployment := ""
	if len(segments) == 12 {
		deployment = segments[11]
	}
	var err error
	out.scope, err = scopes.NewPath(segments[9], deployment, "")
	return out, err
}

// shortened cuts a client's text to what an error message can show.
func shortened(text string) string {
	const most = 300
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
