package promrules

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"github.com/endscope/endscope/alerts"
)

// NotExported begins the lines of an export that name what is not in it, with the reason.
const NotExported = "# not in this file: "

// Export writes the groups of the rules of alerts.KindPrometheus as one rule file, which `promtool check rules` accepts and
// Prometheus runs. Groups of one name would be refused there; the later ones have the name of their resource added. Actions become the
// label action_groups of those rules that do not have it. What a rule file cannot say is named in comments at its beginning.
func Export(w io.Writer, list []alerts.Rule, p parser.Parser) error {
	file := rulefmt.RuleGroups{Groups: []rulefmt.RuleGroup{}}
	seen := map[string]bool{}
	for _, r := range list {
		not := func(what, why string) error {
			_, err := fmt.Fprintf(w, "%s%salert-rule/%s: %s\n", NotExported, what, r.Name, why)
			return err
		}
		var err error
		switch {
		case r.Kind != alerts.KindPrometheus:
			err = not("", fmt.Sprintf("it is a %s rule, and a rule file holds rules of Prometheus", r.Kind))
		case !r.Enabled:
			err = not("", "it is disabled, and every rule of a rule file is enabled")
		case slices.ContainsFunc(r.Actions, func(a alerts.Action) bool { return len(a.WebHookProperties) > 0 }):
			err = not("webHookProperties of ", "a rule file can only name action groups")
		}
		if err != nil {
			return err
		}
		if r.Kind != alerts.KindPrometheus || !r.Enabled {
			continue
		}
		groups, err := ParseGroup(r.Group, p)
		if err != nil {
			return fmt.Errorf("alert rule %s: %w", r.Name, err)
		}
		for _, g := range groups.Groups {
			if seen[g.Name] {
				g.Name += " (" + r.Name + ")"
			}
			seen[g.Name] = true
			labelActions(&g, r.Actions)
			file.Groups = append(file.Groups, g)
		}
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(file); err != nil {
		return err
	}
	return enc.Close()
}

// labelActions gives the alerting rules of a group that name no action groups those of the actions. The label stands in the rules, since not
// every Prometheus knows labels of groups.
func labelActions(g *rulefmt.RuleGroup, actions []alerts.Action) {
	names := strings.Trim(alerts.GroupsLabel(actions), ",")
	if names == "" || g.Labels[alerts.LabelActionGroups] != "" {
		return
	}
	for i := range g.Rules {
		r := &g.Rules[i]
		if r.Alert == "" || r.Labels[alerts.LabelActionGroups] != "" {
			continue
		}
		if r.Labels == nil {
			r.Labels = map[string]string{}
		}
		r.Labels[alerts.LabelActionGroups] = names
	}
}
