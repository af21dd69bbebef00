package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReportShowsMediansAndTargets(t *testing.T) {
	l, err := build(t.Context(), bulkPlan(1, true), proto1, time.Now())
	require.NoError(t, err)
	r := results{
		"endscope-commit": {{SamplesPerSecond: 1e6, CPU: 1}, {SamplesPerSecond: 4e6, CPU: 1}, {SamplesPerSecond: 2e6, CPU: 1}},
		"prometheus":      {{SamplesPerSecond: 5e5, CPU: 4}, {SamplesPerSecond: 4e5, CPU: 5}, {SamplesPerSecond: 6e5, CPU: 4}},
	}
	var out bytes.Buffer
	writeTable(&out, l, []string{"endscope-commit", "prometheus"}, r)
	require.Contains(t, out.String(), "### bulk: 3,888 series, 31,104 samples in 63 requests on 4 connections")
	require.Contains(t, out.String(), "| samples/s | 2,000,000 (1,000,000–4,000,000) | 500,000 (400,000–600,000) |")
	require.Contains(t, out.String(), "| server CPU-s per million samples | 1.00 | 4.00 (4.00–5.00) |")
	require.Contains(t, out.String(), "| samples/s, to prometheus | ≥ 3 | 4.00, met |")
	require.Contains(t, out.String(), "| server CPU per sample, to prometheus | ≤ 0.3 | 0.25, met |")
	require.NotContains(t, out.String(), "to victoria-metrics")

	r["endscope-commit"] = []measurement{{SamplesPerSecond: 1e6, CPU: 2}, {SamplesPerSecond: 2e6, CPU: 2}}
	out.Reset()
	writeTable(&out, l, []string{"endscope-commit", "prometheus"}, r)
	require.Contains(t, out.String(), "| samples/s, to prometheus | ≥ 3 | 3.00, met |")
	require.Contains(t, out.String(), "| server CPU per sample, to prometheus | ≤ 0.3 | 0.50, missed |")
}
