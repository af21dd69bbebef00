package state

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOneWriteThatFailsTakesNoOtherWithIt(t *testing.T) {
	s, c := open(t, DefaultConfig())
	gate, begun := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { // holds the writer, so that the next ones share a transaction
		_ = s.writer.do(t.Context(), func(*tx) error { close(begun); <-gate; return nil })
	})
	<-begun
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() {
			errs[i] = s.writer.do(t.Context(), func(t *tx) error {
				if err := t.exec("INSERT INTO rule_states VALUES (?, 0, '')", fmt.Sprint(i)); err != nil {
					return err
				}
				if i%5 == 0 {
					return errors.New("no")
				}
				return nil
			})
		})
	}
	left, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.writer.do(left, func(*tx) error { return nil }), context.Canceled)
	left, cancel = context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	require.ErrorIs(t, s.writer.do(left, func(*tx) error { t.Error("its caller has left"); return nil }), context.Canceled)
	close(gate)
	wg.Wait()
	for i, err := range errs {
		require.Equal(t, i%5 == 0, err != nil, "%d: %v", i, err)
	}
	got, err := s.LoadRuleStates(t.Context())
	require.NoError(t, err)
	require.Len(t, got, 16)
	require.NoError(t, s.Ping(t.Context()))
	_ = c
}

func TestAClosedStoreSaysSo(t *testing.T) {
	s, c := open(t, DefaultConfig())
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err := s.Apply(t.Context(), []Change{change(fired(1, c.now()), c.now())})
	require.ErrorIs(t, err, ErrClosed)
	require.ErrorIs(t, s.Ping(t.Context()), ErrClosed)
}
