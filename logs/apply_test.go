package logs

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/logs/internal/duck"
)

// TestAnUncertainTransactionIsLookedUp applies a batch again after an error that does not say whether it is in its file: the file says.
func TestAnUncertainTransactionIsLookedUp(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	put(t, s, events, row{"TimeGenerated": time.Now()})
	require.Equal(t, int64(1), count(t, s, events))
	part := s.partitionsOf(s.tables[events])[0]
	again := newEntry(s.tables[events], batch(t, events, row{"TimeGenerated": time.Now()}))
	part.writing.Lock()
	again.seq = part.applied
	part.applied, part.unsure = 0, true
	part.writing.Unlock()
	sess, err := s.acquire()
	require.NoError(t, err)
	defer sess.release()
	_, err = s.apply(sess, s.journal.ID(), []*entry{again})
	require.NoError(t, err)
	require.Equal(t, int64(1), count(t, s, events))

	// The same number of another journal is another batch.
	_, err = s.apply(sess, "another", []*entry{again})
	require.NoError(t, err)
	require.Equal(t, int64(2), count(t, s, events))
}

// TestATransactionIsWholeOrNothing lets the second of two batches fail in the middle of their transaction.
func TestATransactionIsWholeOrNothing(t *testing.T) {
	s := openStore(t, t.TempDir(), nil)
	put(t, s, events, row{"TimeGenerated": time.Now()})
	require.Equal(t, int64(1), count(t, s, events))
	sess, err := s.acquire()
	require.NoError(t, err)
	defer sess.release()
	part := s.partitionsOf(s.tables[events])[0]
	good := newEntry(s.tables[events], batch(t, events, row{"TimeGenerated": time.Now()}))
	err = part.write(sess, "another", 7, func(a *duck.Appender) error {
		require.NoError(t, part.append(a, good, nil))
		return errors.New("the second batch")
	})
	require.ErrorContains(t, err, "the second batch")
	require.Equal(t, int64(1), count(t, s, events))
	put(t, s, events, row{"TimeGenerated": time.Now()})
	require.Equal(t, int64(2), count(t, s, events))
}
