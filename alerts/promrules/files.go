package promrules

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/endscope/endscope/alerts"
)

// Files are rule files as they were read.
type Files struct {
	groups map[string]*rulefmt.RuleGroups // by the name of the file
}

// Read reads the rule files of a configuration, and returns all that is wrong with them. Use puts them into force.
func (m *Manager) Read(cfg Config) (*Files, error) {
	groups, err := readFiles(cfg.RuleFiles, m.set.Parser)
	if err != nil {
		return nil, err
	}
	return &Files{groups}, nil
}

// Use puts rule files into force in place of those before. An error leaves everything as it was.
func (m *Manager) Use(f *Files) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := maps.Clone(f.groups)
	inForce := m.loaded.Load()
	for name, groups := range inForce.files {
		if strings.HasPrefix(name, resourcePrefix) {
			next[name] = groups
		}
	}
	return m.update(newSet(next, inForce.stored))
}

// Files returns the rule files in force. Groups of rules that are resources are not among them.
func (m *Manager) Files() *Files {
	groups := maps.Clone(m.loaded.Load().files)
	maps.DeleteFunc(groups, func(name string, _ *rulefmt.RuleGroups) bool { return strings.HasPrefix(name, resourcePrefix) })
	return &Files{groups}
}

// NamedGroups returns the action groups that rules name by their label action_groups: for each group the rules, as file;group;alert.
func (f *Files) NamedGroups() map[string][]string {
	out := map[string][]string{}
	for _, file := range slices.Sorted(maps.Keys(f.groups)) {
		for _, g := range f.groups[file].Groups {
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
