package gpu

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent"
)

func TestLinesOfTheKernelAboutXIDs(t *testing.T) {
	for text, want := range map[string]*kernelLine{
		"4,1,1500000,-;NVRM: Xid (PCI:0000:3B:00): 31, pid=4711, name=python3, Ch 00000008, intr 0. MMU Fault: ENGINE\n SUBSYSTEM=pci\n": {
			sequence: 1, since: 1500 * time.Millisecond, bus: "0000:3b:00", gpuInstance: -1, xid: 31, pid: 4711, process: "python3", message: "Ch 00000008, intr 0. MMU Fault: ENGINE"},
		"4,1,1,-,caller=T1;NVRM: Xid (PCI:0000:00:08): 94, pid='<unknown>', name=<unknown>, Contained: SM (0x1). RST: No": {
			sequence: 1, since: time.Microsecond, bus: "0000:00:08", gpuInstance: -1, xid: 94, message: "Contained: SM (0x1). RST: No"},
		"4,1,1,-;NVRM: Xid (PCI:0000:17:00 GPU-I:0a): 13, pid=9, name=a b, Graphics": {
			sequence: 1, since: time.Microsecond, bus: "0000:17:00", gpuInstance: 10, xid: 13, pid: 9, process: "a b", message: "Graphics"},
		"4,1,1,-;NVRM: Xid (0000:01:00): 79, GPU has fallen off the bus.": {
			sequence: 1, since: time.Microsecond, bus: "0000:01:00", gpuInstance: -1, xid: 79, message: "GPU has fallen off the bus."},
		"4,1,1,-;NVRM: Xid (PCI:0019:01:00): 149, NETIR Fatal XC0 i0 Link -1 (0x000fe406)": {
			sequence: 1, since: time.Microsecond, bus: "0019:01:00", gpuInstance: -1, xid: 149, message: "NETIR Fatal XC0 i0 Link -1 (0x000fe406)"},
		"4,1,1,-;NVRM: Xid (PCI:0000:01:00): 62":         {sequence: 1, since: time.Microsecond, bus: "0000:01:00", gpuInstance: -1, xid: 62},
		"4,1,1,-;NVRM: GPU at PCI:0000:00:05: GPU-efbd":  nil,
		"4,1,1,-;NVRM: Xid (): 62":                       nil,
		"4,1,1,-;NVRM: Xid (PCI:0000:01:00): many":       nil,
		"4,1,1,-;NVRM: Xid (PCI:0000:01:00 GPU-I:xy): 1": nil,
		"4,1,x,-;NVRM: Xid (PCI:0000:01:00): 62":         nil,
		"4,1;NVRM: Xid (PCI:0000:01:00): 62":             nil,
		"4,-1,1,-;NVRM: Xid (PCI:0000:01:00): 62":        nil,
		"NVRM: Xid (PCI:0000:01:00): 62":                 nil,
		"":                                               nil,
	} {
		line, ok := parseKernelRecord(text)
		require.Equal(t, want != nil, ok, text)
		if ok {
			require.Equal(t, *want, line, text)
		}
	}
	require.Equal(t, busKey("0000:3b:00"), busKey("00000000:3B:00.0"))
	require.NotEqual(t, busKey("0000:3b:00"), busKey("0001:3b:00"))
	require.Empty(t, busKey("3b:00"))
	require.Empty(t, busKey(""))
}

func FuzzKernelRecord(f *testing.F) {
	f.Add("4,1,1500000,-;NVRM: Xid (PCI:0000:3B:00): 31, pid=4711, name=python3, Ch 00000008")
	f.Add("4,1,1,-;NVRM: Xid (PCI:0000:17:00 GPU-I:0a): 13, pid='<unknown>', name=<unknown>, x")
	f.Add("4,1,1,-;NVRM: Xid (0000:01:00): 79, GPU has fallen off the bus.\n A=b")
	f.Fuzz(func(t *testing.T, record string) {
		line, ok := parseKernelRecord(record)
		if !ok {
			return
		}
		require.NotEmpty(t, line.bus)
		require.GreaterOrEqual(t, line.pid, 0)
		require.GreaterOrEqual(t, line.gpuInstance, -1)
		require.GreaterOrEqual(t, line.since, time.Duration(0))
		require.True(t, utf8.ValidString(line.message) && utf8.ValidString(line.process))
		require.NotContains(t, line.message, "\n")
	})
}

// kmsg is a kernel's log that gives one record or error for each Read.
type kmsg struct {
	records chan any // string or error
	closed  chan struct{}
	once    sync.Once
}

func newKmsg(records ...any) *kmsg {
	k := &kmsg{records: make(chan any, 10_000), closed: make(chan struct{})}
	for _, r := range records {
		k.records <- r
	}
	return k
}

func (k *kmsg) open() (io.ReadCloser, error) { return k, nil }

func (k *kmsg) Read(p []byte) (int, error) {
	select {
	case r := <-k.records:
		if err, ok := r.(error); ok {
			return 0, err
		}
		return copy(p, r.(string)), nil
	case <-k.closed:
		return 0, io.ErrClosedPipe
	}
}

func (k *kmsg) Close() error { k.once.Do(func() { close(k.closed) }); return nil }

// listener collects what OnEvent is given.
type listener struct {
	mu   sync.Mutex
	list []HealthEvent
}

func (h *listener) add(e HealthEvent) { h.mu.Lock(); defer h.mu.Unlock(); h.list = append(h.list, e) }

func (h *listener) take() []HealthEvent {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := h.list
	h.list = nil
	return list
}

// upFor is a /proc of a machine that is up for a hundred seconds.
func upFor() fstest.MapFS {
	m := proc(true, 10)
	m["uptime"] = &fstest.MapFile{Data: []byte("100.00 350.00\n")}
	m["sys/kernel/random/boot_id"] = &fstest.MapFile{Data: []byte("boot-1\n")}
	return m
}

func TestTheKernelTellsOfThePastAndOfTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		k := newKmsg(
			"4,1,1000000,-;NVRM: Xid (PCI:0000:00:00): 13, pid=5, name=early, told before",
			"4,2,10000000,-;NVRM: Xid (PCI:0000:00:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.",
			syscall.EPIPE,
			"6,3,11000000,-;usb 1-1: new device",
			"4,4,20000000,-;NVRM: Xid (PCI:0000:00:00): 31, pid=9, name=python3, first",
			"4,5,30000000,-;NVRM: Xid (PCI:0000:00:00): 31, pid=10, name=python3, second",
			"4,6,30000000,-;NVRM: Xid (PCI:0000:77:00): 31, pid=10, name=python3, of no GPU of ours",
			"6,7,100000000,-;the first record of the present",
		)
		dir := t.TempDir()
		require.NoError(t, storeTold(dir, told{"boot-1", 1}))
		var heard listener
		b := newBenchWith(t, Settings{OnEvent: heard.add, KernelLog: k.open, Dir: dir, Proc: upFor(), Pids: pids(10)}, newFake(0))
		defer b.Close()
		b.must()
		k.records <- "4,8,100100000,-;NVRM: Xid (PCI:0000:00:00): 43, pid=10, name=python3, Ch 8"
		b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: -1, XID: 43}
		k.records <- "4,9,100100000,-;NVRM: Xid (PCI:0000:00:00): 45, pid=11, name=other, Ch 9"
		b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: -1, XID: 45}
		b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: -1, XID: 94}
		time.Sleep(time.Second)
		list := heard.take()
		require.Len(t, list, 5)
		for i := range list {
			require.NotEmpty(t, list[i].Meaning)
			require.NotEmpty(t, list[i].NextStep)
			list[i].Name, list[i].Meaning, list[i].NextStep = "", "", ""
		}
		event := func(severity string, xid uint64, at time.Time) HealthEvent {
			return HealthEvent{Time: at, Kind: healthXID, Severity: severity, UUID: "GPU-0", GPUInstance: -1, XID: xid, Count: 1}
		}
		lost := event(severityCritical, 79, began.Add(-90*time.Second))
		lost.Past, lost.Message = true, "GPU has fallen off the bus."
		fault := event(severityInfo, 31, began.Add(-70*time.Second))
		fault.Past, fault.Count, fault.PID, fault.Process, fault.Message = true, 2, 10, "python3", "second"
		ours := event(severityInfo, 43, began)
		ours.PID, ours.Process, ours.Message, ours.Owner = 10, "python3", "Ch 8", OwnerInstance
		theirs := event(severityInfo, 45, began)
		theirs.PID, theirs.Process, theirs.Message, theirs.Owner = 11, "other", "Ch 9", OwnerOther
		require.Equal(t, []HealthEvent{lost, fault, ours, theirs, event(severityWarning, 94, began)}, list)
		v := b.must()
		require.Equal(t, 1.0, v["gpu_xid_errors_total{"+gpu0+",xid=43}"], "a line is the detail of its event, not another one")
		require.NotContains(t, v, "gpu_xid_errors_total{"+gpu0+",xid=79}", "what nobody watched is not counted")
	})
}

// Where the driver reports no events, the kernel's log stands in.
func TestTheKernelStandsInForTheDriver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKmsg()
		var heard listener
		b := newBenchWith(t, Settings{OnEvent: heard.add, KernelLog: k.open, Proc: upFor()}, newFake(0))
		defer b.Close()
		b.source.eventsErr = &Error{"nvmlEventSetCreate", NotSupported}
		require.Contains(t, b.must(), "gpu_health_events_total{"+gpu0+",kind=xid,severity=critical}", "somebody watches, so the first is a rise from 0")
		k.records <- "4,8,100100000,-;NVRM: Xid (PCI:0000:00:00 GPU-I:03): 119, pid=1, name=x, Timeout"
		time.Sleep(time.Second)
		list := heard.take()
		require.Len(t, list, 1)
		require.Equal(t, severityCritical, list[0].Severity)
		require.Equal(t, 3, list[0].GPUInstance)
		require.Equal(t, "Timeout", list[0].Message)
		require.Equal(t, 1.0, b.must()["gpu_xid_errors_total{"+gpu0+",gpu_instance=3,xid=119}"])
	})
}

func TestWithoutEventsTheKernelIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Events = false
		open := func() (io.ReadCloser, error) { t.Error("it was opened"); return newKmsg(), nil }
		c, err := New(cfg, Settings{Logger: slog.New(slog.DiscardHandler), Source: &fakeSource{devices: []*fakeDevice{newFake(0)}}, OnEvent: func(HealthEvent) {}, KernelLog: open, Proc: upFor()})
		require.NoError(t, err)
		require.NoError(t, c.Collect(t.Context(), &agent.Round{Time: time.Now()}))
		require.NoError(t, c.Close())
		require.NoError(t, c.Close())
	})
}

func TestAKernelLogThatCannotBeReadIsSaidOnce(t *testing.T) {
	for name, c := range map[string]struct {
		open func() (io.ReadCloser, error)
		proc fstest.MapFS
		said string
	}{
		"denied":        {func() (io.ReadCloser, error) { return nil, errors.New("not permitted") }, upFor(), "not permitted"},
		"no uptime":     {newKmsg().open, proc(true), "uptime"},
		"uptime broken": {newKmsg().open, fstest.MapFS{"uptime": {Data: []byte("long ago")}}, "long"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBenchWith(t, Settings{OnEvent: func(HealthEvent) {}, KernelLog: c.open, Proc: c.proc}, newFake(0))
				defer b.Close()
				b.must()
				b.must()
				require.Equal(t, 1, b.logs.count("the kernel's log cannot be read"))
				require.Equal(t, 1, b.logs.count(c.said))
			})
		})
	}
}

func TestAKernelLogThatBreaksEndsTheReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKmsg()
		b := newBenchWith(t, Settings{OnEvent: func(HealthEvent) {}, KernelLog: k.open, Proc: upFor()}, newFake(0))
		defer b.Close()
		b.must()
		for range brokenAfter {
			k.records <- errors.New("broken")
		}
		synctest.Wait()
		require.Equal(t, 1, b.logs.count("cannot be read any more"))
		b.must()
	})
}

// The real /dev/kmsg, where this machine lets us: it must come to the present and end.
func TestTheRealKernelLog(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	past := make(chan struct{}, 1000)
	k, err := startKernelLog(OpenKernelLog, procfs{os.DirFS("/proc")}, mark{}, log, func(kernelLine) {}, func([]kernelLine) { past <- struct{}{} })
	if err != nil {
		require.NotEmpty(t, err.Error())
		return
	}
	select {
	case <-past:
	case <-time.After(30 * time.Second):
		t.Error("the past has no end")
	}
	expired := make(chan struct{})
	time.AfterFunc(30*time.Second, func() { close(expired) })
	require.True(t, k.stop(expired))
}

func TestALongLineIsKept(t *testing.T) {
	line, ok := parseXIDLine("NVRM: Xid (PCI:0000:01:00): 13, pid=1, name=" + strings.Repeat("n", 5000) + ", " + strings.Repeat("m", 5000))
	require.True(t, ok)
	require.Len(t, line.process, 5000)
}
