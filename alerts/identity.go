package alerts

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/scopes"
)

// SeriesKey names one series of a rule: `credit/blue{"statusCode"="500"}`. Different scopes or dimensions have different keys, and the
// order of the dimensions does not matter.
func SeriesKey(scope scopes.Path, dims map[string]string) string {
	var b strings.Builder
	depth := 0
	names := []string{scope.Endpoint, scope.Deployment, scope.Instance}
	for i, name := range names {
		if name != "" {
			depth = i + 1
		}
	}
	for i, name := range names[:depth] {
		if i > 0 {
			b.WriteByte('/')
		}
		if strings.ContainsAny(name, "/{\"\\") || name != strings.ToValidUTF8(name, "") {
			name = strconv.Quote(name)
		}
		b.WriteString(name)
	}
	if len(dims) == 0 {
		return b.String()
	}
	for i, name := range sortedKeys(dims) {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(strconv.Quote(name))
		b.WriteByte('=')
		b.WriteString(strconv.Quote(dims[name]))
	}
	b.WriteByte('}')
	return b.String()
}

// AlertID returns the ID of the alert that a rule fires for a series at an instant: a UUID made by hash, in the form of version 5 of
// RFC 9562, so that whoever evaluates the same check again makes the same one.
func AlertID(rule, seriesKey string, firedAt time.Time) string {
	h := sha1.New() //nolint:gosec // RFC 9562 makes version 5 of SHA-1; nothing secret depends on it.
	h.Write([]byte("\x9d\x1f\x6a\x5c\x0e\x3b\x4b\x0a\x8f\x53\x6b\x1d\x2c\x74\x9e\x21"))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(rule))))
	h.Write([]byte(rule))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(seriesKey))))
	h.Write([]byte(seriesKey))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(firedAt.Unix())))
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(firedAt.Nanosecond())))
	u := h.Sum(nil)[:16]
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// LabelsOf returns the labels of the alert of a series: the rule's own, those that identify the series, and alertname, severity and
// action_groups. LabelFired is not among them. A dimension whose name is that of a label with another meaning has `dimension_` before it.
func LabelsOf(rule *Rule, scope scopes.Path, dims map[string]string) map[string]string {
	ls := map[string]string{}
	for k, v := range rule.Labels {
		ls[k] = v
	}
	own := map[string]string{LabelAlertName: rule.Name, LabelSeverity: SeverityName(rule.Severity)}
	if groups := GroupsLabel(rule.Actions); groups != "" {
		own[LabelActionGroups] = groups
	}
	for label, name := range map[string]string{
		scopes.LabelEndpoint: scope.Endpoint, scopes.LabelDeployment: scope.Deployment, scopes.LabelInstance: scope.Instance,
	} {
		if name != "" {
			own[label] = name
		}
	}
	for _, name := range sortedKeys(dims) {
		label := labelName(name)
		_, taken := own[label]
		if taken || label == LabelActionGroups || label == LabelFired || strings.HasPrefix(label, "__") {
			label = "dimension_" + label
		}
		for base, n := label, 2; ; n++ {
			if _, taken := own[label]; !taken {
				break
			}
			label = base + "_" + strconv.Itoa(n)
		}
		own[label] = dims[name]
	}
	for k, v := range own {
		ls[k] = v
	}
	return ls
}

// GroupsLabel returns the value of LabelActionGroups for actions: ",oncall,team,"; empty for none.
func GroupsLabel(actions []Action) string {
	if len(actions) == 0 {
		return ""
	}
	names := make([]string, len(actions))
	for i, a := range actions {
		names[i] = a.ActionGroupID
	}
	slices.Sort(names)
	return "," + strings.Join(slices.Compact(names), ",") + ","
}

// labelName makes a label's name of any name: what it must not have becomes `_`.
func labelName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r < 0x80 && wordByte(byte(r)) {
			return r
		}
		return '_'
	}, name)
	if clean == "" || digit(clean[0]) {
		return "_" + clean
	}
	return clean
}

// reservedLabel says whether a label is one that the server sets.
func reservedLabel(name string) bool {
	return slices.Contains([]string{
		LabelAlertName, LabelSeverity, LabelActionGroups, LabelFired, scopes.LabelEndpoint, scopes.LabelDeployment, scopes.LabelInstance,
	}, name)
}

// SemanticHash returns a hash of the fields that decide what the remembered states of the rule's series mean: kind, scopes, frequency,
// window, criteria, filter, no-data policy and autoMitigate. Name, severity, description, actions, labels and the like are not among
// them, nor is the order of the scopes.
func (r *Rule) SemanticHash() string {
	c := Rule{
		Kind: r.Kind, EvaluationFrequency: r.EvaluationFrequency, WindowSize: r.WindowSize, QueryTimeRange: r.QueryTimeRange,
		AutoMitigate: r.AutoMitigate, Filter: r.Filter, NoData: r.NoData, Group: r.Group,
	}
	if r.Kind == KindLog {
		c.QueryTimeRange = r.querySpan()
	}
	c.Scopes = slices.SortedFunc(slices.Values(r.Scopes), func(a, b scopes.Pattern) int { return strings.Compare(a.String(), b.String()) })
	for _, one := range r.Criteria {
		one.MetricNamespace, one.SkipMetricValidation, one.FailingPeriods = "", false, one.periods()
		c.Criteria = append(c.Criteria, one)
	}
	data, err := c.MarshalJSON()
	if err != nil { // only where Group is no JSON; such a rule is not valid
		data = fmt.Appendf(nil, "%#v", c)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}
