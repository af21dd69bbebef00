package promrules

import (
	"io"

	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"github.com/endscope/endscope/alerts"
)

// Export writes the groups of the rules of alerts.KindPrometheus as one rule file, which `promtool check rules` accepts and
// Prometheus runs. Groups of one name would be refused there; the later ones have the name of their resource added.
func Export(w io.Writer, list []alerts.Rule, p parser.Parser) error {
	file := rulefmt.RuleGroups{}
	seen := map[string]bool{}
	for _, r := range list {
		if r.Kind != alerts.KindPrometheus {
			continue
		}
		groups, err := ParseGroup(r.Group, p)
		if err != nil {
			return err
		}
		for _, g := range groups.Groups {
			if seen[g.Name] {
				g.Name += " (" + r.Name + ")"
			}
			seen[g.Name] = true
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
