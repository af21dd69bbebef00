package main

import (
	"debug/buildinfo"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	atMost  = 150.0 // ms, each question's p50
	speedUp = 10.0  // to Prometheus, for questions over long spans
)

// p50 returns the median over the runs of each run's median, in ms, with the range of those.
func (a asked) p50(column int) (low, middle, high float64) {
	var all []float64
	for _, run := range a.times[column] {
		if len(run) > 0 {
			all = append(all, ms(quantile(run, 0.5)))
		}
	}
	if len(all) == 0 {
		return 0, 0, 0
	}
	slices.Sort(all)
	return all[0], all[len(all)/2], all[len(all)-1]
}

// p99 returns that of all rounds of all runs in ms.
func (a asked) p99(column int) float64 {
	all := slices.Concat(a.times[column]...)
	slices.Sort(all)
	return ms(quantile(all, 0.99))
}

func (a asked) cell(column int) string {
	low, middle, high := a.p50(column)
	if middle == 0 {
		return "n/a"
	}
	if low == high {
		return fmt.Sprintf("%s / %s", short(middle), short(a.p99(column)))
	}
	return fmt.Sprintf("%s (%s–%s) / %s", short(middle), short(low), short(high), short(a.p99(column)))
}

// short writes a number with about three digits.
func short(v float64) string {
	switch {
	case v < 9.995:
		return fmt.Sprintf("%.2f", v)
	case v < 99.95:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// writeReport prints the times, the ratios and how the answers agree as Markdown.
func writeReport(w io.Writer, all []column, list []asked) {
	head, line := "| p50 / p99, ms |", "| --- |"
	for _, c := range all {
		head += " " + c.title + " |"
		line += " --- |"
	}
	for _, c := range all[1:] {
		if c.peer {
			head += " " + c.title + " ÷ Endscope |"
			line += " --- |"
		}
	}
	fmt.Fprintf(w, "%s\n%s\n", head, line)
	for _, a := range list {
		cells := []string{a.question.title}
		for k := range all {
			cells = append(cells, a.cell(k))
		}
		_, ours, _ := a.p50(0)
		for k, c := range all {
			if !c.peer {
				continue
			}
			if _, theirs, _ := a.p50(k); ours > 0 && theirs > 0 {
				cells = append(cells, short(theirs/ours))
			} else {
				cells = append(cells, "n/a")
			}
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
	fmt.Fprintf(w, "\n| values beside Endscope's |")
	for _, c := range all[1:] {
		fmt.Fprintf(w, " %s |", c.title)
	}
	fmt.Fprintf(w, "\n|%s\n", strings.Repeat(" --- |", len(all)))
	for _, a := range list {
		fmt.Fprintf(w, "| %s | %s |\n", a.question.title, strings.Join(a.agree[1:], " | "))
	}
	fmt.Fprintln(w)
	writeTargets(w, all, list)
}

// writeTargets says which questions miss what we set ourselves.
func writeTargets(w io.Writer, all []column, list []asked) {
	fmt.Fprint(w, "| target | met by | missed by |\n| --- | --- | --- |\n")
	row := func(title string, applies func(asked) bool, value func(asked) float64, met func(float64) bool) {
		good, missed := 0, []string{}
		for _, a := range list {
			if _, ours, _ := a.p50(0); ours == 0 || !applies(a) {
				continue
			}
			if v := value(a); met(v) {
				good++
			} else {
				missed = append(missed, fmt.Sprintf("%s (%s)", a.question.name, short(v)))
			}
		}
		fmt.Fprintf(w, "| %s | %d | %s |\n", title, good, strings.Join(missed, ", "))
	}
	row(fmt.Sprintf("p50 ≤ %g ms", atMost), func(asked) bool { return true }, func(a asked) float64 { _, v, _ := a.p50(0); return v }, func(v float64) bool { return v <= atMost })
	for k, c := range all {
		if !c.peer {
			continue
		}
		least := 1.0
		if c.dialect == plain {
			least = speedUp
		}
		row(fmt.Sprintf("%s ÷ Endscope ≥ %g, from 6 h", c.title, least),
			func(a asked) bool { _, theirs, _ := a.p50(k); return theirs > 0 && a.question.long(a.window) },
			func(a asked) float64 { _, ours, _ := a.p50(0); _, theirs, _ := a.p50(k); return theirs / ours },
			func(v float64) bool { return v >= least })
	}
}

// listed writes a metric's values by the value of its only label.
func listed(values map[string]float64) string {
	var parts []string
	for _, labels := range slices.Sorted(maps.Keys(values)) {
		_, text, _ := strings.Cut(strings.TrimSuffix(labels, "\"}"), "\"")
		parts = append(parts, fmt.Sprintf("%s %g", text, values[labels]))
	}
	return strings.Join(parts, ", ")
}

// describe names the data for people.
func describe(p plan, expect map[string]int) string {
	total := 0
	for _, n := range expect {
		total += n
	}
	return fmt.Sprintf("%d endpoints × %d deployments × %d instances, %d series and %d histograms each, %s at %s: %.1f M samples until %s",
		p.Endpoints, p.Deployments, p.Instances, 60, len(statuses), p.End.Sub(p.start()), spacing, float64(total)/1e6, p.End.UTC().Format(time.RFC3339))
}

// version returns the module and version that a program was built from, as the Go tool noted it.
func version(program string) string {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return "unknown version"
	}
	return strings.TrimSpace(info.Path + " " + info.Main.Version) // Debian builds without the second
}
