package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
)

// newGroup returns a group over fake collectors, whose self collector is a fake too.
func newGroup(t testing.TB, interval, offset time.Duration, sources ...Source) (*group, *memorySpool) {
	m, _ := testMetrics(t)
	mem := &memorySpool{t: t}
	cfg := DefaultConfig()
	cfg.Interval = interval
	g := &group{interval: interval, offset: offset, encoder: newEncoder(identityLabels(testID, nil)), spool: mem, metrics: m, log: quiet}
	for _, s := range sources {
		g.runners = append(g.runners, newRunner(s, cfg, m, quiet))
	}
	return g, mem
}

// ticking returns a collector with one series, name{}, that counts its runs.
func ticking(name string, also func(ctx context.Context, n int) error) *collectorFunc {
	d, n := gaugeDesc(name), 0
	return &collectorFunc{name: name, collect: func(ctx context.Context, r *Round) error {
		n++
		r.Add(d, float64(n))
		if also != nil {
			return also(ctx, n)
		}
		return nil
	}}
}

// brief returns lines as name=value.
func brief(l []line) string {
	var out []string
	for _, x := range l {
		_, rest, _ := strings.Cut(x.series, `__name__="`)
		name, _, _ := strings.Cut(rest, `"`)
		out = append(out, name+"="+x.value)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestCollectorsOfAGroupTickTogetherAtTheirPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, mem := newGroup(t, 15*time.Second, 4*time.Second, Source{Collector: ticking("a", nil)}, Source{Collector: ticking("b", nil)})
		ctx, stop := context.WithCancel(t.Context())
		go g.run(ctx)
		start := time.Now() // synctest's clock starts at a multiple of 15 s
		time.Sleep(time.Minute)
		stop()
		synctest.Wait()
		rounds := mem.take()
		require.Len(t, rounds, 5)
		var at []time.Duration
		for i, r := range rounds[:4] {
			require.Equal(t, brief(r), "a="+string(rune('1'+i))+" b="+string(rune('1'+i)), "both in one request")
			at = append(at, r[0].at.Sub(start))
			require.Equal(t, r[0].at, r[1].at)
		}
		require.Equal(t, []time.Duration{0, 19 * time.Second, 34 * time.Second, 49 * time.Second}, at, "at once, then 4 s after each quarter, and not twice in half an interval")
		require.Equal(t, "a=stale b=stale", brief(rounds[4]))
	})
}

func TestTicksAreSpreadByIdentity(t *testing.T) {
	seen := map[time.Duration]bool{}
	for _, id := range []string{"e/d/1", "e/d/2", "e/d/3", "e/d/4"} {
		o := offsetOf(id, 15*time.Second)
		require.Equal(t, o, offsetOf(id, 15*time.Second))
		require.Less(t, o, 15*time.Second)
		seen[o.Truncate(time.Millisecond)] = true
	}
	require.Len(t, seen, 4)
	now := time.Unix(1_700_000_000, 123)
	for range 100 {
		next := nextTick(now, 15*time.Second, 4*time.Second)
		require.True(t, next.After(now) && next.Sub(now) <= 15*time.Second)
		require.Zero(t, (next.UnixNano()-int64(4*time.Second))%int64(15*time.Second))
		now = next
	}
}

func TestAHangingCollectorDelaysNobodyAndIsNotStartedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, runs, atOnce := make(chan struct{}), 0, 0
		hang := ticking("hang", func(_ context.Context, n int) error {
			runs++
			atOnce++
			defer func() { atOnce-- }()
			require.Equal(t, 1, atOnce)
			if n == 2 {
				<-release // deaf to its context, as a driver is
			}
			return nil
		})
		g, mem := newGroup(t, 10*time.Second, 0, Source{Collector: hang, Timeout: 3 * time.Second}, Source{Collector: ticking("good", nil)})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { g.run(ctx); close(done) }()
		ok := func() float64 { return testutil.ToFloat64(g.metrics.success.WithLabelValues("hang")) }
		step := func(d time.Duration) string {
			time.Sleep(d)
			synctest.Wait()
			var all []string
			for _, r := range mem.take() {
				all = append(all, brief(r))
			}
			return strings.Join(all, " | ")
		}
		require.Equal(t, "good=1 hang=1", step(time.Second))
		require.Equal(t, 1.0, ok())
		require.Equal(t, "good=2", step(11*time.Second), "after a second's grace the others go")
		require.Equal(t, "hang=stale", step(2*time.Second), "its timeout is over")
		require.Equal(t, 0.0, ok())
		require.Equal(t, "good=3", step(7*time.Second))
		require.Equal(t, "good=4", step(10*time.Second))
		require.Equal(t, 0.0, ok())
		require.Greater(t, testutil.ToFloat64(g.metrics.duration.WithLabelValues("hang")), 19.0, "how long it has hung so far")
		require.Equal(t, 2, runs)
		close(release)
		require.Equal(t, "good=5 hang=3", step(10*time.Second), "it takes part again, and what it brought late is not sent")
		require.Equal(t, 1.0, ok())
		stop()
		<-done
	})
}

func TestASlowCollectorGetsARequestOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := ticking("slow", func(context.Context, int) error { time.Sleep(2 * time.Second); return nil })
		g, mem := newGroup(t, 10*time.Second, 0, Source{Collector: slow, Timeout: 5 * time.Second}, Source{Collector: ticking("good", nil)})
		at := time.Now()
		g.round(t.Context(), at)
		require.Equal(t, 2*time.Second, time.Since(at))
		rounds := mem.take()
		require.Len(t, rounds, 2)
		require.Equal(t, "good=1", brief(rounds[0]))
		require.Equal(t, "slow=1", brief(rounds[1]))
		require.True(t, rounds[1][0].at.Equal(at), "dated with the tick")
	})
}

func TestWhatACollectorReadBeforeItsErrorIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		obedient := ticking("obedient", func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() })
		broken := ticking("broken", func(context.Context, int) error { return errors.New("no such device") })
		panics := ticking("panics", func(context.Context, int) error { panic("nil map") })
		g, mem := newGroup(t, 10*time.Second, 0, Source{Collector: obedient, Timeout: time.Second / 2}, Source{Collector: broken}, Source{Collector: panics})
		g.round(t.Context(), time.Now())
		rounds := mem.take()
		require.Len(t, rounds, 1)
		require.Equal(t, "broken=1 obedient=1 panics=1", brief(rounds[0]))
		for _, name := range []string{"obedient", "broken", "panics"} {
			require.Zero(t, testutil.ToFloat64(g.metrics.success.WithLabelValues(name)), name)
		}
		require.Equal(t, 1.0, testutil.ToFloat64(g.metrics.panics.WithLabelValues("panics")))
	})
}

func TestSelfTellsOfTheSameRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, mem := newGroup(t, 10*time.Second, 0, Source{Collector: ticking("a", nil)})
		d := gaugeDesc("success_of_a")
		self := &collectorFunc{name: "self", collect: func(_ context.Context, r *Round) error {
			r.Add(d, testutil.ToFloat64(g.metrics.success.WithLabelValues("a")))
			return nil
		}}
		g.self = newRunner(Source{Collector: self, Interval: g.interval}, DefaultConfig(), g.metrics, quiet)
		g.round(t.Context(), time.Now())
		require.Equal(t, "a=1 success_of_a=1", brief(mem.take()[0]))
	})
}

func TestAFullDiskIsCountedAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, mem := newGroup(t, 10*time.Second, 0, Source{Collector: ticking("a", nil)})
		a := &Agent{groups: []*group{g}}
		require.ErrorContains(t, a.Healthy(), "not begun")
		g.round(t.Context(), time.Now())
		require.NoError(t, a.Healthy())
		mem.err = errors.New("no space left on device")
		time.Sleep(31 * time.Second)
		g.round(t.Context(), time.Now())
		require.ErrorContains(t, a.Healthy(), "no space left on device")
		require.Equal(t, 1.0, testutil.ToFloat64(g.metrics.dropped.WithLabelValues(reasonSpool)))
		mem.err = nil
		g.round(t.Context(), time.Now())
		require.NoError(t, a.Healthy())
		time.Sleep(31 * time.Second)
		require.ErrorContains(t, a.Healthy(), "no round was collected for 31s")
	})
}

func TestALateTickIsNotDatedBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slept := false
		g, mem := newGroup(t, 10*time.Second, 0, Source{Collector: ticking("a", func(_ context.Context, n int) error {
			if n == 2 && !slept {
				slept = true
				time.Sleep(8 * time.Second) // longer than the interval allows; the next tick is one that is still to come
			}
			return nil
		}), Timeout: 9 * time.Second})
		ctx, stop := context.WithCancel(t.Context())
		start := time.Now()
		go g.run(ctx)
		time.Sleep(35 * time.Second)
		stop()
		synctest.Wait()
		last := time.Time{}
		for _, r := range mem.take() {
			require.True(t, r[0].at.After(last))
			last = r[0].at
		}
		require.Equal(t, 35*time.Second, last.Sub(start), "the stale marker")
	})
}

func TestALeavingAgentKeepsWhatIsAboutToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		slow := ticking("slow", func(context.Context, int) error { time.Sleep(400 * time.Millisecond); return nil })
		hang := ticking("hang", func(context.Context, int) error { <-release; return nil })
		hang2 := ticking("hang2", func(context.Context, int) error { <-release; return nil })
		g, mem := newGroup(t, 10*time.Second, 0, Source{Collector: hang}, Source{Collector: hang2}, Source{Collector: slow})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { g.run(ctx); close(done) }()
		time.Sleep(10 * time.Millisecond)
		begin := time.Now()
		stop()
		<-done
		require.LessOrEqual(t, time.Since(begin), leaveGrace)
		rounds := mem.take()
		require.Len(t, rounds, 2)
		require.Equal(t, "slow=1", brief(rounds[0]))
		require.Equal(t, "slow=stale", brief(rounds[1]))
		close(release)
	})
}
