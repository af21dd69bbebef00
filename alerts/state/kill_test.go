package state

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

const killEnv = "ENDSCOPE_ALERTS_KILL_PATH"

// applyForEver is the child: several goroutines apply alerts, save rule states and the journal, and print what was acknowledged.
func applyForEver(path string) int {
	ctx := context.Background()
	s, err := Open(ctx, DefaultConfig(), Settings{Path: path})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	var out sync.Mutex
	say := func(a ...any) {
		out.Lock()
		defer out.Unlock()
		fmt.Println(a...)
	}
	base := int(time.Now().UnixNano() % 1_000_000_000_000)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				n := base + worker*1_000_000_000_000 + i
				at := time.Now()
				if _, err := s.Apply(ctx, []Change{change(fired(n, at), at)}); err != nil {
					say("error", err)
					return
				}
				say("fired", n)
				if i%3 == 0 {
					if _, err := s.Apply(ctx, []Change{change(resolved(n, at, at), at)}); err != nil {
						say("error", err)
						return
					}
					say("resolved", n)
				}
				key := fmt.Sprint(n)
				if err := s.SaveJournal(ctx, "nflog", []alerts.JournalEntry{{Key: key, Data: []byte(key)}}); err != nil {
					say("error", err)
					return
				}
				say("journal", n)
			}
		})
	}
	wg.Wait()
	return 1
}

func TestWhatWasAcknowledgedSurvivesSIGKILL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.db")
	seen := map[string]map[int]bool{"fired": {}, "resolved": {}, "journal": {}}
	for life := range 4 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), killEnv+"="+path)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		count, limit := 0, 100+67*life
		for lines.Scan() {
			word, rest, _ := strings.Cut(lines.Text(), " ")
			require.NotEqual(t, "error", word, rest)
			n, err := strconv.Atoi(rest)
			require.NoError(t, err)
			seen[word][n] = true
			if count++; count == limit {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		require.Error(t, cmd.Wait())
		require.GreaterOrEqual(t, count, limit)

		s, err := Open(t.Context(), DefaultConfig(), Settings{Path: path})
		require.NoError(t, err)
		for n := range seen["fired"] {
			r, err := s.Read(t.Context(), fmt.Sprintf("id-%d", n))
			require.NoError(t, err)
			if seen["resolved"][n] {
				require.Equal(t, alerts.Resolved, r.Condition)
			}
			entries, err := s.Timeline(all(t), r.ID)
			require.NoError(t, err)
			require.NotEmpty(t, entries, "alert and timeline are one commit")
		}
		journal, err := s.LoadJournal(t.Context(), "nflog")
		require.NoError(t, err)
		have := map[string]bool{}
		for _, e := range journal {
			have[e.Key] = string(e.Data) == e.Key
		}
		for n := range seen["journal"] {
			require.True(t, have[fmt.Sprint(n)])
		}
		due, err := s.Waiting(t.Context())
		require.NoError(t, err)
		require.GreaterOrEqual(t, due, len(seen["fired"]), "nothing was handed on, so everything still is to be")
		require.NoError(t, s.Close())
	}
}
