package route

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/alerts"
)

// Nobody is the receiver in a policy that tells nobody: alerts are listed and nothing is sent.
const Nobody = "none"

// Policy says who is told of alerts that name no action group, and how all of them are grouped. Its fields are those of Alertmanager's
// configuration file; receivers are names of action groups. Read one with ParsePolicy.
type Policy struct {
	Route         Route          `json:"route"`
	InhibitRules  []InhibitRule  `json:"inhibit_rules,omitempty"`
	TimeIntervals []TimeInterval `json:"time_intervals,omitempty"`
}

// Route is a node of the tree of routes. What it leaves out it has from its parent, but for matchers and time intervals.
type Route struct {
	Receiver            string    `json:"receiver,omitempty"`
	GroupBy             []string  `json:"group_by,omitzero"` // label names, or "..." alone for all labels; empty but there for none
	GroupWait           *Duration `json:"group_wait,omitempty"`
	GroupInterval       *Duration `json:"group_interval,omitempty"`
	RepeatInterval      *Duration `json:"repeat_interval,omitempty"`
	Matchers            []string  `json:"matchers,omitempty"` // severity="critical", team=~"a|b"
	Continue            bool      `json:"continue,omitempty"`
	MuteTimeIntervals   []string  `json:"mute_time_intervals,omitempty"`
	ActiveTimeIntervals []string  `json:"active_time_intervals,omitempty"`
	Routes              []Route   `json:"routes,omitempty"`
}

// InhibitRule mutes alerts that match the target while one that matches the source is active and has the same values of the equal labels.
type InhibitRule struct {
	Name           string   `json:"name,omitempty"`
	SourceMatchers []string `json:"source_matchers,omitempty"`
	TargetMatchers []string `json:"target_matchers,omitempty"`
	Equal          []string `json:"equal,omitempty"`
}

// TimeInterval names times of the week, the month or the year, each in a time zone.
type TimeInterval struct {
	Name          string                      `json:"name"`
	TimeIntervals []timeinterval.TimeInterval `json:"time_intervals"`
}

// Duration is a time such as 30s, 5m or 1d, as Prometheus writes it.
type Duration time.Duration

// MarshalText writes the duration as Prometheus does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(model.Duration(d).String()), nil }

// DefaultPolicy returns the policy of a server on which nobody wrote one: alerts that name no action group are listed and sent to nobody.
func DefaultPolicy() Policy {
	wait, interval, repeat := Duration(30*time.Second), Duration(5*time.Minute), Duration(4*time.Hour)
	return Policy{Route: Route{
		Receiver:       Nobody,
		GroupBy:        []string{alerts.LabelAlertName, "endpoint", "deployment"},
		GroupWait:      &wait,
		GroupInterval:  &interval,
		RepeatInterval: &repeat,
	}}
}

// JSON returns the policy as ParsePolicy reads it.
func (p Policy) JSON() ([]byte, error) { return json.Marshal(p) }

// Check says whether the policy and the groups fit together: receivers and time intervals that are named are there. The error is an
// alerts.FieldError, or several joined.
func (p Policy) Check(groups []alerts.ActionGroup) error {
	c := checker{groups: map[string]bool{Nobody: true}, intervals: map[string]bool{}}
	for i := range groups {
		if groups[i].Name == Nobody {
			c.bad("name", groups[i].Name, "must be another name: it stands for nobody in the notification policy")
		}
		c.groups[groups[i].Name] = true
	}
	for _, t := range p.TimeIntervals {
		c.intervals[t.Name] = true
	}
	c.route("route", p.Route)
	for i := range groups {
		g := &groups[i]
		c.times(fmt.Sprintf("actionGroups[%s].muteTimeIntervals", g.Name), g.MuteTimeIntervals)
		c.times(fmt.Sprintf("actionGroups[%s].activeTimeIntervals", g.Name), g.ActiveTimeIntervals)
	}
	return c.err()
}
