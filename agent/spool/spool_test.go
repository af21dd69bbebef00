package spool

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/endscope/endscope/internal/config"
)

type dropLog map[Reason]int

func open(t testing.TB, dir string, cfg Config, drops dropLog) *Spool {
	t.Helper()
	s, err := Open(cfg, Settings{Dir: dir, OnDrop: func(r Reason, n int) {
		if drops != nil {
			drops[r] += n
		}
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func fast() Config {
	c := DefaultConfig()
	c.Sync = SyncOff
	return c
}

func drain(t testing.TB, s *Spool) []string {
	t.Helper()
	var got []string
	for {
		e, ok, err := s.Peek()
		require.NoError(t, err)
		if !ok {
			return got
		}
		got = append(got, string(e.Payload))
		require.NoError(t, s.Ack(e.Seq))
	}
}

func TestEntriesComeBackInOrderAcrossReopening(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, DefaultConfig(), nil)
	for i := range 5 {
		require.NoError(t, s.Append(fmt.Appendf(nil, "round %d", i), i))
	}
	e, ok, err := s.Peek()
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "round 0", string(e.Payload))
	require.NoError(t, s.Ack(e.Seq))
	require.NoError(t, s.Ack(e.Seq), "a second Ack is no error")
	before := s.Stats()
	require.Equal(t, 4, before.Entries)
	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Append(nil, 0), ErrClosed)

	s = open(t, dir, DefaultConfig(), nil)
	require.Equal(t, before, s.Stats())
	require.NoError(t, s.Append([]byte("round 5"), 1))
	require.Equal(t, []string{"round 1", "round 2", "round 3", "round 4", "round 5"}, drain(t, s))
	require.Equal(t, Stats{}, s.Stats())
}

func TestTheBoundByBytesDropsTheOldest(t *testing.T) {
	drops := dropLog{}
	cfg := fast()
	cfg.MaxBytes = 1 << 20
	s := open(t, t.TempDir(), cfg, drops)
	payload := make([]byte, 100<<10)
	for i := range 25 {
		payload[0] = byte(i)
		require.NoError(t, s.Append(payload, 7))
		require.LessOrEqual(t, s.Stats().Bytes, int64(cfg.MaxBytes))
	}
	require.Equal(t, 10, s.Stats().Entries)
	require.Equal(t, dropLog{ReasonBytes: 15 * 7}, drops)
	e, _, err := s.Peek()
	require.NoError(t, err)
	require.Equal(t, byte(15), e.Payload[0], "the newest ten are kept")
	require.ErrorIs(t, s.Append(make([]byte, 2<<20), 1), ErrTooLarge)
}

// An entry that is pushed out while it is on its way is not lost if it arrives.
func TestAnEntryOnItsWayCountsOnce(t *testing.T) {
	for name, arrives := range map[string]bool{"arrives": true, "does not": false} {
		t.Run(name, func(t *testing.T) {
			drops := dropLog{}
			cfg := fast()
			cfg.MaxBytes = 1 << 20
			s := open(t, t.TempDir(), cfg, drops)
			for range 10 {
				require.NoError(t, s.Append(make([]byte, 100<<10), 7))
			}
			e, _, err := s.Peek()
			require.NoError(t, err)
			for range 3 {
				require.NoError(t, s.Append(make([]byte, 100<<10), 7))
			}
			require.Equal(t, dropLog{ReasonBytes: 2 * 7}, drops)
			want := 2
			if arrives {
				require.NoError(t, s.Ack(e.Seq))
			} else {
				want = 3
			}
			next, _, err := s.Peek()
			require.NoError(t, err)
			require.Equal(t, e.Seq+3, next.Seq)
			require.Equal(t, dropLog{ReasonBytes: want * 7}, drops)
		})
	}
}

func TestTheBoundByAgeDropsTheOldest(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		drops := dropLog{}
		s := open(t, dir, fast(), drops)
		require.NoError(t, s.Append([]byte("a"), 1))
		time.Sleep(12 * time.Hour)
		require.NoError(t, s.Append([]byte("b"), 2))
		time.Sleep(12 * time.Hour)
		e, ok, err := s.Peek()
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "a", string(e.Payload), "the bound itself is still inside")
		time.Sleep(time.Minute)
		require.Equal(t, []string{"b"}, drain(t, s))
		require.Equal(t, dropLog{ReasonAge: 1}, drops)
	})
}

func TestAnEmptiedSpoolGivesItsSpaceBack(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, fast(), nil)
	for range 200 {
		require.NoError(t, s.Append(make([]byte, 100<<10), 1))
	}
	require.Len(t, drain(t, s), 200)
	size := int64(0)
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range names {
		info, err := e.Info()
		require.NoError(t, err)
		size += info.Size()
	}
	require.Less(t, size, int64(maxSegment+1<<17))
	require.NoError(t, s.Append([]byte("after"), 1))
	require.Equal(t, []string{"after"}, drain(t, s))
}

func TestASecondHolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, fast(), nil)
	_, err := Open(fast(), Settings{Dir: dir})
	require.ErrorIs(t, err, ErrLocked)
}

func TestConfigErrorsNameKeyValueAndBound(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	err := Config{MaxBytes: 1, MaxAge: time.Second, Sync: "often"}.Validate()
	var text []string
	for _, f := range config.Fields(err) {
		text = append(text, f.Error())
	}
	require.Equal(t, "max_bytes: must be at least 1MiB (got 1B) max_age: must be at least 1m (got 1s) sync: must be one of commit, off (got often)", strings.Join(text, " "))
}

// The spool against a slice, through any order of appends, reads, acknowledgements and reopenings.
func TestTheSpoolIsAQueue(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		s, err := Open(fast(), Settings{Dir: dir})
		require.NoError(rt, err)
		defer func() { _ = s.Close() }()
		var want []string
		n := 0
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				n++
				p := fmt.Sprintf("%d-%s", n, strings.Repeat("x", rapid.IntRange(0, 9000).Draw(rt, "size")))
				require.NoError(rt, s.Append([]byte(p), 1))
				want = append(want, p)
			},
			"ack": func(rt *rapid.T) {
				e, ok, err := s.Peek()
				require.NoError(rt, err)
				require.Equal(rt, len(want) > 0, ok)
				if ok {
					require.Equal(rt, want[0], string(e.Payload))
					require.NoError(rt, s.Ack(e.Seq))
					want = want[1:]
				}
			},
			"reopen": func(rt *rapid.T) {
				require.NoError(rt, s.Close())
				s, err = Open(fast(), Settings{Dir: dir})
				require.NoError(rt, err)
			},
			"": func(rt *rapid.T) { require.Equal(rt, len(want), s.Stats().Entries) },
		})
	})
}

func BenchmarkAppendPeekAck(b *testing.B) {
	for _, sync := range []string{SyncCommit, SyncOff} {
		b.Run(sync, func(b *testing.B) {
			cfg := DefaultConfig()
			cfg.Sync = sync
			s := open(b, b.TempDir(), cfg, nil)
			payload := make([]byte, 4000)
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, s.Append(payload, 60))
				e, _, err := s.Peek()
				require.NoError(b, err)
				require.NoError(b, s.Ack(e.Seq))
			}
		})
	}
}

func FuzzDecodeHead(f *testing.F) {
	f.Add(encodeEntry(nil, head{seq: 1, time: 5, samples: 3}, []byte("payload")))
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, ok := decodeHead(b); ok && h.fits(b[headSize:]) {
			require.Equal(t, b, encodeEntry(nil, h, b[headSize:]))
		}
		if s, ok := decodeState(b); ok {
			require.Equal(t, b[:stateSize], s.encode())
		}
	})
}
