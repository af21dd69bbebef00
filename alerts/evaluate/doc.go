// Package evaluate asks what metric and log rules ask, on time, and says what fired and resolved; and it shows what a rule would have
// done over a range of the past.
//
// It owns the questions of a rule and how the answers of its criteria are joined (plan.go, filter.go, ask_*.go, join.go), the series
// of a rule and their alerts (tracker.go), the baselines that are kept for dynamic thresholds (dynamic.go), when each rule is checked
// (schedule.go, job.go), what is remembered over restarts (save.go, load.go), and the preview (preview.go), which steps the very same
// tracker through the very same answers. It does not own when a series fires (condition), how a baseline is learned (baseline), what
// becomes of alerts (the Sink), or where answers come from (MetricsFunc, LogsFunc).
// It may import alerts and the packages below it, scopes and internal/config.
// An Evaluator is safe for concurrent use.
package evaluate
