package route

import (
	"encoding/json"
	"strings"

	"github.com/goccy/go-yaml"
	amcommoncfg "github.com/prometheus/alertmanager/config/common"
	"github.com/prometheus/alertmanager/timeinterval"

	"github.com/endscope/endscope/alerts"
)

func texted(m amcommoncfg.Matchers) []string {
	texts := make([]string, len(m))
	for i, one := range m {
		texts[i] = one.String()
	}
	return texts
}

// t2json turns a time interval into maps, as its own JSON has it.
func t2json(t timeinterval.TimeInterval) (out map[string]any, err error) {
	text, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(text, &out)
}

// exportReceiver writes a receiver of the tree: with what its group sends to, where groups are given.
func exportReceiver(name string, groups []alerts.ActionGroup) yaml.MapSlice {
	s := yaml.MapSlice{{Key: "name", Value: name}}
	group, each := strings.CutSuffix(name, eachSuffix)
	for i := range groups {
		if groups[i].Name != group {
			continue
		}
		configs := map[string][]yaml.MapSlice{}
		var order []string
		for _, r := range groups[i].Receivers {
			if r.UseCommonAlertSchema != each {
				continue
			}
			key, c := exportIntegration(r)
			if key == "" {
				continue
			}
			if configs[key] == nil {
				order = append(order, key)
			}
			configs[key] = append(configs[key], c)
		}
		for _, key := range order {
			s = append(s, yaml.MapItem{Key: key, Value: configs[key]})
		}
	}
	return s
}

// exportIntegration writes a receiver of a group in the words of Alertmanager, if it has such a type; empty otherwise.
func exportIntegration(r alerts.Receiver) (key string, c yaml.MapSlice) {
	const secret = "<secret>"
	fields := map[string]any{}
	_ = json.Unmarshal(r.Config, &fields) // what was read once as a receiver is an object
	switch r.Type {
	case "webhook":
		return "webhook_configs", yaml.MapSlice{{Key: "url", Value: "http://redacted.invalid/"}}
	case "email":
		to, _ := fields["emailAddress"].(string)
		return "email_configs", yaml.MapSlice{{Key: "to", Value: to}, {Key: "from", Value: "redacted@redacted.invalid"}, {Key: "smarthost", Value: "redacted.invalid:587"}}
	case "slack":
		return "slack_configs", yaml.MapSlice{{Key: "api_url", Value: secret}}
	case "pagerduty":
		return "pagerduty_configs", yaml.MapSlice{{Key: "routing_key", Value: secret}}
	case "opsgenie":
		return "opsgenie_configs", yaml.MapSlice{{Key: "api_key", Value: secret}}
	}
	return "", nil
}
