package alerts

import (
	"fmt"
	"slices"
	"strings"
)

// MergeSecrets returns the group with the secrets of the old one wherever it says Secret, as a client does that read the redacted group and
// changed something else. A secret stays only while the receiver of that type and name sends to the same place: otherwise whoever may write
// groups could have it sent to a server of their own. What cannot be put back is a *FieldError, joined.
func (g ActionGroup) MergeSecrets(old ActionGroup) (ActionGroup, error) {
	m := &mistakes{}
	count := map[ReceiverType]int{}
	g.Receivers = slices.Clone(g.Receivers)
	for i := range g.Receivers {
		r := &g.Receivers[i]
		path := fmt.Sprintf("%s[%d]", r.Type.Array(), count[r.Type])
		count[r.Type]++
		before := Receiver{}
		if j := slices.IndexFunc(old.Receivers, func(o Receiver) bool { return o.Type == r.Type && o.Name == r.Name }); j >= 0 {
			before = old.Receivers[j]
		}
		r.merge(m, path, before)
	}
	return g, m.Err()
}

// merge puts the secrets of an older version of a receiver back.
func (r *Receiver) merge(m *mistakes, at string, old Receiver) {
	v, err := readJSON(r.Config, MaxActionGroupSize)
	if err != nil {
		m.Add(at, "", "must be JSON")
		return
	}
	stored := map[string]string{}
	if was, err := readJSON(old.Config, MaxActionGroupSize); err == nil {
		stored = textsOf(was)
	}
	var kept []string
	v = eachIndexed(v, "", nil, func(where string, path []string, text string) any {
		kind := SecretField(r.Type, path...)
		if kind == NoSecret || !strings.Contains(text, Secret) {
			return text
		}
		secret, ok := stored[where]
		if !ok || kind.hide(secret) != text {
			m.Add(at+where, "", "must be given in full: there is no stored secret for it")
			return text
		}
		kept = append(kept, where)
		return secret
	})
	if len(kept) == 0 {
		return
	}
	now := textsOf(v)
	for _, where := range sortedKeys(union(now, stored)) {
		if isDestination(where) && now[where] != stored[where] {
			for _, k := range kept {
				m.Addf(at+k, "", "must be given in full, because %s has changed", strings.TrimPrefix(where, "."))
			}
			return
		}
	}
	r.Config = written(v)
}

// isDestination says whether the field at a place decides who gets to see the secrets.
func isDestination(where string) bool {
	name := where[strings.LastIndexByte(where, '.')+1:]
	name, _, _ = strings.Cut(name, "[")
	name = strings.TrimSuffix(strings.TrimSuffix(name, "_file"), "File")
	switch name {
	case "smarthost", "api_url", "app_url", "url", "serviceUri", "webhook_url", "callbackUrl", "httpTriggerUrl", "token_url", "proxy_url",
		"proxy_from_environment", "server_name", "insecure_skip_verify", "ca", "require_tls", "force_implicit_tls", "follow_redirects":
		return true
	}
	return false
}

func union(a, b map[string]string) map[string]string {
	all := map[string]string{}
	for k := range a {
		all[k] = ""
	}
	for k := range b {
		all[k] = ""
	}
	return all
}

// textsOf returns every leaf of a value by its place, such as `.http_config.basic_auth.password`.
func textsOf(v any) map[string]string {
	all := map[string]string{}
	eachIndexed(v, "", nil, func(where string, _ []string, text string) any {
		all[where] = text
		return text
	})
	return all
}

// eachIndexed is eachText with the place of each text, and numbers and booleans that stay what they are.
func eachIndexed(v any, where string, path []string, f func(where string, path []string, text string) any) any {
	switch v := v.(type) {
	case jsonObject:
		out := make(jsonObject, len(v))
		for i, m := range v {
			out[i] = jsonMember{m.name, eachIndexed(m.value, where+"."+m.name, append(path[:len(path):len(path)], m.name), f)}
		}
		return out
	case jsonArray:
		out := make(jsonArray, len(v))
		for i, e := range v {
			out[i] = eachIndexed(e, fmt.Sprintf("%s[%d]", where, i), path, f)
		}
		return out
	case string:
		return f(where, path, v)
	case nil:
		return nil
	}
	f(where, path, string(plainJSON(v)))
	return v
}
