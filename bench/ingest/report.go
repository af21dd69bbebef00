package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/endscope/endscope/bench/kit"
)

// row is one line of a load's table.
type row struct {
	title  string
	digits int // after the decimal point
	value  func(measurement) float64
}

func rows(load string) []row {
	all := []row{
		{"samples/s", 0, func(m measurement) float64 { return m.SamplesPerSecond }},
		{"requests/s", 0, func(m measurement) float64 { return m.RequestsPerSecond }},
	}
	acks := ""
	if load == "fleet" {
		acks = ", after the first round"
		all = append(all, row{"requests/s" + acks, 0, func(m measurement) float64 { return m.LaterPerSecond }})
	}
	return append(all,
		row{"server CPU-s per million samples", 2, func(m measurement) float64 { return m.CPU }},
		row{"… with settling", 2, func(m measurement) float64 { return m.SettledCPU }},
		row{"ack p50, ms" + acks, 2, func(m measurement) float64 { return m.P50 }},
		row{"ack p99, ms" + acks, 1, func(m measurement) float64 { return m.P99 }},
		row{"slowest ack, ms", 0, func(m measurement) float64 { return m.Slowest }},
		row{"max RSS, MiB", 0, func(m measurement) float64 { return m.RSS }},
		row{"B/sample on disk after settling", 2, func(m measurement) float64 { return m.Disk }},
		row{"cores used by others", 2, func(m measurement) float64 { return m.Others }},
		row{"cores stolen", 2, func(m measurement) float64 { return m.Steal }},
	)
}

// target is a bound on a ratio of medians, Endscope's to a peer's, that we set ourselves.
type target struct {
	load, peer string
	title      string
	value      func(measurement) float64
	bound      float64
	atMost     bool // bound is an upper one
}

func targets() []target {
	samples := func(m measurement) float64 { return m.SamplesPerSecond }
	requests := func(m measurement) float64 { return m.RequestsPerSecond }
	return []target{
		{"bulk", "prometheus", "samples/s", samples, 3, false},
		{"bulk", "victoria-metrics", "samples/s", samples, 1.2, false},
		{"bulk", "prometheus", "server CPU per sample", func(m measurement) float64 { return m.CPU }, 0.3, true},
		{"fleet", "prometheus", "requests/s", requests, 2, false},
		{"fleet", "victoria-metrics", "requests/s", requests, 1, false},
	}
}

// results holds the measurements of one load by server name, one for each run.
type results map[string][]measurement

// spread is a median with the range that it lies in.
type spread struct{ min, median, max float64 }

func (r results) spread(server string, value func(measurement) float64) spread {
	var all []float64
	for _, m := range r[server] {
		all = append(all, value(m))
	}
	if len(all) == 0 {
		return spread{}
	}
	slices.Sort(all)
	mid := all[len(all)/2]
	if len(all)%2 == 0 {
		mid = (mid + all[len(all)/2-1]) / 2
	}
	return spread{all[0], mid, all[len(all)-1]}
}

func (s spread) format(digits int) string {
	one := func(v float64) string {
		if digits == 0 {
			return kit.Thousands(int(v + 0.5))
		}
		return strconv.FormatFloat(v, 'f', digits, 64)
	}
	if s.min == s.max {
		return one(s.median)
	}
	return fmt.Sprintf("%s (%s–%s)", one(s.median), one(s.min), one(s.max))
}

// writeTable prints one load's results as Markdown: the median (min–max) of each server's runs, then the ratios to the peers.
func writeTable(w io.Writer, l *load, names []string, r results) {
	fmt.Fprintf(w, "### %s: %s\n\n| | %s |\n|%s\n", l.plan.name, describe(l), strings.Join(names, " | "), strings.Repeat(" --- |", len(names)+1))
	for _, row := range rows(l.plan.name) {
		cells := []string{row.title}
		for _, name := range names {
			cells = append(cells, r.spread(name, row.value).format(row.digits))
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
	fmt.Fprintln(w)
	writeRatios(w, l.plan.name, names, r)
}

func writeRatios(w io.Writer, load string, names []string, r results) {
	var ours []string
	for _, name := range names {
		if strings.HasPrefix(name, "endscope") {
			ours = append(ours, name)
		}
	}
	began := false
	for _, t := range targets() {
		if t.load != load || len(ours) == 0 || !slices.Contains(names, t.peer) {
			continue
		}
		if !began {
			began = true
			fmt.Fprintf(w, "| ratio of medians | target | %s |\n|%s\n", strings.Join(ours, " | "), strings.Repeat(" --- |", len(ours)+2))
		}
		sign := "≥"
		if t.atMost {
			sign = "≤"
		}
		cells := []string{fmt.Sprintf("%s, to %s", t.title, t.peer), fmt.Sprintf("%s %g", sign, t.bound)}
		for _, name := range ours {
			ratio := r.spread(name, t.value).median / r.spread(t.peer, t.value).median
			verdict := "met"
			if (ratio < t.bound) != t.atMost && ratio != t.bound {
				verdict = "missed"
			}
			cells = append(cells, fmt.Sprintf("%.2f, %s", ratio, verdict))
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
	if began {
		fmt.Fprintln(w)
	}
}
