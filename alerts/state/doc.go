// Package state keeps what alerting must not forget in one SQLite file: alerts with their timelines, what evaluators remember of rules,
// and the journal of routing (who was notified of what, and silences).
//
// It owns the tables of alerts.db, group commit (many callers, one transaction), listing, counting and retention. It does not own when a
// rule fires (alerts/condition), who is told (alerts/hub, alerts/route), or what the bytes of rule states and of the journal mean.
// It may import alerts, scopes, internal/config and internal/sqlite. It must not import the other folders below alerts.
//
// A call that writes returns when its commit is on disk. What people ask (List, Summary, Get, Timeline, SetUserState, Comment) obeys the
// grants of its context; the other calls are the server's own and see everything. All methods of Store are safe for concurrent use.
package state
