package query

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
	"github.com/endscope/endscope/tsdb"
)

// steady pushes a gauge and a counter of one instance every 15 s for some time, and rolls up what is due.
func (b *rollupBench) steady(d time.Duration) {
	for end := b.now.Add(d); b.now.Before(end); b.now = b.now.Add(15 * time.Second) {
		b.write(
			pushed{labels: seriesOf("instance_cpu_utilization_ratio", path(b.t, "fraud/blue/i0")), t: b.now.UnixMilli(), v: 0.5},
			pushed{labels: seriesOf("endpoint_network_bytes_total", path(b.t, "fraud/blue/i0"), "direction", "receive"), t: b.now.UnixMilli(), v: float64(b.now.Unix())},
		)
	}
	b.roll()
}

func (b *rollupBench) plan(metric string, interval Interval, start, end time.Time, granted ...scopes.Pattern) []PlanStep {
	b.t.Helper()
	ctx := b.ctx()
	if len(granted) > 0 {
		ctx = scopes.WithGrants(b.t.Context(), scopes.GrantScopes(granted...))
	}
	answer, err := b.planner.DrillDown(ctx, Request{Scopes: []scopes.Pattern{pattern(b.t, "fraud")}, Metrics: []string{metric}, Interval: interval, Start: start, End: end, Plan: true})
	require.NoError(b.t, err)
	return answer.Plan
}

func TestRollupsAnswerWhatIsComplete(t *testing.T) {
	b := newRollupBench(t)
	b.steady(2 * time.Hour)
	steps := b.plan("CpuUtilizationPercentage", Interval{Fixed: 5 * time.Minute}, testTime.Add(10*time.Minute), testTime.Add(100*time.Minute))
	require.Len(t, steps, 1)
	require.Equal(t, "5m", steps[0].Rollup)
	require.Contains(t, steps[0].Expr, "deployment:instance_cpu_utilization_ratio:sum5m")

	steps = b.plan("CpuUtilizationPercentage", Interval{Fixed: time.Minute}, testTime.Add(10*time.Minute), testTime.Add(100*time.Minute))
	require.Equal(t, "1m", steps[0].Rollup)

	// What is not due yet is read raw.
	steps = b.plan("CpuUtilizationPercentage", Interval{Fixed: 5 * time.Minute}, testTime.Add(10*time.Minute), b.now)
	require.Len(t, steps, 2)
	require.Empty(t, steps[1].Rollup)

	// Who may not see the deployment is not answered from roll-ups of the deployment.
	steps = b.plan("CpuUtilizationPercentage", Interval{Fixed: 5 * time.Minute}, testTime.Add(10*time.Minute), testTime.Add(100*time.Minute), pattern(t, "fraud/blue/i0"))
	require.Contains(t, steps[0].Expr, "instance:instance_cpu_utilization_ratio:sum5m")

	// A window that begins and ends anywhere is put together.
	steps = b.plan("CpuUtilizationPercentage", Interval{Full: true}, testTime.Add(7*time.Minute+3*time.Second), b.now.Add(-17*time.Second))
	require.Len(t, steps, 1)
	require.Equal(t, "5m", steps[0].Rollup)
	require.Contains(t, steps[0].Expr, "deployment:instance_cpu_utilization_ratio:sum5m")
	require.Contains(t, steps[0].Expr, "sum_over_time(instance_cpu_utilization_ratio")
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		r := fleetQuestion(rnd, b.catalogue, testTime, b.now)
		r.Interval = Interval{Full: true}
		requireSame(t, b, r)
	}

	// 90 s is no multiple of a minute.
	steps = b.plan("CpuUtilizationPercentage", Interval{Fixed: 90 * time.Second}, testTime.Add(10*time.Minute), testTime.Add(100*time.Minute))
	require.Len(t, steps, 1)
	require.Empty(t, steps[0].Rollup)
}

func TestLateSamplesAreReadRaw(t *testing.T) {
	b := newRollupBench(t)
	b.steady(2 * time.Hour)
	at := testTime.Add(32 * time.Minute)
	series := seriesOf("instance_cpu_utilization_ratio", path(t, "fraud/blue/i1"))
	b.write(pushed{labels: series, t: at.UnixMilli(), v: 0.9})
	steps := b.plan("CpuUtilizationPercentage", Interval{Fixed: 5 * time.Minute}, testTime.Add(10*time.Minute), testTime.Add(100*time.Minute))
	require.Len(t, steps, 3)
	require.Empty(t, steps[1].Rollup)
	require.Equal(t, testTime.Add(30*time.Minute), steps[1].Start)
	require.Equal(t, testTime.Add(40*time.Minute), steps[1].End, "the next bucket might count from the late sample")

	// Another endpoint is not concerned, nor is a series that nobody rolls up.
	b.write(pushed{labels: seriesOf("instance_cpu_utilization_ratio", path(t, "other/blue/i1")), t: testTime.Add(70 * time.Minute).UnixMilli(), v: 0.9},
		pushed{labels: seriesOf("something_else", path(t, "fraud/blue/i1")), t: testTime.Add(70 * time.Minute).UnixMilli(), v: 0.9})
	require.Len(t, b.plan("CpuUtilizationPercentage", Interval{Fixed: 5 * time.Minute}, testTime.Add(10*time.Minute), testTime.Add(100*time.Minute)), 3)

	// A counter's start is a sample, too.
	b.write(pushed{labels: seriesOf("endpoint_network_bytes_total", path(t, "fraud/blue/i2"), "direction", "receive"), st: testTime.Add(80*time.Minute + time.Second).UnixMilli(), t: b.now.UnixMilli(), v: 7})
	require.True(t, b.rollups.marks[rollupMark{endpoint: "fraud"}].overlaps(testTime.Add(80*time.Minute).UnixMilli(), testTime.Add(81*time.Minute).UnixMilli()))
}

// killed copies the data directory as it is, and opens the copy: what a process finds that starts after kill -9.
func (b *rollupBench) killed() {
	b.t.Helper()
	dir := b.t.TempDir()
	require.NoError(b.t, filepath.Walk(b.dir, func(name string, info os.FileInfo, err error) error {
		rel, _ := filepath.Rel(b.dir, name)
		if err != nil || info.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(dir, rel), 0o777))
		}
		data, err := os.ReadFile(name)
		return errors.Join(err, os.WriteFile(filepath.Join(dir, rel), data, 0o666))
	}))
	b.close()
	b.dir = dir
	b.open()
}

func TestMarksOfLateSamplesSurviveKill(t *testing.T) {
	b := newRollupBench(t)
	b.steady(90 * time.Minute)
	for i := range 5 {
		at := testTime.Add(time.Duration(17+11*i)*time.Minute + time.Second)
		b.write(pushed{labels: seriesOf("instance_cpu_utilization_ratio", path(t, "fraud/blue/i1")), t: at.UnixMilli(), v: float64(i)})
		watermark := b.rollups.Watermark()
		b.killed()
		require.Equal(t, watermark, b.rollups.Watermark())
		require.True(t, b.rollups.marks[rollupMark{endpoint: "fraud"}].overlaps(at.UnixMilli()-1, at.UnixMilli()), "mark %d", i)
		for range 10 {
			requireSame(t, b, fleetQuestion(rand.New(rand.NewPCG(uint64(i), 1)), b.catalogue, testTime, b.now))
		}
	}
}

// failingStore fails writes from one on.
type failingStore struct {
	*tsdb.Store
	left int
}

func (s *failingStore) Write(ctx context.Context, f func(storage.AppenderV2)) error {
	if s.left--; s.left < 0 {
		return errors.New("killed")
	}
	return s.Store.Write(ctx, f)
}

// A roll-up that was begun and not completed may have left samples that cannot be replaced, so it is never completed.
func TestRollupsThatWereInterruptedAreNotUsed(t *testing.T) {
	for _, writes := range []int{0, 1, 2, 3, 4, 5} {
		t.Run(fmt.Sprint(writes), func(t *testing.T) {
			b := newRollupBench(t)
			b.steady(30 * time.Minute)
			for range 2 * 60 {
				b.write(pushed{labels: seriesOf("instance_cpu_utilization_ratio", path(t, "fraud/blue/i0")), t: b.now.UnixMilli(), v: 0.5})
				b.now = b.now.Add(15 * time.Second)
			}
			b.roller.set.Store = &failingStore{b.store, writes}
			_, err := b.roller.Step(b.ctx())
			require.Error(t, err)
			b.killed()
			late := testTime.Add(40 * time.Minute)
			b.write(pushed{labels: seriesOf("instance_cpu_utilization_ratio", path(t, "fraud/blue/i1")), t: late.UnixMilli(), v: 0.1})
			b.steady(30 * time.Minute)
			rnd := rand.New(rand.NewPCG(uint64(writes), 1))
			for range 100 {
				requireSame(t, b, fleetQuestion(rnd, b.catalogue, testTime, b.now))
			}
		})
	}
}

func TestLateSamplesRaceWithTheRoller(t *testing.T) {
	b := newRollupBench(t)
	b.steady(time.Hour)
	var pushers sync.WaitGroup
	stop := make(chan struct{})
	for i := range 3 {
		pushers.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 3))
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				at := testTime.Add(time.Hour + time.Duration(rnd.IntN(3600_000))*time.Millisecond)
				b.write(
					pushed{labels: seriesOf("instance_cpu_utilization_ratio", path(t, fmt.Sprintf("fraud/blue/r%d", i))), t: at.UnixMilli(), v: rnd.Float64()},
					pushed{labels: seriesOf("endpoint_network_bytes_total", path(t, fmt.Sprintf("fraud/blue/r%d", i)), "direction", "receive"), t: at.UnixMilli(), v: float64(n)},
				)
			}
		})
	}
	for range 12 {
		b.steady(5 * time.Minute)
	}
	close(stop)
	pushers.Wait()
	rnd := rand.New(rand.NewPCG(5, 5))
	for range 150 {
		requireSame(t, b, fleetQuestion(rnd, b.catalogue, testTime, b.now))
	}
}

func TestSpans(t *testing.T) {
	var s spans
	for _, x := range []span{{10, 20}, {30, 40}, {50, 60}, {20, 25}, {35, 55}, {0, 5}} {
		s = s.add(x.from, x.to)
	}
	require.Equal(t, spans{{0, 5}, {10, 25}, {30, 60}}, s)
	require.True(t, s.covers(10, 25))
	require.False(t, s.covers(24, 31))
	require.False(t, s.overlaps(25, 30))
	require.True(t, s.overlaps(24, 26))
	require.True(t, s.overlaps(29, 31))
	require.False(t, s.overlaps(60, 70))
}

func TestRollupNamesAreReserved(t *testing.T) {
	in := func(name string) labels.Labels { return seriesOf(name, path(t, "fraud/blue/i0")) }
	for name, reserved := range map[string]bool{
		"instance:gpu_utilization_ratio:max5m": true, "deployment:x_total:increase1m": true, "endscope_rollup_complete": true, "endscope_rollup_late": true,
		"instance:node_cpu:rate5m": false, "job:x:sum5m": false, "instance:x:max": false, "gpu_utilization_ratio": false,
	} {
		require.Equal(t, reserved, scopes.Reserved(in(name)), name)
	}
}
