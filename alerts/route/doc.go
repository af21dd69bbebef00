// Package route decides who is told of which alert and when, by Alertmanager's own packages: grouping, waiting, repeating, inhibition,
// mute times and silences. It serves Alertmanager's API v2, so that amtool and Grafana work, or hands alerts to an Alertmanager elsewhere.
//
// It owns the notification policy, the tree of routes that policy and action groups make together, what was notified of what (durable
// before the next step is taken), silences, the cluster of two servers, and the answer to "does notification still work". It does not own
// how a message is sent (alerts/receivers makes the integrations that it is given), which alerts there are (alerts/hub puts them), or the
// file that remembers (alerts.Journal).
// It may import alerts and internal/config. It must not import the other folders below alerts. Beside alerts/receivers it is the only
// package that imports Alertmanager.
//
// The promise is that each receiver hears of every alert of ours that fired and that nothing withheld, also of one that is over by then (see
// teller), and "at least once": a notification is repeated only where the process died, or was told to stop, between the moment when a
// receiver had it and the moment when that was on disk. All methods of Engine are safe for concurrent use.
package route
