package query

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseInterval(t *testing.T) {
	for in, want := range map[string]Interval{
		"": {}, "auto": {}, "AUTO": {}, "full": {Full: true}, "FULL": {Full: true},
		"1m": {Fixed: time.Minute}, "1h30m": {Fixed: 90 * time.Minute}, "1.5h": {Fixed: 90 * time.Minute}, "1d": {Fixed: 24 * time.Hour},
		"PT1M": {Fixed: time.Minute}, "pt15m": {Fixed: 15 * time.Minute}, "P1D": {Fixed: 24 * time.Hour}, "P1DT12H": {Fixed: 36 * time.Hour}, "P1W": {Fixed: 7 * 24 * time.Hour},
	} {
		got, err := ParseInterval(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	for _, in := range []string{"0", "0s", "-1m", "1", "999ms", "1s1us", "P", "PT", "P1Y", "PT1M1", "1 m", "soon", "P9999999999W", "999999999h"} {
		_, err := ParseInterval(in)
		var pe *ParamError
		require.ErrorAs(t, err, &pe, in)
		require.Equal(t, in, pe.Value)
		require.ErrorContains(t, err, "auto, full, or a duration")
	}
}

func FuzzParseInterval(f *testing.F) {
	for _, seed := range []string{"", "auto", "PT1M", "P1DT12H", "1h30m", "1.5h", "P999999999W", "-1s", "٣m"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		iv, err := ParseInterval(text)
		if err == nil && !iv.Full && iv.Fixed != 0 && (iv.Fixed < minInterval || iv.Fixed%time.Millisecond != 0) {
			t.Fatalf("ParseInterval(%q) = %v", text, iv)
		}
	})
}

func TestWindowsCoverTheRangeAndNoMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.UnixMilli(rapid.Int64Range(-1e12, 4e12).Draw(t, "start")).UTC()
		end := start.Add(time.Duration(rapid.Int64Range(1000, 1e11).Draw(t, "length")) * time.Millisecond)
		var iv Interval
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 1:
			iv.Full = true
		case 2:
			iv.Fixed = time.Duration(rapid.Int64Range(1000, 1e9).Draw(t, "interval")) * time.Millisecond
		}
		w := newWindows(start, end, iv)
		require.Positive(t, w.count)
		require.False(t, w.start.After(start))
		require.False(t, w.end().Before(end))
		require.True(t, w.start.Add(w.length).After(start), "the first window holds start")
		require.True(t, w.end().Add(-w.length).Before(end), "the last window begins before end")
		if iv.Full {
			require.Equal(t, []any{1, start, end}, []any{w.count, w.start, w.end()})
		} else {
			require.Zero(t, w.start.UnixMilli()%w.length.Milliseconds())
		}
		if iv == (Interval{}) && w.length < 24*time.Hour {
			require.LessOrEqual(t, w.count, autoPoints+1)
		}
		if w.count > 10_000 {
			return
		}
		for i, ts := range w.timestamps() {
			got, ok := w.index(ts + w.length.Milliseconds())
			require.True(t, ok)
			require.Equal(t, i, got)
		}
		_, ok := w.index(w.start.UnixMilli())
		require.False(t, ok, "what is evaluated at the start belongs to the window before")
	})
}

func TestAutoChoosesWhatAChartCanShow(t *testing.T) {
	for length, want := range map[time.Duration]time.Duration{
		time.Minute: time.Minute, time.Hour: time.Minute, 5 * time.Hour: time.Minute, 6 * time.Hour: 5 * time.Minute, 24 * time.Hour: 5 * time.Minute,
		7 * 24 * time.Hour: time.Hour, 30 * 24 * time.Hour: 6 * time.Hour, 93 * 24 * time.Hour: 12 * time.Hour, 365 * 24 * time.Hour: 24 * time.Hour,
	} {
		require.Equal(t, want, newWindows(testTime, testTime.Add(length), Interval{}).length, length)
	}
}

func TestDrillDownConfigBounds(t *testing.T) {
	require.NoError(t, DefaultDrillDownConfig().Validate())
	err := DrillDownConfig{InstanceMissingAfter: time.Hour, ScopeLookback: time.Minute}.Validate()
	for _, want := range []string{"instance_missing_after: must be from 1s to 5m0s (got 1h0m0s)", "scope_lookback: must be from 1h to 744h", "max_points: must be at least 1", "max_values: must be"} {
		require.ErrorContains(t, err, want)
	}
	b := newBench(t)
	settings := b.planner.set
	short := *settings.Engine
	short.cfg.Lookback = 30 * time.Second
	settings.Engine = &short
	_, err = NewPlanner(DefaultDrillDownConfig(), settings)
	require.ErrorContains(t, err, "instance_missing_after: must be at most the query look-back of 30s (got 1m0s)")
	settings.Now = nil
	_, err = NewPlanner(DefaultDrillDownConfig(), settings)
	require.ErrorContains(t, err, "now must be given")
}
