package route

import (
	"log/slog"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/alerts"
)

// Settings is what code passes. Functions may be called concurrently and must return soon: notifying waits for them.
type Settings struct {
	Logger     *slog.Logger          // nil logs nothing
	Registerer prometheus.Registerer // nil registers nothing
	Now        func() time.Time      // nil for time.Now; Alertmanager's packages always use the latter

	// Journal remembers who was notified and silences over restarts; nil forgets them.
	Journal alerts.Journal
	// Integrations makes those that send to an action group: grouped ones get several alerts at a time, single ones one alert alone.
	// It is called for every enabled group at each Reload. Nil makes none.
	//
	// The type and index of an integration (Integration.Name and Index) say which receiver was notified already; they must stay the same
	// for a receiver whatever happens to the others of its group.
	Integrations func(*alerts.ActionGroup) (grouped, single []notify.Integration, err error)
	// ReceiverName returns the name of the receiver of a group that an integration sends to, for Result; nil leaves it out.
	ReceiverName func(g *alerts.ActionGroup, integration string, index int) (string, bool)
	// Notified is told of every attempt to notify.
	Notified func(Result)
	// Noted is told what the timelines of alerts are to say beside attempts to notify.
	Noted func(Note)
	// External is told of alerts that others posted to /api/v2/alerts, each time, and once more when one ends for lack of a new post.
	// EndsAt is always set: an alert whose EndsAt has passed is resolved. Do not Put these.
	External func([]Alert)
}

// Alert is an alert on its way to people. What it points to is not changed once it is put.
type Alert struct {
	ID string // empty for alerts that others posted
	// Labels identify the alert for routing. alerts.LabelActionGroups, where it is not empty, names who is told; the label is not shown to
	// receivers. Labels of one ID do not change while it is active: if they do, the alert is told again as a new one.
	Labels, Annotations map[string]string
	StartsAt            time.Time
	// EndsAt is when the alert resolved; zero while it is active.
	EndsAt       time.Time
	GeneratorURL string
	// Stateless alerts are told once and never as resolved.
	Stateless bool
	// Source is handed to receivers through Lookup; nil for alerts that others posted.
	Source *alerts.Alert
	// Fired is the source as it was when the alert fired, for who is told of that late; nil where it is not known.
	Fired *alerts.Alert
}

// Lookup finds the whole alert behind what an integration is given: its source and true, or false where there is none, as for alerts that
// others posted. A resolved alert is found for at least an hour.
type Lookup func(*alert.Alert) (*alerts.Alert, bool)

// Result is the outcome of one attempt to notify one receiver.
type Result struct {
	At       time.Time
	Group    string // name of the action group
	Receiver string // its name in the group, or that of the integration, such as webhook[0]
	Type     string // of the integration: webhook, email, …
	Alerts   []Notified
	Reason   string // why now: first notification, new alerts added, some alerts resolved, all alerts resolved, repeat interval elapsed
	OK       bool
	Error    string // without secrets; empty if OK
	Retry    bool   // another attempt follows
	Attempt  int    // from 1, for this notification
	Duration time.Duration
}

// Notified is an alert in a notification.
type Notified struct {
	ID          string // empty for alerts that others posted
	Fingerprint string // as in /api/v2/alerts
	Resolved    bool
}
