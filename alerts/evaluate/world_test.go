package evaluate

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// epoch is midnight UTC, where the clock of testing/synctest begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return epoch.Add(time.Duration(n) * time.Minute) }

// sample is a reading of a source; visible is when it can be asked for, zero for at once.
type sample struct {
	at, visible time.Time
	value       float64
}

// source is a stored series: a gauge, or a counter that may begin anew.
type source struct {
	scope   string
	metric  string
	dims    map[string]string
	counter bool
	samples []sample
}

// world is a tiny metric store. Windows are (t-w, t]; a counter's value is what it grew by.
type world struct {
	mu      sync.Mutex
	sources []*source
	asked   []alerts.MetricQuestion
	fail    func(alerts.MetricQuestion) error
	block   func(context.Context, alerts.MetricQuestion) error
}

func (w *world) ask(ctx context.Context, q alerts.MetricQuestion) ([]alerts.Series, error) {
	w.mu.Lock()
	w.asked = append(w.asked, q)
	fail, block := w.fail, w.block
	w.mu.Unlock()
	if block != nil {
		if err := block(ctx, q); err != nil {
			return nil, err
		}
	}
	if fail != nil {
		if err := fail(q); err != nil {
			return nil, err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 1
	if q.To.After(q.From) {
		n += int(q.To.Sub(q.From) / q.Every)
	}
	var out []alerts.Series
	for _, s := range w.sources {
		p, err := scopes.ParsePath(s.scope)
		if err != nil || s.metric != q.Metric || !slices.ContainsFunc(q.Scopes, func(x scopes.Pattern) bool { return x.Matches(p) }) || !passes(q.Filter, s.dims) {
			continue
		}
		a := alerts.Series{Scope: p, Dimensions: map[string]string{}, Values: make([]*float64, n)}
		for _, name := range q.Split {
			a.Dimensions[name] = s.dims[name]
		}
		for i := range n {
			t := q.From.Add(time.Duration(i) * q.Every)
			a.Values[i] = s.window(t.Add(-q.Window), t, q.Aggregation)
		}
		out = append(out, a)
	}
	return out, nil
}

// passes understands what filterOf writes for the dimension "code" with operator in.
func passes(filter string, dims map[string]string) bool {
	list, ok := strings.CutPrefix(filter, "code in (")
	if !ok {
		return true
	}
	return strings.Contains(list, quote(dims["code"]))
}

func (s *source) window(from, to time.Time, agg scopes.Aggregation) *float64 {
	now := time.Now()
	end, _ := slices.BinarySearchFunc(s.samples, to, func(x sample, t time.Time) int { return cmp.Compare(x.at.UnixNano(), t.UnixNano()+1) })
	begin, _ := slices.BinarySearchFunc(s.samples, from, func(x sample, t time.Time) int { return cmp.Compare(x.at.UnixNano(), t.UnixNano()+1) })
	var values []float64
	for i := begin; i < end; i++ {
		x := s.samples[i]
		if x.visible.After(now) {
			continue
		}
		v := x.value
		if s.counter {
			if i == 0 {
				continue
			}
			if v -= s.samples[i-1].value; v < 0 {
				v = x.value // it began anew
			}
		}
		values = append(values, v)
	}
	if len(values) == 0 {
		return nil
	}
	out := 0.0
	switch agg {
	case scopes.Maximum:
		out = slices.Max(values)
	case scopes.Minimum:
		out = slices.Min(values)
	case scopes.Count:
		out = float64(len(values))
	default:
		for _, v := range values {
			out += v
		}
		if agg == scopes.Average {
			out /= float64(len(values))
		}
	}
	return &out
}

// script makes a gauge with one sample for each minute from the epoch on: numbers, `-` for none, and `xN` behind either repeats it.
func script(scope, text string, dims ...string) *source {
	s := &source{scope: scope, metric: "M", dims: map[string]string{}}
	for i := 0; i+1 < len(dims); i += 2 {
		s.dims[dims[i]] = dims[i+1]
	}
	n := 0
	for _, word := range strings.Fields(text) {
		value, times, ok := strings.Cut(word, "x")
		count := 1
		if ok {
			count, _ = strconv.Atoi(times)
		}
		for range count {
			n++
			if value != "-" {
				v, err := strconv.ParseFloat(value, 64)
				if err != nil {
					panic(err)
				}
				s.samples = append(s.samples, sample{at: minute(n), value: v})
			}
		}
	}
	return s
}

func staticRule(name string, change ...func(*alerts.Rule)) alerts.Rule {
	r := alerts.Rule{
		Name: name, Kind: alerts.KindMetric, Enabled: true, Scopes: []scopes.Pattern{{Endpoint: "credit"}}, EvaluationFrequency: time.Minute,
		WindowSize: time.Minute, AutoMitigate: true, NoData: alerts.NoDataIgnore,
		Criteria: []alerts.Criterion{{Type: alerts.StaticThreshold, Name: "c", MetricName: "M", TimeAggregation: scopes.Average, Operator: alerts.GreaterThan, Threshold: 10}},
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

// memory is a Sink and a StateStore. What Apply took is there for good, as is what was saved.
type memory struct {
	mu     sync.Mutex
	log    []alerts.Alert // each transition once
	seen   map[string]bool
	states map[string]alerts.RuleState
	broken error
	saves  int
}

func newMemory() *memory {
	return &memory{seen: map[string]bool{}, states: map[string]alerts.RuleState{}}
}

func (m *memory) Apply(_ context.Context, list []alerts.Transition) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	for _, t := range list {
		if id := t.Alert.ID + string(t.Alert.Condition); !m.seen[id] {
			m.seen[id] = true
			m.log = append(m.log, t.Alert)
		}
	}
	return nil
}

func (m *memory) Active(context.Context) ([]alerts.Alert, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []alerts.Alert
	for _, a := range m.log {
		if a.Condition == alerts.Fired && !a.Stateless && !m.seen[a.ID+string(alerts.Resolved)] {
			out = append(out, a)
		}
	}
	return out, nil
}

func (m *memory) LoadRuleStates(context.Context) (map[string]alerts.RuleState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]alerts.RuleState{}
	for name, s := range m.states {
		s.Series = maps.Clone(s.Series)
		out[name] = s
	}
	return out, nil
}

func (m *memory) SaveRuleStates(_ context.Context, list []alerts.RuleState) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	m.saves++
	for _, s := range list {
		old := m.states[s.Rule]
		if old.Series == nil {
			old.Series = map[string][]byte{}
		}
		for key, b := range s.Series {
			if b == nil {
				delete(old.Series, key)
			} else {
				old.Series[key] = b
			}
		}
		s.Series = old.Series
		m.states[s.Rule] = s
	}
	return nil
}

func (m *memory) DeleteRuleState(_ context.Context, rule string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.states, rule)
	return nil
}

// events lists what was applied: "credit fired 5", the time in minutes since the epoch.
func (m *memory) events() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, a := range m.log {
		out = append(out, eventText(alerts.SeriesKey(a.Target, a.Dimensions), a))
	}
	return out
}

func eventText(key string, a alerts.Alert) string {
	at, what := a.FiredAt, "fired"
	if a.Condition == alerts.Resolved {
		at, what = a.ResolvedAt, "resolved"
	}
	text := key + " " + what + " " + strconv.Itoa(int(at.Sub(epoch)/time.Minute))
	if a.ResolveReason != "" {
		text += " " + a.ResolveReason
	}
	return text
}

var errBroken = errors.New("broken")

func stored(rules ...alerts.Rule) []alerts.Stored {
	out := make([]alerts.Stored, len(rules))
	for i, r := range rules {
		out[i] = alerts.Stored{Rule: r, Version: 1}
	}
	return out
}

// quickConfig has no delays, so that the check of an instant is made right then.
func quickConfig() Config {
	c := DefaultConfig()
	c.Grace, c.Spread, c.StartupDelay = 0, 0, 0
	return c
}

func newEvaluator(t *testing.T, cfg Config, w *world, m *memory, change ...func(*Settings)) *Evaluator {
	t.Helper()
	set := Settings{Metrics: w.ask, Sink: m, States: m}
	for _, f := range change {
		f(&set)
	}
	v, err := New(cfg, set)
	require.NoError(t, err)
	return v
}

// runUntil runs an Evaluator in a bubble of synctest, from a second from now until a time.
func runUntil(t *testing.T, v *Evaluator, until time.Time) {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), until)
	defer cancel()
	time.Sleep(time.Second)
	require.NoError(t, v.Run(ctx))
}
