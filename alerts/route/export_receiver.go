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
		configs := map[string][]map[string]any{}
		var order []string
		redacted := groups[i].Redacted()
		for _, r := range redacted.Receivers {
			if r.Single() != each {
				continue
			}
			key, c := exportIntegration(r)
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

// exportIntegration writes a receiver, whose secrets were replaced, in the words of Alertmanager.
func exportIntegration(r alerts.Receiver) (section string, fields map[string]any) {
	fields = map[string]any{}
	_ = json.Unmarshal(r.Config, &fields) // what was read once as a receiver is an object
	switch r.Type {
	case alerts.ReceiverWebhook, alerts.ReceiverLogicApp, alerts.ReceiverAzureFunction, alerts.ReceiverAutomationRunbook:
		for _, name := range []string{"serviceUri", "callbackUrl", "httpTriggerUrl"} {
			if u, ok := fields[name].(string); ok {
				return "webhook_configs", map[string]any{"url": strings.NewReplacer("<", "", ">", "").Replace(u)}
			}
		}
		return "webhook_configs", map[string]any{"url": "http://in-a-file.invalid/"}
	case alerts.ReceiverEmail:
		if to, ok := fields["emailAddress"]; ok {
			fields["to"] = to
			delete(fields, "emailAddress")
		}
		return "email_configs", fields
	case alerts.ReceiverTeams:
		return "msteamsv2_configs", fields
	}
	return strings.ToLower(string(r.Type)) + "_configs", fields
}

// exportGlobal stands for what the server's own configuration adds to receivers, so that the file is whole.
func exportGlobal(groups []alerts.ActionGroup) yaml.MapSlice {
	var s yaml.MapSlice
	seen := map[alerts.ReceiverType]bool{}
	for _, g := range groups {
		for _, r := range g.Receivers {
			seen[r.Type] = true
		}
	}
	for _, add := range []struct {
		of         alerts.ReceiverType
		key, value string
	}{
		{alerts.ReceiverEmail, "smtp_smarthost", "of-the-server.invalid:587"},
		{alerts.ReceiverEmail, "smtp_from", "of-the-server@of-the-server.invalid"},
		{alerts.ReceiverSlack, "slack_api_url", "https://of-the-server.invalid/"},
		{alerts.ReceiverOpsgenie, "opsgenie_api_key", alerts.Secret},
		{alerts.ReceiverVictorOps, "victorops_api_key", alerts.Secret},
		{alerts.ReceiverWeChat, "wechat_api_corp_id", "of-the-server"},
		{alerts.ReceiverWeChat, "wechat_api_secret", alerts.Secret},
	} {
		if seen[add.of] {
			s = append(s, yaml.MapItem{Key: add.key, Value: add.value})
		}
	}
	return s
}
