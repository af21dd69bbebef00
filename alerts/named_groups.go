package alerts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// NamedGroups returns the action groups that the document of an alert rule or a processing rule names, sorted: in its actions, and in the
// labels action_groups of the rules of a Prometheus group.
func NamedGroups(document []byte) ([]string, error) {
	var v struct {
		Actions []struct {
			ActionGroupID  string   `json:"actionGroupId"`  // of alert rules
			ActionGroupIDs []string `json:"actionGroupIds"` // of processing rules
		} `json:"actions"`
		Group struct {
			Labels map[string]string `json:"labels"`
			Rules  []struct {
				Labels map[string]string `json:"labels"`
			} `json:"rules"`
		} `json:"group"`
	}
	if err := json.Unmarshal(document, &v); err != nil {
		return nil, fmt.Errorf("read actions: %w", err)
	}
	names := GroupsIn(v.Group.Labels[LabelActionGroups])
	for _, r := range v.Group.Rules {
		names = append(names, GroupsIn(r.Labels[LabelActionGroups])...)
	}
	for _, a := range v.Actions {
		names = append(names, a.ActionGroupID)
		names = append(names, a.ActionGroupIDs...)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" }), nil
}

// GroupsIn returns the action groups that a value of the label action_groups names in a rule. What a template makes of it is known only when
// the rule fires: it names none.
func GroupsIn(label string) []string {
	if strings.Contains(label, "{{") {
		return nil
	}
	var names []string
	for name := range strings.SplitSeq(label, ",") {
		if name = strings.TrimSpace(name); name != "" && name != PolicyGroup {
			names = append(names, name)
		}
	}
	return names
}
