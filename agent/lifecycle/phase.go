package lifecycle

import (
	"slices"
	"time"
)

// Phase is a part of a start, and the value of the label `phase` of instance_start_duration_seconds.
type Phase string

// The phases of a start. But for Total and ImagePull they do not overlap: what two claim belongs to the one that comes first in exclusive.
const (
	ImagePull      Phase = "image_pull"
	ContainerStart Phase = "container_start" // from the start of the process to its first work on the model, or to its open port
	ModelDownload  Phase = "model_download"
	WeightsLoad    Phase = "weights_load"
	Compile        Phase = "compile"
	GraphCapture   Phase = "graph_capture"
	WarmUp         Phase = "warm_up"
	FirstRequest   Phase = "first_request" // from ready to the first request that was answered well
	Total          Phase = "total"         // from the start of the process to ready, or to its end
)

// phases lists all in the order of a start.
func phases() []Phase {
	return []Phase{ImagePull, ContainerStart, ModelDownload, WeightsLoad, Compile, GraphCapture, WarmUp, FirstRequest, Total}
}

// exclusive lists the phases that console lines tell, the inner ones first: servers download while they load, and capture while they warm up.
func exclusive() []Phase { return []Phase{ModelDownload, Compile, GraphCapture, WeightsLoad, WarmUp} }

// span is a piece of time.
type span struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// maxSpans bounds the pieces of one phase; what comes later widens the last piece.
const maxSpans = 256

// union returns the same time as spans in order and apart.
func union(spans []span) []span {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b span) int { return a.Start.Compare(b.Start) })
	var out []span
	for _, s := range spans {
		if !s.End.After(s.Start) {
			continue
		}
		if n := len(out); n > 0 && !s.Start.After(out[n-1].End) {
			if s.End.After(out[n-1].End) {
				out[n-1].End = s.End
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// minus returns the time of a that is not in b. Both are as union returns them.
func minus(a, b []span) []span {
	var out []span
	for _, s := range a {
		for _, cut := range b {
			if !cut.End.After(s.Start) || !cut.Start.Before(s.End) {
				continue
			}
			if cut.Start.After(s.Start) {
				out = append(out, span{s.Start, cut.Start})
			}
			s.Start = cut.End
			if !s.Start.Before(s.End) {
				break
			}
		}
		if s.Start.Before(s.End) {
			out = append(out, s)
		}
	}
	return out
}

// length returns how much time the spans are.
func length(spans []span) time.Duration {
	var d time.Duration
	for _, s := range spans {
		d += s.End.Sub(s.Start)
	}
	return d
}

// within returns the part of s between from and to; its end is not after its start where nothing is left.
func within(s span, from, to time.Time) span {
	if s.Start.Before(from) {
		s.Start = from
	}
	if !to.IsZero() && s.End.After(to) {
		s.End = to
	}
	return s
}
