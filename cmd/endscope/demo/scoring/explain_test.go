package scoring

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/scrape"
)

// words reads an explanation, and returns its text, the number of its tokens and its last event.
func words(t *testing.T, answer string) (text string, n int, last chunk) {
	events := strings.Split(strings.TrimSuffix(answer, "\n\n"), "\n\n")
	require.Equal(t, "data: [DONE]", events[len(events)-1])
	for _, e := range events[:len(events)-1] {
		data, ok := strings.CutPrefix(e, "data: ")
		require.True(t, ok, e)
		last = chunk{}
		require.NoError(t, json.Unmarshal([]byte(data), &last))
		require.Len(t, last.Choices, 1)
		text += last.Choices[0].Text
		if last.Usage == nil {
			n++
		}
	}
	return text, n, last
}

func TestAnExplanationComesInWords(t *testing.T) {
	url, said := serve(t, "boosted", Behaviour{Lookup: time.Millisecond})
	status, answer := ask(t, url+"/explain", "id-1", one(t, 50_000))
	require.Equal(t, http.StatusOK, status)
	text, n, last := words(t, answer)
	require.Regexp(t, `^The probability of default is 0\.\d\d: .* counts for [+-]0\.\d{3}\. $`, text)
	prompt := Features + enginePrompt
	require.Equal(t, usage{prompt, n, prompt + n}, *last.Usage)
	require.Equal(t, "stop", *last.Choices[0].Finish)
	require.Equal(t, "cmpl-id-1", last.ID)
	_, answer = ask(t, url+"/explain", "id-2", one(t, 50_000))
	again, _, _ := words(t, answer)
	require.Equal(t, text, again)
	for body, says := range map[string]string{one(t, 0): "division by the applicant's limit", `{"data": []}`: "1 to 100 rows"} {
		status, text := ask(t, url+"/explain", "id-3", body)
		require.GreaterOrEqual(t, status, 400)
		require.Contains(t, text, says)
	}
	said.with(t, " HTTP/1.1\" ", 4)
	v, count := page(t, url), float64(n)
	for name, want := range map[string]float64{
		"scorer_request_seconds": 3, "scorer_queue_seconds": 3, "scorer_prefill_seconds": 2, "scorer_decode_seconds": 2, "scorer_first_token_seconds": 2,
		"scorer_token_gap_seconds": 2 * (count - 1), "scorer_token_mean_seconds": 2, "scorer_tokens_total prompt": 3 * float64(prompt), "scorer_tokens_total answer": 2 * count,
		"scorer_request_tokens prompt": 3, "scorer_request_tokens answer": 3, "scorer_prefix_tokens_total yes": 2 * enginePrompt, "scorer_prefix_tokens_total no": float64(prompt) + 2*Features,
		"scorer_ended_total done": 2, "scorer_ended_total failed": 1, "scorer_ended_total left": 0, "scorer_ended_total limit": 0, "scorer_running": 0, "scorer_waiting": 0,
		"scorer_places": enginePlaces, "scorer_cache_tokens": engineCache, "scorer_cache_used_percent": 0, "scorer_http_requests_total 200 /explain": 2,
	} {
		require.Contains(t, v, name)
		require.Equal(t, want, v[name], name)
	}
}

func TestTheEngineBoundsWhatRunsAndWhatWaits(t *testing.T) {
	url, said := serve(t, "logistic", Behaviour{Lookup: 300 * time.Millisecond})
	const more = 4
	var all sync.WaitGroup
	statuses := make(chan int, 100)
	for range enginePlaces + engineWaiting + more {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			req, _ := http.NewRequestWithContext(ctx, http.MethodPost, url+"/explain", strings.NewReader(one(t, 50_000)))
			if resp, err := client.Do(req); err == nil {
				statuses <- resp.StatusCode // the client leaves: it does not read what follows
				_ = resp.Body.Close()
			}
		})
	}
	require.Eventually(t, func() bool {
		v := page(t, url)
		return v["scorer_running"] == enginePlaces && v["scorer_waiting"] == engineWaiting && v["scorer_refused_total full"] == more
	}, 10*time.Second, 5*time.Millisecond)
	all.Wait()
	close(statuses)
	counts := map[int]int{}
	for s := range statuses {
		counts[s]++
	}
	require.Equal(t, map[int]int{200: enginePlaces + engineWaiting, 429: more}, counts)
	console := said.with(t, " HTTP/1.1\" ", enginePlaces+engineWaiting+more)
	require.Contains(t, console, "WARNING:  /explain refused: too many requests wait for an explanation")
	v := page(t, url)
	require.Positive(t, v["scorer_ended_total left"])
	require.EqualValues(t, strings.Count(console, "WARNING:  the answer broke off: the client left"), v["scorer_ended_total left"])
	require.Zero(t, v["scorer_running"])
	require.Zero(t, v["scorer_cache_used_percent"])
}

// Each metric that the mapping reads is on the page, and every canonical reading of a model server comes out of it.
func TestTheMappingIsOfThisServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mapping.yaml")
	require.NoError(t, os.WriteFile(file, []byte(Mapping()), 0o644))
	all, err := scrape.LoadMappings([]string{file})
	require.NoError(t, err)
	require.Equal(t, "scorer", all[0].Kind)
	_, reg, err := newMetrics()
	require.NoError(t, err)
	families, err := reg.Gather()
	require.NoError(t, err)
	var names, to []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	for _, r := range all[0].Metrics {
		for _, from := range r.From {
			require.Contains(t, names, from.Name)
		}
		to = append(to, r.To)
	}
	for _, m := range all[1:] { // what other kinds give, this one gives
		for _, r := range m.Metrics {
			if strings.HasPrefix(r.To, "model_") {
				require.Contains(t, to, r.To)
			}
		}
	}
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(to))), len(to))
}
