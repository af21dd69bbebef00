// Package promrules runs Prometheus rule files unchanged, through Prometheus's own rule manager.
//
// It owns loading groups from files and from resources as one set (loader.go), the manager's life and reload (manager.go), the adapter
// from its appender to the store's group commit (appender.go), what its alerts become (alerts.go), the alerts that nothing speaks of
// any more (reconcile.go), previews of groups over the past (preview.go) and the export that promtool reads (export.go). Unit tests of
// rules are in ruletest. It does not own evaluation of expressions (a query function), storage (a write function) or who is told (an
// alerts.Sink).
// It may import alerts, scopes and internal/config. It must not import query, tsdb or web.
// All exported functions are safe for concurrent use unless they say otherwise.
package promrules
