package logs

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/logrows"
)

func keyed(t testing.TB, table, key, message string) *logrows.Batch {
	b := batch(t, table, row{"TimeGenerated": time.Now(), "Message": message})
	b.Key = key
	return b
}

func countOf(t testing.TB, s *Store, table string) int64 {
	return ask(t, s, SQL{Table: table, Text: `SELECT count(*) FROM {rows}`, Columns: result(logrows.Long)})[0][0].(int64)
}

func TestABatchThatIsSentAgainIsStoredOnce(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	send := func(b *logrows.Batch) error {
		_, err := s.Append(t.Context(), b)
		return err
	}
	require.NoError(t, send(keyed(t, events, "a", "one")))
	require.ErrorIs(t, send(keyed(t, events, "a", "one")), ErrRepeated)
	require.NoError(t, send(keyed(t, console, "a", "one")), "keys are of one table")
	require.NoError(t, send(keyed(t, events, "", "two")))
	require.NoError(t, send(keyed(t, events, "", "two")), "no key, no memory")
	require.Equal(t, int64(3), countOf(t, s, events))

	bad := keyed(t, events, "b", "three")
	early := batch(t, events, row{"TimeGenerated": time.Now(), "Message": "three"}, row{"TimeGenerated": time.Unix(0, 0), "Message": "old"})
	early.Key = "b"
	refused, err := s.Append(t.Context(), early)
	require.NoError(t, err)
	require.Len(t, refused, 1)
	require.ErrorIs(t, send(bad), ErrRepeated, "also when a part of it was refused")
	require.Equal(t, int64(4), countOf(t, s, events))
}

// Senders that give up on an answer and ask at once again meet themselves in one group of commits.
func TestRepetitionsAtTheSameTimeAreStoredOnce(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	var senders sync.WaitGroup
	var mu sync.Mutex
	stored := map[int]int{}
	for range 8 {
		senders.Go(func() {
			for n := range 50 {
				_, err := s.Append(context.Background(), keyed(t, events, fmt.Sprint(n), "x"))
				mu.Lock()
				if err == nil {
					stored[n]++
				} else if err != ErrRepeated {
					stored[n] = -100
				}
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	for n := range 50 {
		require.Equal(t, 1, stored[n], "batch %d", n)
	}
	require.Equal(t, int64(50), countOf(t, s, events))
}

func TestTheOldestKeysAreForgotten(t *testing.T) {
	var k keys
	for n := range rememberedKeys + 2 {
		k.add(fmt.Sprint(n))
		k.add(fmt.Sprint(n))
	}
	require.False(t, k.has("0"))
	require.False(t, k.has("1"))
	require.True(t, k.has("2"))
	require.True(t, k.has(fmt.Sprint(rememberedKeys+1)))
	require.Len(t, k.known, rememberedKeys)
}

func TestKeysOutliveTheJournalTheyWereIn(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 { // the first start reads no key, the second those beside rows, the third those of the journal's first record
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			s := openStore(t, dir, nil)
			_, err := s.Append(t.Context(), keyed(t, events, "a", "one"))
			if round == 0 {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrRepeated)
			}
			require.Equal(t, int64(1), countOf(t, s, events))
		})
	}
}

func FuzzReadKeys(f *testing.F) {
	f.Add([]byte{recordVersionKeys, 2, 4, 1, 'a'})
	f.Add([]byte{recordVersionKeys})
	f.Fuzz(func(t *testing.T, payload []byte) {
		if !isKeys(payload) {
			return
		}
		var k keys
		_ = k.read(payload)
		require.LessOrEqual(t, len(k.known), rememberedKeys)
	})
}
