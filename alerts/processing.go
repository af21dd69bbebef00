package alerts

import (
	"slices"
	"time"
)

// The two things that a processing rule does.
const (
	actionSuppress = "RemoveAllActionGroups"
	actionAdd      = "AddActionGroups"
)

// MaxProcessingRules is how many processing rules there may be.
const MaxProcessingRules = 1000

// ParseProcessingRule reads a processing rule from JSON with the fields of Azure's alertProcessingRules: flat, or below `properties`. It
// tells all mistakes of form at once, as ParseRule does; Validate says what values may be. With an error it returns what could be read.
func ParseProcessingRule(data []byte) (ProcessingRule, error) {
	m := &mistakes{}
	v, err := readJSON(data, MaxRuleSize)
	if err != nil {
		return ProcessingRule{}, err
	}
	outer := objectOf(m, "", v)
	if len(m.List) > 0 {
		return ProcessingRule{}, m.Err()
	}
	f := outer.open()
	r := ProcessingRule{Name: f.name(outer)}
	r.Description = f.text("description")
	r.Enabled = f.bool("enabled", true)
	r.Scopes = f.readProcessingScopes()
	for _, c := range f.objects("conditions") {
		r.Conditions = append(r.Conditions, ProcessingCondition{
			Field: c.required("field"), Operator: c.required("operator"), Values: c.texts("values"),
		})
		c.done()
	}
	f.readProcessingActions(&r)
	if s := f.sub("schedule"); s != nil {
		r.Schedule = s.readSchedule()
		s.done()
	}
	f.done()
	if f != outer {
		outer.done()
	}
	return r, m.Err()
}

// CheckProcessingRule reads a processing rule and validates it, and returns the mistakes of both, as CheckRule does.
func CheckProcessingRule(data []byte) (ProcessingRule, error) {
	r, err := ParseProcessingRule(data)
	return r, AlsoWrong(err, r.Validate())
}

// readProcessingScopes reads scopes as ParseRule does and keeps what is no scope, which Validate refuses, as it is.
func (f *fields) readProcessingScopes() []string {
	var list []string
	for _, s := range f.texts("scopes") {
		if p, err := parseScope(s); err == nil {
			s = p.String()
		}
		list = append(list, s)
	}
	return list
}

func (f *fields) readProcessingActions(r *ProcessingRule) {
	for _, a := range f.objects("actions") {
		groups := a.texts("actionGroupIds")
		switch t := a.required("actionType"); t {
		case "":
		case actionSuppress:
			r.Suppress = true
			if groups != nil {
				f.m.Addf(a.at("actionGroupIds"), "", "is only of %s", actionAdd)
			}
		case actionAdd:
			if groups == nil {
				f.m.Add(a.at("actionGroupIds"), "", "must name at least one action group")
			}
			for _, id := range groups {
				r.AddGroups = append(r.AddGroups, groupName(id))
			}
		default:
			f.m.Addf(a.at("actionType"), t, "must be one of %s, %s", actionSuppress, actionAdd)
		}
		a.done()
	}
}

func (f *fields) readSchedule() *Schedule {
	s := &Schedule{EffectiveFrom: f.text("effectiveFrom"), EffectiveUntil: f.text("effectiveUntil"), TimeZone: f.text("timeZone")}
	for _, one := range f.objects("recurrences") {
		r := Recurrence{Type: one.required("recurrenceType"), StartTime: one.text("startTime"), EndTime: one.text("endTime")}
		for _, day := range one.texts("daysOfWeek") {
			if i := weekday(day); i >= 0 {
				day = time.Weekday(i).String()
			}
			r.DaysOfWeek = append(r.DaysOfWeek, day)
		}
		r.DaysOfMonth = one.ints("daysOfMonth")
		one.done()
		s.Recurrences = append(s.Recurrences, r)
	}
	return s
}

type processingJSON struct {
	Name        string                    `json:"name,omitempty"`
	Description string                    `json:"description,omitempty"`
	Enabled     bool                      `json:"enabled"`
	Scopes      []string                  `json:"scopes,omitempty"`
	Conditions  []processingConditionJSON `json:"conditions,omitempty"`
	Schedule    *scheduleJSON             `json:"schedule,omitempty"`
	Actions     []processingActionJSON    `json:"actions"`
}

type processingConditionJSON struct {
	Field    string   `json:"field"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

type processingActionJSON struct {
	ActionType     string   `json:"actionType"`
	ActionGroupIDs []string `json:"actionGroupIds,omitempty"`
}

type scheduleJSON struct {
	EffectiveFrom  string           `json:"effectiveFrom,omitempty"`
	EffectiveUntil string           `json:"effectiveUntil,omitempty"`
	TimeZone       string           `json:"timeZone,omitempty"`
	Recurrences    []recurrenceJSON `json:"recurrences,omitempty"`
}

type recurrenceJSON struct {
	Type        string   `json:"recurrenceType"`
	StartTime   string   `json:"startTime,omitempty"`
	EndTime     string   `json:"endTime,omitempty"`
	DaysOfWeek  []string `json:"daysOfWeek,omitempty"`
	DaysOfMonth []int    `json:"daysOfMonth,omitempty"`
}

// MarshalJSON writes the rule flat, in one canonical form from which ParseProcessingRule reads the same rule.
func (r ProcessingRule) MarshalJSON() ([]byte, error) {
	j := processingJSON{Name: r.Name, Description: r.Description, Enabled: r.Enabled, Scopes: r.Scopes, Actions: []processingActionJSON{}}
	for _, c := range r.Conditions {
		j.Conditions = append(j.Conditions, processingConditionJSON{c.Field, c.Operator, append([]string{}, c.Values...)})
	}
	if r.Suppress {
		j.Actions = append(j.Actions, processingActionJSON{ActionType: actionSuppress})
	}
	if len(r.AddGroups) > 0 {
		j.Actions = append(j.Actions, processingActionJSON{actionAdd, r.AddGroups})
	}
	if s := r.Schedule; s != nil {
		j.Schedule = &scheduleJSON{EffectiveFrom: s.EffectiveFrom, EffectiveUntil: s.EffectiveUntil, TimeZone: s.TimeZone}
		for _, one := range s.Recurrences {
			j.Schedule.Recurrences = append(j.Schedule.Recurrences, recurrenceJSON(one))
		}
	}
	return EncodeJSON(j)
}

// UnmarshalJSON is ParseProcessingRule.
func (r *ProcessingRule) UnmarshalJSON(data []byte) error {
	parsed, err := ParseProcessingRule(data)
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}

// Apply returns the actions of an alert after the processing rules that match it at an instant, and the names of the rules that took all
// actions away and of those that added some. Suppressing wins: then there are no actions, and nothing was added.
func Apply(rules []ProcessingRule, a *Alert, at time.Time) (actions []Action, suppressedBy, addedBy []string) {
	actions = slices.Clone(a.Actions)
	for i := range rules {
		r := &rules[i]
		if !r.Enabled || !r.Matches(a) || !r.Schedule.Holds(at) {
			continue
		}
		if r.Suppress {
			suppressedBy = append(suppressedBy, r.Name)
		}
		added := false
		for _, group := range r.AddGroups {
			if !slices.ContainsFunc(actions, func(a Action) bool { return a.ActionGroupID == group }) {
				actions, added = append(actions, Action{ActionGroupID: group}), true
			}
		}
		if added {
			addedBy = append(addedBy, r.Name)
		}
	}
	if suppressedBy != nil {
		return nil, suppressedBy, nil
	}
	return actions, nil, addedBy
}
