package alerts

import (
	"encoding/json"
	"time"
)

// ActionGroup says who is told and how. In JSON it has Azure's fields: groupShortName, enabled, one array for each type of receiver.
// Read one with ParseActionGroup.
type ActionGroup struct {
	Name      string
	ShortName string // at most 12 characters
	Enabled   bool
	Receivers []Receiver // names are unique in the group
	// GroupBy, GroupWait, GroupInterval and RepeatInterval are Alertmanager's, ours here; zero takes the policy's.
	GroupBy                                  []string
	GroupWait, GroupInterval, RepeatInterval time.Duration
	MuteTimeIntervals, ActiveTimeIntervals   []string // names of the policy's time intervals
}

// Receiver is one way to tell somebody.
type Receiver struct {
	Type ReceiverType
	Name string
	// UseCommonAlertSchema sends the common alert schema, one message for each alert, where the type is able to.
	UseCommonAlertSchema bool
	// Config holds the other fields of the receiver as they were given, secrets included. Never show it: Redacted does.
	Config json.RawMessage
}

// ReceiverType is the singular of the JSON array that a receiver stands in: "webhook" for webhookReceivers.
type ReceiverType string

// ProcessingRule changes who is told of alerts that fire while its schedule holds. Read one with ParseProcessingRule.
type ProcessingRule struct {
	Name        string
	Description string
	Enabled     bool
	Scopes      []string // patterns; an alert is in scope if its target is at or below one; none means all alerts
	Conditions  []ProcessingCondition
	Suppress    bool     // drop all action groups; wins over adding
	AddGroups   []string // names of action groups to add
	Schedule    *Schedule
}

// ProcessingCondition is one filter; all must hold, and each holds if one of its values does.
type ProcessingCondition struct {
	Field    string // Severity, MonitorService, MonitorCondition, TargetResource, TargetResourceGroup, TargetResourceType, AlertRuleId, AlertRuleName, Description, AlertContext, SignalType
	Operator string // Equals, NotEquals, Contains, DoesNotContain
	Values   []string
}

// Schedule says when a processing rule holds: between the effective times, and there within one of the recurrences, if there are any.
type Schedule struct {
	EffectiveFrom, EffectiveUntil string // local times such as 2026-11-28T10:00:00, empty for no bound
	TimeZone                      string // IANA name, or Azure's Windows name; empty is UTC
	Recurrences                   []Recurrence
}

// Recurrence is a window that comes again.
type Recurrence struct {
	Type               string // Daily, Weekly, Monthly
	StartTime, EndTime string // 22:00:00; an end before the start is on the next day; both empty is the whole day
	DaysOfWeek         []string
	DaysOfMonth        []int // negative counts from the month's end
}
