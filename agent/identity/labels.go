package identity

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/endscope/endscope/scopes"
)

// parseDownward reads a file of a downward API volume: one key="value" a line, where the value is written as Go writes a quoted string.
func parseDownward(text string) (map[string]string, error) {
	out := map[string]string{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		key, quoted, ok := strings.Cut(line, "=")
		if !ok || key == "" || !strings.HasPrefix(quoted, `"`) {
			return nil, fmt.Errorf(`line %d is not key="value"`, n)
		}
		value, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, fmt.Errorf("line %d: the value of %s is not a quoted string", n, key)
		}
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("line %d: %s comes twice", n, key)
		}
		out[key] = value
	}
	return out, nil
}

// stateFromLabels adds what labels of Endscope's own say. Each key of a part is a statement, so two keys that differ are a conflict, too.
func stateFromLabels(f *finding, cfg Config, labels map[string]string, kind, of string) {
	for part, keys := range map[scopes.Level][]string{
		scopes.LevelEndpoint: cfg.EndpointLabels, scopes.LevelDeployment: cfg.DeploymentLabels, scopes.LevelInstance: cfg.InstanceLabels,
	} {
		for _, key := range keys {
			f.state(part, labels[key], fmt.Sprintf("%s %s of %s", kind, key, of))
		}
	}
}
