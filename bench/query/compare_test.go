package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnswersAreCompared(t *testing.T) {
	one := func(v float64) answer { return answer{{"a": {1: v, 2: 100}}} }
	for _, c := range []struct {
		name         string
		ours, theirs answer
		t            tolerance
		text         string
		ok           bool
	}{
		{"the same", one(5), one(5), tolerance{relative: rounding}, "2 equal", true},
		{"off", one(5), one(6), tolerance{relative: 0.1}, "2 by 17 %, at most 17 %, 1 beyond tolerance", false},
		{"off, tolerated", one(5), one(6), tolerance{relative: 0.2}, "2 by 17 %, at most 17 %", true},
		{"off, tolerated in half of the values", one(5), one(6), tolerance{relative: 0.1, share: 0.5}, "2 by 17 %, at most 17 %, 1 beyond tolerance", true},
		{"absent", one(5), answer{{"a": {1: 5}}}, tolerance{relative: 0.1}, "1 equal, 1 on one side only", false},
		{"another series", one(5), answer{{"a": {1: 5, 2: 100}, "b": {1: 1}}}, tolerance{relative: 0.1}, "2 equal, 1 on one side only", false},
		{"another part", one(5), append(one(5), values{"a": {1: 1}}), tolerance{relative: 0.1}, "2 equal, 1 on one side only", false},
		{"nothing", answer{{}}, answer{{}}, tolerance{relative: 1, share: 1}, "0 equal", false},
		{"in one bucket", one(110), one(240), tolerance{buckets: true}, "2 by 54 %, at most 54 %", true},
		{"in another bucket", one(110), one(400), tolerance{buckets: true}, "2 by 72 %, at most 72 %, 1 beyond tolerance", false},
		{"beyond the ladder", one(50_000), one(10_000), tolerance{buckets: true}, "2 by 80 %, at most 80 %", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := compare(c.ours, c.theirs, c.t)
			require.Equal(t, c.ok, d.tolerable(c.t), d.String())
			require.Equal(t, c.text, d.String())
		})
	}
}

// TestWindowsMoveWithinTheData wants every round's question to begin after the data do and to end before them.
func TestWindowsMoveWithinTheData(t *testing.T) {
	for _, span := range []time.Duration{30 * time.Minute, 6 * time.Hour, 24 * time.Hour} {
		p := plan{Endpoints: 20, Deployments: 4, Instances: 5, Span: span, End: time.Unix(1_700_000_040, 0)}
		for _, q := range questions(p) {
			ends := map[time.Time]bool{}
			for round := range 12 {
				w := q.window(p, round)
				ends[w.end] = true
				require.False(t, w.end.After(p.End), q.name)
				require.False(t, w.start.Before(p.start()), "%s: %s, data from %s", q.name, w, p.start())
				require.Equal(t, q.span, w.end.Sub(w.start), q.name)
				for _, r := range q.peers(plain, w) {
					require.NotEmpty(t, r.path)
				}
			}
			if q.name != "tree" && span > time.Hour {
				require.Greater(t, len(ends), 2, q.name)
			}
		}
	}
}

func TestPeersAreAskedInTheirWords(t *testing.T) {
	w := window{start: time.Unix(0, 0), end: time.Unix(3600, 0), step: time.Minute, offset: time.Hour}
	require.Equal(t, `1000 * histogram_quantile(0.99, sum by (a) (increase(endpoint_request_duration_seconds{b="c"}[60s] offset 3600s)))`, plain.p99(`b="c"`, w, "a"))
	require.Equal(t, `1000 * histogram_quantile(0.99, sum by (a) (increase(endpoint_request_duration_seconds{b="c"}[60s] anchored offset 3600s)))`, anchored.p99(`b="c"`, w, "a"))
	require.Equal(t, `1000 * histogram_quantile(0.99, sum by (a, le) (increase(endpoint_request_duration_seconds_bucket{b="c"}[60s] offset 3600s)))`, victoria.p99(`b="c"`, w, "a"))
	require.Equal(t, `sum by (a) (increase(endpoint_request_duration_seconds_count{}[60s]))`, victoria.requests("", window{step: time.Minute}, "a"))
}
