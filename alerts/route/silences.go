package route

import (
	"context"
	"time"

	"github.com/prometheus/alertmanager/silence"
	"github.com/prometheus/alertmanager/silence/silencepb"
)

// Silence keeps alerts that match from being notified for a time.
type Silence struct {
	ID                 string
	State              string     // active, pending, expired
	Matchers           [][]string // an alert must match all of one list: severity="critical"
	StartsAt, EndsAt   time.Time
	UpdatedAt          time.Time
	CreatedBy, Comment string
}

// Silences returns all silences, expired ones of the last five days included, in no order; none where alerts are routed elsewhere.
func (e *Engine) Silences(ctx context.Context) ([]Silence, error) {
	if e.ext != nil {
		return nil, nil
	}
	found, _, err := e.silences.Query(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Silence, 0, len(found))
	now := e.now()
	for _, f := range found {
		s := Silence{ID: f.Id, State: "active", StartsAt: f.StartsAt.AsTime(), EndsAt: f.EndsAt.AsTime(), UpdatedAt: f.UpdatedAt.AsTime(), CreatedBy: f.CreatedBy, Comment: f.Comment}
		if now.Before(s.StartsAt) {
			s.State = string(silence.SilenceStatePending)
		} else if !now.Before(s.EndsAt) {
			s.State = string(silence.SilenceStateExpired)
		}
		for _, set := range f.MatcherSets {
			var texts []string
			for _, m := range set.Matchers {
				texts = append(texts, m.Name+operator(m.Type)+`"`+m.Pattern+`"`)
			}
			s.Matchers = append(s.Matchers, texts)
		}
		all = append(all, s)
	}
	return all, nil
}

func operator(t silencepb.Matcher_Type) string {
	switch t {
	case silencepb.Matcher_REGEXP:
		return "=~"
	case silencepb.Matcher_NOT_EQUAL:
		return "!="
	case silencepb.Matcher_NOT_REGEXP:
		return "!~"
	}
	return "="
}
