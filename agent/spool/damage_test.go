package spool

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

// fill appends n entries that begin with their number and hold so many samples, and acknowledges the first few.
func fill(t require.TestingT, s *Spool, n, acked int, size func(i int) int) (waiting int) {
	for i := range n {
		require.NoError(t, s.Append([]byte(fmt.Sprintf("%d %s", i, strings.Repeat(string(rune('a'+i%26)), size(i)))), i))
		waiting += i
	}
	for range acked {
		e, ok, err := s.Peek()
		require.NoError(t, err)
		require.True(t, ok)
		require.NoError(t, s.Ack(e.Seq))
		waiting -= e.Samples
	}
	return waiting
}

// numbers returns the numbers that fill gave to what is left, in order, and how many samples they hold.
func numbers(t require.TestingT, s *Spool) (all []int, samples int) {
	for {
		e, ok, err := s.Peek()
		require.NoError(t, err)
		if !ok {
			return all, samples
		}
		text, rest, _ := strings.Cut(string(e.Payload), " ")
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		require.Equal(t, n, e.Samples)
		require.Equal(t, strings.Repeat(string(rune('a'+n%26)), len(rest)), rest)
		all, samples = append(all, n), samples+n
		require.NoError(t, s.Ack(e.Seq))
	}
}

// files returns the paths of the segments.
func files(t require.TestingT, dir string) []string {
	all, err := filepath.Glob(filepath.Join(dir, "spool-*.log"))
	require.NoError(t, err)
	return all
}

func small() Config {
	c := fast()
	c.MaxBytes = 1 << 20 // segments of 128 KiB
	return c
}

func TestDamagedFilesLoseOnlyWhatIsDamaged(t *testing.T) {
	const n, acked = 60, 7
	change := func(at func(size int) (from, to int), with byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			path := files(t, dir)[1]
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			from, to := at(len(b))
			for i := from; i < to; i++ {
				b[i] = with
			}
			require.NoError(t, os.WriteFile(path, b, 0o600))
		}
	}
	cases := map[string]struct {
		damage          func(t *testing.T, dir string)
		least, most     int  // entries that are left
		acknowledgement bool // is lost
	}{
		"a block of zeros":   {damage: change(func(size int) (int, int) { return size / 2, size/2 + 4096 }, 0), least: n - acked - 3, most: n - acked - 1},
		"a block of ones":    {damage: change(func(size int) (int, int) { return size / 2, size/2 + 4096 }, 0xff), least: n - acked - 3, most: n - acked - 1},
		"one byte":           {damage: change(func(size int) (int, int) { return size / 2, size/2 + 1 }, 0xee), least: n - acked - 1, most: n - acked - 1},
		"the first entry":    {damage: change(func(size int) (int, int) { return 0, 10 }, 0), least: n - acked - 1, most: n - acked - 1},
		"a segment of zeros": {damage: change(func(size int) (int, int) { return 0, size }, 0), least: 5, most: n - acked - 5},
		"a segment is gone":  {damage: func(t *testing.T, dir string) { require.NoError(t, os.Remove(files(t, dir)[1])) }, least: 5, most: n - acked - 5},
		"all are gone": {damage: func(t *testing.T, dir string) {
			for _, path := range files(t, dir) {
				require.NoError(t, os.Remove(path))
			}
		}},
		"cut short": {damage: func(t *testing.T, dir string) {
			all := files(t, dir)
			info, err := os.Stat(all[len(all)-1])
			require.NoError(t, err)
			require.NoError(t, os.Truncate(all[len(all)-1], info.Size()-3000))
		}, least: n - acked - 2, most: n - acked - 1},
		"the state": {damage: func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, stateName), bytes.Repeat([]byte("no"), 5000), 0o600))
		}, least: n - acked, most: n, acknowledgement: true},
		"the state is gone": {damage: func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, stateName))) }, least: n - acked, most: n, acknowledgement: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, small(), nil)
			waiting := fill(t, s, n, acked, func(i int) int { return 500 + i*i*6 })
			require.NoError(t, s.Close())
			require.Greater(t, len(files(t, dir)), 2)
			c.damage(t, dir)

			drops := dropLog{}
			s = open(t, dir, small(), drops)
			require.Equal(t, 60, max(s.Stats().Entries, 60))
			require.NoError(t, s.Append([]byte("1000 "), 1000))
			got, samples := numbers(t, s)
			require.Equal(t, 1000, got[len(got)-1])
			samples -= 1000
			for i, x := range got {
				require.True(t, c.acknowledgement || x >= acked, "what was acknowledged does not come back")
				require.True(t, i == 0 || got[i-1] < x, "in order")
			}
			if !c.acknowledgement {
				require.Equal(t, waiting, samples+drops[ReasonCorrupt], "what is not there is counted")
			} else {
				require.Empty(t, drops)
			}
			require.GreaterOrEqual(t, len(got)-1, c.least)
			require.LessOrEqual(t, len(got)-1, c.most)
			require.Equal(t, Stats{}, s.Stats())
		})
	}
}

// Whatever happens to a few bytes of the file, at rest or while the spool is open: what is left is in order and unchanged, and the rest is counted.
func TestDamageAnywhereIsCounted(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		require.NoError(rt, err)
		drops := dropLog{}
		onDrop := func(r Reason, n int) { drops[r] += n; rt.Log("dropped", r, n) }
		log := slog.New(slog.NewTextHandler(logTo{rt}, nil))
		s, err := Open(small(), Settings{Dir: dir, OnDrop: onDrop, Logger: log})
		require.NoError(rt, err)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		n := rapid.IntRange(1, 80).Draw(rt, "entries")
		acked := rapid.IntRange(0, n-1).Draw(rt, "acked")
		waiting := fill(rt, s, n, acked, func(int) int { return r.IntN(6000) })
		live := rapid.Bool().Draw(rt, "while open")
		if !live {
			require.NoError(rt, s.Close())
		}
		all := files(rt, dir)
		f, err := os.OpenFile(all[rapid.IntRange(0, len(all)-1).Draw(rt, "segment")], os.O_RDWR, 0)
		require.NoError(rt, err)
		info, err := f.Stat()
		require.NoError(rt, err)
		for range rapid.IntRange(1, 4).Draw(rt, "wounds") {
			wound := make([]byte, rapid.IntRange(1, 9000).Draw(rt, "size"))
			if rapid.Bool().Draw(rt, "random") {
				for i := range wound {
					wound[i] = byte(r.Uint32())
				}
			}
			at := rapid.Int64Range(0, info.Size()-1).Draw(rt, "at")
			_, err = f.WriteAt(wound[:min(int64(len(wound)), info.Size()-at)], at)
			require.NoError(rt, err)
		}
		require.NoError(rt, f.Close())
		if !live {
			s, err = Open(small(), Settings{Dir: dir, OnDrop: onDrop, Logger: log})
			require.NoError(rt, err)
		}
		require.NoError(rt, s.Append([]byte("1000 "), 1000))
		got, samples := numbers(rt, s)
		for i, x := range got {
			require.True(rt, i == 0 || got[i-1] < x, "in order")
			require.GreaterOrEqual(rt, x, acked)
		}
		lost := 0
		for _, n := range drops {
			lost += n
		}
		require.Equal(rt, waiting+1000, samples+lost)
		require.NoError(rt, s.Close())
	})
}

// A write that a crash cut leaves half an entry, whose number the next one gets again.
func TestATornEntryIsPassedOver(t *testing.T) {
	for _, cut := range []int64{1, headSize - 1, headSize, headSize + 10, 2*headSize + 30} {
		dir, drops := t.TempDir(), dropLog{}
		s := open(t, dir, fast(), drops)
		fill(t, s, 5, 1, func(int) int { return 20 })
		require.NoError(t, s.Close())
		path := files(t, dir)[0]
		state, err := os.ReadFile(filepath.Join(dir, stateName))
		require.NoError(t, err)
		whole, err := os.ReadFile(path)
		require.NoError(t, err)

		s = open(t, dir, fast(), drops)
		require.NoError(t, s.AppendAll([]Payload{{[]byte("5 ffffffffffffffffffff"), 5}, {[]byte("6 gggggggggggggggggggg"), 6}}))
		require.NoError(t, s.Close())
		torn, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, torn[:int64(len(whole))+cut], 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, stateName), state, 0o600))

		for range 2 {
			s = open(t, dir, fast(), drops)
			require.NoError(t, s.Append([]byte("7 hhhhhhhhhhhhhhhhhhhh"), 7))
			require.NoError(t, s.Close())
		}
		s = open(t, dir, fast(), drops)
		got, _ := numbers(t, s)
		want := []int{1, 2, 3, 4, 7, 7}
		if cut > 2*headSize { // the first of the two was whole
			want = []int{1, 2, 3, 4, 5, 7, 7}
		}
		require.Equal(t, want, got)
		require.Empty(t, drops)
	}
}

// A file of the first version is read on.
func TestFilesOfTheFirstVersionAreTakenOver(t *testing.T) {
	dir, drops := t.TempDir(), dropLog{}
	db, err := bbolt.Open(filepath.Join(dir, nameV1), 0o600, nil)
	require.NoError(t, err)
	require.NoError(t, db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("entries"))
		require.NoError(t, err)
		for i := range 300 {
			v := []byte{1, 0, 0, 0, 0}
			v = binary.LittleEndian.AppendUint64(v, uint64(time.Now().UnixMilli()))
			v = binary.LittleEndian.AppendUint32(v, uint32(i))
			v = append(v, fmt.Sprintf("%d %s", i, strings.Repeat(string(rune('a'+i%26)), 30<<10))...)
			binary.LittleEndian.PutUint32(v[1:], crc32.Checksum(v[5:], castagnoli))
			if i == 100 {
				v[500]++
			}
			require.NoError(t, b.Put(binary.BigEndian.AppendUint64(nil, uint64(i+40)), v))
		}
		return nil
	}))
	require.NoError(t, db.Close())
	s := open(t, dir, fast(), drops)
	require.Equal(t, 299, s.Stats().Entries)
	require.WithinDuration(t, time.Now(), s.Stats().Oldest, time.Minute)
	got, _ := numbers(t, s)
	require.Len(t, got, 299)
	require.Equal(t, dropLog{ReasonCorrupt: 100}, drops)
	require.NoError(t, s.Close())
	s = open(t, dir, fast(), nil)
	require.Zero(t, s.Stats().Entries)
}

// The machine's clock has no say in an entry's age: it may be set while the spool is open or closed.
func TestAgeIsNotTheMachinesClock(t *testing.T) {
	dir := t.TempDir()
	drops := dropLog{}
	synctest.Test(t, func(t *testing.T) {
		s := open(t, dir, fast(), drops)
		require.NoError(t, s.Append([]byte("a"), 1))
		time.Sleep(20 * time.Hour)
		require.NoError(t, s.Append([]byte("b"), 2))
		require.NoError(t, s.Close())
	})
	// The next bubble begins at the same time of the clock again, 20 hours before the end of the last one: the clock was set back.
	synctest.Test(t, func(t *testing.T) {
		s := open(t, dir, fast(), drops)
		time.Sleep(4*time.Hour - time.Minute)
		e, ok, err := s.Peek()
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "a", string(e.Payload))
		time.Sleep(2 * time.Minute)
		e, _, err = s.Peek()
		require.NoError(t, err)
		require.Equal(t, "b", string(e.Payload), "its time is over, by the time that the spool was open")
		require.Equal(t, dropLog{ReasonAge: 1}, drops)
		require.NoError(t, s.Close())
	})
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1000 * time.Hour) // the clock was set forward, or the agent was off
		s := open(t, dir, fast(), drops)
		require.Equal(t, []string{"b"}, drain(t, s))
		require.NoError(t, s.Close())
	})
}

func TestAppendIfRoomWaitsInsteadOfDropping(t *testing.T) {
	drops := dropLog{}
	cfg := fast()
	cfg.MaxBytes = 1 << 20
	s := open(t, t.TempDir(), cfg, drops)
	three := []Payload{{make([]byte, 100<<10), 1}, {make([]byte, 100<<10), 1}, {make([]byte, 100<<10), 1}}
	for range 3 {
		require.NoError(t, s.AppendIfRoom(three))
	}
	require.ErrorIs(t, s.AppendIfRoom(three), ErrFull)
	require.Equal(t, 9, s.Stats().Entries, "all or none")
	require.Empty(t, s.Freed())
	e, _, err := s.Peek()
	require.NoError(t, err)
	require.NoError(t, s.Ack(e.Seq+1), "an Ack counts for those before, too")
	require.Equal(t, 7, s.Stats().Entries)
	<-s.Freed()
	require.NoError(t, s.AppendIfRoom(three))
	require.Empty(t, drops)
	require.NoError(t, s.AppendAll(three))
	require.Equal(t, dropLog{ReasonBytes: 3}, drops)
	require.ErrorIs(t, s.AppendAll([]Payload{{make([]byte, 600<<10), 1}, {make([]byte, 600<<10), 1}}), ErrTooLarge)
}

func TestNamesOfEntriesAreTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for range 3 {
		dir := t.TempDir()
		for range 2 {
			s := open(t, dir, fast(), nil)
			for range 3 {
				require.NoError(t, s.Append([]byte("x"), 1))
				e, _, err := s.Peek()
				require.NoError(t, err)
				require.Falsef(t, seen[e.Name], "%s", e.Name)
				seen[e.Name] = true
				require.NoError(t, s.Ack(e.Seq))
			}
			require.NoError(t, s.Close())
		}
	}
}

// logTo writes a log into the one of a test, where it shows when the test fails.
type logTo struct{ rapid.TB }

func (l logTo) Write(p []byte) (int, error) {
	l.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}
