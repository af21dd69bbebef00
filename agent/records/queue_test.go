package records

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheQueueIsBoundedByRowsAndBytes(t *testing.T) {
	size := func(n *int) int64 { return int64(*n) }
	q := newQueue(4, 100, 2, size)
	offer := func(n int) string {
		reason, _ := q.offer(&n, size(&n))
		return reason
	}
	require.Empty(t, q.wake)
	require.Equal(t, "", offer(1000), "one row alone may be larger than the bound")
	require.Len(t, q.wake, 1)
	require.Equal(t, ReasonQueueFull, offer(1))
	require.Equal(t, []int{1000}, q.next(10))
	require.Equal(t, ReasonQueueFull, offer(1), "a row that is being written is still there")
	q.done(1)
	for range 4 {
		require.Equal(t, "", offer(5))
	}
	require.Len(t, q.pressing, 1)
	require.Equal(t, ReasonQueueFull, offer(5))
	require.Equal(t, []int{5, 5, 5}, q.next(3))
	q.done(2)
	rows, bytes := q.waiting()
	require.Equal(t, 2, rows)
	require.EqualValues(t, 10, bytes)
	require.Equal(t, "", offer(6))
	require.Equal(t, []int{5, 5}, q.next(3), "the newer come next")
	q.done(2)
	require.Equal(t, []int{6}, q.next(3))
	q.done(1)
	require.Empty(t, q.next(3))
	q.close()
	require.Equal(t, ReasonClosed, offer(1))
}

func TestTheQueueKeepsTheOrderOfEachProducer(t *testing.T) {
	type row struct{ producer, n int }
	q := newQueue(1<<20, 1<<40, 100, func(*row) int64 { return 1 })
	var producers sync.WaitGroup
	const each = 5000
	for p := range 4 {
		producers.Go(func() {
			for n := range each {
				_, taken := q.offer(&row{p, n}, 1)
				if !taken {
					t.Error("not taken")
				}
			}
		})
	}
	last, got := map[int]int{}, 0
	for got < 4*each {
		rows := q.next(77)
		for _, r := range rows {
			require.Equal(t, last[r.producer], r.n)
			last[r.producer]++
		}
		got += len(rows)
		q.done(len(rows))
	}
	producers.Wait()
	rows, bytes := q.waiting()
	require.Zero(t, rows)
	require.Zero(t, bytes)
}
