package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRowsAreJSONAndTheSameAgain(t *testing.T) {
	w := world{endpoints: 3, start: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), length: time.Hour}
	for name, row := range map[string]func(*maker, int){"traffic": (*maker).traffic, "console": (*maker).console, "event": (*maker).event} {
		a, b := newMaker(w, 1, 100), newMaker(w, 1, 100)
		for i := range 100 {
			row(a, i)
			row(b, i)
		}
		require.Equal(t, string(a.buf), string(b.buf), name)
		lines := strings.Split(strings.TrimSpace(string(a.buf)), "\n")
		require.Len(t, lines, 100, name)
		for _, line := range lines {
			var out struct {
				TimeGenerated time.Time
				EndpointName  string
			}
			require.NoError(t, json.Unmarshal([]byte(line), &out), line)
			require.True(t, strings.HasPrefix(out.EndpointName, "credit-0"), line)
			require.WithinRange(t, out.TimeGenerated, w.start.Add(-2*time.Second), w.start.Add(w.length))
		}
	}
	a := newMaker(w, 1, 100)
	a.traffic(50)
	require.Contains(t, string(a.buf), requestID(50))
}
