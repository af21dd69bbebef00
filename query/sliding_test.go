package query

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

func TestWindowsBeginAsOftenAsTheyAreAsked(t *testing.T) {
	b := newBench(t)
	b.now = testTime.Add(10 * time.Minute)
	app := b.append()
	for s := 15; s <= 600; s += 15 { // in each minute four samples with its number over 64
		app.float(testTime.Add(time.Duration(s)*time.Second), float64((s-1)/60)/64, seriesOf("instance_cpu_utilization_ratio", path(t, "a/blue/i")))
	}
	app.done()
	value := func(v float64) *float64 { return &v }
	ask := Request{Scopes: []scopes.Pattern{pattern(t, "a/blue")}, Metrics: []string{"CpuUtilizationPercentage"}, Interval: Interval{Fixed: 2 * time.Minute}, Every: time.Minute,
		Start: testTime.Add(5 * time.Minute), End: testTime.Add(11 * time.Minute)}
	answer, err := b.planner.DrillDown(b.ctx(), ask)
	require.NoError(t, err)
	require.Len(t, answer.Series, 1)
	require.Equal(t, []*float64{value(5.5 / .64), value(6.5 / .64), value(7.5 / .64), value(8.5 / .64), nil}, answer.Series[0].Values)
	require.Equal(t, testTime.Add(9*time.Minute).UnixMilli(), *answer.PartialFrom)
	require.Equal(t, []time.Time{ask.Start, ask.End}, []time.Time{answer.Start, answer.End})

	bad := func(name string, change func(*Request)) {
		t.Helper()
		r := ask
		change(&r)
		var param *ParamError
		_, err := b.planner.DrillDown(b.ctx(), r)
		require.ErrorAs(t, err, &param)
		require.Equal(t, name, param.Name, param.Error())
	}
	bad("every", func(r *Request) { r.Every = time.Second - time.Millisecond })
	bad("every", func(r *Request) { r.Every = time.Second + time.Microsecond })
	bad("every", func(r *Request) { r.Every = -time.Minute })
	bad("interval", func(r *Request) { r.Interval = Interval{Full: true} })
	bad("interval", func(r *Request) { r.Interval = Interval{} })
	bad("top", func(r *Request) { r.Top = 1 })
	bad("compare", func(r *Request) { r.Compare.Previous = true })
	bad("end", func(r *Request) { r.End = r.End.Add(time.Second) })
	bad("end", func(r *Request) { r.End = r.Start.Add(time.Minute) })
	var limit *AnswerLimitError
	ask.Start = ask.End.Add(-365 * 24 * time.Hour)
	_, err = b.planner.DrillDown(b.ctx(), ask)
	require.ErrorAs(t, err, &limit)
	require.Equal(t, 365*24*60-1, limit.Points)
}
