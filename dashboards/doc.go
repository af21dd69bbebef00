// Package dashboards holds what a dashboard and a saved query are, as operators store them: documents that are read strictly, checked and
// written in one canonical form.
//
// It owns the fields of both (Dashboard, SavedQuery), their limits, the grid of tiles, variables and how they are replaced in texts
// (Values), and the dashboards that come with the server (Defaults). It does not own what is asked: whether a metric exists or a query can be
// run, whoever has the catalogue and the engines says, with the questions of Chart.Expand and Logs.Expand. It does not own storage (resources) or routes (web).
// It may import scopes and internal/strict. All functions are pure and safe for concurrent use.
package dashboards
