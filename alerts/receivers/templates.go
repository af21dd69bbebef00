package receivers

import (
	"embed"
	"encoding/json"
	"fmt"
	htmltemplate "html/template"
	"path/filepath"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/alerts"
)

//go:embed templates/endscope.tmpl
var builtIn embed.FS

// newTemplates reads Alertmanager's templates, ours over them, and the operator's over both.
func newTemplates(globs []string) (*template.Template, error) {
	funcs := map[string]any{"line": line, "cutText": func(most int, s string) string { return cutText(s, most) }, "slackText": slackText,
		"asciiLine": asciiLine, "htmlLine": htmlLine, "short": short, "jiraDocument": jiraDocument}
	tmpl, err := template.FromGlobs(nil, func(text *texttemplate.Template, html *htmltemplate.Template) {
		text.Funcs(funcs)
		html.Funcs(funcs)
	})
	if err != nil {
		return nil, fmt.Errorf("built-in templates: %w", err)
	}
	f, err := builtIn.Open("templates/endscope.tmpl")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := tmpl.Parse(f); err != nil {
		return nil, fmt.Errorf("built-in templates: %w", err)
	}
	for _, glob := range globs {
		if found, err := filepath.Glob(glob); err != nil || len(found) == 0 {
			return nil, fmt.Errorf("templates: there is no file %s", glob)
		}
		if err := tmpl.FromGlob(glob); err != nil {
			return nil, fmt.Errorf("templates %s: %w", glob, err)
		}
	}
	return tmpl, nil
}

// line returns a text in one line of at most so many bytes.
func line(most int, s string) string { return cutText(strings.Join(strings.Fields(s), " "), most) }

// asciiLine is line with every other character than those of ASCII left out, for subjects that may have none.
func asciiLine(most int, s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if r > unicode.MaxASCII || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	return s[:min(len(s), most)]
}

// htmlLine is line for texts that html/template escapes: the limit is that of the escaped text.
func htmlLine(most int, s string) string {
	s = strings.Join(strings.Fields(s), " ")
	size := 0
	for i, r := range s {
		if strings.ContainsRune(`&<>"'+`, r) {
			size += len("&amp;")
		} else {
			size += utf8.RuneLen(r)
		}
		if size > most-len("…") {
			return s[:i] + "…"
		}
	}
	return s
}

// short returns a link that has at most so many bytes, and nothing for longer ones: half a link leads nowhere.
func short(most int, link string) string {
	if len(link) > most {
		return ""
	}
	return link
}

// slackText escapes what Slack's markup would read as links.
func slackText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// maxJiraDocument is where Alertmanager cuts descriptions, in characters; a document that is cut is none.
const maxJiraDocument = 32767

// jiraDocument returns as many alerts as fit as a document of Atlassian's format, which version 3 of Jira's API takes.
func jiraDocument(list template.Alerts) (string, error) {
	for most := 10; ; most /= 2 {
		doc, err := jiraDocumentOf(list, most)
		if err != nil || utf8.RuneCountInString(doc) < maxJiraDocument || most == 0 {
			return doc, err
		}
	}
}

func jiraDocumentOf(list template.Alerts, most int) (string, error) {
	var content []any
	add := func(nodes ...any) { content = append(content, map[string]any{"type": "paragraph", "content": nodes}) }
	text := func(s string) map[string]any { return map[string]any{"type": "text", "text": s} }
	for i, a := range list {
		if i == most {
			add(text(fmt.Sprintf("%d alerts in all.", len(list))))
			break
		}
		add(text(strings.ToUpper(a.Status) + " " + line(300, firstOf(a.Annotations["summary"], a.Labels["alertname"], "alert"))))
		for _, name := range []string{"description", "finding", "reason", "window"} {
			if v := strings.TrimSpace(a.Annotations[name]); v != "" {
				add(text(cutText(v, 1000)))
			}
		}
		var links []any
		for _, l := range []struct{ name, text string }{{"alert_url", "Alert"}, {"chart_url", "Chart"}, {"drilldown_url", "Drill-down"}, {"explain_url", "Explain"}, {"runbook_url", "Run-book"}} {
			if href := short(1000, a.Annotations[l.name]); href != "" {
				node := text(l.text + " ")
				node["marks"] = []any{map[string]any{"type": "link", "attrs": map[string]any{"href": href}}}
				links = append(links, node)
			}
		}
		if links != nil {
			add(links...)
		}
	}
	doc, err := json.Marshal(map[string]any{"version": 1, "type": "doc", "content": content})
	return string(doc), err
}

// defaults returns the fields of a receiver that are better than Alertmanager's own where it has none.
func defaults(t alerts.ReceiverType, own map[string]any, cfg Config) map[string]any {
	run := func(name string) string { return `{{ template "` + name + `" . }}` }
	switch t {
	case alerts.ReceiverEmail:
		if own["html"] != nil {
			return nil
		}
		return map[string]any{"text": run("endscope.text")}
	case alerts.ReceiverPagerDuty:
		return map[string]any{
			"severity": run("endscope.pagerduty.severity"), "source": run("endscope.source"),
			"links": []any{
				map[string]any{"href": `{{ .CommonAnnotations.alert_url }}`, "text": "Alert"},
				map[string]any{"href": `{{ .CommonAnnotations.chart_url }}`, "text": "Chart"},
				map[string]any{"href": `{{ .CommonAnnotations.drilldown_url }}`, "text": "Drill-down"},
				map[string]any{"href": `{{ .CommonAnnotations.explain_url }}`, "text": "Explain"},
				map[string]any{"href": `{{ .CommonAnnotations.runbook_url }}`, "text": "Run-book"},
			},
		}
	case alerts.ReceiverOpsgenie:
		return map[string]any{"priority": run("endscope.opsgenie.priority")}
	case alerts.ReceiverVictorOps:
		return map[string]any{"message_type": run("endscope.victorops.type")}
	case alerts.ReceiverPushover:
		return map[string]any{"priority": run("endscope.pushover.priority")}
	case alerts.ReceiverJira:
		address, _ := own["api_url"].(string)
		if strings.HasSuffix(strings.TrimRight(firstOf(address, cfg.JiraAPIURL), "/"), "/3") {
			return map[string]any{"description": run("endscope.jira.document")}
		}
	}
	return nil
}

// tryTemplates runs every template in a receiver's fields on an example, so that a mistake is told now and not at night.
func (b *Builder) tryTemplates(r alerts.Receiver, path string) error {
	var fields any
	if err := json.Unmarshal(r.Config, &fields); err != nil {
		return &alerts.FieldError{Field: path, Rule: "must be an object"}
	}
	now := b.now()
	example := &alert.Alert{Alert: model.Alert{
		Labels:      model.LabelSet{"alertname": "Example", "severity": "error", "endpoint": "example"},
		Annotations: model.LabelSet{"summary": "An example", "description": "An example"}, StartsAt: now, EndsAt: now.Add(time.Hour),
	}, UpdatedAt: now}
	data := b.tmpl.Data("example", model.LabelSet{"alertname": "Example"}, nil, "first notification", example)
	return b.tryTemplate(fields, path, data, newScrubber(r))
}

func (b *Builder) tryTemplate(v any, path string, data *template.Data, s *scrubber) error {
	switch v := v.(type) {
	case map[string]any:
		for name, e := range v {
			if err := b.tryTemplate(e, path+"."+name, data, s); err != nil {
				return err
			}
		}
	case []any:
		for i, e := range v {
			if err := b.tryTemplate(e, fmt.Sprintf("%s[%d]", path, i), data, s); err != nil {
				return err
			}
		}
	case string:
		if strings.Contains(v, "{{") {
			if _, err := b.tmpl.ExecuteTextString(v, data); err != nil {
				return &alerts.FieldError{Field: path, Rule: "must be a template that runs: " + s.text(err.Error())}
			}
		}
	}
	return nil
}
