// Package grafana holds what Grafana needs to show Endscope: a data source, and dashboards for endpoint, deployment and instance.
//
// It owns the text of the dashboards, from which the files in dashboards/ are made (go test ./deploy/grafana -update), and the check
// that every panel and variable of those files is answered by a real server. It does not own the server, Grafana, or what series mean
// (docs/metrics.md). It may import everything of ours in tests and nothing otherwise. Its functions are pure.
package grafana
