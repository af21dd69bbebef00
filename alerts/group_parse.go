package alerts

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
)

// MaxActionGroupSize is the size of an action group in JSON, in bytes.
const MaxActionGroupSize = 1 << 20

// ParseActionGroup reads an action group from JSON: flat, or in the envelope of Azure's resource manager. It tells all mistakes of form at
// once, each a *FieldError, joined; their text never holds the value of a field of a receiver. What a group may be, Validate says, and
// what the fields of each type of receiver may be, package receivers.
func ParseActionGroup(data []byte) (ActionGroup, error) {
	m := &mistakes{}
	v, err := readJSON(data, MaxActionGroupSize)
	if err != nil {
		return ActionGroup{}, err
	}
	outer := objectOf(m, "", v)
	if len(m.List) > 0 {
		return ActionGroup{}, m.Err()
	}
	f := outer.open()
	g := ActionGroup{
		Name:                f.name(outer),
		ShortName:           f.text("groupShortName"),
		Enabled:             f.bool("enabled", true),
		GroupBy:             f.texts("groupBy"),
		GroupWait:           f.duration("groupWait", 0),
		GroupInterval:       f.duration("groupInterval", 0),
		RepeatInterval:      f.duration("repeatInterval", 0),
		MuteTimeIntervals:   f.texts("muteTimeIntervals"),
		ActiveTimeIntervals: f.texts("activeTimeIntervals"),
	}
	for _, t := range ReceiverTypes() {
		for _, o := range f.receivers(t.Array()) {
			g.Receivers = append(g.Receivers, o.readReceiver(t))
		}
	}
	f.refuseForeign()
	f.done()
	if f != outer {
		outer.done()
	}
	return g, m.Err()
}

// receivers is objects without the values in its messages: they may be secrets.
func (f *fields) receivers(name string) []*fields {
	v, ok := f.take(name)
	if _, isArray := v.(jsonArray); ok && !isArray {
		f.m.Addf(f.at(name), jsonKind(v), "must be an array")
		return nil
	}
	return f.objects(name)
}

// refuseForeign makes a mistake of each array that only Azure can serve. Azure's exports hold them empty, which is nothing to refuse.
func (f *fields) refuseForeign() {
	foreign := foreignReceivers()
	for _, name := range sortedKeys(foreign) {
		v, ok := f.take(name)
		if a, isArray := v.(jsonArray); ok && (!isArray || len(a) > 0) {
			f.m.Add(f.at(name), "", foreign[name])
		}
	}
}

// readReceiver reads what all types have and what Azure's have, and keeps the rest as it is.
func (f *fields) readReceiver(t ReceiverType) Receiver {
	r := Receiver{Type: t, Name: f.text("name")}
	switch t {
	case ReceiverEmail:
		f.ignore("status")
		r.UseCommonAlertSchema = f.bool("useCommonAlertSchema", false)
	case ReceiverWebhook:
		r.UseCommonAlertSchema = f.readFormat()
		if f.bool("useAadAuth", false) {
			f.m.Add(f.at("useAadAuth"), "true", "cannot be used without Azure: use http_config.oauth2, bearerToken or basicAuth")
		}
		f.ignore("objectId", "identifierUri", "tenantId")
	case ReceiverLogicApp, ReceiverAzureFunction, ReceiverAutomationRunbook:
		r.UseCommonAlertSchema = f.bool("useCommonAlertSchema", true)
		if !r.UseCommonAlertSchema {
			f.m.Add(f.at("useCommonAlertSchema"), "false", "must be true or left out: these receivers are sent the common alert schema only")
		}
		r.UseCommonAlertSchema = true
		f.ignore("resourceId", "functionAppResourceId", "functionName", "automationAccountId", "runbookName", "webhookResourceId", "isGlobalRunbook")
	}
	config := jsonObject{}
	for _, member := range f.object {
		if !slices.Contains(f.known, member.name) && member.value != nil {
			config = append(config, member)
		}
	}
	var b bytes.Buffer
	writeJSON(&b, config)
	r.Config = b.Bytes()
	return r
}

// readFormat returns whether a webhook gets the common alert schema.
func (f *fields) readFormat() bool {
	common := f.bool("useCommonAlertSchema", false)
	switch format := f.text("format"); format {
	case "":
		return common
	case "common":
		if f.has("useCommonAlertSchema") && !common {
			f.m.Add(f.at("format"), format, "must agree with useCommonAlertSchema, which is false")
		}
		return true
	case "alertmanager":
		if common {
			f.m.Add(f.at("format"), format, "must agree with useCommonAlertSchema, which is true")
		}
		return false
	default:
		f.m.Add(f.at("format"), "", `must be "common" or "alertmanager"`)
		return common
	}
}

// UnmarshalJSON reads what ParseActionGroup reads.
func (g *ActionGroup) UnmarshalJSON(data []byte) error {
	read, err := ParseActionGroup(data)
	if err != nil {
		return err
	}
	*g = read
	return nil
}

// MarshalJSON writes what ParseActionGroup reads, flat, with all secrets. For people and answers, write Redacted() instead.
func (g ActionGroup) MarshalJSON() ([]byte, error) {
	object := jsonObject{}
	add := func(name string, v any) { object = append(object, jsonMember{name, v}) }
	add("name", g.Name)
	add("groupShortName", g.ShortName)
	add("enabled", g.Enabled)
	texts := func(name string, list []string) {
		if len(list) > 0 {
			add(name, list)
		}
	}
	texts("groupBy", g.GroupBy)
	if g.GroupWait != 0 {
		add("groupWait", FormatDuration(g.GroupWait))
	}
	if g.GroupInterval != 0 {
		add("groupInterval", FormatDuration(g.GroupInterval))
	}
	if g.RepeatInterval != 0 {
		add("repeatInterval", FormatDuration(g.RepeatInterval))
	}
	texts("muteTimeIntervals", g.MuteTimeIntervals)
	texts("activeTimeIntervals", g.ActiveTimeIntervals)
	for _, t := range ReceiverTypes() {
		var array jsonArray
		for _, r := range g.Receivers {
			if r.Type != t {
				continue
			}
			o := jsonObject{{"name", r.Name}}
			if t.addressField() != "" {
				o = append(o, jsonMember{"useCommonAlertSchema", r.UseCommonAlertSchema})
			}
			rest, err := readJSON([]byte(cmp.Or(string(r.Config), "{}")), MaxActionGroupSize)
			if err != nil {
				return nil, err
			}
			if members, ok := rest.(jsonObject); ok {
				o = append(o, members...)
			}
			array = append(array, o)
		}
		if array != nil {
			add(t.Array(), array)
		}
	}
	var b bytes.Buffer
	writeJSON(&b, object)
	return json.RawMessage(b.Bytes()), nil
}

// String returns the name alone, so that a group that is printed by mistake tells no secret.
func (g ActionGroup) String() string { return "action group " + g.Name }

// GoString returns the name alone.
func (g ActionGroup) GoString() string { return g.String() }

// String returns type and name alone, so that a receiver that is printed by mistake tells no secret.
func (r Receiver) String() string { return string(r.Type) + " receiver " + r.Name }

// GoString returns type and name alone.
func (r Receiver) GoString() string { return r.String() }
