package alerts

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/internal/strict"
	"github.com/endscope/endscope/scopes"
)

// The sizes of rules in JSON, in bytes.
const (
	MaxRuleSize  = 64 << 10 // metric and log rules
	MaxGroupSize = 1 << 20  // rules of Prometheus
)

// ParseRule reads a rule from JSON: flat, or in the envelope of Azure's resource manager with the rule below `properties`. Defaults are
// filled in. It tells all mistakes of form at once, each a *FieldError, joined: fields that are unknown, missing, given twice or of
// another type. What values may be, Validate says; CheckRule does both. With an error it returns what could be read.
func ParseRule(data []byte) (Rule, error) {
	m := &mistakes{}
	v, err := readJSON(data, MaxGroupSize)
	if err != nil {
		return Rule{}, err
	}
	outer := objectOf(m, "", v)
	if len(m.List) > 0 {
		return Rule{}, m.Err()
	}
	f := outer.open()
	r := Rule{Name: f.name(outer)}
	r.Kind = kindOf(outer, f)
	r.Description = f.text("description")
	r.Enabled = f.bool("enabled", true)
	switch r.Kind {
	case KindPrometheus:
		f.readGroup(&r)
	case KindMetric, KindLog:
		f.readRule(&r)
	default:
		return r, m.Err() // which fields there are depends on the kind
	}
	if r.Kind != KindPrometheus && len(data) > MaxRuleSize {
		m.Addf("body", sizeText(len(data)), "must have at most 64 KB")
	}
	f.done()
	if f != outer {
		outer.done()
	}
	return r, m.Err()
}

// CheckRule reads a rule and validates it, and returns the mistakes of both. Of a field that could not be read only that is told. With an
// error it returns what could be read; without a kind where that is not known.
func CheckRule(data []byte, defs MetricFunc) (Rule, error) {
	r, err := ParseRule(data)
	if r.Kind == "" {
		return r, err
	}
	return r, AlsoWrong(err, r.Validate(defs))
}

// open returns the fields below `properties`, or the same fields where there is no envelope. The other fields of the envelope are known.
func (f *fields) open() *fields {
	f.ignore("id", "type", "location", "tags", "etag", "systemData", "identity")
	if !f.has("properties") {
		return f
	}
	f.ignore("name", "kind")
	return f.sub("properties")
}

// name reads the name, which stands in the envelope, or beside the other fields, or in both and then alike.
func (f *fields) name(outer *fields) string {
	name := f.text("name")
	if f == outer {
		return name
	}
	envelope := outer.text("name")
	if name != "" && envelope != "" && name != envelope {
		f.m.Addf(f.at("name"), name, "must be as the envelope's name, %q", envelope)
	}
	if envelope != "" {
		return envelope
	}
	return name
}

// kindOf reads the kind, or tells it from the fields that are there.
func kindOf(outer, f *fields) RuleKind {
	kind := f.text("kind")
	if kind == "" && f != outer {
		kind = outer.text("kind")
	}
	azure := outer.typeName()
	switch {
	case kind == string(KindMetric) || kind == string(KindLog) || kind == string(KindPrometheus):
		if azure != "" && azure != RuleKind(kind) {
			outer.m.Addf("type", string(azure), "must fit the kind, %s", kind)
		}
		return RuleKind(kind)
	case kind == "LogAlert":
		return KindLog
	case kind != "":
		f.m.Add(f.at("kind"), kind, "must be one of metric, log, prometheus")
		return ""
	case azure != "":
		return azure
	case f.has("group"):
		return KindPrometheus
	case f.hasQuery():
		return KindLog
	}
	return KindMetric
}

// typeName returns the kind that the envelope's `type` stands for, "" where there is none or another one.
func (f *fields) typeName() RuleKind {
	switch s := f.text("type"); strings.ToLower(s) {
	case "":
	case "microsoft.insights/metricalerts":
		return KindMetric
	case "microsoft.insights/scheduledqueryrules":
		return KindLog
	default:
		f.m.Add("type", s, "must be Microsoft.Insights/metricAlerts or Microsoft.Insights/scheduledQueryRules")
	}
	return ""
}

func (f *fields) hasQuery() bool {
	for _, m := range f.object {
		criteria, ok := m.value.(jsonObject)
		if m.name != "criteria" || !ok {
			continue
		}
		for _, m := range criteria {
			list, _ := m.value.(jsonArray)
			if m.name == "allOf" && slices.ContainsFunc(list, func(c any) bool {
				object, _ := c.(jsonObject)
				return slices.ContainsFunc(object, func(m jsonMember) bool { return m.name == "query" })
			}) {
				return true
			}
		}
	}
	return false
}

func (f *fields) readRule(r *Rule) {
	r.Severity = f.int("severity", 3)
	for i, v := range f.array("scopes") {
		s, ok := v.(string)
		if !ok {
			f.m.Add(indexed(f.at("scopes"), i), string(plainJSONOf(v)), "must be a string")
			continue
		}
		p, err := parseScope(s)
		if err != nil {
			f.m.Addf(indexed(f.at("scopes"), i), s, "must be a scope such as credit, credit/blue or credit/*: %s", ScopeReason(err))
			continue
		}
		r.Scopes = append(r.Scopes, p)
	}
	f.readCriteria(r)
	frequency := time.Minute
	if r.Kind == KindLog || slices.ContainsFunc(r.Criteria, func(c Criterion) bool { return c.Type == DynamicThreshold }) {
		frequency = 5 * time.Minute
	}
	r.EvaluationFrequency = f.duration("evaluationFrequency", frequency)
	r.WindowSize = f.duration("windowSize", max(5*time.Minute, r.EvaluationFrequency))
	r.AutoMitigate = f.bool("autoMitigate", true)
	r.MuteActionsDuration = f.duration("muteActionsDuration", 0)
	f.readActions(r)
	f.readCustomProperties(r, f)
	r.Labels = f.strings("labels")
	r.Filter = f.text("filter")
	r.NoData = NoDataPolicy(f.text("noDataPolicy"))
	if r.NoData == "" {
		r.NoData = NoDataIgnore
	}
	r.GracePeriod = f.duration("gracePeriod", 0)
	r.RunbookURL = f.text("runbookUrl")
	f.ignore("lastUpdatedTime", "provisioningState")
	if r.Kind == KindMetric {
		f.ignore("targetResourceType", "targetResourceRegion", "isMigrated")
		return
	}
	r.QueryTimeRange = f.duration("overrideQueryTimeRange", 0)
	f.ignore("displayName", "targetResourceTypes", "createdWithApiVersion", "isLegacyLogAnalyticsRule", "isWorkspaceAlertsStorageConfigured")
	_ = f.bool("skipQueryValidation", false)
	_ = f.bool("checkWorkspaceAlertsStorageConfigured", false)
}

// readActions reads an array of actions, or the object that Azure's log rules have.
func (f *fields) readActions(r *Rule) {
	if v, ok := f.take("actions"); ok {
		if _, is := v.(jsonObject); is && r.Kind == KindLog {
			a := f.sub("actions")
			for _, id := range a.texts("actionGroups") {
				r.Actions = append(r.Actions, Action{ActionGroupID: groupName(id)})
			}
			a.readCustomProperties(r, f)
			a.done()
			return
		}
	}
	for _, a := range f.objects("actions") {
		r.Actions = append(r.Actions, Action{ActionGroupID: groupName(a.required("actionGroupId")), WebHookProperties: a.strings("webHookProperties")})
		a.done()
	}
}

func (f *fields) readCustomProperties(r *Rule, where *fields) {
	for k, v := range f.strings("customProperties") {
		if old, ok := r.CustomProperties[k]; ok && old != v {
			where.m.Add(f.at("customProperties")+"."+strict.Shorten(k), v, "is given twice")
			continue
		}
		if r.CustomProperties == nil {
			r.CustomProperties = map[string]string{}
		}
		r.CustomProperties[k] = v
	}
}

func (f *fields) readGroup(r *Rule) {
	for _, a := range f.objects("actions") {
		r.Actions = append(r.Actions, Action{ActionGroupID: groupName(a.required("actionGroupId")), WebHookProperties: a.strings("webHookProperties")})
		a.done()
	}
	v, ok := f.take("group")
	if !ok {
		f.m.Add(f.at("group"), "", "is required")
		return
	}
	checkGroup(f.m, f.at("group"), v)
	var b bytes.Buffer
	writeJSON(&b, v)
	r.Group = b.Bytes()
}

// required reads a text that must be there.
func (f *fields) required(name string) string {
	if !f.has(name) {
		f.known = append(f.known, name)
		f.m.Add(f.at(name), "", "is required")
		return ""
	}
	return f.text(name)
}

// groupName returns the name of an action group from its name or its resource id.
func groupName(id string) string {
	id = strings.TrimRight(id, "/")
	return id[strings.LastIndexByte(id, '/')+1:]
}

// parseScope reads a scope pattern, or the resource id of an online endpoint or of one of its deployments.
func parseScope(s string) (scopes.Pattern, error) {
	const endpoints = "/onlineendpoints/"
	if i := strings.Index(strings.ToLower(s), endpoints); i >= 0 && strings.HasPrefix(s, "/subscriptions/") {
		parts := strings.Split(strings.Trim(s[i+len(endpoints):], "/"), "/")
		if len(parts) == 3 && strings.EqualFold(parts[1], "deployments") {
			parts = []string{parts[0], parts[2]}
		}
		s = strings.Join(parts, "/")
	}
	return scopes.ParsePattern(s)
}

// ScopeReason returns why a text is no scope, without the text.
func ScopeReason(err error) string {
	var pe *scopes.PathError
	if !errors.As(err, &pe) {
		return err.Error()
	}
	var ne *scopes.NameError
	if errors.As(err, &ne) {
		return ne.Rule
	}
	return pe.Reason
}
