package ingest

import (
	"fmt"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/stretchr/testify/require"
)

// TestTheCacheForgetsInBulk wants what is gone to leave, though not at each of the store's many calls.
func TestTheCacheForgetsInBulk(t *testing.T) {
	c := newSeriesCache(1 << 20)
	for i := range 800 {
		raw := fmt.Appendf(nil, "series %d", i)
		_, hash := c.get(raw)
		s := &series{raw: raw}
		s.ref.Store(uint64(i + 1))
		c.put(hash, s)
	}
	entries := func() int {
		n, _ := c.size()
		return n
	}
	for i := range 99 {
		c.forget(map[chunks.HeadSeriesRef]labels.Labels{chunks.HeadSeriesRef(i + 1): labels.EmptyLabels()})
		c.forget(nil)
	}
	require.Equal(t, 800, entries())
	c.forget(map[chunks.HeadSeriesRef]labels.Labels{100: labels.EmptyLabels(), 10_000: labels.EmptyLabels()})
	require.Equal(t, 700, entries())
	require.Empty(t, c.gone)
	s, _ := c.get([]byte("series 99"))
	require.Nil(t, s)
	s, _ = c.get([]byte("series 100"))
	require.NotNil(t, s)
}
