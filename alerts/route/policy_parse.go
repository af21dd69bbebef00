package route

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/matcher/compat"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/alerts"
)

// Limits of a policy.
const (
	maxPolicySize  = 1 << 20
	maxRoutes      = 2000
	maxRouteDepth  = 16
	maxInhibits    = 1000
	maxIntervals   = 1000
	maxNameLength  = 256
	longestPattern = 4096
	maxMistakes    = 100
)

// ParsePolicy reads a policy from JSON or YAML. Every field must be one of Alertmanager's; what is left out of the root route has the value
// of DefaultPolicy. Errors are alerts.FieldErrors, all of them up to maxMistakes; with them comes what could be read. Whether receivers are
// there Check says.
func ParsePolicy(data []byte) (Policy, error) {
	if len(data) > maxPolicySize {
		return Policy{}, &alerts.FieldError{Field: "body", Value: fmt.Sprint(len(data), " bytes"), Rule: fmt.Sprintf("must have at most %d bytes", maxPolicySize)}
	}
	if !utf8.Valid(data) {
		return Policy{}, &alerts.FieldError{Field: "body", Rule: "must be UTF-8"}
	}
	document, err := readDocument(data)
	if err != nil {
		return Policy{}, &alerts.FieldError{Field: "body", Rule: "must be JSON or YAML: " + err.Error()}
	}
	p := parser{}
	policy := p.policy(document)
	return policy, errors.Join(p.wrong...)
}

// parser keeps errors and goes on, so that its methods can return values.
type parser struct {
	wrong  []error
	routes int
}

// bad notes a mistake, one for each field.
func (p *parser) bad(path string, value any, rule string) {
	if len(p.wrong) == maxMistakes || slices.ContainsFunc(p.wrong, func(e error) bool { return e.(*alerts.FieldError).Field == path }) {
		return
	}
	text := ""
	switch v := value.(type) {
	case nil:
	case map[string]any:
		text = "an object"
	case []any:
		text = "an array"
	default:
		text = fmt.Sprint(v)
	}
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	p.wrong = append(p.wrong, &alerts.FieldError{Field: path, Value: strings.ToValidUTF8(text, "�"), Rule: rule})
}

// object calls read for each field and refuses names that are none.
func (p *parser) object(path string, v any, read map[string]func(path string, v any)) {
	fields, ok := v.(map[string]any)
	if !ok {
		p.bad(orBody(path), v, "must be an object")
		return
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		f, ok := read[name]
		if !ok {
			rule := "is no field here"
			switch name {
			case "match", "match_re", "source_match", "source_match_re", "target_match", "target_match_re":
				rule = "is no longer a field: write matchers"
			}
			if name == "" {
				p.bad(orBody(path), `""`, rule)
			} else {
				p.bad(join(path, name), nil, rule)
			}
			continue
		}
		if fields[name] != nil {
			f(join(path, name), fields[name])
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func orBody(path string) string {
	if path == "" {
		return "body"
	}
	return path
}

func (p *parser) list(path string, v any, limit int, each func(path string, v any)) {
	items, ok := v.([]any)
	if !ok {
		p.bad(path, v, "must be an array")
		return
	}
	if len(items) > limit {
		p.bad(path, len(items), fmt.Sprintf("must have at most %d entries", limit))
		return
	}
	for i, item := range items {
		each(fmt.Sprintf("%s[%d]", path, i), item)
	}
}

func (p *parser) text(path string, v any) string {
	s, ok := v.(string)
	if !ok {
		p.bad(path, v, "must be a string")
	} else if len(s) > longestPattern {
		p.bad(path, s, fmt.Sprintf("must have at most %d bytes", longestPattern))
	}
	return s
}

func (p *parser) name(path string, v any) string {
	s := p.text(path, v)
	if s == "" || len(s) > maxNameLength {
		p.bad(path, s, fmt.Sprintf("must have between 1 and %d bytes", maxNameLength))
	}
	return s
}

func (p *parser) names(path string, v any) (names []string) {
	p.list(path, v, maxIntervals, func(path string, v any) {
		s := p.name(path, v)
		if slices.Contains(names, s) {
			p.bad(path, s, "must not be there twice")
		}
		names = append(names, s)
	})
	return names
}

func (p *parser) matchers(path string, v any) (texts []string) {
	p.list(path, v, maxIntervals, func(path string, v any) {
		s := p.text(path, v)
		if m, err := compat.Matchers(s, "notification-policy"); err != nil {
			p.bad(path, s, "must be a matcher such as severity=\"critical\": "+err.Error())
		} else if len(m) == 0 {
			p.bad(path, s, "must be a matcher such as severity=\"critical\"")
		}
		texts = append(texts, s)
	})
	return texts
}

func (p *parser) labels(path string, v any, all bool) (names []string) {
	names = p.names(path, v)
	for i, name := range names {
		switch {
		case name == "..." && all && len(names) == 1:
		case name == "..." && all:
			p.bad(path, name, "must stand alone: it means all labels")
		case !model.UTF8Validation.IsValidLabelName(name):
			p.bad(fmt.Sprintf("%s[%d]", path, i), name, "must be the name of a label")
		}
	}
	return names
}

func (p *parser) duration(path string, v any, zero bool) *Duration {
	s, ok := v.(string)
	d, err := model.ParseDuration(s)
	if !ok || err != nil {
		p.bad(path, v, "must be a duration such as 30s, 5m or 4h")
		return nil
	}
	if d == 0 && !zero || time.Duration(d) > 366*24*time.Hour {
		p.bad(path, v, "must be more than 0s and at most 366d")
	}
	return (*Duration)(&d)
}

func (p *parser) policy(v any) Policy {
	policy := DefaultPolicy()
	if v == nil {
		return policy
	}
	p.object("", v, map[string]func(string, any){
		"route": func(path string, v any) {
			root := p.route(path, v, 0)
			d := &policy.Route
			if root.Receiver != "" {
				d.Receiver = root.Receiver
			}
			if root.GroupBy != nil {
				d.GroupBy = root.GroupBy
			}
			if root.GroupWait != nil {
				d.GroupWait = root.GroupWait
			}
			if root.GroupInterval != nil {
				d.GroupInterval = root.GroupInterval
			}
			if root.RepeatInterval != nil {
				d.RepeatInterval = root.RepeatInterval
			}
			d.Routes = root.Routes
		},
		"inhibit_rules": func(path string, v any) {
			p.list(path, v, maxInhibits, func(path string, v any) { policy.InhibitRules = append(policy.InhibitRules, p.inhibit(path, v)) })
		},
		"time_intervals": func(path string, v any) {
			p.list(path, v, maxIntervals, func(path string, v any) {
				t := p.interval(path, v)
				if slices.ContainsFunc(policy.TimeIntervals, func(o TimeInterval) bool { return o.Name == t.Name }) {
					p.bad(path+".name", t.Name, "must not be there twice")
				}
				policy.TimeIntervals = append(policy.TimeIntervals, t)
			})
		},
	})
	return policy
}

func (p *parser) route(path string, v any, depth int) (r Route) {
	if p.routes++; p.routes > maxRoutes {
		p.bad(path, nil, fmt.Sprintf("must be one of at most %d routes", maxRoutes))
	}
	if depth > maxRouteDepth {
		p.bad(path, nil, fmt.Sprintf("must be nested at most %d deep", maxRouteDepth))
	}
	if p.routes > maxRoutes || depth > maxRouteDepth {
		return r
	}
	root := func(path string, v any) {
		if depth == 0 {
			p.bad(path, v, "must not be on the root route, which all alerts reach")
		}
	}
	p.object(path, v, map[string]func(string, any){
		"receiver":        func(path string, v any) { r.Receiver = p.name(path, v) },
		"group_by":        func(path string, v any) { r.GroupBy = append([]string{}, p.labels(path, v, true)...) },
		"group_wait":      func(path string, v any) { r.GroupWait = p.duration(path, v, true) },
		"group_interval":  func(path string, v any) { r.GroupInterval = p.duration(path, v, false) },
		"repeat_interval": func(path string, v any) { r.RepeatInterval = p.duration(path, v, false) },
		"matchers":        func(path string, v any) { root(path, v); r.Matchers = p.matchers(path, v) },
		"continue": func(path string, v any) {
			b, ok := v.(bool)
			if !ok {
				p.bad(path, v, "must be true or false")
			} else if b {
				root(path, v)
			}
			r.Continue = b
		},
		"mute_time_intervals":   func(path string, v any) { root(path, v); r.MuteTimeIntervals = p.names(path, v) },
		"active_time_intervals": func(path string, v any) { root(path, v); r.ActiveTimeIntervals = p.names(path, v) },
		"routes": func(path string, v any) {
			p.list(path, v, maxRoutes, func(path string, v any) { r.Routes = append(r.Routes, p.route(path, v, depth+1)) })
		},
	})
	return r
}

func (p *parser) inhibit(path string, v any) (r InhibitRule) {
	p.object(path, v, map[string]func(string, any){
		"name":            func(path string, v any) { r.Name = p.name(path, v) },
		"source_matchers": func(path string, v any) { r.SourceMatchers = p.matchers(path, v) },
		"target_matchers": func(path string, v any) { r.TargetMatchers = p.matchers(path, v) },
		"equal":           func(path string, v any) { r.Equal = p.labels(path, v, false) },
	})
	if _, ok := v.(map[string]any); !ok {
		return r
	}
	// Without a source every alert mutes; without a target every alert is muted. Nobody means that.
	if len(r.SourceMatchers) == 0 {
		p.bad(path+".source_matchers", nil, "must have at least one matcher")
	}
	if len(r.TargetMatchers) == 0 {
		p.bad(path+".target_matchers", nil, "must have at least one matcher")
	}
	return r
}

func (p *parser) interval(path string, v any) (t TimeInterval) {
	p.object(path, v, map[string]func(string, any){
		"name": func(path string, v any) { t.Name = p.name(path, v) },
		"time_intervals": func(path string, v any) {
			p.list(path, v, maxIntervals, func(path string, v any) {
				// Alertmanager reads and checks these; only unknown fields and the path are ours.
				field := func(string, any) {}
				before := len(p.wrong)
				p.object(path, v, map[string]func(string, any){"times": field, "weekdays": field, "days_of_month": field, "months": field, "years": field, "location": field})
				var i timeinterval.TimeInterval
				if len(p.wrong) > before {
					return
				}
				text, err := json.Marshal(v)
				if err == nil {
					err = json.Unmarshal(text, &i)
				}
				if err != nil {
					p.bad(path, string(text), "must be a time interval as Alertmanager reads it: "+err.Error())
				}
				t.TimeIntervals = append(t.TimeIntervals, i)
			})
		},
	})
	if _, ok := v.(map[string]any); ok && t.Name == "" {
		p.bad(path+".name", nil, "must be given")
	}
	return t
}
