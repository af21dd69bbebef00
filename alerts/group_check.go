package alerts

import (
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxShortName is the length of a group's short name in characters: Azure's limit.
const MaxShortName = 12

// Validate returns everything about the group that is not allowed, each a *FieldError, joined. Of receivers it checks names, counts and the
// fields that Azure has; the rest is checked where they are made.
func (g *ActionGroup) Validate() error {
	m := &mistakes{}
	checkGroupName(m, "name", g.Name)
	if n := utf8.RuneCountInString(g.ShortName); n > MaxShortName {
		m.Addf("groupShortName", fmt.Sprint(n), "must have at most %d characters", MaxShortName)
	}
	if strings.ContainsFunc(g.ShortName, unicode.IsControl) {
		m.Addf("groupShortName", fmt.Sprintf("%q", g.ShortName), "must not have control characters")
	}
	g.checkGrouping(m)
	count, seen := map[ReceiverType]int{}, map[string]bool{}
	for _, r := range g.Receivers {
		path := fmt.Sprintf("%s[%d]", r.Type.Array(), count[r.Type])
		count[r.Type]++
		checkName(m, path+".name", r.Name)
		if seen[strings.ToLower(r.Name)] {
			m.Add(path+".name", r.Name, "must be another name than that of any other receiver of the group")
		}
		seen[strings.ToLower(r.Name)] = true
		if !slices.Contains(ReceiverTypes(), r.Type) {
			m.Add(path, "", "is no type of receiver")
			continue
		}
		r.check(m, path)
	}
	for _, t := range ReceiverTypes() {
		if count[t] > t.Most() {
			m.Addf(t.Array(), fmt.Sprint(count[t]), "must have at most %d receivers", t.Most())
		}
	}
	return m.Err()
}

func (g *ActionGroup) checkGrouping(m *mistakes) {
	for i, l := range g.GroupBy {
		if l != "..." && (l == "" || l != labelName(l)) {
			m.Add(indexed("groupBy", i), l, "must be the name of a label, or ... for all labels")
		}
		if l == "..." && len(g.GroupBy) > 1 {
			m.Add(indexed("groupBy", i), l, "must stand alone: it groups by all labels")
		}
		if slices.Contains(g.GroupBy[:i], l) {
			m.Add(indexed("groupBy", i), l, "must not be given twice")
		}
	}
	atLeast := func(field string, d, least time.Duration) {
		if d != 0 && d < least {
			m.Addf(field, FormatDuration(d), "must be at least %s, or be left out for the policy's", FormatDuration(least))
		}
	}
	atLeast("groupWait", g.GroupWait, time.Second)
	atLeast("groupInterval", g.GroupInterval, 10*time.Second)
	atLeast("repeatInterval", g.RepeatInterval, time.Minute)
	if g.RepeatInterval != 0 && g.RepeatInterval < g.GroupInterval {
		m.Addf("repeatInterval", FormatDuration(g.RepeatInterval), "must not be below groupInterval, %s", FormatDuration(g.GroupInterval))
	}
	for _, list := range []struct {
		field string
		names []string
	}{{"muteTimeIntervals", g.MuteTimeIntervals}, {"activeTimeIntervals", g.ActiveTimeIntervals}} {
		for i, n := range list.names {
			if n == "" {
				m.Add(indexed(list.field, i), "", "must be the name of a time interval of the policy")
			}
		}
	}
}

// check checks the fields that Azure has. No message holds the value of an address that may be a secret.
func (r *Receiver) check(m *mistakes, path string) {
	address := r.Type.addressField()
	if address == "" {
		return
	}
	v, err := readJSON(r.Config, MaxActionGroupSize)
	o, ok := v.(jsonObject)
	if err != nil || !ok {
		m.Add(path, "", "must be an object")
		return
	}
	f := &fields{m: m, path: path, object: o}
	if f.has(address + "File") {
		if f.has(address) {
			m.Addf(path+"."+address, "", "must not be given beside %sFile", address)
		}
		return
	}
	given, _ := f.take(address)
	text, isText := given.(string)
	switch {
	case given == nil || text == "" && isText:
		m.Add(path+"."+address, "", "is required")
	case !isText:
		m.Add(path+"."+address, "", "must be a string")
	case r.Type == ReceiverEmail:
		if a, err := mail.ParseAddress(text); err != nil || a.Address == "" || strings.Contains(text, "{{") {
			m.Add(path+"."+address, text, "must be one address such as oncall@example.com")
		}
	case strings.Contains(text, "{{"), strings.Contains(text, Secret):
		// A template is checked where it is run, and a secret once it is put back.
	default:
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			m.Add(path+"."+address, "", "must be an http or https URL")
		}
	}
}
