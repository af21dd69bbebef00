package alerts

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// feeder is what many senders are together: it pushes the present value of each series about once a second, until the test ends. What it
// cannot deliver it keeps, with its time, and delivers in order later, as the agent does.
type feeder struct {
	mu      sync.Mutex
	values  map[string]map[string]reading // by scope and series, such as gpu_temperature_celsius{gpu="0"}
	refused string                        // the last answer that no repetition would change
}

// reading is what a series shows: a value, and how much it grows in a second from a time on.
type reading struct {
	value, growth float64
	since         time.Time
}

func (r reading) at(t time.Time) float64 { return r.value + r.growth*t.Sub(r.since).Seconds() }

// feed starts a feeder of the servers.
func feed(t *testing.T, to ...*server) *feeder {
	f := &feeder{values: map[string]map[string]reading{}}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, s := range to {
		wg.Go(func() { f.run(ctx, s) })
	}
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.refused != "" {
			t.Errorf("a push was refused: %s", f.refused)
		}
	})
	return f
}

// set gives a series of a scope another value from now on.
func (f *feeder) set(scope, series string, v float64) {
	f.put(scope, series, func(reading) reading { return reading{value: v} })
}

// grow lets a counter go on from where it is, by so much in a second.
func (f *feeder) grow(scope, series string, perSecond float64) {
	now := time.Now()
	f.put(scope, series, func(r reading) reading { return reading{r.at(now), perSecond, now} })
}

func (f *feeder) put(scope, series string, change func(reading) reading) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.values[scope] == nil {
		f.values[scope] = map[string]reading{}
	}
	f.values[scope][series] = change(f.values[scope][series])
}

// round returns an exposition of the present values of each scope.
func (f *feeder) round(at time.Time) map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[string]string{}
	for scope, all := range f.values {
		var b strings.Builder
		for _, series := range slices.Sorted(maps.Keys(all)) {
			fmt.Fprintf(&b, "%s %g %d\n", series, all[series].at(at), at.UnixMilli())
		}
		out[scope] = b.String()
	}
	return out
}

type delivery struct{ scope, body string }

func (f *feeder) run(ctx context.Context, s *server) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var spool []delivery
	for {
		for scope, body := range f.round(time.Now()) {
			spool = append(spool, delivery{scope, body})
		}
		for len(spool) > 0 {
			status, text, err := s.do(ctx, http.MethodPost, "/api/v1/push/"+spool[0].scope, spool[0].body)
			if err != nil || status/100 == 5 || status == http.StatusTooManyRequests {
				break
			}
			if status/100 != 2 {
				f.mu.Lock()
				f.refused = string(text)
				f.mu.Unlock()
			}
			spool = spool[1:]
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
