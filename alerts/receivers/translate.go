package receivers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	amconfig "github.com/prometheus/alertmanager/config"

	"github.com/endscope/endscope/alerts"
)

// section returns the name of Alertmanager's section for receivers of a type.
func section(t alerts.ReceiverType) string {
	switch t {
	case alerts.ReceiverEmail:
		return "email_configs"
	case alerts.ReceiverTeams:
		return "msteamsv2_configs"
	case alerts.ReceiverWebhook, alerts.ReceiverLogicApp, alerts.ReceiverAzureFunction, alerts.ReceiverAutomationRunbook:
		return "webhook_configs"
	}
	return strings.ToLower(string(t)) + "_configs"
}

// isWebhook says whether a type is sent by the package's own webhook.
func isWebhook(t alerts.ReceiverType) bool { return section(t) == "webhook_configs" }

// translate returns the fields of a receiver as Alertmanager has them, with the server's defaults. The error holds everything that is
// wrong with it, each an *alerts.FieldError below path.
func (b *Builder) translate(r alerts.Receiver, path string) (map[string]any, error) {
	own := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(r.Config))
	d.UseNumber()
	if len(r.Config) > 0 {
		if err := d.Decode(&own); err != nil {
			return nil, &alerts.FieldError{Field: path, Rule: "must be an object"}
		}
	}
	wrong := b.checkTexts(own, path)
	add := func(field, rule string) {
		wrong = append(wrong, &alerts.FieldError{Field: path + "." + field, Rule: rule})
	}
	rename := func(from, to string) {
		if _, ok := own[to]; ok {
			add(to, "must not be set: use "+from)
		}
		if v, ok := own[from]; ok {
			own[to] = v
			delete(own, from)
		}
	}
	switch r.Type {
	case alerts.ReceiverEmail:
		rename("emailAddress", "to")
	case alerts.ReceiverWebhook, alerts.ReceiverAutomationRunbook:
		rename("serviceUri", "url")
		rename("serviceUriFile", "url_file")
	case alerts.ReceiverLogicApp:
		rename("callbackUrl", "url")
		rename("callbackUrlFile", "url_file")
	case alerts.ReceiverAzureFunction:
		rename("httpTriggerUrl", "url")
		rename("httpTriggerUrlFile", "url_file")
	}
	if isWebhook(r.Type) {
		authorize(own, add)
		if r.UseCommonAlertSchema {
			for _, field := range []string{"payload", "max_alerts"} {
				if _, ok := own[field]; ok {
					add(field, "must not be set together with the common alert schema, which says what is sent")
				}
			}
		}
	}
	if _, ok := own["send_resolved"]; !ok {
		own["send_resolved"] = true // Azure's action groups run when an alert fires and when it resolves
	}
	if r.Type != alerts.ReceiverEmail {
		over, ok := own["http_config"].(map[string]any)
		if !ok && own["http_config"] != nil {
			add("http_config", "must be an object")
		}
		merged := b.cfg.HTTP.section()
		if _, ok := over["proxy_from_environment"]; ok {
			delete(merged, "proxy_url")
			delete(merged, "no_proxy")
		}
		if _, ok := over["proxy_url"]; ok {
			delete(merged, "proxy_from_environment")
		}
		maps.Copy(merged, over)
		own["http_config"] = merged
	}
	for field, value := range defaults(r.Type, own, b.cfg) {
		if _, ok := own[field]; !ok {
			own[field] = value
		}
	}
	return own, errors.Join(wrong...)
}

// authorize moves our names for the authorization of a webhook to those of http_config.
func authorize(own map[string]any, add func(field, rule string)) {
	http := map[string]any{}
	if given, ok := own["http_config"].(map[string]any); ok {
		http = given
	}
	put := func(field, name string, value any) {
		if _, ok := http[name]; ok {
			add(field, "must not be set together with http_config."+name)
		}
		http[name] = value
	}
	if basic, ok := own["basicAuth"].(map[string]any); ok {
		for from, to := range map[string]string{"passwordFile": "password_file", "usernameFile": "username_file"} {
			if v, ok := basic[from]; ok {
				basic[to] = v
				delete(basic, from)
			}
		}
		put("basicAuth", "basic_auth", basic)
		delete(own, "basicAuth")
	}
	bearer := map[string]any{}
	if v, ok := own["bearerToken"]; ok {
		bearer["credentials"] = v
	}
	if v, ok := own["bearerTokenFile"]; ok {
		bearer["credentials_file"] = v
	}
	if len(bearer) > 0 {
		put("bearerToken", "authorization", bearer)
		delete(own, "bearerToken")
		delete(own, "bearerTokenFile")
	}
	if headers, ok := own["httpHeaders"].(map[string]any); ok {
		all := map[string]any{}
		for name, v := range headers {
			all[name] = map[string]any{"secrets": []any{v}}
		}
		put("httpHeaders", "http_headers", all)
		delete(own, "httpHeaders")
	}
	if len(http) > 0 {
		own["http_config"] = http
	}
}

// checkTexts looks for what no type may hold: files outside of secret_dirs, references to a manager of secrets that is not there, and
// secrets that were not put back.
func (b *Builder) checkTexts(v any, path string) (wrong []error) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			at := path + "." + name
			if strings.HasSuffix(name, "_ref") {
				wrong = append(wrong, &alerts.FieldError{Field: at, Rule: "must not be set: there is no manager of secrets; use the field that ends in _file"})
				continue
			}
			if strings.HasSuffix(name, "_file") || strings.HasSuffix(name, "File") || name == "files" {
				wrong = append(wrong, b.checkFiles(v[name], at)...)
				continue
			}
			wrong = append(wrong, b.checkTexts(v[name], at)...)
		}
	case []any:
		for i, e := range v {
			wrong = append(wrong, b.checkTexts(e, fmt.Sprintf("%s[%d]", path, i))...)
		}
	case string:
		if strings.Contains(v, alerts.Secret) {
			wrong = append(wrong, &alerts.FieldError{Field: path, Rule: "must be given in full: " + alerts.Secret + " stands for a secret that is not stored"})
		}
	}
	return wrong
}

func (b *Builder) checkFiles(v any, path string) (wrong []error) {
	names, ok := v.([]any)
	if !ok {
		names = []any{v}
	}
	for _, n := range names {
		name, ok := n.(string)
		if !ok {
			wrong = append(wrong, &alerts.FieldError{Field: path, Rule: "must be the name of a file"})
		} else if !b.allowsFile(name) {
			wrong = append(wrong, &alerts.FieldError{Field: path, Value: name, Rule: "must be an absolute path below one of the server's alerts.receivers.secret_dirs"})
		}
	}
	return wrong
}

// allowsFile says whether a file is below one of secret_dirs, also where links lead.
func (b *Builder) allowsFile(name string) bool {
	if !filepath.IsAbs(name) {
		return false
	}
	for _, dir := range b.cfg.SecretDirs {
		if below(filepath.Clean(name), dir) && below(linked(filepath.Clean(name)), linked(dir)) {
			return true
		}
	}
	return false
}

func below(name, dir string) bool {
	rel, err := filepath.Rel(dir, name)
	return err == nil && rel != "." && rel != ".." && !strings.HasPrefix(rel, "../")
}

// linked returns where the links of a path lead. Of what is not there yet, the folders that are there count.
func linked(name string) string {
	found, err := filepath.EvalSymlinks(name)
	if err == nil {
		return found
	}
	if _, here := os.Lstat(name); here == nil || name == filepath.Dir(name) {
		return "" // a link that leads nowhere may lead anywhere later
	}
	return filepath.Join(linked(filepath.Dir(name)), filepath.Base(name))
}

var (
	unknownField = regexp.MustCompile(`line \d+: field (\S+) not found in type`)
	wrongType    = regexp.MustCompile("line \\d+: cannot unmarshal !!(\\w+) `[^`]*` into (\\S+)")
	lineNumber   = regexp.MustCompile(`^(yaml: )?(line \d+: )?`)
)

// load reads the fields of one receiver by Alertmanager's own strict reader, with the server's defaults.
func (b *Builder) load(r alerts.Receiver, path string) (out amconfig.Receiver, err error) {
	fields, err := b.translate(r, path)
	if err != nil {
		return out, err
	}
	text, err := json.Marshal(map[string]any{
		"global":    b.cfg.global(),
		"route":     map[string]any{"receiver": "one"},
		"receivers": []any{map[string]any{"name": "one", section(r.Type): []any{fields}}},
	})
	if err != nil {
		return out, &alerts.FieldError{Field: path, Rule: "must be JSON"}
	}
	s := newScrubber(r)
	defer func() {
		// Alertmanager's readers trust whoever writes their files, and some of them fail on a missing field by a panic.
		if p := recover(); p != nil {
			err = &alerts.FieldError{Field: path, Rule: "is not complete: a field that others need is missing"}
		}
	}()
	c, err := amconfig.Load(string(text))
	if err != nil {
		return out, loadErrors(s, path, err)
	}
	return c.Receivers[0], nil
}

// loadErrors turns the reader's messages into FieldErrors.
func loadErrors(s *scrubber, path string, err error) error {
	lines := strings.Split(strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:\n"), "\n")
	var all []error
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if m := unknownField.FindStringSubmatch(line); m != nil {
			all = append(all, &alerts.FieldError{Field: path + "." + s.text(m[1]), Rule: "is no field of this receiver"})
		} else if m := wrongType.FindStringSubmatch(line); m != nil {
			all = append(all, &alerts.FieldError{Field: path, Rule: fmt.Sprintf("has a field of type %s that must be %s", m[1], m[2])})
		} else if line != "" {
			all = append(all, &alerts.FieldError{Field: path, Rule: s.text(lineNumber.ReplaceAllString(line, ""))})
		}
	}
	return errors.Join(all...)
}
