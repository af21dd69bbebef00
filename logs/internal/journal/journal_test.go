package journal

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// read returns the payloads that a directory holds, and fails when their numbers are not those of one journal, in order.
func read(t require.TestingT, dir string) ([]string, []Damage) {
	var got []string
	last := uint64(0)
	damages, err := Read(dir, func(id string, seq uint64, payload []byte) error {
		require.Len(t, id, 32)
		require.Greater(t, seq, last)
		last = seq
		got = append(got, string(payload))
		return nil
	})
	require.NoError(t, err)
	return got, damages
}

func create(t require.TestingT, dir string, size int64, early bool) *Journal {
	j, err := Create(dir, size, early)
	require.NoError(t, err)
	return j
}

// write writes records and syncs.
func write(t require.TestingT, j *Journal, records ...string) {
	var all [][]byte
	for _, r := range records {
		all = append(all, []byte(r))
	}
	_, err := j.Write(all...)
	require.NoError(t, err)
	require.NoError(t, j.Sync())
}

func TestRecordsComeBackInOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	got, damages := read(t, dir)
	require.Empty(t, got, "no directory, no records")
	require.Empty(t, damages)
	j := create(t, dir, 200, false)
	var want []string
	for i := range 50 {
		want = append(want, fmt.Sprintf("record %d", i))
		write(t, j, want[i])
	}
	require.NoError(t, j.Close())
	got, damages = read(t, dir)
	require.Equal(t, want, got)
	require.Empty(t, damages)
	_, err := Create(dir, 200, false)
	require.ErrorContains(t, err, "still holds")
	require.NoError(t, Remove(dir))
	got, _ = read(t, dir)
	require.Empty(t, got)
	require.NotEqual(t, j.ID(), create(t, dir, 200, false).ID())
}

func TestReleaseDeletesWhatIsNotNeeded(t *testing.T) {
	dir := t.TempDir()
	j := create(t, dir, 1, false) // a segment for each record
	for i := range 10 {
		write(t, j, fmt.Sprint(i))
	}
	full := j.Bytes()
	require.NoError(t, j.Release(4))
	got, _ := read(t, dir)
	require.Equal(t, []string{"4", "5", "6", "7", "8", "9"}, got, "numbers begin at 1")
	require.Less(t, j.Bytes(), full)
	require.NoError(t, j.Release(10))
	got, _ = read(t, dir)
	require.Empty(t, got)
	write(t, j, "more")
	require.NoError(t, j.Close())
	got, _ = read(t, dir)
	require.Equal(t, []string{"more"}, got)
}

// TestAnyTailMayBeTorn cuts the newest segment anywhere, as a crash does.
func TestAnyTailMayBeTorn(t *testing.T) {
	dir := t.TempDir()
	j := create(t, dir, 1<<20, false)
	want := []string{"first", "second", "third"}
	write(t, j, want...)
	require.NoError(t, j.Close())
	segments, err := list(dir)
	require.NoError(t, err)
	whole, err := os.ReadFile(segments[0].path)
	require.NoError(t, err)
	for n := range len(whole) + 1 {
		require.NoError(t, os.WriteFile(segments[0].path, whole[:n], 0o666))
		got, damages := read(t, dir)
		require.Equal(t, append([]string(nil), want[:len(got)]...), got)
		for _, d := range damages {
			require.True(t, d.Torn, "%d bytes: %+v", n, d)
		}
		if n == len(whole) {
			require.Len(t, got, 3)
			require.Empty(t, damages)
		}
	}
	require.NoError(t, os.WriteFile(segments[0].path, append(bytes.Clone(whole), make([]byte, 5000)...), 0o666))
	got, damages := read(t, dir)
	require.Equal(t, want, got)
	require.True(t, damages[0].Torn, "zeros are what a power cut leaves")
}

// TestDamageIsToldAndNotReadOver changes single bytes: every record that comes back is one that was written, and what is missing is told.
func TestDamageIsToldAndNotReadOver(t *testing.T) {
	dir := t.TempDir()
	j := create(t, dir, 40, false) // several segments
	var want []string
	for i := range 6 {
		want = append(want, fmt.Sprintf("record number %d", i))
		write(t, j, want[i])
	}
	require.NoError(t, j.Close())
	segments, err := list(dir)
	require.NoError(t, err)
	require.Greater(t, len(segments), 3)
	for _, s := range segments[:len(segments)-1] {
		whole, err := os.ReadFile(s.path)
		require.NoError(t, err)
		for i := range whole {
			broken := bytes.Clone(whole)
			broken[i] ^= 0x10
			require.NoError(t, os.WriteFile(s.path, broken, 0o666))
			got, damages := read(t, dir)
			require.Subset(t, want, got)
			require.Len(t, got, len(want)-1)
			require.Len(t, damages, 1, "%s, byte %d", s.path, i)
			require.False(t, damages[0].Torn, "only the newest segment can be torn")
			require.Equal(t, s.path, damages[0].Path)
		}
		require.NoError(t, os.WriteFile(s.path, whole, 0o666))
	}
}

// TestAFailedWriteLeavesNothing lets writes and syncs fail at random by closing the file under the journal.
func TestAFailedWriteLeavesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		require.NoError(rt, err)
		early := rapid.Bool().Draw(rt, "early")
		j := create(rt, dir, 150, early)
		var kept, unsynced []string
		for i := range rapid.IntRange(1, 30).Draw(rt, "steps") {
			record := fmt.Sprintf("record %d", i)
			if j.file != nil && rapid.IntRange(0, 4).Draw(rt, "break") == 0 {
				_ = j.file.Close()
			}
			switch rapid.IntRange(0, 2).Draw(rt, "step") {
			case 0:
				if j.Sync() == nil {
					kept, unsynced = append(kept, unsynced...), nil
				} else if early {
					kept, unsynced = append(kept, unsynced...), nil // as far as the disk keeps them, and this one does
				} else {
					unsynced = nil
				}
			default:
				if _, err := j.Write([]byte(record)); err == nil {
					unsynced = append(unsynced, record)
				} else if !early {
					unsynced = nil
				}
			}
		}
		if j.Close() == nil || early {
			kept = append(kept, unsynced...)
		}
		got, damages := read(rt, dir)
		require.Equal(rt, kept, got)
		require.Empty(rt, damages)
	})
}

func FuzzReadSegment(f *testing.F) {
	dir := f.TempDir()
	j := create(f, dir, 1<<20, false)
	write(f, j, "one", "two")
	require.NoError(f, j.Close())
	segments, err := list(dir)
	require.NoError(f, err)
	whole, err := os.ReadFile(segments[0].path)
	require.NoError(f, err)
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(whole[:headerSize])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		read := 0
		damage, err := readSegment(data, ^uint64(0), func(_ string, _ uint64, payload []byte) error {
			read += frameSize + len(payload)
			return nil
		})
		require.NoError(t, err)
		if damage != nil {
			require.Equal(t, int64(len(data)), damage.Offset+damage.Bytes)
			return
		}
		require.Equal(t, len(data), headerSize+read, "what is not read is told")
	})
}
