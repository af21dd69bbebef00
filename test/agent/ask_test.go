package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/endscope/endscope/internal/subproc"
)

// The three logs.
const (
	trafficLog = "AmlOnlineEndpointTrafficLog"
	consoleLog = "AmlOnlineEndpointConsoleLog"
	eventLog   = "AmlOnlineEndpointEventLog"
)

// row is a row of a log, by column.
type row map[string]any

func (r row) text(column string) string {
	s, _ := r[column].(string)
	return s
}

func (r row) number(column string) int {
	f, _ := r[column].(float64)
	return int(f)
}

// property is a member of the column Properties.
func (r row) property(name string) any {
	m, _ := r["Properties"].(map[string]any)
	return m[name]
}

// kql returns what a query answers, oldest first where it asks for rows of a log.
func (s *server) kql(ctx context.Context, query string) ([]row, error) {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL()+"/api/v1/logs/query", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/x-ndjson")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		return nil, fmt.Errorf("%s: %s: %s", query, resp.Status, text)
	}
	var rows []row
	for d := json.NewDecoder(resp.Body); ; {
		var r row
		if err := d.Decode(&r); err == io.EOF {
			return rows, nil
		} else if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
}

// rows returns all rows of a log in their order.
func (s *server) rows(ctx context.Context, table string) ([]row, error) {
	return s.kql(ctx, table+" | sort by TimeGenerated asc")
}

// holds is a condition: the log has so many rows of which the KQL condition is true. More than that is an error as well.
func (s *server) holds(table, condition string, want int) func(context.Context) error {
	return func(ctx context.Context) error {
		got, err := s.kql(ctx, table+" | where "+condition+" | count")
		if err == nil && got[0].number("Count") != want {
			err = fmt.Errorf("%d rows of %s where %s, want %d", got[0].number("Count"), table, condition, want)
		}
		return err
	}
}

// sample is one element of an instant vector.
type sample struct {
	labels map[string]string
	value  float64
	times  []float64 // of a range of samples: when each was taken, as Unix seconds
}

// promql returns the value of an expression now: floats, and for a range selector the times of the samples.
func (s *server) promql(ctx context.Context, expr string) ([]sample, error) {
	body, err := subproc.Get(ctx, s.URL()+"/api/v1/query", url.Values{"query": {expr}})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string `json:"metric"`
				Value  [2]any            `json:"value"`
				Values [][2]any          `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("read the answer to %s: %w", expr, err)
	}
	var all []sample
	for _, e := range answer.Data.Result {
		v := sample{labels: e.Metric}
		if text, ok := e.Value[1].(string); ok {
			if v.value, err = strconv.ParseFloat(text, 64); err != nil {
				return nil, err
			}
		}
		for _, point := range e.Values {
			at, _ := point[0].(float64)
			v.times = append(v.times, at)
		}
		all = append(all, v)
	}
	return all, nil
}

// number returns the only value of an expression.
func (s *server) number(ctx context.Context, expr string) (float64, error) {
	all, err := s.promql(ctx, expr)
	if err == nil && len(all) != 1 {
		err = fmt.Errorf("%s has %d values", expr, len(all))
	}
	if err != nil {
		return 0, err
	}
	return all[0].value, nil
}

// is is a condition: the expression has this one value.
func (s *server) is(expr string, want float64) func(context.Context) error {
	return func(ctx context.Context) error {
		got, err := s.number(ctx, expr)
		if err == nil && got != want {
			err = fmt.Errorf("%s is %g, want %g", expr, got, want)
		}
		return err
	}
}

// by returns the values of an expression by one label.
func (s *server) by(ctx context.Context, label, expr string) (map[string]int, error) {
	all, err := s.promql(ctx, expr)
	out := map[string]int{}
	for _, v := range all {
		if v.value != 0 {
			out[v.labels[label]] = int(v.value)
		}
	}
	return out, err
}

// exemplars returns the labels of the exemplars of a metric.
func (s *server) exemplars(ctx context.Context, metric string) ([]map[string]string, error) {
	now := time.Now()
	stamp := func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
	body, err := subproc.Get(ctx, s.URL()+"/api/v1/query_exemplars", url.Values{"query": {metric}, "start": {stamp(now.Add(-time.Hour))}, "end": {stamp(now.Add(time.Minute))}})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data []struct {
			Exemplars []struct {
				Labels map[string]string `json:"labels"`
			} `json:"exemplars"`
		} `json:"data"`
	}
	err = json.Unmarshal(body, &answer)
	var all []map[string]string
	for _, series := range answer.Data {
		for _, e := range series.Exemplars {
			all = append(all, e.Labels)
		}
	}
	return all, err
}
