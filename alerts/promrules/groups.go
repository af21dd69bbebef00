package promrules

import (
	"strings"

	"github.com/endscope/endscope/alerts"
)

// NamedGroups returns the action groups that rules of files name by their label action_groups: for each group the rules, as file;group;alert.
// Groups of rules that are resources are not among them.
func (m *Manager) NamedGroups() map[string][]string { return namedGroups(m.loaded.Load()) }

// NamedGroupsOf returns what NamedGroups would after a Reload.
func (m *Manager) NamedGroupsOf(cfg Config) (map[string][]string, error) {
	files, err := readFiles(cfg.RuleFiles, m.set.Parser)
	if err != nil {
		return nil, err
	}
	return namedGroups(newSet(files, nil)), nil
}

func namedGroups(in *set) map[string][]string {
	out := map[string][]string{}
	for _, file := range in.names() {
		if strings.HasPrefix(file, resourcePrefix) {
			continue
		}
		for _, g := range in.files[file].Groups {
			for _, r := range g.Rules {
				if r.Alert == "" {
					continue
				}
				label := r.Labels[alerts.LabelActionGroups]
				if label == "" {
					label = g.Labels[alerts.LabelActionGroups]
				}
				for _, name := range alerts.GroupsIn(label) {
					out[name] = append(out[name], ruleName(file, g.Name, r.Alert))
				}
			}
		}
	}
	return out
}
