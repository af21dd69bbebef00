package client

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// liveSecond is an event of GET /api/v1/live.
type liveSecond struct {
	Second    time.Time
	Again     bool
	Instances struct{ Answered, Known int }
	Total     *liveRow
	Children  []liveRow
	ByInst    []liveRow `json:"by_instance"`
	Failing   []struct {
		Scope, Method, Path, Reason string
		Status                      int
		StreamError                 string  `json:"stream_error"`
		DurationMS                  float64 `json:"duration_ms"`
		RequestID                   string  `json:"request_id"`
	}
}

type liveRow struct {
	Scope    string
	Answered int
	Traffic  *struct {
		Requests, Failures int64
		Duration           *struct{ P50, P95, P99, Max float64 }
		InputTokens        *int64 `json:"input_tokens"`
		OutputTokens       *int64 `json:"output_tokens"`
	}
	InFlight    *int64 `json:"in_flight"`
	CPU, Memory *struct{ Mean float64 }
	GPU         *struct{ Utilization *struct{ Mean float64 } }
}

// secondPrinter prints seconds as they come.
type secondPrinter struct {
	c       *connection
	by      string
	failing bool
	begun   bool
}

var liveHeader = []string{"time", "answered", "requests", "failed", "p50", "p95", "p99", "longest", "under_way", "cpu", "memory", "gpu", "output_tokens", "scope", "note"}

// liveWidths are those of the table, whose lines cannot wait for those that follow.
var liveWidths = []int{8, 8, 8, 6, 7, 7, 7, 7, 9, 5, 6, 5, 13, 0, 0}

func (p *secondPrinter) print(event []byte) error {
	to := p.c.env.Stdout
	if p.c.output == "json" {
		_, err := fmt.Fprintf(to, "%s\n", event)
		return err
	}
	var s liveSecond
	if err := json.Unmarshal(event, &s); err != nil {
		return fmt.Errorf("read the stream of %s: %w", p.c.server, err)
	}
	var rows []liveRow
	switch {
	case p.by == "children":
		rows = s.Children
	case p.by == "instances" && s.ByInst != nil:
		rows = s.ByInst
	case p.by == "instances":
		rows = s.Children
	case s.Total != nil:
		rows = []liveRow{*s.Total}
	}
	if !p.begun {
		p.begun = true
		if err := p.line(liveHeader); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		if err := p.line(p.words(s, liveRow{Scope: "-"}, fmt.Sprintf("none of %d instances answered", s.Instances.Known))); err != nil {
			return err
		}
	}
	for _, r := range rows {
		note := ""
		if s.Again {
			note = "again"
		}
		if err := p.line(p.words(s, r, note)); err != nil {
			return err
		}
	}
	if !p.failing {
		return nil
	}
	for _, f := range s.Failing {
		why := strings.TrimSpace(f.StreamError + " " + f.Reason)
		text := fmt.Sprintf("  failed: %d %s %s after %s, %s, %s, request %s", f.Status, f.Method, f.Path, liveDuration(f.DurationMS/1000), why, f.Scope, f.RequestID)
		if _, err := fmt.Fprintln(to, cellText(quoted(text))); err != nil {
			return err
		}
	}
	return nil
}

// quoted is a text as JSON has it, for cellText.
func quoted(text string) json.RawMessage {
	out, err := json.Marshal(text)
	if err != nil {
		return nil
	}
	return out
}

// line writes one line of the table or of the CSV.
func (p *secondPrinter) line(words []string) error {
	if p.c.output == "csv" {
		w := csv.NewWriter(p.c.env.Stdout)
		_ = w.Write(words)
		w.Flush()
		return w.Error()
	}
	var b strings.Builder
	for i, word := range words {
		if pad := liveWidths[i] - len([]rune(word)); pad > 0 {
			b.WriteString(strings.Repeat(" ", pad))
		}
		b.WriteString(word + "  ")
	}
	_, err := fmt.Fprintln(p.c.env.Stdout, strings.TrimRight(b.String(), " "))
	return err
}

// words are a row's: for people in the table, in seconds and shares in the CSV.
func (p *secondPrinter) words(s liveSecond, r liveRow, note string) []string {
	exact := p.c.output == "csv"
	none := "-"
	if exact {
		none = ""
	}
	out := []string{s.Second.Local().Format(time.TimeOnly), strconv.Itoa(r.Answered)}
	if exact {
		out[0] = s.Second.UTC().Format(time.RFC3339)
	} else if p.by == "total" {
		out[1] = fmt.Sprintf("%d/%d", r.Answered, s.Instances.Known)
	}
	count := func(n *int64) {
		if n == nil {
			out = append(out, none)
			return
		}
		out = append(out, strconv.FormatInt(*n, 10))
	}
	number := func(known bool, v func() float64, text func(float64) string) {
		switch {
		case !known:
			out = append(out, none)
		case exact:
			out = append(out, strconv.FormatFloat(v(), 'g', -1, 64))
		default:
			out = append(out, text(v()))
		}
	}
	t := r.Traffic
	var tokens *int64
	if t == nil {
		count(nil)
		count(nil)
	} else {
		count(&t.Requests)
		count(&t.Failures)
		tokens = t.OutputTokens
	}
	timed := t != nil && t.Duration != nil
	number(timed, func() float64 { return t.Duration.P50 }, liveDuration)
	number(timed, func() float64 { return t.Duration.P95 }, liveDuration)
	number(timed, func() float64 { return t.Duration.P99 }, liveDuration)
	number(timed, func() float64 { return t.Duration.Max }, liveDuration)
	count(r.InFlight)
	number(r.CPU != nil, func() float64 { return r.CPU.Mean }, percent)
	number(r.Memory != nil, func() float64 { return r.Memory.Mean }, percent)
	number(r.GPU != nil && r.GPU.Utilization != nil, func() float64 { return r.GPU.Utilization.Mean }, percent)
	count(tokens)
	return append(out, r.Scope, note)
}

func percent(share float64) string { return strconv.FormatFloat(share*100, 'f', 0, 64) + "%" }

// liveDuration writes seconds with three significant digits and their unit.
func liveDuration(seconds float64) string {
	unit, v := "s", seconds
	switch {
	case seconds < 1e-3:
		unit, v = "µs", seconds*1e6
	case seconds < 1:
		unit, v = "ms", seconds*1e3
	}
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64) + unit
	}
	return strconv.FormatFloat(v, 'g', 3, 64) + unit
}
