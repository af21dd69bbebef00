// Package alerts holds the values that the parts of alerting share: rules, action groups, processing rules, alerts, and the questions
// that rules ask.
//
// It owns their types, how they are read from JSON and written, and what they may hold (Validate). It owns no behaviour: the folders
// below it do, one each. condition decides when a rule fires and resolves, baseline learns dynamic thresholds, evaluate asks the
// questions on time and previews rules over the past, promrules runs Prometheus rule files, hub keeps alerts and hands them on,
// state stores them, route groups and routes notifications, receivers sends them, and pack holds the ready-made rules.
// It may import scopes and internal/config. It must not import query, logs, tsdb, resources or web: questions are asked through the
// function types here, which cmd connects.
// Values are not changed once they are shared.
package alerts
