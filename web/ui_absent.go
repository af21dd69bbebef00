package web

import (
	"net/http"
	"net/url"
	"strings"
)

// apiPage returns the path in the API that shows what a page of the UI would, empty where there is none. Notifications link to these
// pages, and whoever follows such a link must find something, also in a program that was built without the UI.
func apiPage(page *url.URL) string {
	path := strings.TrimSuffix(page.Path, "/")
	query := page.Query()
	switch {
	case strings.HasPrefix(path, "/alerts/") && strings.Count(path, "/") == 2:
		return "/api/v1/alerts/" + url.PathEscape(strings.TrimPrefix(path, "/alerts/"))
	case strings.HasPrefix(path, "/endpoints/") && query.Get("explain") == "1" && query.Has("metric"):
		query.Del("explain")
		query.Set("scope", strings.TrimPrefix(path, "/endpoints/"))
		return "/api/v1/explain?" + query.Encode()
	case strings.HasPrefix(path, "/endpoints/"):
		return "/api/v1/scopes" + strings.TrimPrefix(strings.TrimSuffix(page.EscapedPath(), "/"), "/endpoints")
	case path == "/explore" && query.Has("metric"):
		return "/api/v1/metrics?" + query.Encode()
	case path == "/logs" && query.Has("query"):
		return "/api/v1/logs/query?" + query.Encode()
	case path == "/graph" && query.Has("g0.expr"):
		return "/api/v1/query?" + url.Values{"query": {query.Get("g0.expr")}}.Encode()
	}
	return ""
}

// redirectToAPI answers a page with where the API shows the same, and returns false where it does not.
func (s *Server) redirectToAPI(w http.ResponseWriter, r *http.Request) bool {
	page := apiPage(r.URL)
	if page == "" {
		return false
	}
	w.Header().Set("Cache-Control", "no-store") // a server with the UI may take this one's place
	http.Redirect(w, r, s.prefix+page, http.StatusFound)
	return true
}
