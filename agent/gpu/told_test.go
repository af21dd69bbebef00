package gpu

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const first, second = "4,7,10000000,-;NVRM: Xid (PCI:0000:00:00): 79, pid='<unknown>', name=<unknown>, lost", "4,9,20000000,-;NVRM: Xid (PCI:0000:00:00): 31, pid=9, name=x, fault"

// life runs an agent over a kernel's log and returns the XIDs that it told, by code, after it has gone on for a while.
func life(t *testing.T, dir string, proc fstest.MapFS, length time.Duration, during func(*bench, *kmsg), records ...any) map[uint64]HealthEvent {
	t.Helper()
	k := newKmsg(append(records, "6,1000,100000000,-;the first record of the present")...)
	var heard listener
	b := newBenchWith(t, Settings{OnEvent: heard.add, KernelLog: k.open, Dir: dir, Proc: proc}, newFake(0))
	b.must()
	synctest.Wait()
	k.records <- "4,1001,100000000,-;NVRM: Xid (PCI:0000:77:00): 31, pid=10, name=x, of no GPU of ours" // it ends the past
	if during != nil {
		during(b, k)
	}
	time.Sleep(length)
	require.NoError(t, b.Close())
	codes := map[uint64]HealthEvent{}
	for _, e := range heard.take() {
		codes[e.XID] = e
	}
	return codes
}

func TestARestartedAgentTellsNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "gpu")
		told := life(t, dir, upFor(), time.Minute, nil, first)
		require.Len(t, told, 1)
		require.True(t, told[79].Past)
		require.Empty(t, life(t, dir, upFor(), 0, nil, first), "the numbers of later records stand too")
		require.NoError(t, os.RemoveAll(dir))
		// The driver tells of the second one while the agent runs, and its line follows.
		live := "4,1002,100500000,-;NVRM: Xid (PCI:0000:00:00): 43, pid=9, name=x, live"
		told = life(t, dir, upFor(), 10*time.Second, func(b *bench, k *kmsg) {
			k.records <- live
			b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: -1, XID: 43}
		}, first, second)
		require.Len(t, told, 3)
		require.False(t, told[43].Past)
		past := "4,1002,90000000,-;NVRM: Xid (PCI:0000:00:00): 43, pid=9, name=x, live"
		missed := "4,1003,90000000,-;NVRM: Xid (PCI:0000:00:00): 48, pid=9, name=x, while no agent ran"
		told = life(t, dir, upFor(), 10*time.Second, nil, first, second, past, missed)
		require.Len(t, told, 1)
		require.Equal(t, "while no agent ran", told[48].Message)
		// Another boot begins to number its records anew.
		other := upFor()
		other["sys/kernel/random/boot_id"] = &fstest.MapFile{Data: []byte("boot-2\n")}
		require.Len(t, life(t, dir, other, 10*time.Second, nil, first), 1)
		require.Len(t, life(t, "", upFor(), 10*time.Second, nil, first), 1, "without a folder each start tells")
	})
}

// An agent that is killed has written down what it told some seconds before; what came right before its end is told again.
func TestWhatWasToldIsWrittenDownWhileTheAgentRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		life(t, dir, upFor(), time.Minute, func(_ *bench, k *kmsg) {
			time.Sleep(2*askMarksEvery + lineFor)
			sequence, ok, err := loadTold(dir, "boot-1")
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, uint64(1001), sequence)
		}, first)
	})
}

// The event of a line may come a moment after it: until then, nobody can say that it was told.
func TestARecordCountsAsToldWhenItIsOld(t *testing.T) {
	var m marks
	now := time.Now()
	settled := func(at, age time.Duration) (sequence uint64, ok bool, wait time.Duration) {
		return m.settled(now.Add(at*time.Second), age*time.Second)
	}
	expect := func(want uint64, at, age time.Duration) {
		t.Helper()
		got, ok, _ := settled(at, age)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	_, ok, wait := settled(0, 5)
	require.False(t, ok)
	require.Equal(t, askMarksEvery, wait)
	m.add(10, now)
	m.add(11, now.Add(time.Second))
	m.add(12, now.Add(4*time.Second))
	_, ok, wait = settled(4, 5)
	require.False(t, ok)
	require.Equal(t, time.Second, wait)
	expect(10, 5, 5) // 12 is too young
	_, ok, wait = settled(6, 5)
	require.False(t, ok)
	require.Equal(t, 3*time.Second, wait)
	expect(12, 9, 5)
	_, ok, _ = settled(100, 5)
	require.False(t, ok, "it was taken")
	m.add(13, now.Add(100*time.Second))
	m.add(14, now.Add(102*time.Second))
	expect(13, 102, 1)
	_, ok, _ = settled(102, 1)
	require.False(t, ok, "told again by the next agent")
	expect(14, 103, 1)
}

func TestAFileThatIsNoneIsSaidAndAllIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, toldFile), []byte("{"), 0o600))
		var b *bench
		require.Len(t, life(t, dir, upFor(), time.Minute, func(one *bench, _ *kmsg) { b = one }, first), 1)
		require.Equal(t, 1, b.logs.count("is not known: XIDs of this boot are told again"))
		require.Empty(t, life(t, dir, upFor(), time.Minute, nil, first), "it was written anew")
		// A folder that cannot be made.
		file := filepath.Join(dir, "file")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		require.Len(t, life(t, filepath.Join(file, "gpu"), upFor(), time.Minute, func(one *bench, _ *kmsg) { b = one }, first), 1)
		require.Equal(t, 1, b.logs.count("cannot be written down"))
	})
}

func FuzzToldFile(f *testing.F) {
	f.Add([]byte(`{"boot_id":"boot-1","sequence":7}`))
	f.Add([]byte(`{"boot_id":"x","sequence":-1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, toldFile), text, 0o600))
		if _, ok, err := loadTold(dir, "boot-1"); ok {
			require.NoError(t, err)
		}
	})
}

// A stream that keeps coming back with what is no event.
func TestEventsThatSayNothingAreNoBusyLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := &emptyEvents{}
		table, err := loadHealth()
		require.NoError(t, err)
		w := startWatcher(stream, newEventLog(table), slog.New(slog.DiscardHandler))
		time.Sleep(10 * waitForEvent)
		require.NoError(t, w.stop())
		require.LessOrEqual(t, stream.waits, 12)
	})
}

// emptyEvents comes back at once with an event of no sort.
type emptyEvents struct{ waits int }

func (e *emptyEvents) Watched() []string                 { return nil }
func (e *emptyEvents) Close() error                      { return nil }
func (e *emptyEvents) Wait(time.Duration) (Event, error) { e.waits++; return Event{UUID: "GPU-0"}, nil }
