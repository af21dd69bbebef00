package route

import (
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/alertmanager/config"

	"github.com/endscope/endscope/alerts"
)

// Export returns what a policy and groups make together as an alertmanager.yml, which amtool check-config accepts (of a version that knows
// the types of the receivers). Every secret is replaced, and what the server's own configuration adds, such as the mail server, stands for
// itself: the file shows what is sent where, and sends nothing as it is. Groups that are not enabled are left out.
func Export(policy Policy, groups []alerts.ActionGroup) ([]byte, error) {
	if err := policy.Check(groups); err != nil {
		return nil, err
	}
	t, err := makeTree(policy, groups, func(name string) (grouped, single bool) {
		for i := range groups {
			if groups[i].Name != name {
				continue
			}
			for _, r := range groups[i].Receivers {
				if r.Single() {
					single = true
				} else {
					grouped = true
				}
			}
		}
		return grouped, single
	})
	if err != nil {
		return nil, err
	}
	return t.export(groups)
}

// export writes the tree as Alertmanager's configuration, in the fields that every amtool since 0.22 reads.
func (t *tree) export(groups []alerts.ActionGroup) ([]byte, error) {
	var doc yaml.MapSlice
	if global := exportGlobal(groups); len(global) > 0 {
		doc = append(doc, yaml.MapItem{Key: "global", Value: global})
	}
	doc = append(doc, yaml.MapItem{Key: "route", Value: exportRoute(t.route)})
	var rules []yaml.MapSlice
	for _, r := range t.inhibit {
		rule := yaml.MapSlice{}
		if len(r.Equal) > 0 {
			rule = append(rule, yaml.MapItem{Key: "equal", Value: r.Equal})
		}
		rule = append(rule, yaml.MapItem{Key: "source_matchers", Value: texted(r.SourceMatchers)}, yaml.MapItem{Key: "target_matchers", Value: texted(r.TargetMatchers)})
		rules = append(rules, rule)
	}
	if len(rules) > 0 {
		doc = append(doc, yaml.MapItem{Key: "inhibit_rules", Value: rules})
	}
	var intervals []yaml.MapSlice
	for _, i := range t.intervals {
		text, err := marshalInterval(i)
		if err != nil {
			return nil, err
		}
		intervals = append(intervals, yaml.MapSlice{{Key: "name", Value: i.Name}, {Key: "time_intervals", Value: text}})
	}
	if len(intervals) > 0 {
		doc = append(doc, yaml.MapItem{Key: "time_intervals", Value: intervals})
	}
	var receivers []yaml.MapSlice
	for _, name := range t.receivers {
		receivers = append(receivers, exportReceiver(name, groups))
	}
	doc = append(doc, yaml.MapItem{Key: "receivers", Value: receivers})
	return yaml.MarshalWithOptions(doc, yaml.IndentSequence(false))
}

func exportRoute(r *config.Route) yaml.MapSlice {
	s := yaml.MapSlice{}
	add := func(key string, value any) { s = append(s, yaml.MapItem{Key: key, Value: value}) }
	if r.Receiver != "" {
		add("receiver", r.Receiver)
	}
	if r.GroupByStr != nil {
		add("group_by", r.GroupByStr)
	}
	if r.GroupWait != nil {
		add("group_wait", r.GroupWait.String())
	}
	if r.GroupInterval != nil {
		add("group_interval", r.GroupInterval.String())
	}
	if r.RepeatInterval != nil {
		add("repeat_interval", r.RepeatInterval.String())
	}
	if len(r.Matchers) > 0 {
		add("matchers", texted(r.Matchers))
	}
	if len(r.MuteTimeIntervals) > 0 {
		add("mute_time_intervals", r.MuteTimeIntervals)
	}
	if len(r.ActiveTimeIntervals) > 0 {
		add("active_time_intervals", r.ActiveTimeIntervals)
	}
	if r.Continue {
		add("continue", true)
	}
	var children []yaml.MapSlice
	for _, c := range r.Routes {
		children = append(children, exportRoute(c))
	}
	if len(children) > 0 {
		add("routes", children)
	}
	return s
}

func marshalInterval(i config.TimeInterval) ([]any, error) {
	var all []any
	for _, t := range i.TimeIntervals {
		text, err := t2json(t)
		if err != nil {
			return nil, fmt.Errorf("time interval %s: %w", i.Name, err)
		}
		all = append(all, text)
	}
	return all, nil
}
