package web

import "net/http"

// alertRoutes are those of alerting, but for /api/v1/alerts and /api/v1/rules, which are Prometheus's too.
func (s *Server) alertRoutes() []route {
	everything := func(name string, methods []string, path string, h handler) route {
		return route{name: name, methods: methods, path: path, handle: h, everything: true}
	}
	all := []route{
		{name: "alerts_summary", methods: getHead, path: "/api/v1/alerts/summary", handle: s.handleAlertsSummary},
		{name: "alerts_changestate", methods: post, path: "/api/v1/alerts/changestate", handle: s.handleAlertsChangeState},
		{name: "alert", methods: getHead, path: "/api/v1/alerts/{id}", handle: s.handleAlert},
		{name: "alert_history", methods: getHead, path: "/api/v1/alerts/{id}/history", handle: s.handleAlertHistory},
		{name: "alert_changestate", methods: post, path: "/api/v1/alerts/{id}/changestate", handle: s.handleAlertChangeState},
		{name: "alert_comments", methods: post, path: "/api/v1/alerts/{id}/comments", handle: s.handleAlertComments},

		everything("alert_rules_validate", post, "/api/v1/alert-rules/validate", s.handleRuleValidate),
		everything("alert_rules_preview", post, "/api/v1/alert-rules/preview", s.handleRulePreview),
		everything("alert_rule_status", getHead, "/api/v1/alert-rules/{name}/status", s.handleRuleStatus),
		everything("action_groups_test", post, "/api/v1/action-groups/test", s.handleGroupTest),
		everything("action_group_test", post, "/api/v1/action-groups/{name}/test", s.handleGroupTest),
		{name: "runbook", methods: getHead, path: "/runbooks/{id}", handle: s.handleRunbook},
	}
	all = append(all, s.resourcesRoutes()...)
	if s.set.Alerts.Pack != nil {
		all = append(all,
			everything("alert_packs", getHead, "/api/v1/alert-packs", s.handlePacks),
			everything("alert_packs_enable", post, "/api/v1/alert-packs/enable", s.handlePackEnable),
			everything("alert_packs_disable", post, "/api/v1/alert-packs/disable", s.handlePackDisable),
		)
	}
	if s.set.Alerts.Alertmanager != nil {
		all = append(all, route{
			name: "alertmanager", methods: []string{http.MethodGet, http.MethodPost, http.MethodDelete}, path: "/api/v2/{path:.*}",
			handle: s.handleAlertmanager, native: true, everything: true,
		})
	}
	return all
}

// handleAlertmanager passes on to Alertmanager's API v2, which has errors of its own.
func (s *Server) handleAlertmanager(w http.ResponseWriter, r *http.Request) error {
	s.set.Alerts.Alertmanager.ServeHTTP(w, r)
	return nil
}
