package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/scopes"
)

// azureLogsRoutes are those that imitate Azure Monitor's query service for logs, so that scripts and Azure's clients can be pointed here. Their
// templates are in the spelling of azureWords, which azurePaths brings every path to.
func (s *Server) azureLogsRoutes() []route {
	row := func(name string, methods []string, path string, h handler) route {
		return route{name: "azure_logs_" + name, methods: methods, path: "/v1/" + path, handle: h, azureLogs: true}
	}
	return []route{
		row("workspace", getPost, "workspaces/{workspace}/query", s.handleAzureLogsWorkspace),
		row("resource", getPost, "{resource:subscriptions/.+}/query", s.handleAzureLogsResource),
		row("batch", post, "$batch", s.handleAzureLogsBatch),
	}
}

// isAzureLogsPath says whether a path is one of the query service, where errors have its shape whether or not a route matches.
func isAzureLogsPath(path string) bool {
	words := strings.SplitN(strings.ToLower(path), "/", 4)
	return len(words) > 2 && words[1] == "v1" && slices.Contains([]string{"workspaces", "subscriptions", "$batch"}, words[2])
}

// handleAzureLogsWorkspace answers /v1/workspaces/{id}/query. There is one store, so every workspace is it.
func (s *Server) handleAzureLogsWorkspace(w http.ResponseWriter, r *http.Request) error {
	q, err := s.readAzureLogsQuestion(w, r)
	if err != nil {
		return err
	}
	return s.answerAzureLogs(w, r, q)
}

// handleAzureLogsResource answers /v1/{resourceId}/query: of an endpoint or a deployment nothing but its own rows.
func (s *Server) handleAzureLogsResource(w http.ResponseWriter, r *http.Request) error {
	q, err := s.readAzureLogsQuestion(w, r)
	if err != nil {
		return err
	}
	resource, err := parseAzureLogsResource("/"+mux.Vars(r)["resource"], url.PathUnescape)
	if err != nil {
		return err
	}
	if scope := resource.scope; scope != (scopes.Path{}) {
		err := s.requireLogScope(r.Context(), scope)
		if errors.Is(err, scopes.ErrNotFound) && s.set.DrillDown != nil {
			if spelt := s.azureScope(r.Context(), scope); spelt != scope {
				scope, err = spelt, nil
			}
		}
		if err != nil {
			return err
		}
		q.request.Equal = logs.ScopeColumns(scope)
	}
	return s.answerAzureLogs(w, r, q)
}

func (s *Server) answerAzureLogs(w http.ResponseWriter, r *http.Request, q *logsQuestion) error {
	a, err := s.collectLogs(r.Context(), q.request)
	if err != nil {
		return azureInQuery(err, q.request.Query)
	}
	if applied := q.applied(); applied != "" {
		w.Header().Set("Preference-Applied", applied)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	return writeLogsAnswer(w, a, q.shown)
}

// parseAzureLogsResource reads the id of what logs can be asked of: beside what has metrics, the workspaces and groups above an endpoint,
// which stand for everything, since nothing in the store knows of them.
func parseAzureLogsResource(id string, unescape func(string) (string, error)) (azureResource, error) {
	segments := strings.FieldsFunc(id, func(c rune) bool { return c == '/' })
	fixed := func(i int, words ...string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.EqualFold(segments[i], word) })
	}
	group := len(segments) >= 4 && fixed(0, "subscriptions") && fixed(2, "resourceGroups")
	if group && (len(segments) == 4 || len(segments) == 8 && fixed(4, "providers") &&
		fixed(5, "Microsoft.MachineLearningServices", "Microsoft.OperationalInsights") && fixed(6, "workspaces")) {
		return azureResource{id: id, subscription: segments[1]}, nil
	}
	return parseAzureResource(id, unescape)
}

// requireLogScope returns an error that matches scopes.ErrNotFound where neither a metric nor a log row that the caller may see belongs to
// the scope: an answer without rows would look as if nothing had happened there.
func (s *Server) requireLogScope(ctx context.Context, scope scopes.Path) error {
	missing := fmt.Errorf("%w: nothing was stored of %s", scopes.ErrNotFound, scope)
	if s.set.DrillDown != nil {
		if missing = s.set.DrillDown.RequireScope(ctx, scopes.Pattern(scope)); missing == nil || !errors.Is(missing, scopes.ErrNotFound) {
			return missing
		}
	}
	for _, table := range s.set.Logs.Store.Tables() {
		limits := s.set.Logs.Gate.Config().Limits()
		limits.Rows = 1
		a, err := s.collectLogs(ctx, kql.Request{Query: "['" + table.Name + "'] | project TimeGenerated | take 1", Equal: logs.ScopeColumns(scope), Limits: limits})
		if err != nil {
			return err
		}
		if a.Stats.Rows > 0 {
			return nil
		}
	}
	return missing
}
