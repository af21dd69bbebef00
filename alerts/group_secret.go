package alerts

import (
	"bytes"
	"net/url"
	"strings"
)

// Secret stands in answers where a secret is, and in what clients send where the stored one stays.
const Secret = "<secret>"

// SecretKind says how a field of a receiver is hidden.
type SecretKind int

// The kinds.
const (
	NoSecret SecretKind = iota
	SecretValue
	SecretURL // scheme and host are shown
	PlainURL  // shown unless it has a user or a query
)

// SecretField returns how the field at a path below a receiver of the type is hidden. Names are those of JSON; the elements of arrays
// have the path of the array.
func SecretField(t ReceiverType, path ...string) SecretKind {
	if len(path) == 0 {
		return NoSecret
	}
	if path[0] == "http_config" {
		return secretOfHTTP(path[1:])
	}
	if path[0] == "tls_config" || path[0] == "sigv4" || path[0] == "basicAuth" {
		return secretOfHTTP(path)
	}
	switch name := strings.Join(path, "."); name {
	case "auth_password", "auth_secret", "app_token", "bot_token", "api_key", "api_secret", "service_key", "user_key", "token", "token_id",
		"alert_source_token", "bearerToken":
		return SecretValue
	case "routing_key":
		if t == ReceiverPagerDuty {
			return SecretValue
		}
	case "serviceUri", "callbackUrl", "httpTriggerUrl", "webhook_url":
		return SecretURL
	case "api_url":
		if t == ReceiverSlack {
			return SecretURL
		}
		return PlainURL
	case "app_url":
		return PlainURL
	case "url":
		if t != ReceiverPushover {
			return PlainURL
		}
	}
	if path[0] == "httpHeaders" {
		return SecretValue
	}
	return NoSecret
}

// secretOfHTTP is SecretField below http_config, whose names mean the same wherever they stand.
func secretOfHTTP(path []string) SecretKind {
	for i, name := range path {
		switch name {
		case "http_headers":
			if last := path[len(path)-1]; i < len(path)-2 && (last == "values" || last == "secrets") {
				return SecretValue
			}
			return NoSecret
		case "proxy_connect_header", "endpoint_params":
			return SecretValue
		}
	}
	if len(path) == 0 {
		return NoSecret
	}
	switch path[len(path)-1] {
	case "password", "credentials", "bearer_token", "client_secret", "client_certificate_key", "key", "secret_key":
		return SecretValue
	case "proxy_url", "token_url":
		return PlainURL
	}
	return NoSecret
}

// hide returns what is shown of a text.
func (k SecretKind) hide(text string) string {
	if text == "" || k == NoSecret {
		return text
	}
	if k == SecretValue || strings.Contains(text, "{{") {
		return Secret
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme == "" {
		return Secret
	}
	if k == PlainURL && u.User == nil && u.RawQuery == "" && u.Fragment == "" {
		return text
	}
	return u.Scheme + "://" + u.Host + "/" + Secret
}

// Redacted returns the group with every secret replaced by Secret. Of addresses that are secret, scheme and host stay.
func (g ActionGroup) Redacted() ActionGroup {
	g.Receivers = append([]Receiver(nil), g.Receivers...)
	for i := range g.Receivers {
		r := &g.Receivers[i]
		v, err := readJSON(r.Config, MaxActionGroupSize)
		if err != nil {
			r.Config = []byte("{}")
			continue
		}
		v = eachText(v, nil, func(path []string, text string) string { return SecretField(r.Type, path...).hide(text) })
		r.Config = written(v)
	}
	return g
}

// Secrets returns the texts of a receiver that must not be told, in no order.
func (r Receiver) Secrets() []string {
	var all []string
	v, err := readJSON(r.Config, MaxActionGroupSize)
	if err != nil {
		return nil
	}
	eachText(v, nil, func(path []string, text string) string {
		if k := SecretField(r.Type, path...); k.hide(text) != text {
			all = append(all, text)
		}
		return text
	})
	return all
}

// eachText returns a value with each text in it replaced by what f returns for it. Numbers and booleans at the place of a secret are texts.
func eachText(v any, path []string, f func(path []string, text string) string) any {
	switch v := v.(type) {
	case jsonObject:
		out := make(jsonObject, len(v))
		for i, m := range v {
			out[i] = jsonMember{m.name, eachText(m.value, append(path[:len(path):len(path)], m.name), f)}
		}
		return out
	case jsonArray:
		out := make(jsonArray, len(v))
		for i, e := range v {
			out[i] = eachText(e, path, f)
		}
		return out
	case string:
		return f(path, v)
	case nil:
		return nil
	}
	text := string(plainJSON(v))
	if hidden := f(path, text); hidden != text {
		return hidden
	}
	return v
}

func written(v any) []byte {
	var b bytes.Buffer
	writeJSON(&b, v)
	return b.Bytes()
}
