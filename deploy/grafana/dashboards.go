package grafana

import (
	"fmt"
	"slices"
	"strings"
)

// The uids of the dashboards, by which they link to each other.
const (
	uidEndpoint   = "endscope-endpoint"
	uidDeployment = "endscope-deployment"
	uidInstance   = "endscope-instance"
)

// level is what differs between the three dashboards.
type level struct {
	name     string   // endpoint, deployment or instance
	uid      string   // of its dashboard
	labels   []string // of the identity, down to this level
	children []string // labels of the level below; none for an instance
	below    string   // uid of the dashboard of the level below
}

var levels = []level{
	{"endpoint", uidEndpoint, []string{"endpoint"}, []string{"deployment"}, uidDeployment},
	{"deployment", uidDeployment, []string{"endpoint", "deployment"}, []string{"instance"}, uidInstance},
	{"instance", uidInstance, []string{"endpoint", "deployment", "instance"}, nil, ""},
}

// scope is the label matchers of the level, from the dashboard's variables.
func (l level) scope() string {
	var matchers []string
	for _, label := range l.labels {
		matchers = append(matchers, fmt.Sprintf(`%s="$%s"`, label, label))
	}
	return strings.Join(matchers, ", ")
}

// group is the labels of a chart's series: the level below, and more.
func (l level) group(more []string) []string {
	if labels := slices.Concat(l.children, more); len(labels) > 0 {
		return labels
	}
	return []string{l.name}
}

// by is the grouping of a chart: the level below, and more labels.
func (l level) by(more ...string) string { return "by (" + strings.Join(l.group(more), ", ") + ")" }

// legend writes the labels of by.
func (l level) legend(more ...string) string {
	return "{{" + strings.Join(l.group(more), "}} {{") + "}}"
}

// split ends a title: "by deployment".
func (l level) split() string {
	if len(l.children) == 0 {
		return ""
	}
	return " by " + l.children[0]
}

// Dashboards returns every dashboard by the name of its file. The caller owns them.
func Dashboards() map[string]Dashboard {
	all := map[string]Dashboard{}
	for _, l := range levels {
		all[l.name+".json"] = l.dashboard()
	}
	return all
}

func (l level) dashboard() Dashboard {
	d := Dashboard{
		UID: l.uid, Title: "Endscope / " + strings.ToUpper(l.name[:1]) + l.name[1:],
		Description: "Traffic, latency, errors, resources and GPUs of one " + l.name + ". Percentiles are those of all requests, computed from merged native histograms.",
		Tags:        []string{"endscope"}, SchemaVersion: 42, Version: 1, Editable: true, GraphTooltip: 1, Refresh: "10s",
		Time: TimeRange{"now-30m", "now"}, Timezone: "browser", Links: l.links(), Templating: Templating{l.variables()},
	}
	d.Annotations.List = []any{}
	b := &builder{level: l}
	l.overview(b)
	l.traffic(b)
	l.latency(b)
	l.errors(b)
	l.resources(b)
	l.gpu(b)
	l.agent(b)
	d.Panels = b.panels
	return d
}

// links lead up, keeping what is chosen and the time range.
func (l level) links() []Link {
	var out []Link
	for i, up := range levels {
		if up.name == l.name {
			break
		}
		query := "var-datasource=${datasource}"
		for _, label := range levels[i].labels {
			query += fmt.Sprintf("&var-%s=${%s}", label, label)
		}
		out = append(out, Link{Title: "↑ " + strings.ToUpper(up.name[:1]) + up.name[1:], Type: "link", URL: "/d/" + up.uid + "?" + query + "&${__url_time_range}", Tooltip: "The " + up.name + " above"})
	}
	return out
}

// down is the link of a series to the dashboard of what it stands for.
func (l level) down() []Link {
	if l.below == "" {
		return nil
	}
	query := "var-datasource=${datasource}"
	for _, label := range l.labels {
		query += fmt.Sprintf("&var-%s=${%s}", label, label)
	}
	child := l.children[0]
	query += fmt.Sprintf("&var-%s=${__field.labels.%s}", child, child)
	return []Link{{Title: "Open ${__field.labels." + child + "}", URL: "/d/" + l.below + "?" + query + "&${__url_time_range}"}}
}

// toInstance is the link of a series that has the labels deployment and instance.
func toInstance() []Link {
	query := "var-datasource=${datasource}&var-endpoint=${endpoint}&var-deployment=${__field.labels.deployment}&var-instance=${__field.labels.instance}"
	return []Link{{Title: "Open ${__field.labels.instance}", URL: "/d/" + uidInstance + "?" + query + "&${__url_time_range}"}}
}

// variables are the data source and the chain endpoint → deployment → instance, as far as the level goes.
func (l level) variables() []Variable {
	list := []Variable{{
		Name: "datasource", Label: "Data source", Description: "The Endscope server", Type: "datasource", Query: "prometheus", Refresh: 1, Options: []any{},
	}}
	var chosen []string
	for _, label := range l.labels {
		query := "label_values(" + label + ")"
		if len(chosen) > 0 {
			query = "label_values({" + strings.Join(chosen, ", ") + "}, " + label + ")"
		}
		list = append(list, Variable{
			Name: label, Label: strings.ToUpper(label[:1]) + label[1:], Description: "Every " + label + " that has pushed in the time range", Type: "query",
			Query: VariableQuery{1, query, "PrometheusVariableQueryEditor-VariableQuery"}, Definition: query, Datasource: &source, Refresh: 2, Sort: 5, Options: []any{},
		})
		chosen = append(chosen, fmt.Sprintf(`%s="$%s"`, label, label))
	}
	return list
}

var source = DatasourceRef{Type: "prometheus", UID: "${datasource}"}
