package alerts

import (
	"net/http"
	"time"
)

// preview is what a rule would have done.
type preview struct {
	Series []struct {
		Dimensions map[string]string
		Timestamps []time.Time
		Values     []*float64
	}
	Events []struct {
		Dimensions map[string]string
		State      string
		At         time.Time
	}
	Notifications int
}

// preview asks what a rule would have done.
func (s *server) preview(rule any, start, end time.Time) *preview {
	s.t.Helper()
	var p preview
	s.call(http.MethodPost, "/api/v1/alert-rules/preview", map[string]any{"rule": rule, "start": start.UTC().Format(time.RFC3339Nano), "end": end.UTC().Format(time.RFC3339Nano)}, &p)
	return &p
}

// of returns the events of series that have some dimensions, in order, such as "fired 2026-11-28T10:00:00Z".
func (p *preview) of(dimensions map[string]string) []string {
	out := []string{}
next:
	for _, e := range p.Events {
		for k, v := range dimensions {
			if e.Dimensions[k] != v {
				continue next
			}
		}
		out = append(out, e.State+" "+e.At.UTC().Format(time.RFC3339))
	}
	return out
}
