package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/bench/kit"
	"github.com/endscope/endscope/resources"
	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/test/programs"
)

// program builds the real server, or takes the one that is built already.
func program(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("ENDSCOPE_TEST_PROGRAMS"); dir != "" {
		return filepath.Join(dir, "endscope")
	}
	bin := t.TempDir()
	require.NoError(t, programs.Build(t.Context(), bin, "-race"))
	return filepath.Join(bin, "endscope")
}

// soon is a grace period with which the check of the last whole minute is due in a while, whatever the time is.
func soon(in time.Duration) string {
	now := time.Now()
	return (now.Sub(now.Truncate(time.Minute)) + in).String()
}

// tiny runs the program so that a check falls into it, and returns the report. On a machine that is so busy that the check had passed before
// the rules were there, which due does not match, it is given more time.
func tiny(t *testing.T, due string, args func(lead time.Duration) []string) string {
	t.Helper()
	for _, lead := range []time.Duration{6 * time.Second, 20 * time.Second, 45 * time.Second} {
		var report, progress bytes.Buffer
		require.NoError(t, run(t.Context(), append(args(lead), "-spread", "0s", "-startup-delay", "0s", "-dir", t.TempDir()), &report, &progress), "%s\n%s", &progress, &report)
		if regexp.MustCompile(due).MatchString(report.String()) {
			return report.String()
		}
	}
	require.Fail(t, "no rule was checked")
	return ""
}

func TestTinyLoad(t *testing.T) {
	t.Parallel() // it waits most of its time
	server, columns := program(t), "| Endscope |"
	root, err := kit.FindRoot()
	require.NoError(t, err)
	prometheus := filepath.Join(root, ".cache", "debian", "bin", "prometheus")
	if _, err := os.Stat(prometheus); err == nil {
		columns += " Prometheus |"
	} else {
		prometheus = "none"
	}
	report := tiny(t, `\| one metric rule: p50, p99 \| [^–]`, func(lead time.Duration) []string {
		return []string{"-rules", "8", "-endpoints", "2", "-groups", "1", "-probes", "0", "-idle", "1s", "-warm", "1s", "-measure", lead.String(),
			"-endscope", server, "-prometheus", prometheus, "-grace", soon(lead)}
	})
	require.Contains(t, report, columns)
	require.Regexp(t, `\| failed, missed \| 0, 0 \|`, report)
	require.Contains(t, report, "with 0 missed: ")
}

func TestTinyKills(t *testing.T) {
	t.Parallel()
	server := program(t)
	report := tiny(t, `(?m)^\| [1-9]\d* \| 20 \| 3 \| 20 \|`, func(lead time.Duration) []string {
		return []string{"-kill", (2 * lead).String(), "-every", "3s", "-steady", "20", "-flaps", "3", "-settle", "1s", "-grace", soon(lead), "-endscope", server}
	})
	require.Regexp(t, `(?m)^\| [1-9]\d* \| 20 \| 3 \| 20 \| \d+ \| 0 \| 0 \| \d+ \| 0 \|$`, report)
}

func TestRulesAreRules(t *testing.T) {
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	text, err := json.Marshal(loadRules(options{rules: 40, endpoints: 7, groups: 2, probes: 3}))
	require.NoError(t, err)
	documents, err := resources.ParseDocuments(bytes.NewReader(text), "rules")
	require.NoError(t, err)
	require.Len(t, documents, 45)
	for _, d := range documents {
		require.Equal(t, "alert-rule", d.Kind)
		r, err := alerts.ParseRule(d.Spec)
		require.NoError(t, err)
		for _, c := range r.Criteria {
			def, ok := catalogue.Lookup(c.MetricName, r.Scopes[0].Level())
			require.True(t, ok, c.MetricName)
			_, ok = def.Dimension("instanceId")
			require.True(t, ok && def.Supports(c.TimeAggregation), c.MetricName)
		}
	}
}

func TestABookExpectsWhatARuleDoes(t *testing.T) {
	from := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	b := newBook()
	for at := from.Add(-time.Minute); at.Before(from.Add(10 * time.Minute)); at = at.Add(15 * time.Second) {
		b.sample("flap-0", 0, at, at.After(from.Add(time.Minute)) && !at.After(from.Add(2*time.Minute+15*time.Second)))
		b.sample("steady-0", 1, at, true)
	}
	minute := func(n int) time.Time { return from.Add(time.Duration(n) * time.Minute) }
	fired, resolved := event{"flap-0", "flap-0/blue/i-0", "Fired", minute(2)}, event{"flap-0", "flap-0/blue/i-0", "Resolved", minute(6)}
	steady := event{"steady-0", "steady-0/green/i-1", "Fired", time.Time{}}
	want := b.expect(from.Add(-time.Second).In(time.FixedZone("other", 3600)), minute(8)) // events are in UTC, whatever the zone
	require.Equal(t, map[event]bool{fired: true, resolved: true, steady: true}, want)
	require.NotContains(t, b.expect(from, minute(5)), resolved)

	came := func(e event, at time.Time) notice { return notice{e.rule, e.target, e.condition, e.instant, at} }
	all := []notice{came(fired, minute(3)), came(resolved, minute(7)), came(steady, minute(3))}
	require.Equal(t, outcome{received: 3}, judge(want, all, nil, minute(8)))
	require.Equal(t, 1, judge(want, all[1:], nil, minute(8)).lost)
	again := append(all, came(fired, minute(4)))
	require.Equal(t, 1, judge(want, again, nil, minute(8)).repeated)
	atKill := judge(want, again, []time.Time{minute(3).Add(time.Second)}, minute(8))
	require.Equal(t, outcome{received: 4, inFlight: 1}, atKill)
	require.Equal(t, 1, judge(want, append(all, notice{"flap-0", "flap-0/blue/i-0", "Fired", minute(7), minute(8)}), nil, minute(8)).wrong)
}

func TestFlapsBeginLow(t *testing.T) {
	begun := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for k := range 10 {
		high := 0
		for s := time.Duration(0); s < flapLead; s += time.Second {
			require.False(t, flap(begun, begun.Add(s), k, 10))
		}
		for s := flapLead; s < flapLead+flapPeriod; s += time.Second {
			if flap(begun, begun.Add(s), k, 10) {
				high++
			}
		}
		require.Equal(t, int(flapHigh/time.Second), high)
	}
}

func TestListenerReadsBothShapes(t *testing.T) {
	l, err := listen()
	require.NoError(t, err)
	defer func() { require.NoError(t, l.close()) }()
	post := func(path, body string) int {
		resp, err := http.Post("http://"+l.addr+path, "application/json", bytes.NewReader([]byte(body)))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	essentials := `"alertRule":"r","alertTargetIDs":["e/blue/i-0"],"firedDateTime":"2026-01-01T12:00:00Z"`
	require.Equal(t, 200, post(commonPath, `{"data":{"essentials":{"monitorCondition":"Fired",`+essentials+`}}}`))
	require.Equal(t, 200, post(commonPath, `{"data":{"essentials":{"monitorCondition":"Resolved","resolvedDateTime":"2026-01-01T12:05:00Z",`+essentials+`}}}`))
	require.Equal(t, 200, post("/api/v2/alerts", `[{"labels":{"alertname":"p"},"startsAt":"2026-01-01T12:00:00Z"}]`))
	require.Equal(t, 400, post(commonPath, `{}`))
	got := l.notices()
	require.Len(t, got, 3)
	require.Equal(t, "12:00:00 12:05:00", fmt.Sprint(got[0].instant.Format(time.TimeOnly), " ", got[1].instant.Format(time.TimeOnly)))
	require.Equal(t, "e/blue/i-0", got[1].target)
	require.False(t, l.first("p").IsZero())
	require.True(t, l.first("q").IsZero())
}

func TestBadFlagsAreNamed(t *testing.T) {
	for want, args := range map[string][]string{
		"-rules: must be from 1":       {"-rules", "0"},
		"-endpoints: must be from 1":   {"-endpoints", "0"},
		"-groups: must be from 0":      {"-groups", "-1"},
		"-probes: must be from 0":      {"-probes", "999"},
		"-warm, -kill: must not be":    {"-warm", "-1s"},
		"-idle, -measure: must be":     {"-measure", "1ms"},
		"-every: must be at least 1s":  {"-every", "1ms"},
		`unexpected argument "x"`:      {"x"},
		"scripts/debian-tools prometh": {"-endscope", os.Args[0], "-prometheus", "/nonexistent"},
		"make build":                   {"-endscope", "/nonexistent"},
	} {
		require.ErrorContains(t, run(t.Context(), args, io.Discard, io.Discard), want)
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, sleepUntil(ctx, time.Now().Add(time.Hour)), context.Canceled)
}
