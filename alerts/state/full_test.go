package state

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/internal/sqlite"
)

// pages bounds the file of a store, as a full disk does; what fits into the pages that it has still succeeds.
func pages(t *testing.T, s *Store, more int) {
	t.Helper()
	var n int
	require.NoError(t, s.writer.do(t.Context(), func(t *tx) error { return t.row("PRAGMA page_count", nil, &n) }))
	require.NoError(t, s.writer.do(t.Context(), func(t *tx) error { return t.row(fmt.Sprintf("PRAGMA max_page_count = %d", n+more), nil, &n) }))
}

func TestAFullDiskIsToldUntilThereIsRoom(t *testing.T) {
	s, c := open(t, DefaultConfig())
	apply(t, s, change(fired(0, c.now()), c.now()))
	require.NoError(t, s.Ping(t.Context()))
	pages(t, s, 20)
	var err error
	n := 1
	for ; err == nil; n++ {
		_, err = s.Apply(t.Context(), []Change{change(fired(n, c.now()), c.now())})
	}
	var full *sqlite.UnwritableError
	require.ErrorAs(t, err, &full)
	require.True(t, full.Full)
	require.ErrorContains(t, err, "the disk is full")
	require.Greater(t, n, 2)
	for range 3 { // again and again, though the heartbeat alone has room
		require.ErrorAs(t, s.Ping(t.Context()), &full)
	}
	open, err := s.Open(t.Context(), "")
	require.NoError(t, err, "it is read all the same")
	require.Len(t, open, n-1)

	// One that fails takes no other with it that has room.
	gate, begun, small, large := make(chan struct{}), make(chan struct{}), make(chan error, 1), make(chan error, 1)
	go func() { _ = s.writer.do(t.Context(), func(*tx) error { close(begun); <-gate; return nil }) }()
	<-begun
	go func() {
		large <- s.SaveJournal(t.Context(), JournalSilences, []alerts.JournalEntry{{Key: "x", Data: make([]byte, probeSize)}})
	}()
	go func() { small <- s.DeleteRuleState(t.Context(), "none") }()
	require.Eventually(t, func() bool { return len(s.writer.queue) == 2 }, time.Minute, time.Millisecond)
	close(gate)
	require.ErrorAs(t, <-large, &full)
	if err := <-small; err != nil { // unless a full disk ended the transaction of both
		require.True(t, errors.As(err, &full), "%v", err)
	}

	pages(t, s, 1000)
	require.NoError(t, s.Ping(t.Context()))
	require.False(t, s.writer.failed.Load())
	apply(t, s, change(fired(n, c.now()), c.now()))
	left, err := s.LoadJournal(t.Context(), "probe")
	require.NoError(t, err)
	require.Empty(t, left, "a probe leaves nothing")
}
