package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// tree asks for all scopes with their last sample. Peers list the instances of the day, and ask each for its last sample.
func tree(p plan) question {
	return question{
		name: "tree", title: "scope tree with last samples", span: min(time.Hour, p.Span), instant: true, key: []string{"instance"},
		ours: func(window) request { return request{path: "/api/v1/scopes"} },
		read: func(body []byte, _ question, _ window) (answer, error) {
			var text struct{ Scopes []scopeNode }
			if err := json.Unmarshal(body, &text); err != nil {
				return nil, fmt.Errorf("read the answer: %w", err)
			}
			out := values{}
			for _, n := range text.Scopes {
				n.collect(out, p.End.UnixMilli())
			}
			return answer{out}, nil
		},
		peers: func(_ dialect, w window) []request {
			last := window{start: p.start(), end: p.End}
			return []request{
				{path: "/api/v1/series", params: url.Values{"match[]": {"instance_ready"}, "start": {at(p.start())}, "end": {at(p.End)}}, part: -1},
				last.evaluate("max by (endpoint, deployment, instance) (timestamp(instance_ready))", 0),
				last.evaluate("count by (endpoint, deployment, instance) (gpu_utilization_ratio)", -1),
			}
		},
		victoria: tolerance{relative: rounding},
	}
}

type scopeNode struct {
	Name       string
	LastSample time.Time `json:"last_sample"`
	Children   []scopeNode
}

func (n scopeNode) collect(out values, at int64) {
	if n.Children == nil {
		out.set(n.Name, at, float64(n.LastSample.UnixMilli())/1000)
	}
	for _, c := range n.Children {
		c.collect(out, at)
	}
}
