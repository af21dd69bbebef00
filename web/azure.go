package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/mux"
)

// azurePrefix is where every path of Azure Monitor's metrics interface begins. Azure's paths are compared without case.
const azurePrefix = "/subscriptions/"

// azureRoutes are those that imitate Azure Monitor's metrics interface, so that scripts and Azure's clients can be pointed here. Their
// templates are in the spelling of azureWords, which azurePaths brings every path to.
func (s *Server) azureRoutes() []route {
	row := func(name string, methods []string, path string, h handler) route {
		return route{name: "azure_" + name, methods: methods, path: azurePrefix + path, handle: h, azure: true}
	}
	return []route{
		row("metrics", getPost, "{resource:.+}/providers/microsoft.insights/metrics", s.handleAzureMetrics),
		row("metric_definitions", getPost, "{resource:.+}/providers/microsoft.insights/metricDefinitions", s.handleAzureDefinitions),
		row("metric_namespaces", getPost, "{resource:.+}/providers/microsoft.insights/metricNamespaces", s.handleAzureNamespaces),
		row("metrics_batch", post, "{subscription}/metrics:getBatch", s.handleAzureBatch),
	}
}

// azureWords are the fixed segments of Azure's paths.
var azureWords = [...]string{
	"subscriptions", "resourceGroups", "providers", "Microsoft.MachineLearningServices", "workspaces", "onlineEndpoints", "deployments",
	"microsoft.insights", "metrics", "metricDefinitions", "metricNamespaces", "metrics:getBatch", "v1", "query", "$batch",
}

// isAzurePath says whether a path is one of Azure's, where errors have Azure's shape whether or not a route matches.
func isAzurePath(path string) bool {
	return len(path) >= len(azurePrefix) && strings.EqualFold(path[:len(azurePrefix)], azurePrefix)
}

// azurePaths brings the fixed segments of Azure's paths to one spelling, so that the router need not know that they have no case. What
// stands at the place of a name is left as it is, whatever it is called.
func azurePaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case isAzurePath(r.URL.Path):
			r = azureSpelling(r, 0)
		case isAzureLogsPath(r.URL.Path):
			r = azureSpelling(r, 1)
		}
		next.ServeHTTP(w, r)
	})
}

// azureSpelling spells the fixed segments of a path as azureWords does. The first of them are a prefix of the interface.
func azureSpelling(r *http.Request, prefix int) *http.Request {
	segments := strings.Split(r.URL.EscapedPath(), "/")[1:]
	for i, segment := range segments {
		// A path is pairs of a fixed segment and a name; only a provider's name is fixed too.
		if i > prefix && (i-prefix)%2 == 1 && segments[i-1] != "providers" {
			continue
		}
		text, err := url.PathUnescape(segment)
		if err != nil {
			continue
		}
		for _, word := range azureWords {
			if strings.EqualFold(text, word) {
				segments[i] = word
			}
		}
	}
	raw := "/" + strings.Join(segments, "/")
	path, err := url.PathUnescape(raw)
	if err != nil { // the path was parsed from this very text
		return r
	}
	out := *r
	u := *r.URL
	u.Path, u.RawPath = path, raw
	out.URL = &u
	return &out
}

// azureResourceOf reads the resource that a request's path names, in front of /providers/microsoft.insights.
func azureResourceOf(r *http.Request) (azureResource, error) {
	return parseAzureResource(azurePrefix+mux.Vars(r)["resource"], url.PathUnescape)
}

// azureProblems is where the types of problems begin that have a code of Azure's, which is the rest of the type.
const azureProblems = "/problems/azure/"

// azureError is an error with a code that Azure's clients know. Everything else gets its code from its type or status.
type azureError struct {
	status        int
	code, message string
}

func (e *azureError) Error() string { return e.message }

// azureErrorJSON is an error in Azure's shape.
type azureErrorJSON struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// azure returns the problem as Azure would answer it: its status and its body. Azure knows no 422, and has statuses of their own for a
// caller who should come more slowly and for a question that takes too long.
func (p Problem) azure() (int, azureErrorJSON) {
	status, message := p.Status, p.Detail
	if message == "" {
		message = p.Title
	}
	switch {
	case p.Type == "/problems/busy":
		status = http.StatusTooManyRequests
	case p.Type == "/problems/timeout":
		status = http.StatusGatewayTimeout
	case status == http.StatusUnprocessableEntity:
		status = http.StatusBadRequest
	}
	code, ok := strings.CutPrefix(p.Type, azureProblems)
	if !ok {
		code = azureCode(p.Type, status)
	}
	return status, azureErrorJSON{code, message}
}

func azureCode(kind string, status int) string {
	switch {
	case kind == "/problems/answer-limit":
		return "ResponseTooLarge"
	case kind == "/problems/query-limit":
		return "QueryLimitExceeded"
	case status == http.StatusGatewayTimeout:
		return "GatewayTimeout"
	case status == http.StatusUnauthorized:
		return "AuthenticationFailed"
	case status == http.StatusForbidden:
		return "AuthorizationFailed"
	case status == http.StatusNotFound:
		return "ResourceNotFound"
	case status == http.StatusMethodNotAllowed:
		return "MethodNotAllowed"
	case status == http.StatusRequestEntityTooLarge:
		return "RequestEntityTooLarge"
	case status == http.StatusTooManyRequests:
		return "TooManyRequests"
	case status == http.StatusServiceUnavailable:
		return "ServiceUnavailable"
	case status >= 400 && status < 500:
		return "BadRequest"
	}
	return "InternalServerError"
}

// writeAzure answers with the problem in Azure's shape.
func (p Problem) writeAzure(w http.ResponseWriter) error {
	status, e := p.azure()
	body, err := json.Marshal(map[string]azureErrorJSON{"error": e})
	if err != nil {
		return fmt.Errorf("encode error: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("x-ms-error-code", e.Code)
	w.WriteHeader(status)
	_, err = w.Write(append(body, '\n'))
	return err
}
