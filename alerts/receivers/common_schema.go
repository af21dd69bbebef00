package receivers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
)

// maxPayload is the size of a payload of the common alert schema in bytes: Azure's limit.
const maxPayload = 256 << 10

// SchemaOptions is what a payload says beside the alert.
type SchemaOptions struct {
	Group string // the action group: its properties of the alert's action go into the context
	// InvestigationLink is where to look at the alert.
	InvestigationLink string
	// LogLinks returns where the rows of a query can be seen and asked for; nil for nowhere.
	LogLinks func(query string, from, to time.Time) (ui, api string)
}

// CommonSchema returns the alert in Azure Monitor's common alert schema, with every field of it. Threshold and value are those of the check
// that the alert's condition comes from. A payload above 256 KB has its long texts cut and says so in its description.
func CommonSchema(a *alerts.Alert, o SchemaOptions) ([]byte, error) {
	body, _, err := commonSchema(a, o)
	return body, err
}

func commonSchema(a *alerts.Alert, o SchemaOptions) (body []byte, cut bool, err error) {
	properties := a.CustomProperties
	if properties == nil {
		properties = map[string]string{}
	}
	payload := schemaJSON{SchemaID: "azureMonitorCommonAlertSchema", Data: dataJSON{
		Essentials: essentialsOf(a, o), AlertContext: contextOf(a, o), CustomProperties: properties,
	}}
	if body, err = encodeJSON(payload); err != nil || len(body) <= maxPayload {
		return body, false, err
	}
	// Numbers that travel through a float64 here are those of the alert, which are float64.
	var loose any
	if err := json.Unmarshal(body, &loose); err != nil {
		return nil, true, err
	}
	for _, most := range []int{4096, 1024, 128} {
		if body, err = encodeJSON(noted(cutTexts(loose, most))); err != nil || len(body) <= maxPayload {
			return body, true, err
		}
	}
	data := loose.(map[string]any)["data"].(map[string]any)
	data["customProperties"] = map[string]any{}
	data["alertContext"].(map[string]any)["properties"] = nil
	for _, many := range []string{"labels", "annotations"} {
		delete(data["alertContext"].(map[string]any), many)
	}
	body, err = encodeJSON(noted(cutTexts(loose, 128)))
	return body, true, err
}

func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// cutTexts returns a copy of a decoded value whose texts have at most so many bytes.
func cutTexts(v any, most int) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = cutTexts(e, most)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = cutTexts(e, most)
		}
		return out
	case string:
		return cutText(v, most)
	}
	return v
}

// cutText returns a text of at most so many bytes, which ends in … where something is missing.
func cutText(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:max(most-len("…"), 0)], "") + "…"
}

// noted says in the description that something is missing.
func noted(payload any) any {
	essentials := payload.(map[string]any)["data"].(map[string]any)["essentials"].(map[string]any)
	essentials["description"] = strings.TrimSpace(fmt.Sprint(essentials["description"]) + " (Long texts are cut: a payload has at most 256 KB.)")
	return payload
}

type schemaJSON struct {
	SchemaID string   `json:"schemaId"`
	Data     dataJSON `json:"data"`
}

type dataJSON struct {
	Essentials       essentialsJSON    `json:"essentials"`
	AlertContext     any               `json:"alertContext"`
	CustomProperties map[string]string `json:"customProperties"`
}

type essentialsJSON struct {
	AlertID             string   `json:"alertId"`
	AlertRule           string   `json:"alertRule"`
	AlertRuleID         string   `json:"alertRuleID"`
	Severity            string   `json:"severity"`
	SignalType          string   `json:"signalType"`
	MonitorCondition    string   `json:"monitorCondition"`
	MonitoringService   string   `json:"monitoringService"`
	AlertTargetIDs      []string `json:"alertTargetIDs"`
	ConfigurationItems  []string `json:"configurationItems"`
	OriginAlertID       string   `json:"originAlertId"`
	FiredDateTime       string   `json:"firedDateTime"`
	ResolvedDateTime    string   `json:"resolvedDateTime,omitempty"`
	TargetResourceGroup string   `json:"targetResourceGroup"`
	TargetResourceType  string   `json:"targetResourceType"`
	Description         string   `json:"description"`
	InvestigationLink   string   `json:"investigationLink"`
	EssentialsVersion   string   `json:"essentialsVersion"`
	AlertContextVersion string   `json:"alertContextVersion"`
}

func essentialsOf(a *alerts.Alert, o SchemaOptions) essentialsJSON {
	e := essentialsJSON{
		AlertID:             a.ID,
		AlertRule:           a.Rule,
		AlertRuleID:         a.Rule,
		Severity:            "Sev" + strconv.Itoa(a.Severity),
		SignalType:          "Metric",
		MonitorCondition:    string(a.Condition),
		AlertTargetIDs:      []string{},
		ConfigurationItems:  itemsOf(a),
		OriginAlertID:       a.ID,
		FiredDateTime:       instant(a.FiredAt),
		Description:         a.Description,
		InvestigationLink:   o.InvestigationLink,
		EssentialsVersion:   "1.0",
		AlertContextVersion: "1.0",
	}
	if a.Condition == alerts.Resolved {
		e.ResolvedDateTime = instant(a.ResolvedAt)
	}
	if target := a.Target.String(); target != "" {
		e.AlertTargetIDs = []string{strings.ToLower(target)}
		e.TargetResourceGroup = strings.ToLower(a.Target.Endpoint)
		e.TargetResourceType = string(a.Target.Level())
	}
	if e.Description == "" {
		e.Description = firstOf(a.Annotations["description"], a.Annotations["summary"])
	}
	switch a.RuleKind {
	case alerts.KindMetric:
		e.MonitoringService = "Platform"
	case alerts.KindLog:
		e.SignalType, e.MonitoringService = "Log", "Log Alerts V2"
	case alerts.KindPrometheus:
		e.MonitoringService = "Prometheus"
		e.AlertRule = firstOf(a.Labels[alerts.LabelAlertName], a.Rule[strings.LastIndex(a.Rule, ";")+1:])
	default:
		e.MonitoringService = "External"
		e.AlertRule = firstOf(a.Rule, a.Labels[alerts.LabelAlertName])
		e.AlertRuleID = e.AlertRule
	}
	return e
}

// itemsOf returns the affected items: for logs what the columns of the row name, in Azure's order.
func itemsOf(a *alerts.Alert) []string {
	if a.RuleKind == alerts.KindLog {
		for _, column := range []string{"_ResourceId", "ResourceId", "Resource", "Computer"} {
			if v := a.Dimensions[column]; v != "" {
				return []string{v}
			}
		}
	}
	if target := a.Target.String(); target != "" {
		return []string{target}
	}
	return []string{}
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
