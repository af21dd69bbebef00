package receivers

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
)

func hookAt(base string) string {
	return `{"name":"hook","serviceUri":"` + base + `/in","useCommonAlertSchema":true}`
}

func TestAWebhookIsRetriedAsAzureDoes(t *testing.T) {
	seconds := func(list ...int) []time.Duration {
		out := []time.Duration{}
		for _, s := range list {
			out = append(out, time.Duration(s)*time.Second)
		}
		return out
	}
	for _, c := range []struct {
		name     string
		statuses []int // the last one stays
		after    string
		waits    []time.Duration
		calls    int
		fails    string
	}{
		{name: "well", statuses: []int{200}, waits: seconds(), calls: 1},
		{name: "accepted", statuses: []int{202}, waits: seconds(), calls: 1},
		{name: "503 once", statuses: []int{503, 200}, waits: seconds(5), calls: 2},
		{name: "408, 429, 504", statuses: []int{408, 429, 504, 204}, waits: seconds(5, 20, 5), calls: 4},
		{name: "always 500", statuses: []int{500}, waits: seconds(5, 20, 5, 40, 5), calls: 6, fails: "given up after 6 attempts"},
		{name: "400 is final", statuses: []int{400}, waits: seconds(), calls: 1, fails: "status 400"},
		{name: "Retry-After", statuses: []int{429, 200}, after: "30", waits: seconds(30), calls: 2},
		{name: "Retry-After below ours", statuses: []int{429, 200}, after: "1", waits: seconds(5), calls: 2},
		{name: "Retry-After without bound", statuses: []int{503, 200}, after: "86400", waits: seconds(60), calls: 2},
		{name: "Retry-After as a date", statuses: []int{503, 200}, after: "Sat, 28 Nov 2026 10:00:25 GMT", waits: seconds(25), calls: 2},
		{name: "Retry-After as nonsense", statuses: []int{503, 200}, after: "-soon", waits: seconds(5), calls: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := listen(t, func(w http.ResponseWriter, _ call, n int) {
				if c.after != "" {
					w.Header().Set("Retry-After", c.after)
				}
				w.WriteHeader(c.statuses[min(n, len(c.statuses))-1])
			})
			k := newKit(t)
			i := k.one(t, group(t, "webhookReceivers", hookAt(l.URL)))
			retry, err := i.Notify(about(t, example()), example())
			require.False(t, retry, "Alertmanager adds no retries of its own")
			if c.fails == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.fails)
			}
			require.Equal(t, c.waits, append(seconds(), k.clock.waits()...))
			calls := l.got()
			require.Len(t, calls, c.calls)
			for _, one := range calls {
				require.Equal(t, calls[0].Header.Get("Idempotency-Key"), one.Header.Get("Idempotency-Key"))
				require.NotEmpty(t, one.Header.Get("Idempotency-Key"))
				require.Equal(t, calls[0].Body, one.Body)
			}
		})
	}
}

func TestAnAddressThatFailedIsLeftAloneFor15Minutes(t *testing.T) {
	status := 500
	l := listen(t, func(w http.ResponseWriter, _ call, _ int) { w.WriteHeader(status) })
	k := newKit(t)
	i := k.one(t, group(t, "webhookReceivers", hookAt(l.URL)))
	other := k.one(t, group(t, "webhookReceivers", `{"name":"other","serviceUri":"`+l.URL+`/in"}`))
	notify := func() (bool, error) { return i.Notify(about(t, example()), example()) }

	_, err := notify()
	require.ErrorContains(t, err, "given up after 6 attempts, not called until")
	require.Len(t, l.got(), 6)
	require.InDelta(t, 1, testutil.ToFloat64(k.metrics.pausedNow), 0)

	retry, err := notify()
	require.ErrorContains(t, err, "not called until")
	require.False(t, retry)
	_, err = other.Notify(about(t, example()), example())
	require.ErrorContains(t, err, "not called until", "the pause is of the address, whoever calls it")
	require.Len(t, l.got(), 6)
	require.InDelta(t, 2, testutil.ToFloat64(k.metrics.refused.WithLabelValues("webhook")), 0)

	k.clock.add(pause)
	_, err = notify()
	require.ErrorContains(t, err, "given up after 1 attempts", "one call finds out whether it is back")
	require.Len(t, l.got(), 7)

	k.clock.add(pause)
	status = 200
	_, err = notify()
	require.NoError(t, err)
	_, err = notify()
	require.NoError(t, err)
	require.Len(t, l.got(), 9)
	require.InDelta(t, 0, testutil.ToFloat64(k.metrics.pausedNow), 0)
}

func TestOnlyOneTriesWhetherAnAddressIsBack(t *testing.T) {
	c := newCircuits()
	until := c.fail("a", fired)
	require.Equal(t, fired.Add(pause), until)
	g, _ := c.enter("a", until.Add(-time.Second))
	require.Equal(t, gateOpen, g)
	g, _ = c.enter("a", until)
	require.Equal(t, gateTrial, g)
	g, _ = c.enter("a", until)
	require.Equal(t, gateBusy, g)
	c.leave("a")
	g, _ = c.enter("a", until)
	require.Equal(t, gateTrial, g)
	c.succeed("a")
	g, _ = c.enter("a", until)
	require.Equal(t, gateClosed, g)
}

func TestAnInterruptedRetryIsLeftToAlertmanager(t *testing.T) {
	l := listen(t, func(w http.ResponseWriter, _ call, _ int) { w.WriteHeader(503) })
	k := newKit(t, func(_ *Config, s *Settings) {
		s.Sleep = func(context.Context, time.Duration) error { return errors.New("the group's time is over") }
	})
	i := k.one(t, group(t, "webhookReceivers", hookAt(l.URL)))
	retry, err := i.Notify(about(t, example()), example())
	require.ErrorContains(t, err, "interrupted after 1 attempts")
	require.True(t, retry)
	require.InDelta(t, 0, testutil.ToFloat64(k.metrics.pausedNow), 0)
}

func TestAWebhookHasALimitOfCalls(t *testing.T) {
	l := listen(t, nil)
	k := newKit(t, func(c *Config, _ *Settings) { c.WebhooksPerMinute = 3 })
	i := k.one(t, group(t, "webhookReceivers", hookAt(l.URL)))
	for range 3 {
		_, err := i.Notify(about(t, example()), example())
		require.NoError(t, err)
	}
	retry, err := i.Notify(about(t, example()), example())
	require.ErrorContains(t, err, "limit of 3 calls a minute for this address: the next may be made in 1m0s")
	require.True(t, retry)
	require.Len(t, l.got(), 3)
	require.InDelta(t, 1, testutil.ToFloat64(k.metrics.limited.WithLabelValues("webhook")), 0)
	k.clock.add(time.Minute)
	_, err = i.Notify(about(t, example()), example())
	require.NoError(t, err)
}

func TestALimiterForgetsWhatIsOld(t *testing.T) {
	l := newLimiter(2, time.Minute)
	at := func(s int) time.Time { return fired.Add(time.Duration(s) * time.Second) }
	f := func(key string, s int, ok bool, wait time.Duration) {
		t.Helper()
		w, got := l.take(key, at(s))
		require.Equal(t, ok, got)
		require.Equal(t, wait, w)
	}
	f("a", 0, true, 0)
	f("a", 10, true, 0)
	f("a", 20, false, 40*time.Second)
	f("b", 20, true, 0)
	f("a", 60, true, 0)
	f("a", 61, false, 9*time.Second)
	l.giveBack("a", at(60))
	f("a", 61, true, 0)
	f("c", 1000, true, 0)
	require.Len(t, l.used, 1)
}
