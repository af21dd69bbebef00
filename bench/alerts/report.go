package main

import (
	"fmt"
	"io"
	"time"

	"github.com/endscope/endscope/bench/kit"
)

// report prints the table.
func report(w io.Writer, o options, without, with measured) {
	row := func(name string, of func(measured) string) {
		fmt.Fprintf(w, "| %s | %s | %s |\n", name, of(without), of(with))
	}
	ms := func(seconds float64) string {
		if seconds != seconds {
			return "–"
		}
		return fmt.Sprintf("%.3g ms", 1000*seconds)
	}
	pair := func(of func(measured) spread) func(measured) string {
		return func(m measured) string { return ms(of(m).quantile(0.5)) + " / " + ms(of(m).quantile(0.99)) }
	}
	fmt.Fprintf(w, "| | no rules | %s rules |\n|---|---:|---:|\n", kit.Thousands(o.rules))
	row("CPU, cores", func(m measured) string { return fmt.Sprintf("%.2f", m.cpu.Seconds()/m.took.Seconds()) })
	row("memory in use", func(m measured) string { return fmt.Sprintf("%d MiB", m.memory>>20) })
	row("series followed", func(m measured) string { return kit.Thousands(int(m.series)) })
	row("evaluations a minute", func(m measured) string { return kit.Thousands(int(m.evaluations/m.took.Minutes() + 0.5)) })
	row("failed / missed", func(m measured) string { return fmt.Sprintf("%.0f / %.0f", m.failed, m.missed) })
	row("lag, p50 / p99", pair(func(m measured) spread { return m.lag }))
	row("one evaluation, p50 / p99", pair(func(m measured) spread { return m.duration }))
	row("a chart beside it, p50 / p99", func(m measured) string {
		at := func(q float64) time.Duration { return m.charts[int(q*float64(len(m.charts)-1)+0.5)] }
		return ms(at(0.5).Seconds()) + " / " + ms(at(0.99).Seconds())
	})
	if with.evaluations > 0 {
		fmt.Fprintf(w, "\nAn evaluation costs %.2f ms of CPU.\n", 1000*(with.cpu.Seconds()/with.took.Seconds()-without.cpu.Seconds()/without.took.Seconds())*with.took.Seconds()/with.evaluations)
	}
}
