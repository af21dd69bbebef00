package alerts

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/endscope/endscope/scopes"
)

// The bounds of processing rules.
const (
	MaxConditions      = 50
	MaxConditionValues = 5
	MaxRecurrences     = 100
	MaxAddedGroups     = 10
)

// Validate says everything that the processing rule must not have, as *FieldErrors joined with errors.Join.
func (r *ProcessingRule) Validate() error {
	m := &mistakes{}
	checkName(m, "name", r.Name)
	if n := utf8.RuneCountInString(r.Description); n > MaxDescription {
		m.Addf("description", fmt.Sprint(n), "must have at most %d characters", MaxDescription)
	}
	if len(r.Scopes) > MaxScopes {
		m.Addf("scopes", fmt.Sprint(len(r.Scopes)), "must have at most %d scopes", MaxScopes)
	}
	for i, s := range r.Scopes {
		if _, err := scopes.ParsePattern(s); err != nil {
			m.Addf(indexed("scopes", i), s, "must be a scope such as credit, credit/blue or credit/*: %s", ScopeReason(err))
		}
	}
	if n := len(r.Conditions); n > MaxConditions {
		m.Addf("conditions", fmt.Sprint(n), "must have at most %d conditions", MaxConditions)
	}
	for i := range r.Conditions {
		r.Conditions[i].check(m, indexed("conditions", i))
	}
	if !r.Suppress && len(r.AddGroups) == 0 {
		m.Addf("actions", "", "must have %s or %s", actionSuppress, actionAdd)
	}
	adding := "actions[0].actionGroupIds"
	if r.Suppress {
		adding = "actions[1].actionGroupIds" // as it is written
	}
	if n := len(r.AddGroups); n > MaxAddedGroups {
		m.Addf(adding, fmt.Sprint(n), "must have at most %d action groups", MaxAddedGroups)
	}
	for i, group := range r.AddGroups {
		path := indexed(adding, i)
		checkGroupName(m, path, group)
		if slices.Contains(r.AddGroups[:i], group) {
			m.Add(path, group, "must not be given twice")
		}
	}
	if r.Schedule != nil {
		r.Schedule.check(m)
	}
	return m.Err()
}

var severityValue = regexp.MustCompile(`(?i)^(sev)?[0-4]$`)

func (c *ProcessingCondition) check(m *mistakes, path string) {
	equality := []string{OperatorEquals, OperatorNotEquals}
	switch c.Field {
	case FieldSeverity, FieldMonitorService, FieldMonitorCondition, FieldSignalType:
		checkOneOf(m, path+".operator", c.Operator, equality...)
	case FieldAlertContext:
		checkOneOf(m, path+".operator", c.Operator, OperatorContains, OperatorDoesNotContain)
	default:
		checkOneOf(m, path+".operator", c.Operator, append(equality, OperatorContains, OperatorDoesNotContain)...)
		checkOneOf(m, path+".field", c.Field, FieldSeverity, FieldMonitorService, FieldMonitorCondition, FieldSignalType, FieldTargetResource,
			FieldTargetResourceGroup, FieldTargetResourceType, FieldAlertRuleID, FieldAlertRuleName, FieldDescription, FieldAlertContext)
	}
	if n := len(c.Values); n == 0 || n > MaxConditionValues {
		m.Addf(path+".values", fmt.Sprint(n), "must have from 1 to %d values", MaxConditionValues)
	}
	allowed := map[string][]string{
		FieldMonitorService:   {MonitorService(KindMetric), MonitorService(KindLog), MonitorService(KindPrometheus), MonitorService("")},
		FieldMonitorCondition: {string(Fired), string(Resolved)},
		FieldSignalType:       {SignalType(KindMetric), SignalType(KindLog)},
	}[c.Field]
	for i, v := range c.Values {
		at := indexed(path+".values", i)
		switch {
		case v == "" && (c.Operator == OperatorContains || c.Operator == OperatorDoesNotContain):
			m.Add(at, `""`, "must not be empty, for every text contains that")
		case c.Field == FieldSeverity && !severityValue.MatchString(v):
			m.Add(at, v, "must be one of Sev0, Sev1, Sev2, Sev3, Sev4")
		case allowed != nil && !slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, v) }):
			m.Addf(at, v, "must be one of %s", strings.Join(allowed, ", "))
		}
	}
}

func (s *Schedule) check(m *mistakes) {
	if _, err := Zone(s.TimeZone); err != nil {
		m.Add("schedule.timeZone", s.TimeZone, "must be a time zone such as Europe/Berlin, or Azure's name of one such as W. Europe Standard Time")
	}
	from, errFrom := parseWall(s.EffectiveFrom)
	until, errUntil := parseWall(s.EffectiveUntil)
	if s.EffectiveFrom != "" && errFrom != nil {
		m.Add("schedule.effectiveFrom", s.EffectiveFrom, "must be a local time such as 2026-11-28T10:00:00, without a zone")
	}
	if s.EffectiveUntil != "" && errUntil != nil {
		m.Add("schedule.effectiveUntil", s.EffectiveUntil, "must be a local time such as 2026-11-28T10:00:00, without a zone")
	}
	if errFrom == nil && errUntil == nil && !until.After(from) {
		m.Addf("schedule.effectiveUntil", s.EffectiveUntil, "must be after effectiveFrom, %s", s.EffectiveFrom)
	}
	if n := len(s.Recurrences); n > MaxRecurrences {
		m.Addf("schedule.recurrences", fmt.Sprint(n), "must have at most %d recurrences", MaxRecurrences)
	}
	for i := range s.Recurrences {
		s.Recurrences[i].check(m, indexed("schedule.recurrences", i))
	}
}

func (r *Recurrence) check(m *mistakes, path string) {
	checkOneOf(m, path+".recurrenceType", r.Type, "Daily", "Weekly", "Monthly")
	start, errStart := parseClock(r.StartTime)
	if r.StartTime != "" && (errStart != nil || start == clockEnd) {
		m.Add(path+".startTime", r.StartTime, "must be a time of day such as 22:00:00")
	}
	if _, err := parseClock(r.EndTime); r.EndTime != "" && err != nil {
		m.Add(path+".endTime", r.EndTime, "must be a time of day such as 06:00:00")
	}
	switch {
	case r.Type == "Weekly" && len(r.DaysOfWeek) == 0:
		m.Add(path+".daysOfWeek", "", "must have at least one day")
	case r.Type != "Weekly" && len(r.DaysOfWeek) > 0:
		m.Add(path+".daysOfWeek", "", "is only of the recurrenceType Weekly")
	}
	for i, d := range r.DaysOfWeek {
		if weekday(d) < 0 {
			m.Add(indexed(path+".daysOfWeek", i), d, "must be one of Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday")
		}
	}
	switch {
	case r.Type == "Monthly" && len(r.DaysOfMonth) == 0:
		m.Add(path+".daysOfMonth", "", "must have at least one day")
	case r.Type != "Monthly" && len(r.DaysOfMonth) > 0:
		m.Add(path+".daysOfMonth", "", "is only of the recurrenceType Monthly")
	}
	for i, d := range r.DaysOfMonth {
		if d == 0 || d < -31 || d > 31 {
			m.Add(indexed(path+".daysOfMonth", i), fmt.Sprint(d), "must be from 1 to 31, or from -1 (the last day) to -31")
		}
	}
}
