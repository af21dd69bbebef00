// Package receivers tells people: it makes Alertmanager's notifiers from action groups, and sends.
//
// It owns what each type of receiver may hold (Validate), the messages and their templates, the common alert schema, retries, limits and
// the pause after an address has failed, and the test of an action group. Grouping, silences, and when to notify again are alerts/route's,
// which runs what Integrations returns; action groups are read and written by package alerts. No error, log or result tells a secret.
// It may import alerts, scopes and internal/config, and only it and alerts/route import Alertmanager.
// A Builder is safe for concurrent use. It lives as long as the server, so that limits hold when groups change.
package receivers
