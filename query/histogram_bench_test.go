package query

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

// BenchmarkHistogramForms looks up how the request histogram of 100 instances with 6 statuses each is stored: what every question
// about latency or requests does before it is evaluated.
func BenchmarkHistogramForms(b *testing.B) {
	bench := newBench(b)
	bench.now = testTime.Add(time.Hour)
	app := bench.append()
	for i := range 100 {
		in := path(b, "a/blue/i"+strconv.Itoa(i))
		for _, code := range []string{"200", "201", "400", "404", "424", "500"} {
			for at := testTime.Add(time.Minute); !at.After(bench.now); at = at.Add(time.Minute) {
				app.hist(testTime, at, nativeHistogram([]float64{0.1, 0.2, 0.5}), seriesOf("endpoint_request_duration_seconds", in, "status_code", code))
			}
		}
		for n := range 200 {
			app.float(bench.now, 1, seriesOf(fmt.Sprint("other_", n), in))
		}
	}
	app.done()
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(b, err)
	win := newWindows(testTime, bench.now, Interval{})
	for _, name := range []string{"RequestsPerMinute", "RequestLatency_P99"} {
		def, _ := catalogue.Lookup(name, scopes.LevelEndpoint)
		pl := &plan{def: def, scope: pattern(b, "a"), matchers: pattern(b, "a").Matchers(), window: win.length}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				forms, err := bench.planner.histogramForms(bench.ctx(), pl, win)
				require.NoError(b, err)
				require.Equal(b, HistogramNative, forms["endpoint_request_duration_seconds"].kind())
			}
		})
	}
}
