package console

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// The kinds of sources, as the label `source` has them.
const (
	sourceExec    = "exec"
	sourceFile    = "file"
	sourceJournal = "journal"
)

// What can happen to a file, as the label `kind` has it.
const (
	changeRenamed   = "renamed"
	changeTruncated = "truncated"
	changeDeleted   = "deleted"
)

// metrics is what the pipeline counts about itself; docs/agent/console.md has the same list.
type metrics struct {
	bytes      *prometheus.CounterVec
	lines      *prometheus.CounterVec
	cut        prometheus.Counter
	redactions prometheus.Counter
	malformed  prometheus.Counter
	changes    *prometheus.CounterVec
	lost       *prometheus.CounterVec
	lag        *prometheus.GaugeVec
	files      *prometheus.GaugeVec
	failures   prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	counters := func(name, help, label string, values ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
		for _, value := range values {
			v.WithLabelValues(value)
		}
		return v
	}
	m := &metrics{
		bytes:      counters("agent_console_read_bytes_total", "Bytes read from what the server prints, by kind of source.", "source", sourceExec, sourceFile, sourceJournal),
		lines:      counters("agent_console_lines_total", "Lines read, those that were dropped included, by kind of source.", "source", sourceExec, sourceFile, sourceJournal),
		cut:        counter("agent_console_cut_lines_total", "Lines that were longer than console.max_line, so that their ends were cut off."),
		redactions: counter("agent_console_redactions_total", "Secrets that were replaced by [REDACTED], and lines of private keys."),
		malformed:  counter("agent_console_malformed_lines_total", "Lines that are not in the format of their file; they were kept as they are."),
		changes:    counters("agent_console_file_changes_total", "Changes of files that were followed, by kind.", "kind", changeRenamed, changeTruncated, changeDeleted),
		lost:       counters("agent_console_lost_bytes_total", "Bytes of files that were gone before they were read, by reason.", "reason", reasonRotatedAway),
		lag:        prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "agent_console_lag_bytes", Help: "Bytes of a file that have not become rows yet."}, []string{"file"}),
		files:      prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "agent_console_files", Help: "Files that match console.files, by state."}, []string{"state"}),
		failures:   counter("agent_console_journal_failures_total", "Times that journalctl could not be started or ended by itself."),
	}
	for _, state := range []string{"followed", "unreadable", "left_out"} {
		m.files.WithLabelValues(state)
	}
	for _, c := range []prometheus.Collector{m.bytes, m.lines, m.cut, m.redactions, m.malformed, m.changes, m.lost, m.lag, m.files, m.failures} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}
