package state

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// body is what the table keeps of an alert as JSON, beside its columns. Fields are only ever added.
type body struct {
	FiredAt          time.Time         `json:"fired"`
	ResolvedAt       time.Time         `json:"resolved"`
	Labels           map[string]string `json:"labels,omitempty"`
	Annotations      map[string]string `json:"annotations,omitempty"`
	Dimensions       map[string]string `json:"dimensions,omitempty"`
	Values           []valueBody       `json:"values,omitempty"`
	WindowStart      time.Time         `json:"from"`
	WindowEnd        time.Time         `json:"to"`
	FiredValues      []valueBody       `json:"firedValues,omitempty"` // nil until it resolved: those of Values
	FiredStart       time.Time         `json:"firedFrom"`
	FiredEnd         time.Time         `json:"firedTo"`
	Actions          []actionBody      `json:"actions,omitempty"`
	CustomProperties map[string]string `json:"properties,omitempty"`
	RunbookURL       string            `json:"runbook,omitempty"`
	Description      string            `json:"description,omitempty"`
	GeneratorURL     string            `json:"generator,omitempty"`
	ResolveReason    string            `json:"reason,omitempty"`
	Filter           string            `json:"filter,omitempty"`
	ExpiresAt        time.Time         `json:"expires"`
	Finding          *findingBody      `json:"finding,omitempty"`
	SeriesKey        string            `json:"series,omitempty"`
}

type actionBody struct {
	Group      string            `json:"group"`
	Properties map[string]string `json:"properties,omitempty"`
}

type findingBody struct {
	Sentence string   `json:"sentence"`
	Verdict  string   `json:"verdict"`
	Path     []string `json:"path,omitempty"`
}

type valueBody struct {
	Criterion criterionBody `json:"criterion"`
	Value     *number       `json:"value,omitempty"`
	Threshold *number       `json:"threshold,omitempty"`
	Lower     *number       `json:"lower,omitempty"`
	Upper     *number       `json:"upper,omitempty"`
}

// criterionBody is a Criterion by the names of its fields, without whatever JSON form the type itself has.
type criterionBody alerts.Criterion

// number is a float that may be infinite or none, as the values of Prometheus's rules may.
type number float64

// MarshalJSON writes a number, or a string where JSON has no number for it.
func (n number) MarshalJSON() ([]byte, error) {
	if f := float64(n); math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.AppendQuote(nil, strconv.FormatFloat(f, 'g', -1, 64)), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (n *number) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*n = number(f)
	return err
}

func encodeValues(in []alerts.CriterionValue) []valueBody {
	var out []valueBody
	for _, v := range in {
		out = append(out, valueBody{criterionBody(v.Criterion), (*number)(v.Value), (*number)(v.Threshold), (*number)(v.Lower), (*number)(v.Upper)})
	}
	return out
}

func decodeValues(in []valueBody) []alerts.CriterionValue {
	var out []alerts.CriterionValue
	for _, v := range in {
		out = append(out, alerts.CriterionValue{
			Criterion: alerts.Criterion(v.Criterion), Value: (*float64)(v.Value), Threshold: (*float64)(v.Threshold), Lower: (*float64)(v.Lower), Upper: (*float64)(v.Upper),
		})
	}
	return out
}

func encode(r *Record) ([]byte, error) {
	a := &r.Alert
	b := body{
		FiredAt: a.FiredAt.UTC(), ResolvedAt: a.ResolvedAt.UTC(), Labels: a.Labels, Annotations: a.Annotations, Dimensions: a.Dimensions,
		Values: encodeValues(a.Values), WindowStart: a.WindowStart.UTC(), WindowEnd: a.WindowEnd.UTC(),
		FiredStart: r.FiredStart.UTC(), FiredEnd: r.FiredEnd.UTC(), CustomProperties: a.CustomProperties, RunbookURL: a.RunbookURL,
		Description: a.Description, GeneratorURL: a.GeneratorURL, ResolveReason: a.ResolveReason, Filter: a.Filter, ExpiresAt: a.ExpiresAt.UTC(),
		Finding: (*findingBody)(r.Finding), SeriesKey: a.SeriesKey,
	}
	if a.Condition == alerts.Resolved {
		b.FiredValues = encodeValues(r.FiredValues)
	}
	for _, action := range a.Actions {
		b.Actions = append(b.Actions, actionBody{action.ActionGroupID, action.WebHookProperties})
	}
	out, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("encode alert %s: %w", a.ID, err)
	}
	return out, nil
}

// decode fills what the body holds into a record whose Condition is known.
func decode(text []byte, r *Record) error {
	var b body
	if err := json.Unmarshal(text, &b); err != nil {
		return fmt.Errorf("read the stored alert %s: %w", r.ID, err)
	}
	a := &r.Alert
	a.FiredAt, a.ResolvedAt, a.Labels, a.Annotations, a.Dimensions = b.FiredAt, b.ResolvedAt, b.Labels, b.Annotations, b.Dimensions
	a.Values, a.WindowStart, a.WindowEnd = decodeValues(b.Values), b.WindowStart, b.WindowEnd
	r.FiredStart, r.FiredEnd, r.FiredValues = b.FiredStart, b.FiredEnd, a.Values
	if a.Condition == alerts.Resolved {
		r.FiredValues = decodeValues(b.FiredValues)
	}
	for _, action := range b.Actions {
		a.Actions = append(a.Actions, alerts.Action{ActionGroupID: action.Group, WebHookProperties: action.Properties})
	}
	a.CustomProperties, a.RunbookURL, a.Description, a.GeneratorURL = b.CustomProperties, b.RunbookURL, b.Description, b.GeneratorURL
	a.ResolveReason, a.Filter, a.ExpiresAt = b.ResolveReason, b.Filter, b.ExpiresAt
	r.Finding, a.SeriesKey = (*alerts.Finding)(b.Finding), b.SeriesKey
	return nil
}

// seriesOf returns what two alerts have in common that cannot be active at the same time: the rule, and the key of the series, or the
// labels where there is no key.
func seriesOf(a *alerts.Alert) []byte {
	if a.SeriesKey != "" {
		return hash("key", a.Rule, string(a.RuleKind), a.SeriesKey)
	}
	return hash(append([]string{"labels", a.Rule, string(a.RuleKind)}, pairs(a.Labels, alerts.LabelActionGroups)...)...)
}

// pairs returns the names and values of labels in order, but for one name.
func pairs(labels map[string]string, without string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != without {
			out = append(out, name, labels[name])
		}
	}
	return out
}

func hash(parts ...string) []byte {
	h := sha256.New()
	var size [8]byte
	for _, s := range parts {
		binary.LittleEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write([]byte(s))
	}
	return h.Sum(nil)[:16]
}

// Parts of the text that the text filter looks at, and of each of its values.
const (
	maxSearch      = 4096
	maxSearchValue = 512
)

// searchOf returns the lower-case text that the text filter looks at.
func searchOf(a *alerts.Alert) string {
	var b strings.Builder
	add := func(s string) {
		if s != "" && b.Len() < maxSearch {
			b.WriteString(strings.ToLower(s[:min(len(s), maxSearchValue)]))
			b.WriteByte('\n')
		}
	}
	add(a.ID)
	add(a.Rule)
	add(a.Target.String())
	add(a.Description)
	for _, m := range []map[string]string{a.Dimensions, a.Labels} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if name != alerts.LabelActionGroups && name != alerts.LabelFired {
				add(m[name])
			}
		}
	}
	for _, name := range []string{"summary", "description"} {
		add(a.Annotations[name])
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

func joinGroups(groups []string) string {
	if len(groups) == 0 {
		return ""
	}
	return "," + strings.Join(groups, ",") + ","
}

func splitGroups(s string) []string {
	if s = strings.Trim(s, ","); s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func conditionNumber(c alerts.Condition) int {
	if c == alerts.Resolved {
		return 1
	}
	return 0
}

func conditionOf(n int) alerts.Condition {
	if n == 1 {
		return alerts.Resolved
	}
	return alerts.Fired
}

// userStates are the states by their number in the table.
func userStates() []alerts.UserState {
	return []alerts.UserState{alerts.New, alerts.Acknowledged, alerts.Closed}
}

func pathOf(endpoint, deployment, instance string) scopes.Path {
	return scopes.Path{Endpoint: endpoint, Deployment: deployment, Instance: instance}
}
