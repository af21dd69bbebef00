package route

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// notebook is a journal in memory.
type notebook struct {
	mu      sync.Mutex
	kinds   map[string]map[string]alerts.JournalEntry
	err     error
	commits int
	wait    time.Duration
}

func (n *notebook) SaveJournal(_ context.Context, kind string, entries []alerts.JournalEntry) error {
	time.Sleep(n.wait)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil {
		return n.err
	}
	n.commits++
	if n.kinds == nil {
		n.kinds = map[string]map[string]alerts.JournalEntry{}
	}
	if n.kinds[kind] == nil {
		n.kinds[kind] = map[string]alerts.JournalEntry{}
	}
	for _, e := range entries {
		n.kinds[kind][e.Key] = e
	}
	return nil
}

func (n *notebook) LoadJournal(_ context.Context, kind string) ([]alerts.JournalEntry, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Values(n.kinds[kind])), nil
}

func TestARestartTellsWhatWasNotTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := &notebook{}
		groups := []alerts.ActionGroup{group("oncall"), {Name: "each", ShortName: "single", Enabled: true}}
		next := func(puts ...Alert) *house {
			h := newHouse(t, `{"route":{"receiver":"oncall"}}`, groups, func(_ *Config, s *Settings) { s.Journal = n })
			require.NoError(t, h.Put(t.Context(), puts))
			h.run()
			return h
		}
		a, b := alertOf("a action_groups=,each,oncall,"), alertOf("b action_groups=,each,oncall,")
		h := next(a, b)
		time.Sleep(time.Minute)
		require.ElementsMatch(t, []string{"0s each/each +a", "0s each/each +b", "30s oncall +a +b"}, h.box.lines())
		h.stop()

		h = next(a, b)
		time.Sleep(time.Hour)
		require.Empty(t, h.box.lines(), "they were told")
		h.stop()

		// One resolves while nothing runs, and one fires.
		a.EndsAt = time.Now()
		c := alertOf("c action_groups=,each,oncall,")
		time.Sleep(time.Minute)
		h = next(a, b, c)
		time.Sleep(time.Minute)
		require.ElementsMatch(t, []string{"0s each/each -a", "0s each/each +c", "0s oncall +b +c -a"}, h.box.lines())
		h.stop()

		for range 3 {
			h = next(a, b, c)
			time.Sleep(10 * time.Minute)
			require.Empty(t, h.box.lines(), "what resolved is not told twice, whatever was told in between")
			h.stop()
		}
		stateless := alertOf("s action_groups=,each, alert_id=s")
		for i := range 3 {
			h = next(stateless, b, c)
			time.Sleep(10 * time.Minute)
			if lines := h.box.lines(); i == 0 {
				require.Equal(t, []string{"0s each/each +s"}, lines)
			} else {
				require.Empty(t, lines)
			}
			h.stop()
		}
		time.Sleep(20 * time.Hour)
		h = next(stateless)
		time.Sleep(time.Hour)
		require.Empty(t, h.box.lines(), "too old to be told")
		h.stop()
	})
}

func TestOnlyWhatIsOnDiskWasTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := &notebook{wait: 10 * time.Millisecond}
		h := open(t, `{"route":{"receiver":"oncall","group_by":["name"],"group_wait":"1s"}}`, []alerts.ActionGroup{group("oncall")}, func(_ *Config, s *Settings) { s.Journal = n })
		defer h.stop()
		names := make([]string, 500)
		for i := range names {
			names[i] = "a" + time.Duration(i).String()
		}
		h.fire(names...)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Len(t, h.box.got(), 500)
		n.mu.Lock()
		require.Len(t, n.kinds["nflog"], 500)
		require.Less(t, n.commits, 50, "many share a commit")
		n.err = errors.New("the disk is full")
		n.mu.Unlock()

		h.fire("late")
		time.Sleep(50 * time.Second)
		require.Len(t, h.box.got(), 1, "people are told all the same")
		require.NoError(t, h.Healthy(time.Now()))
		time.Sleep(20 * time.Second)
		require.ErrorContains(t, h.Healthy(time.Now()), "who was notified cannot be saved")
		require.Positive(t, testutil.ToFloat64(h.metrics.journalErrors))
		n.mu.Lock()
		n.err = nil
		n.mu.Unlock()
		time.Sleep(5 * time.Second)
		require.NoError(t, h.Healthy(time.Now()))
		n.mu.Lock()
		require.Len(t, n.kinds["nflog"], 501, "what failed is saved later")
		n.mu.Unlock()
	})
}

func TestADamagedJournalIsLeftOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := &notebook{}
		h := open(t, `{"route":{"receiver":"oncall"}}`, []alerts.ActionGroup{group("oncall")}, func(_ *Config, s *Settings) { s.Journal = n })
		h.fire("a")
		time.Sleep(time.Minute)
		h.stop()
		require.NoError(t, n.SaveJournal(t.Context(), "nflog", []alerts.JournalEntry{{Key: "x", Data: []byte("no protobuf")}}))
		require.NoError(t, n.SaveJournal(t.Context(), "silences", []alerts.JournalEntry{{Key: "y", Data: []byte{3, 1}}}))
		h = newHouse(t, `{"route":{"receiver":"oncall"}}`, []alerts.ActionGroup{group("oncall")}, func(_ *Config, s *Settings) { s.Journal = n })
		h.fire("a")
		h.run()
		time.Sleep(time.Minute)
		require.Empty(t, h.box.lines())
		require.InDelta(t, 2, testutil.ToFloat64(h.metrics.damaged), 0)
		h.stop()
	})
}

func TestRememberingWhatResolved(t *testing.T) {
	require.Equal(t, []uint64{1, 2}, remember(nil, []uint64{5}, []uint64{1, 2}))
	require.Equal(t, []uint64{1, 3}, remember([]uint64{1, 2, 3}, []uint64{2}, []uint64{1}))
	many := make([]uint64, 3*maxResolved)
	for i := range many {
		many[i] = uint64(i)
	}
	require.Len(t, remember(many, nil, nil), maxResolved)
}

func FuzzJournalEntries(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte{3, 1, 2, 3})
	f.Add([]byte("\x14\x0a\x0e\x0a\x01g\x12\x07\x0a\x01r\x12\x02wh\x22\x00\x12\x02\x08\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, split := range []func([]byte) ([]alerts.JournalEntry, error){notifiedEntries, silenceEntries} {
			entries, err := split(data)
			if err != nil {
				continue
			}
			for _, e := range entries {
				again, err := split(e.Data)
				require.NoError(t, err)
				require.Len(t, again, 1, "each entry can be read alone")
				require.Equal(t, e.Key, again[0].Key)
			}
		}
	})
}
