package alerts

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/endscope/endscope/internal/strict"
	"github.com/endscope/endscope/scopes"
)

// The bounds of rules.
const (
	MaxCriteria          = 5
	MaxActions           = 5
	MaxDescription       = 2048 // characters
	MaxName              = 252  // characters
	MaxScopes            = 1000
	MaxDimensionValues   = 1000
	MaxLogDimensions     = 6
	MaxEvaluationPeriods = 24
	MaxProperties        = 64   // custom properties, properties of a webhook, labels
	MaxPropertyValue     = 2048 // characters
	MaxQueryTimeRange    = 48 * time.Hour
	MaxGracePeriod       = time.Hour
)

// forbiddenInNames are the characters that no name of a rule, group or processing rule has.
const forbiddenInNames = `*#&+:<>?@%{}\/`

// Validate says everything that the rule must not have, as *FieldErrors joined with errors.Join, whose fields are paths of JSON. A nil
// defs leaves out what only the catalogue knows.
func (r *Rule) Validate(defs MetricFunc) error {
	m := &mistakes{}
	checkName(m, "name", r.Name)
	if n := utf8.RuneCountInString(r.Description); n > MaxDescription {
		m.Addf("description", fmt.Sprint(n), "must have at most %d characters", MaxDescription)
	}
	checkActions(m, r.Actions)
	switch r.Kind {
	case KindPrometheus:
		r.checkPrometheus(m)
		return m.Err()
	case KindMetric, KindLog:
	default:
		m.Add("kind", string(r.Kind), "must be one of metric, log, prometheus")
		return m.Err()
	}
	if r.Severity < 0 || r.Severity > 4 {
		m.Add("severity", fmt.Sprint(r.Severity), "must be from 0 (critical) to 4 (verbose)")
	}
	r.checkScopes(m)
	checkProperties(m, "customProperties", r.CustomProperties)
	checkLabels(m, r.Labels)
	r.checkOurs(m)
	if len(r.Group) > 0 {
		m.Addf("group", "", "is only of rules of the kind prometheus")
	}
	if n := len(r.Criteria); n == 0 || n > MaxCriteria {
		m.Addf("criteria.allOf", fmt.Sprint(n), "must have from 1 to %d criteria", MaxCriteria)
	}
	for i := range r.Criteria {
		path := indexed("criteria.allOf", i)
		r.checkCriterion(m, path, &r.Criteria[i], defs)
		if name := r.Criteria[i].Name; slices.ContainsFunc(r.Criteria[:i], func(c Criterion) bool { return c.Name == name }) {
			m.Add(path+".name", name, "must be another name than that of the criteria before it")
		}
	}
	r.checkTogether(m, defs)
	if r.Kind == KindLog {
		r.checkLogTimes(m)
	} else {
		r.checkMetricTimes(m)
	}
	return m.Err()
}

func checkName(m *mistakes, path, name string) {
	switch n := utf8.RuneCountInString(name); {
	case name == "":
		m.Add(path, "", "is required")
	case n > MaxName:
		m.Addf(path, fmt.Sprint(n), "must have at most %d characters", MaxName)
	case strings.ContainsAny(name, forbiddenInNames):
		m.Addf(path, name, "must not have any of %s", strings.Join(strings.Split(forbiddenInNames, ""), " "))
	case strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name):
		m.Addf(path, fmt.Sprintf("%q", name), "must not have control characters")
	case strings.HasSuffix(name, " ") || strings.HasSuffix(name, "."):
		m.Addf(path, fmt.Sprintf("%q", name), "must not end in a space or a period")
	case strings.HasPrefix(name, " "):
		m.Addf(path, fmt.Sprintf("%q", name), "must not begin with a space")
	}
}

func (r *Rule) checkScopes(m *mistakes) {
	if len(r.Scopes) == 0 && r.Kind == KindMetric {
		m.Add("scopes", "", "must have at least one scope")
	}
	if len(r.Scopes) > MaxScopes {
		m.Addf("scopes", fmt.Sprint(len(r.Scopes)), "must have at most %d scopes", MaxScopes)
		return
	}
	for i, s := range r.Scopes {
		path := indexed("scopes", i)
		if _, err := scopes.ParsePattern(s.String()); err != nil {
			m.Addf(path, s.String(), "must be a scope such as credit, credit/blue or credit/*: %s", ScopeReason(err))
			continue
		}
		if r.Kind == KindMetric && s.Level() != r.Scopes[0].Level() {
			m.Addf(path, s.String(), "must be of the same level as the first scope, %s", r.Scopes[0].Level())
			continue
		}
		for j, other := range r.Scopes {
			if i != j && includes(other, s) && (s != other || j < i) {
				m.Addf(path, s.String(), "must not be part of another scope, %s", other)
				break
			}
		}
	}
}

// includes says whether every scope that q matches is one that p matches.
func includes(p, q scopes.Pattern) bool {
	one := func(p, q string) bool { return p == q || p == scopes.Wildcard && q != "" }
	return p.Level() == q.Level() && one(p.Endpoint, q.Endpoint) && one(p.Deployment, q.Deployment) && one(p.Instance, q.Instance)
}

func checkActions(m *mistakes, list []Action) {
	if len(list) > MaxActions {
		m.Addf("actions", fmt.Sprint(len(list)), "must have at most %d actions", MaxActions)
	}
	for i, a := range list {
		path := indexed("actions", i)
		checkGroupName(m, path+".actionGroupId", a.ActionGroupID)
		if slices.ContainsFunc(list[:i], func(b Action) bool { return b.ActionGroupID == a.ActionGroupID }) {
			m.Add(path+".actionGroupId", a.ActionGroupID, "must not be given twice")
		}
		checkProperties(m, path+".webHookProperties", a.WebHookProperties)
	}
}

// checkGroupName checks the name of an action group. A comma would end it in the label that holds the names.
func checkGroupName(m *mistakes, path, name string) {
	if strings.Contains(name, ",") {
		m.Add(path, name, "must not have a comma")
		return
	}
	checkName(m, path, name)
}

func checkProperties(m *mistakes, path string, all map[string]string) {
	if len(all) > MaxProperties {
		m.Addf(path, fmt.Sprint(len(all)), "must have at most %d entries", MaxProperties)
	}
	for _, k := range sortedKeys(all) {
		if k == "" || utf8.RuneCountInString(k) > 128 {
			m.Add(path, fmt.Sprintf("%q", strict.Shorten(k)), "must have names of 1 to 128 characters")
		}
		if n := utf8.RuneCountInString(all[k]); n > MaxPropertyValue {
			m.Addf(path+"."+strict.Shorten(k), fmt.Sprint(n), "must have at most %d characters", MaxPropertyValue)
		}
	}
}

func checkLabels(m *mistakes, all map[string]string) {
	checkProperties(m, "labels", all)
	for _, k := range sortedKeys(all) {
		switch {
		case k != labelName(k) || strings.HasPrefix(k, "__"):
			m.Add("labels", strict.Shorten(k), "must have names of letters, digits and _, which do not start with a digit or __")
		case reservedLabel(k):
			m.Add("labels."+k, "", "must not be set: the server sets it")
		}
	}
}

// checkOurs checks what Azure's rules do not have.
func (r *Rule) checkOurs(m *mistakes) {
	switch r.NoData {
	case NoDataIgnore, NoDataAlert, NoDataKeep:
	default:
		m.Addf("noDataPolicy", string(r.NoData), "must be one of %s, %s, %s", NoDataIgnore, NoDataAlert, NoDataKeep)
	}
	if r.GracePeriod < 0 || r.GracePeriod > MaxGracePeriod {
		m.Addf("gracePeriod", FormatDuration(r.GracePeriod), "must be from PT0S to %s", FormatDuration(MaxGracePeriod))
	}
	if r.MuteActionsDuration < 0 || r.MuteActionsDuration > 24*time.Hour {
		m.Add("muteActionsDuration", FormatDuration(r.MuteActionsDuration), "must be from PT0S to P1D")
	} else if r.MuteActionsDuration > 0 && r.AutoMitigate {
		m.Add("muteActionsDuration", FormatDuration(r.MuteActionsDuration), "must not be given unless autoMitigate is false")
	}
	if n := len(r.Filter); n > 4096 {
		m.Add("filter", sizeText(n), "must have at most 4096 bytes")
	} else if r.Filter != "" && r.Kind == KindLog {
		m.Add("filter", r.Filter, "is only of metric rules; a log rule has its query")
	}
	checkRunbook(m, r.RunbookURL)
}

func checkRunbook(m *mistakes, s string) {
	if s == "" {
		return
	}
	u, err := url.Parse(s)
	local := strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && !strings.HasPrefix(s, `/\`)
	if err != nil || len(s) > 2048 || !local && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		m.Add("runbookUrl", s, "must be an http or https URL or a path on this server, of at most 2048 bytes")
	}
}

func (r *Rule) checkPrometheus(m *mistakes) {
	if len(r.Group) == 0 {
		m.Add("group", "", "is required")
		return
	}
	if len(r.Group) > MaxGroupSize {
		m.Addf("group", sizeText(len(r.Group)), "must have at most 1 MB")
		return
	}
	v, err := readJSON(r.Group, MaxGroupSize)
	if err != nil {
		m.Add("group", "", err.Error())
		return
	}
	checkGroup(m, "group", v)
}

func sortedKeys[V any](all map[string]V) []string {
	keys := make([]string, 0, len(all))
	for k := range all {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
