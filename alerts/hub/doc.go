// Package hub is where alerts arrive and from where they go on: it stores them, decides by processing rules who is told, looks for a
// first explanation, adds links, and hands them to routing until routing has them.
//
// It owns the life of an alert between a rule and its notification, and the watchdog that says whether alerting works. It does not own
// when a rule fires (alerts/evaluate, alerts/promrules), the tables (alerts/state), grouping and sending (alerts/route,
// alerts/receivers), or what explain finds (query): cmd connects them through Settings.
// It may import alerts, alerts/state, scopes and internal/config. It must not import the other folders below alerts.
//
// What Apply was given is on disk when it returns nil, and is handed on however often the server is killed. Routing may be handed an alert
// more than once, and has to know what it notified. All methods of Hub and Watchdog are safe for concurrent use.
package hub
