package client

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/prometheus/common/model"
)

// answer is one result, ready for every output: a table of words, and the JSON that it came from.
type answer struct {
	header []string
	rows   [][]string
	raw    any // what --output json prints
	empty  string
}

func (c *connection) print(a answer) error {
	switch c.output {
	case "json":
		e := json.NewEncoder(c.env.Stdout)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(a.raw)
	case "csv":
		w := csv.NewWriter(c.env.Stdout)
		_ = w.Write(a.header)
		_ = w.WriteAll(a.rows)
		return w.Error()
	}
	if len(a.rows) == 0 {
		if a.empty == "" {
			a.empty = "no series match"
		}
		_, err := fmt.Fprintln(c.env.Stderr, a.empty)
		return err
	}
	w := tabwriter.NewWriter(c.env.Stdout, 0, 4, 2, ' ', 0)
	line := func(words []string) { fmt.Fprintln(w, strings.TrimRight(strings.Join(words, "\t"), "\t")) }
	line(a.header)
	for _, row := range a.rows {
		line(row)
	}
	return w.Flush()
}

const timeFormat = "2006-01-02T15:04:05.000Z07:00"

func valueAnswer(v model.Value) answer {
	switch v := v.(type) {
	case model.Vector:
		a := table(v, func(s *model.Sample) model.Metric { return s.Metric }, "time", "value")
		for i, s := range v {
			a.rows[i] = append(a.rows[i], s.Timestamp.Time().UTC().Format(timeFormat), pointText(s.Value, s.Histogram))
		}
		return a
	case model.Matrix:
		type point struct {
			metric    model.Metric
			time      model.Time
			value     model.SampleValue
			histogram *model.SampleHistogram
		}
		var points []point
		for _, s := range v {
			for _, p := range s.Values {
				points = append(points, point{s.Metric, p.Timestamp, p.Value, nil})
			}
			for _, p := range s.Histograms {
				points = append(points, point{s.Metric, p.Timestamp, 0, p.Histogram})
			}
		}
		a := table(points, func(p point) model.Metric { return p.metric }, "time", "value")
		for i, p := range points {
			a.rows[i] = append(a.rows[i], p.time.Time().UTC().Format(timeFormat), pointText(p.value, p.histogram))
		}
		a.raw = v
		return a
	case *model.Scalar:
		return answer{header: []string{"time", "value"}, rows: [][]string{{v.Timestamp.Time().UTC().Format(timeFormat), v.Value.String()}}, raw: v}
	case *model.String:
		return answer{header: []string{"time", "value"}, rows: [][]string{{v.Timestamp.Time().UTC().Format(timeFormat), v.Value}}, raw: v}
	}
	return answer{raw: v}
}

func pointText(v model.SampleValue, h *model.SampleHistogram) string {
	if h != nil {
		return fmt.Sprintf("histogram count=%s sum=%s", h.Count, h.Sum)
	}
	return v.String()
}

func seriesAnswer(sets []model.LabelSet) answer {
	a := table(sets, func(s model.LabelSet) model.Metric { return model.Metric(s) })
	return a
}

func wordsAnswer[T ~string](header string, words []T) answer {
	a := answer{header: []string{header}, raw: words, empty: "no labels match"}
	for _, w := range words {
		a.rows = append(a.rows, []string{string(w)})
	}
	return a
}

// table begins an answer with one column per label that any item has: the name first, then the identity, then the rest.
func table[T any](items []T, metric func(T) model.Metric, more ...string) answer {
	present := map[model.LabelName]bool{}
	for _, item := range items {
		for name := range metric(item) {
			present[name] = true
		}
	}
	var columns []model.LabelName
	for _, name := range []model.LabelName{model.MetricNameLabel, "endpoint", "deployment", "instance"} {
		if present[name] {
			columns = append(columns, name)
			delete(present, name)
		}
	}
	columns = append(columns, slices.Sorted(maps.Keys(present))...)
	a := answer{raw: items}
	for _, name := range columns {
		if name == model.MetricNameLabel {
			name = "name"
		}
		a.header = append(a.header, string(name))
	}
	a.header = append(a.header, more...)
	for _, item := range items {
		row := make([]string, 0, len(a.header))
		for _, name := range columns {
			row = append(row, string(metric(item)[name]))
		}
		a.rows = append(a.rows, row)
	}
	return a
}

// problem reads an answer that is not a success: the server's own routes answer application/problem+json.
func problem(resp *http.Response, body []byte) error {
	var p struct{ Title, Detail, Error string }
	if json.Unmarshal(body, &p) == nil && p.Title+p.Detail+p.Error != "" {
		text := p.Detail
		if text == "" {
			text = p.Title + p.Error
		}
		return fmt.Errorf("the server answered %s: %s", resp.Status, text)
	}
	return fmt.Errorf("the server answered %s", resp.Status)
}
