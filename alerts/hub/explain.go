package hub

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/endscope/endscope/alerts"
)

// question is what explain is asked about an alert, and until when its answer is waited for.
type question struct {
	alert    string
	ask      alerts.ExplainQuestion
	deadline time.Time
}

// explainer asks explain about alerts, a few at a time. Whoever asks has reserved a place, so that nobody waits.
type explainer struct {
	hub    *Hub
	places chan struct{}
	queue  chan *question
}

func newExplainer(h *Hub) *explainer {
	n := h.cfg.Explain.Queue
	return &explainer{hub: h, places: make(chan struct{}, n), queue: make(chan *question, n)}
}

func (e *explainer) reserve() bool {
	select {
	case e.places <- struct{}{}:
		return true
	default:
		return false
	}
}

func (e *explainer) release() { <-e.places }

// ask takes a question for which there is a place.
func (e *explainer) ask(q *question) { e.queue <- q }

func (e *explainer) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case q := <-e.queue:
			e.answer(ctx, q)
			e.release()
		}
	}
}

func (e *explainer) answer(ctx context.Context, q *question) {
	h := e.hub
	left := q.deadline.Sub(h.now())
	if left <= 0 {
		h.metrics.findings.WithLabelValues(findingTimeout).Inc()
		return // the alert has gone on already
	}
	asking, cancel := context.WithTimeout(ctx, left)
	f, err := h.set.Explain(asking, q.ask)
	late := errors.Is(asking.Err(), context.DeadlineExceeded)
	cancel()
	result := findingFound
	switch {
	case ctx.Err() != nil:
		return // the server stops; the alert is handed on after the next start
	case err != nil && late:
		result = findingTimeout
	case err != nil:
		result = findingError
		h.log.Warn("explain failed; the alert goes without a finding", "alert", q.alert, "err", err)
	case f == nil || f.Sentence == "" || f.Verdict == "none":
		result = findingNone
	}
	h.metrics.findings.WithLabelValues(result).Inc()
	if result != findingFound {
		f = nil
	}
	if err := h.storeFinding(ctx, q.alert, f); err != nil && ctx.Err() == nil {
		h.log.Error("a finding could not be stored; the alert goes without", "alert", q.alert, "err", err)
	}
	h.wakeUp()
}

func (h *Hub) storeFinding(ctx context.Context, alert string, f *alerts.Finding) error {
	at := h.now()
	if f == nil {
		return h.set.Store.SetFinding(ctx, alert, at, nil, nil, nil)
	}
	details, err := json.Marshal(struct {
		Verdict string   `json:"verdict"`
		Path    []string `json:"path"`
	}{f.Verdict, append([]string{}, f.Path...)})
	if err != nil {
		return err
	}
	return h.set.Store.SetFinding(ctx, alert, at, f, map[string]string{annotationFinding: f.Sentence},
		[]alerts.TimelineEntry{{At: at, Kind: "finding", Text: f.Sentence, Data: details}})
}

// question returns what to ask about an alert: nil where explain cannot help, as for rules of other kinds, alerts without a target, and
// those that fired because there was no data.
func (h *Hub) question(a *alerts.Alert, at time.Time) *question {
	if h.set.Explain == nil || !h.cfg.Explain.Enabled || a.RuleKind != alerts.KindMetric || a.Target.Level() == "" || !a.WindowEnd.After(a.WindowStart) {
		return nil
	}
	c := metricOf(a)
	if c == nil || c.Value == nil {
		return nil
	}
	start, end, baseline := alerts.ExplainSpan(a.WindowStart, a.WindowEnd)
	return &question{alert: a.ID, deadline: at.Add(h.cfg.Explain.Timeout), ask: alerts.ExplainQuestion{
		Metric: c.Criterion.MetricName, Aggregation: c.Criterion.TimeAggregation, Scope: a.Target, Filter: filterOf(a), Start: start, End: end, Baseline: baseline,
	}}
}
