package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// values are those of each series by the end of their windows in Unix milliseconds. What is absent or not a number is left out.
type values map[string]map[int64]float64

func (v values) set(series string, at int64, value float64) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return
	}
	if v[series] == nil {
		v[series] = map[int64]float64{}
	}
	v[series][at] = value
}

// answer holds the parts of the answer to a question: one, and a second one for what it is compared with.
type answer []values

// readPrometheus reads the answer of a Prometheus API to an instant or range query; series are named by the values of the key's
// labels. Values of an instant query count for the time at.
func readPrometheus(body []byte, key []string, at int64) (values, error) {
	var text struct {
		Data struct {
			Result []struct {
				Metric map[string]string `json:"metric"`
				Value  *[2]any           `json:"value"`
				Values [][2]any          `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &text); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	out := values{}
	for _, s := range text.Data.Result {
		var parts []string
		for _, label := range key {
			parts = append(parts, s.Metric[label])
		}
		name := strings.Join(parts, "/")
		points := s.Values
		if s.Value != nil {
			points = append(points, [2]any{float64(at) / 1000, s.Value[1]})
		}
		for _, p := range points {
			seconds, ok := p[0].(float64)
			digits, ok2 := p[1].(string)
			if !ok || !ok2 {
				return nil, fmt.Errorf("read the answer: a point is %v", p)
			}
			value, err := strconv.ParseFloat(digits, 64)
			if err != nil {
				return nil, fmt.Errorf("read the answer: %w", err)
			}
			out.set(name, int64(math.Round(seconds*1000)), value)
		}
	}
	return out, nil
}

// readMetrics reads an answer of GET /api/v1/metrics. It wants the windows that the peers were asked for.
func readMetrics(body []byte, q question, w window) (answer, error) {
	var text struct {
		Start, End time.Time
		Interval   string
		Timestamps []int64
		Truncated  json.RawMessage
		Series     []struct {
			Scope      string
			Dimensions map[string]string
			Values     []*float64
			Compare    *struct{ Values []*float64 }
			Folded     int
		}
	}
	if err := json.Unmarshal(body, &text); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	interval, err := model.ParseDuration(text.Interval)
	if err != nil {
		return nil, err
	}
	if time.Duration(interval) != w.length() || !text.Start.Equal(w.start) || !text.End.Equal(w.end) || len(text.Timestamps) != int(w.end.Sub(w.start)/w.length()) {
		return nil, fmt.Errorf("%d windows of %s from %s to %s, want those of %s from %s to %s", len(text.Timestamps), text.Interval, text.Start, text.End, w.length(), w.start, w.end)
	}
	out := answer{values{}}
	for _, s := range text.Series {
		if s.Folded > 0 {
			continue
		}
		segments := strings.Split(s.Scope, "/")
		var parts []string
		for _, label := range q.key {
			dimension, depth := label, len(segments)
			switch label {
			case "endpoint":
				depth = 0
			case "deployment":
				depth = 1
			case "instance":
				dimension, depth = "instanceId", 2
			}
			value, split := s.Dimensions[dimension]
			if !split && depth < len(segments) {
				value = segments[depth]
			}
			parts = append(parts, value)
		}
		name := strings.Join(parts, "/")
		fill := func(part int, points []*float64) {
			for len(out) <= part {
				out = append(out, values{})
			}
			for i, v := range points {
				if v != nil && i < len(text.Timestamps) {
					out[part].set(name, text.Timestamps[i]+w.length().Milliseconds(), *v)
				}
			}
		}
		fill(0, s.Values)
		if s.Compare != nil {
			fill(1, s.Compare.Values)
		}
	}
	return out, nil
}
